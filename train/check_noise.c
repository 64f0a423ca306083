// SPDX-License-Identifier: MIT
// What the target holds while the guitar rests, less what the resting guitar itself explains: an
// amplified pickup's noise can be learnt, an amplifier's own cannot.

#include "train/check_parts.h"
#include "train/cross.h"
#include "train/turn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAMES = BL_CROSS_FRAMES,
    FIRST_BIN = 3,      ///< below is DC under the window
    HUM_FRAMES = 16384, ///< tells 50 Hz from 60
    HARMONICS = 8,
    HOLD_BLOCKS = 14, ///< after the guitar stops: a third of a second
    WINDOWS_MIN = 4,
};

static const double pi = 3.14159265358979323846;
static const double quiet = 1e-3;      // of the loud level
static const double quiet_most = 1e-2; // a rest this loud is none
static const double noise_esr_told = 3e-3;
static const double noise_esr_inaudible = 1e-6; // no model comes near it
static const double hum_share = 0.25;           // of the noise
static const double hum_least = 3e-9;           // mean square: -85 dBFS
static const double aside_hz = 12.5;            // where there is no harmonic of 50 or 60 Hz

typedef struct rests {
    bl_cross_sums *sums;
    double from_s;    ///< where the first one begins
    double hum[2][2]; ///< [recording][50 or 60 Hz], summed mean squares
    double power[2];  ///< summed mean squares of the same chunks
    size_t chunks;
    double target_power; ///< of the whole target
} rests;

// Mean square of the part of `samples` at `hz`, under a Hann window.
static double tone_power(const float *samples, double hz, double rate_hz)
{
    const double turn = 2.0 * pi * hz / rate_hz, slow = 2.0 * pi / HUM_FRAMES;
    const double complex step = bl_turn(-turn), slow_step = bl_turn(slow);
    double complex wave = 1.0, window = bl_turn(0.5 * slow), sum = 0.0;
    for (size_t n = 0; n < HUM_FRAMES; n++) {
        sum += (0.5 - 0.5 * creal(window)) * (double)samples[n] * wave;
        wave *= step;
        window *= slow_step;
    }
    const double size = cabs(sum) / (0.5 * HUM_FRAMES);
    return 2.0 * size * size;
}

static double hum_power(const float *samples, double mains_hz, double rate_hz)
{
    double sum = 0.0;
    for (int h = 1; h <= HARMONICS; h++) {
        const double around = 0.5 * (tone_power(samples, h * mains_hz - aside_hz, rate_hz) +
                                     tone_power(samples, h * mains_hz + aside_hz, rate_hz));
        sum += fmax(0.0, tone_power(samples, h * mains_hz, rate_hz) - 2.0 * around);
    }
    return sum;
}

static double variance(const float *samples, size_t count)
{
    double sum = 0.0, power = 0.0;
    for (size_t n = 0; n < count; n++) {
        sum += (double)samples[n];
        power += (double)samples[n] * (double)samples[n];
    }
    return power / (double)count - sum / (double)count * (sum / (double)count);
}

// One rest: frames from..to of the input, the same of the target `x` and `y` point at.
static void add_rest(rests *r, bl_cross_adder *adder, const float *x, const float *y, size_t frames,
                     double rate_hz)
{
    enum { CHUNKS_MAX = 24 };
    for (size_t at = 0; at + FRAMES <= frames; at += FRAMES / 2) {
        bl_cross_add(adder, x + at, y + at, 0.0, r->sums);
    }
    for (size_t at = 0; at + HUM_FRAMES <= frames && r->chunks < CHUNKS_MAX; at += HUM_FRAMES) {
        const float *both[2] = {x + at, y + at};
        for (int i = 0; i < 2; i++) {
            r->hum[i][0] += hum_power(both[i], 50.0, rate_hz);
            r->hum[i][1] += hum_power(both[i], 60.0, rate_hz);
            r->power[i] += variance(both[i], HUM_FRAMES);
        }
        r->chunks++;
    }
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

// Below what level the guitar rests; 0 if it never does.
static double find_threshold(const bl_levels *levels)
{
    float *sorted = malloc((levels->count + 1) * sizeof *sorted);
    if (sorted == NULL || levels->count == 0) {
        free(sorted);
        return 0.0;
    }
    memcpy(sorted, levels->input, levels->count * sizeof *sorted);
    qsort(sorted, levels->count, sizeof *sorted, by_value);
    const double least = (double)sorted[levels->count / 50];
    free(sorted);
    const double threshold = fmax(quiet * levels->loud_input, 2.0 * least);
    return threshold < quiet_most * levels->loud_input ? threshold : 0.0;
}

static void gather(rests *r, bl_cross_adder *adder, const bl_audio *input, const bl_audio *target,
                   const bl_levels *levels, const bl_alignment *alignment)
{
    const double threshold = find_threshold(levels);
    for (size_t b = 0, end; b < levels->count; b = end + 1) {
        end = b;
        while (end < levels->count && (double)levels->input[end] < threshold &&
               !isnan(levels->target[end])) {
            end++;
        }
        const size_t first = b == 0 ? 0 : b + HOLD_BLOCKS;
        if (end <= first || (end - first) * BL_CHECK_BLOCK < FRAMES) {
            continue;
        }
        const size_t from = first * BL_CHECK_BLOCK, frames = (end - first) * BL_CHECK_BLOCK;
        const double drift = alignment->sure ? 1e-6 * alignment->drift_ppm * (double)from : 0.0;
        const double delay = alignment->sure ? alignment->delay_frames + drift : 0.0;
        const double start = (double)from + floor(delay);
        if (start >= 0.0 && start + (double)frames <= (double)target->frames) {
            r->from_s = r->sums->windows == 0 ? start / input->sample_rate_hz : r->from_s;
            add_rest(r, adder, input->samples + from, target->samples + (size_t)start, frames,
                     input->sample_rate_hz);
        }
    }
}

// Mean square of the target in the rests that the input does not explain.
static double unexplained(const bl_cross_sums *sums)
{
    const double window_power = 0.375 * FRAMES;
    double sum = 0.0;
    for (size_t k = FIRST_BIN; k < BL_CROSS_BINS; k++) {
        sum += (1.0 - bl_cross_coherence(sums, k)) * (double)sums->target[k];
    }
    return 2.0 * sum / ((double)sums->windows * FRAMES * window_power);
}

static void report_hum(const rests *r, bl_check *check)
{
    for (int i = 0; i < 2; i++) { // the guitar's own explains the amplifier's
        const double chunks = (double)r->chunks;
        const int sixty = r->hum[i][1] > r->hum[i][0];
        const double hum = r->hum[i][sixty] / chunks, power = r->power[i] / chunks;
        if (!(hum > hum_least) || !(hum > hum_share * power)) {
            continue;
        }
        bl_check_add(check,
                     &(bl_finding){.kind = BL_FINDING_HUM,
                                   .severity = BL_SEVERITY_WARNING,
                                   .in_target = i == 1,
                                   .from_s = r->from_s,
                                   .to_s = r->from_s,
                                   .value = 10.0 * log10(hum)},
                     "the %s recording hums at %d Hz and its harmonics, %.0f dBFS, heard in the "
                     "pause at %.2f s; look for a ground loop, %s, and record again",
                     i == 1 ? "amplifier's" : "clean", sixty ? 60 : 50, 10.0 * log10(hum),
                     r->from_s,
                     i == 1 ? "use a DI box with the ground lifted"
                            : "turn away from transformers and screens");
        return;
    }
}

static void report_noise(const rests *r, bl_check *check)
{
    if (r->sums->windows < WINDOWS_MIN) {
        bl_check_add(check, &(bl_finding){.kind = BL_FINDING_NOISE, .value = nan("")},
                     "the guitar never rests for half a second, so the noise floor is not known; "
                     "begin the next recording with two seconds of silence");
        return;
    }
    const double noise = unexplained(r->sums);
    check->noise_dbfs = 10.0 * log10(noise + 1e-20);
    check->noise_esr = r->target_power > 0.0 ? noise / r->target_power : nan("");
    if (check->noise_esr < noise_esr_inaudible) {
        return;
    }
    const bool bad = check->noise_esr > noise_esr_told;
    bl_check_add(check,
                 &(bl_finding){.kind = BL_FINDING_NOISE,
                               .severity = bad ? BL_SEVERITY_WARNING : BL_SEVERITY_NOTE,
                               .in_target = true,
                               .from_s = r->from_s,
                               .to_s = r->from_s,
                               .value = check->noise_dbfs},
                 "the amplifier's noise floor is %.0f dBFS, heard in the pause at %.2f s: no model "
                 "can reach an ESR below %.2g%s",
                 check->noise_dbfs, r->from_s, check->noise_esr,
                 bad ? "; turn the amplifier up or the interface's gain down and record again"
                     : "");
}

bool bl_check_noise(const bl_audio *input, const bl_audio *target, const bl_levels *levels,
                    bl_check *check)
{
    rests r = {.sums = calloc(1, sizeof *r.sums)};
    bl_cross_adder *adder = bl_cross_adder_create();
    const bool good = r.sums != NULL && adder != NULL;
    if (good) {
        r.target_power = variance(target->samples, (size_t)target->frames);
        gather(&r, adder, input, target, levels, &check->alignment);
        report_noise(&r, check);
        if (r.chunks > 0) {
            report_hum(&r, check);
        }
    }
    bl_cross_adder_destroy(adder);
    free(r.sums);
    return good;
}
