// SPDX-License-Identifier: MIT
// Test signals play the same thing twice. A rolling hash (Karp & Rabin 1987) finds where the clean
// recording repeats bit for bit; what the target then does differently no model can learn.

#include "train/check_parts.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 2048,
    TABLE = 1 << 16,
    FRAMES_MAX = 1 << 26, ///< of the recording looked at: 25 minutes at 44.1 kHz
};

static const uint64_t base = UINT64_C(0x9e3779b97f4a7c15);
static const double repeat_min_s = 1.0;
static const double settle_s = 0.1; // the amplifier remembers what came before
static const double repeat_esr_told = 0.01;
static const double quiet = 1e-6; // mean square

typedef struct finder {
    const float *input;
    uint64_t frames;
    uint32_t *places; ///< of blocks, by hash, plus 1
} finder;

static uint64_t bits(float sample)
{
    uint32_t word;
    memcpy(&word, &sample, sizeof word);
    return word;
}

static uint64_t hash_of(const float *samples)
{
    uint64_t hash = 0;
    for (size_t n = 0; n < BLOCK; n++) {
        hash = hash * base + bits(samples[n]);
    }
    return hash;
}

static size_t slot_of(uint64_t hash)
{
    return (size_t)((hash ^ (hash >> 29)) * base >> 48);
}

static bool is_loud(const float *samples)
{
    double sum = 0.0;
    for (size_t n = 0; n < BLOCK; n++) {
        sum += (double)samples[n] * (double)samples[n];
    }
    return sum > quiet * BLOCK;
}

static uint64_t common(const finder *f, uint64_t early, uint64_t late)
{
    uint64_t count = 0;
    while (late + count < f->frames && early + count < late &&
           bits(f->input[early + count]) == bits(f->input[late + count])) {
        count++;
    }
    return count;
}

typedef struct repeats {
    double error, power;
    double early_s, late_s, all_s;
    size_t count;
} repeats;

static void compare(const bl_audio *target, uint64_t early, uint64_t late, uint64_t frames,
                    double delay, double rate_hz, repeats *found)
{
    const double offset = floor(delay);
    const uint64_t settle = (uint64_t)(settle_s * rate_hz);
    for (uint64_t n = settle; n < frames; n++) {
        const double a = (double)(early + n) + offset, b = (double)(late + n) + offset;
        if (a >= 0.0 && b < (double)target->frames) {
            const double one = (double)target->samples[(size_t)a];
            const double other = (double)target->samples[(size_t)b];
            found->error += (one - other) * (one - other);
            found->power += 0.5 * (one * one + other * other);
        }
    }
    if (found->count++ == 0) {
        found->early_s = (double)early / rate_hz;
        found->late_s = (double)late / rate_hz;
    }
    found->all_s += (double)frames / rate_hz;
}

static void search(finder *f, const bl_audio *input, const bl_audio *target, double delay,
                   repeats *found)
{
    const uint64_t least = (uint64_t)(repeat_min_s * input->sample_rate_hz);
    uint64_t power = 1;
    for (int i = 1; i < BLOCK; i++) {
        power *= base;
    }
    uint64_t hash = hash_of(f->input), next_block = 0;
    for (uint64_t n = 0; n + BLOCK < f->frames; n++) {
        const uint32_t place = f->places[slot_of(hash)];
        if (place > 0 && place - 1 + least <= n) {
            const uint64_t frames = common(f, place - 1, n);
            if (frames >= least) {
                compare(target, place - 1, n, frames, delay, input->sample_rate_hz, found);
                n += frames - 1;
                next_block = n + 1 > next_block ? n + 1 : next_block;
                if (n + BLOCK + 1 >= f->frames) {
                    return;
                }
                hash = hash_of(f->input + n + 1);
                continue;
            }
        }
        if (n >= next_block) {
            if (is_loud(f->input + n) && f->places[slot_of(hash)] == 0) {
                f->places[slot_of(hash)] = (uint32_t)n + 1;
            }
            next_block = n + BLOCK;
        }
        hash = (hash - bits(f->input[n]) * power) * base + bits(f->input[n + BLOCK]);
    }
}

bool bl_check_repeat(const bl_audio *input, const bl_audio *target, bl_check *check)
{
    if (!check->alignment.sure || check->alignment.drift_ppm != 0.0 || input->frames <= BLOCK) {
        return true;
    }
    finder f = {.input = input->samples,
                .frames = input->frames < FRAMES_MAX ? input->frames : FRAMES_MAX,
                .places = calloc(TABLE, sizeof *f.places)};
    if (f.places == NULL) {
        return false;
    }
    repeats found = {0};
    search(&f, input, target, check->alignment.delay_frames, &found);
    free(f.places);
    if (found.count > 0 && found.power > 0.0) {
        const double esr = check->repeat_esr = found.error / found.power;
        const bool bad = esr > repeat_esr_told;
        bl_check_add(check,
                     &(bl_finding){.kind = BL_FINDING_REPEAT,
                                   .severity = bad ? BL_SEVERITY_WARNING : BL_SEVERITY_NOTE,
                                   .in_target = true,
                                   .from_s = found.late_s,
                                   .to_s = found.late_s + found.all_s,
                                   .value = esr},
                     "the guitar's %.1f s from %.2f s are those from %.2f s again, and the "
                     "amplifier's two answers differ by an ESR of %.2g%s",
                     found.all_s, found.late_s, found.early_s, esr,
                     bad ? "; let it warm up, switch off what moves by itself (tremolo, chorus, "
                           "delay), and record again"
                         : "; no model can do better than half of that");
    }
    return true;
}
