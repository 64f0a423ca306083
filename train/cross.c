// SPDX-License-Identifier: MIT
// Hann windows that overlap by half. The target's window is moved by whole frames along the line,
// the rest of the way by turning the phases.

#include "train/cross.h"
#include "train/turn.h"

#include <kiss_fftr.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = BL_CROSS_FRAMES, BINS = BL_CROSS_BINS, WINDOWS = 1024 };

static const double pi = 3.14159265358979323846;
static const double silence = 1e-11;   // mean square of a window's input that says nothing
static const double overlapping = 1.5; // windows that overlap tell less than their number

struct bl_cross_adder {
    kiss_fftr_cfg fft;
    float shape[FRAMES], time[FRAMES];
    kiss_fft_cpx x[BINS], y[BINS];
};

static double power_of(const float *samples)
{
    double sum = 0.0;
    for (size_t n = 0; n < FRAMES; n++) {
        sum += (double)samples[n] * (double)samples[n];
    }
    return sum / FRAMES;
}

static void transform(bl_cross_adder *adder, const float *samples, kiss_fft_cpx *bins)
{
    for (size_t n = 0; n < FRAMES; n++) {
        adder->time[n] = adder->shape[n] * samples[n];
    }
    kiss_fftr(adder->fft, adder->time, bins);
}

bl_cross_adder *bl_cross_adder_create(void)
{
    bl_cross_adder *adder = malloc(sizeof *adder);
    if (adder == NULL) {
        return NULL;
    }
    adder->fft = kiss_fftr_alloc(FRAMES, 0, NULL, NULL);
    if (adder->fft == NULL) {
        free(adder);
        return NULL;
    }
    for (size_t n = 0; n < FRAMES; n++) {
        adder->shape[n] = (float)(0.5 - 0.5 * cos(2.0 * pi * ((double)n + 0.5) / FRAMES));
    }
    return adder;
}

void bl_cross_adder_destroy(bl_cross_adder *adder)
{
    if (adder != NULL) {
        kiss_fftr_free(adder->fft);
    }
    free(adder);
}

void bl_cross_add(bl_cross_adder *adder, const float *input, const float *target, double rest,
                  bl_cross_sums *sums)
{
    transform(adder, input, adder->x);
    transform(adder, target, adder->y);
    const float complex step = (float complex)bl_turn(2.0 * pi * rest / FRAMES);
    float complex turn = 1.0f;
    for (size_t k = 0; k < BINS; k++) {
        const kiss_fft_cpx x = adder->x[k], y = adder->y[k];
        const float complex product =
            turn * bl_complex_float(x.r * y.r + x.i * y.i, x.r * y.i - x.i * y.r);
        const float xx = x.r * x.r + x.i * x.i, yy = y.r * y.r + y.i * y.i;
        const float size = sqrtf(xx * yy);
        sums->turn[k] += size > 0.0f ? product / size : 0.0f;
        sums->both[k] += product;
        sums->input[k] += xx;
        sums->target[k] += yy;
        turn *= step;
    }
    sums->windows++;
}

static void gather(bl_cross_adder *adder, bl_cross *cross, const float *input, size_t input_frames,
                   const float *target, size_t target_frames, const bl_lag_line *line)
{
    const size_t places = (input_frames - FRAMES) / (FRAMES / 2) + 1;
    const size_t stride = places / WINDOWS + 1;
    for (size_t i = 0; i < places; i += stride) {
        const size_t from = i * (FRAMES / 2);
        const double centre = (double)from + 0.5 * FRAMES;
        const double lag = line->offset_frames + line->slope * centre;
        const double whole = nearbyint(lag), start = (double)from + whole;
        if (start < 0.0 || start + FRAMES > (double)target_frames) {
            continue;
        }
        const float *y = target + (size_t)start;
        if (power_of(input + from) > silence && power_of(y) > 0.0) {
            bl_cross_sums *sums = &cross->sections[i * BL_CROSS_SECTIONS / places];
            bl_cross_add(adder, input + from, y, lag - whole, sums);
            sums->centre += centre;
        }
    }
}

bl_cross *bl_cross_gather(const float *input, size_t input_frames, const float *target,
                          size_t target_frames, const bl_lag_line *line)
{
    bl_cross_adder *adder = bl_cross_adder_create();
    bl_cross *cross = calloc(1, sizeof *cross);
    if (adder == NULL || cross == NULL) {
        bl_cross_adder_destroy(adder);
        free(cross);
        return NULL;
    }
    if (input_frames >= FRAMES) {
        gather(adder, cross, input, input_frames, target, target_frames, line);
    }
    bl_cross_adder_destroy(adder);
    for (size_t s = 0; s < BL_CROSS_SECTIONS; s++) {
        if (cross->sections[s].windows > 0) {
            cross->sections[s].centre /= (double)cross->sections[s].windows;
            if (cross->count < s) {
                cross->sections[cross->count] = cross->sections[s];
            }
            cross->count++;
        }
    }
    return cross;
}

static double beyond_chance(double found, size_t windows)
{
    const double chance = fmin(overlapping / (double)windows, 0.999);
    return fmin(fmax((found - chance) / (1.0 - chance), 0.0), 0.9999);
}

double bl_cross_surety(const bl_cross_sums *sums, size_t k)
{
    const double re = (double)crealf(sums->turn[k]), im = (double)cimagf(sums->turn[k]);
    const double count = (double)sums->windows;
    return beyond_chance((re * re + im * im) / (count * count), sums->windows);
}

double bl_cross_coherence(const bl_cross_sums *sums, size_t k)
{
    const double re = (double)crealf(sums->both[k]), im = (double)cimagf(sums->both[k]);
    const double powers = (double)sums->input[k] * (double)sums->target[k];
    return powers > 0.0 ? beyond_chance((re * re + im * im) / powers, sums->windows) : 0.0;
}
