// SPDX-License-Identifier: MIT
// The pair as levels over time, and what stands out there: swapped files, dead places and gates.

#include "train/check_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BIN_DB = 3,
    BINS = 40,      ///< of the input's level below its loud one
    BIN_BLOCKS = 6, ///< that make a bin worth reading
    CLIFF_BINS = 3, ///< over which a gate's cliff is looked for
    SWAPPED_BLOCKS = 100,
};

static const double dead_s = 0.15;       // shorter holes are pauses between notes
static const double dead_target = 1e-5;  // of the loud level
static const double playing = 0.05;      // of the loud level: the guitar surely plays
static const double cliff_db = 21.0;     // more than the input falls by
static const double loud_part_db = 20.0; // below the loud level: what a gate leaves alone
static const double more_swing = 1.6;    // of the answer's level: amplifiers have 0.2 to 1

static double to_db(double ratio)
{
    return 20.0 * log10(fmax(ratio, 1e-9));
}

static double block_rms(const bl_audio *audio, double from)
{
    if (from < 0.0 || from + BL_CHECK_BLOCK > (double)audio->frames) {
        return -1.0;
    }
    const float *samples = audio->samples + (size_t)from;
    double sum = 0.0;
    for (size_t n = 0; n < BL_CHECK_BLOCK; n++) {
        sum += (double)samples[n] * (double)samples[n];
    }
    return sqrt(sum / BL_CHECK_BLOCK);
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double loud(const float *levels, size_t count, float *scratch)
{
    if (count == 0) {
        return 0.0;
    }
    memcpy(scratch, levels, count * sizeof *scratch);
    qsort(scratch, count, sizeof *scratch, by_value);
    return (double)scratch[count - 1 - count / 20];
}

bool bl_levels_init(bl_levels *levels, const bl_audio *input, const bl_audio *target,
                    const bl_alignment *alignment)
{
    const size_t most = (size_t)input->frames / BL_CHECK_BLOCK + 1;
    const double delay = alignment->sure ? alignment->delay_frames : 0.0;
    *levels = (bl_levels){.input = malloc(most * sizeof(float)),
                          .target = malloc(most * sizeof(float)),
                          .block_s = BL_CHECK_BLOCK / input->sample_rate_hz,
                          .offset_s = delay / input->sample_rate_hz};
    float *scratch = malloc(most * sizeof *scratch);
    if (levels->input == NULL || levels->target == NULL || scratch == NULL) {
        free(scratch);
        bl_levels_finish(levels);
        return false;
    }
    for (size_t b = 0; (b + 1) * BL_CHECK_BLOCK <= input->frames; b++) {
        const double from = (double)b * BL_CHECK_BLOCK;
        const double drift = alignment->sure ? 1e-6 * alignment->drift_ppm * from : 0.0;
        const double y = block_rms(target, floor(from + delay + drift));
        levels->input[b] = (float)block_rms(input, from);
        levels->target[b] = y >= 0.0 ? (float)y : NAN; // not recorded
        levels->count++;
    }
    levels->loud_input = loud(levels->input, levels->count, scratch);
    size_t known = 0;
    for (size_t b = 0; b < levels->count; b++) {
        if (!isnan(levels->target[b])) {
            scratch[known++] = levels->target[b];
        }
    }
    qsort(scratch, known, sizeof *scratch, by_value);
    levels->loud_target = known > 0 ? (double)scratch[known - 1 - known / 20] : 0.0;
    free(scratch);
    return true;
}

void bl_levels_finish(bl_levels *levels)
{
    free(levels->input);
    free(levels->target);
    *levels = (bl_levels){0};
}

// The guitar plays and nothing at all comes back.
static bool check_dead(const bl_levels *l, bl_check *check)
{
    double from_s = 0.0, all_s = 0.0;
    size_t places = 0;
    for (size_t b = 0, end; b < l->count; b = end + 1) {
        end = b;
        while (end < l->count && (double)l->input[end] > playing * l->loud_input &&
               (double)l->target[end] <= dead_target * l->loud_target) {
            end++;
        }
        const double long_s = (double)(end - b) * l->block_s;
        if (long_s >= dead_s) {
            from_s = places++ == 0 ? (double)b * l->block_s + l->offset_s : from_s;
            all_s += long_s;
        }
    }
    if (places == 0) {
        return false;
    }
    char time[32];
    bl_check_add(check,
                 &(bl_finding){.kind = BL_FINDING_SILENCE,
                               .severity = BL_SEVERITY_WARNING,
                               .in_target = true,
                               .from_s = from_s,
                               .to_s = from_s + all_s,
                               .value = all_s},
                 "the amplifier's recording is dead for %.2f s in %zu places where the guitar "
                 "plays, first at %s; look for a mute, a loose cable or a cut, and record again",
                 all_s, places, bl_check_time(from_s, time));
    return true;
}

bool bl_check_swapped(const bl_levels *levels, bl_check *check)
{
    double n = 0.0, sx = 0.0, sy = 0.0, sxx = 0.0, syy = 0.0;
    for (size_t b = 0; b < levels->count; b++) {
        const double x = to_db((double)levels->input[b] / fmax(levels->loud_input, 1e-30));
        const double y = to_db((double)levels->target[b] / fmax(levels->loud_target, 1e-30));
        if (x > -loud_part_db && y > -loud_part_db) { // not where it is unknown
            n += 1.0;
            sx += x;
            sy += y;
            sxx += x * x;
            syy += y * y;
        }
    }
    const double swing = sqrt((n * syy - sy * sy) / (n * sxx - sx * sx));
    if (n < SWAPPED_BLOCKS || !(swing > more_swing)) {
        return false;
    }
    bl_check_add(check,
                 &(bl_finding){.kind = BL_FINDING_SWAPPED,
                               .severity = BL_SEVERITY_WARNING,
                               .to_s = check->duration_s,
                               .value = swing},
                 "the two files seem to be swapped: from 0 to %.2f s the level of the second one "
                 "swings %.1f times as far as the first one's, and an amplifier evens it out; the "
                 "clean guitar is --input",
                 check->duration_s, swing);
    return true;
}

// Medians of the target's level by the input's, in dB; NaN where there are too few.
static bool read_curve(const bl_levels *l, double curve[BINS], size_t first[BINS])
{
    float *values = malloc((l->count + 1) * sizeof *values);
    if (values == NULL) {
        return false;
    }
    for (size_t i = 0; i < BINS; i++) {
        size_t count = 0;
        for (size_t b = 1; b + 1 < l->count; b++) {
            const double below = -to_db((double)l->input[b] / l->loud_input) / BIN_DB;
            if (below >= (double)i && below < (double)(i + 1) && !isnan(l->target[b])) {
                first[i] = count == 0 ? b : first[i];
                values[count++] = l->target[b];
            }
        }
        qsort(values, count, sizeof *values, by_value);
        curve[i] =
            count >= BIN_BLOCKS ? to_db((double)values[count / 2] / l->loud_target) : nan("");
    }
    free(values);
    return true;
}

void bl_check_gate(const bl_levels *levels, bl_check *check)
{
    double curve[BINS];
    size_t first[BINS] = {0};
    if (!(levels->loud_input > 0.0) || !(levels->loud_target > 0.0) || check_dead(levels, check) ||
        !read_curve(levels, curve, first)) {
        return;
    }
    for (size_t i = 0; i + 1 < BINS; i++) {
        for (size_t j = i + 1; j <= i + CLIFF_BINS && j < BINS; j++) {
            const double fall = curve[i] - curve[j]; // NaN compares false
            if (fall > cliff_db + BIN_DB * (double)(j - i)) {
                const double at_s = (double)first[j] * levels->block_s + levels->offset_s;
                const double level = to_db(levels->loud_input) - BIN_DB * (double)j;
                char time[32];
                bl_check_add(check,
                             &(bl_finding){.kind = BL_FINDING_GATE,
                                           .severity = BL_SEVERITY_WARNING,
                                           .in_target = true,
                                           .from_s = at_s,
                                           .to_s = at_s,
                                           .value = level},
                             "a noise gate is suspected: where the guitar falls below %.0f dBFS "
                             "the amplifier's recording drops by %.0f dB, first at %s; switch the "
                             "gate off and record again, the program has its own",
                             level, fall, bl_check_time(at_s, time));
                return;
            }
        }
    }
}
