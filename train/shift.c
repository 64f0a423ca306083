// SPDX-License-Identifier: MIT
// Reading a recording between its frames: a sinc under a Kaiser window (beta 9: what it lets
// through beside the sound is below -90 dB), from a table.

#include "train/align.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    HALF = 32,    ///< taps on either side
    STEPS = 1024, ///< of the table between two taps; linear in between
};

static const double pi = 3.14159265358979323846;
static const double beta = 9.0;

// Modified Bessel function of the first kind, order zero, by its series.
static double bessel(double x)
{
    double sum = 1.0, term = 1.0;
    for (int k = 1; k < 40; k++) {
        term *= x * x / (4.0 * k * k);
        sum += term;
    }
    return sum;
}

static double kernel(double x)
{
    const double inside = 1.0 - x * x / (HALF * HALF);
    if (inside <= 0.0) {
        return 0.0;
    }
    return (fabs(x) < 1e-12 ? 1.0 : sin(pi * x) / (pi * x)) * bessel(beta * sqrt(inside)) /
           bessel(beta);
}

// Row s holds the taps for a place s / STEPS after a frame.
static float *make_table(void)
{
    float *table = malloc((STEPS + 1) * 2 * HALF * sizeof *table);
    for (int s = 0; s <= STEPS && table != NULL; s++) {
        for (int i = 0; i < 2 * HALF; i++) {
            table[s * 2 * HALF + i] = (float)kernel((double)s / STEPS - (i - HALF + 1));
        }
    }
    return table;
}

static float read_between(const bl_audio *audio, const float *table, double place)
{
    const double whole = floor(place), rest = STEPS * (place - whole);
    const long first = (long)whole - HALF + 1, end = (long)audio->frames;
    const int row = (int)rest;
    const float part = (float)(rest - row);
    const float *low = table + row * 2 * HALF, *high = low + 2 * HALF;
    float sum = 0.0f;
    if (first >= 0 && first + 2 * HALF <= end) {
        const float *samples = audio->samples + first;
        for (int i = 0; i < 2 * HALF; i++) {
            sum += samples[i] * (low[i] + part * (high[i] - low[i]));
        }
        return sum;
    }
    for (int i = 0; i < 2 * HALF; i++) {
        if (first + i >= 0 && first + i < end) {
            sum += audio->samples[first + i] * (low[i] + part * (high[i] - low[i]));
        }
    }
    return sum;
}

// By whole frames, in place.
static void move(bl_audio *target, int64_t delay)
{
    const uint64_t frames = target->frames, by = (uint64_t)(delay < 0 ? -delay : delay);
    const size_t off = (size_t)(by < frames ? by : frames), kept = (size_t)frames - off;
    float *to = target->samples + (delay < 0 ? off : 0);
    memmove(to, target->samples + (delay < 0 ? 0 : off), kept * sizeof *to);
    memset(target->samples + (delay < 0 ? 0 : kept), 0, off * sizeof *to);
}

bl_status bl_align_apply(bl_audio *target, double delay_frames, double drift_ppm, bl_error *error)
{
    if (drift_ppm == 0.0 && delay_frames == floor(delay_frames)) {
        move(target, (int64_t)delay_frames);
        return BL_STATUS_OK;
    }
    float *moved = malloc((size_t)target->frames * sizeof *moved);
    float *table = make_table();
    if (moved == NULL || table == NULL) {
        free(moved);
        free(table);
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to align");
    }
    const double end = (double)target->frames;
    for (uint64_t n = 0; n < target->frames; n++) {
        const double place = (double)n + delay_frames + 1e-6 * drift_ppm * (double)n;
        if (place < 0.0 || place > end - 1.0) {
            moved[n] = 0.0f;
        } else if (place == floor(place)) {
            moved[n] = target->samples[(size_t)place];
        } else {
            moved[n] = read_between(target, table, place);
        }
    }
    free(table);
    free(target->samples);
    target->samples = moved;
    return BL_STATUS_OK;
}
