// SPDX-License-Identifier: MIT
// The transform behind bl_spectrum_step.

#include "rt/spectrum.h"

#include <math.h>

enum {
    POINTS = BL_SPECTRUM_BINS, // of the complex transform
    LOG2_POINTS = 8,
    LOADS = 4, // steps
    FIRST_STAGE = LOADS,
    FIRST_WIDE = FIRST_STAGE + 1, // one step for the first two stages
    FIRST_POWERS = FIRST_WIDE + LOG2_POINTS - 2,
    POWERS = BL_SPECTRUM_STEPS - FIRST_POWERS,
};

#define PI 3.14159265358979323846

void bl_spectrum_init(bl_spectrum *spectrum)
{
    for (int i = 0; i < BL_SPECTRUM_SIZE; i++) {
        const double hann = 0.5 - 0.5 * cos(2.0 * PI * i / BL_SPECTRUM_SIZE);
        spectrum->window[i] = (float)(hann * 4.0 / BL_SPECTRUM_SIZE);
    }
    spectrum->turn_re[0] = spectrum->turn_im[0] = 0.0F; // not used
    for (int half = 1; half < POINTS; half *= 2) {
        for (int k = 0; k < half; k++) {
            spectrum->turn_re[half + k] = (float)cos(PI * k / half);
            spectrum->turn_im[half + k] = (float)-sin(PI * k / half);
        }
    }
    for (int k = 0; k < POINTS; k++) {
        spectrum->real_re[k] = (float)cos(PI * k / POINTS);
        spectrum->real_im[k] = (float)-sin(PI * k / POINTS);
        unsigned reversed = 0;
        for (unsigned bit = 0; bit < LOG2_POINTS; bit++) {
            reversed = reversed << 1 | ((unsigned)k >> bit & 1);
        }
        spectrum->reversed[k] = (uint8_t)reversed;
    }
}

// Two samples become one complex number.
static void load(const bl_spectrum *spectrum, bl_spectrum_work *work, uint32_t part,
                 const float *ring, uint32_t from)
{
    const uint32_t count = POINTS / LOADS;
    for (uint32_t i = part * count; i < (part + 1) * count; i++) {
        const uint32_t at = (from + 2 * i) % BL_SPECTRUM_RING;
        const uint32_t next = (at + 1) % BL_SPECTRUM_RING;
        work->re[spectrum->reversed[i]] = ring[at] * spectrum->window[2 * i];
        work->im[spectrum->reversed[i]] = ring[next] * spectrum->window[2 * i + 1];
    }
}

// Stages 1 and 2, whose turns are 1 and -i.
static void do_narrow_stages(bl_spectrum_work *work)
{
    for (float *re = work->re, *im = work->im; re < work->re + POINTS; re += 4, im += 4) {
        const float a_re = re[0] + re[1], b_re = re[0] - re[1];
        const float a_im = im[0] + im[1], b_im = im[0] - im[1];
        const float c_re = re[2] + re[3], d_re = re[2] - re[3];
        const float c_im = im[2] + im[3], d_im = im[2] - im[3];
        re[0] = a_re + c_re;
        im[0] = a_im + c_im;
        re[1] = b_re + d_im;
        im[1] = b_im - d_re;
        re[2] = a_re - c_re;
        im[2] = a_im - c_im;
        re[3] = b_re - d_im;
        im[3] = b_im + d_re;
    }
}

static void turn(float *restrict a_re, float *restrict a_im, float *restrict b_re,
                 float *restrict b_im, const float *restrict c, const float *restrict s,
                 uint32_t count)
{
    for (uint32_t k = 0; k < count; k++) {
        const float x = b_re[k] * c[k] - b_im[k] * s[k], y = b_re[k] * s[k] + b_im[k] * c[k];
        b_re[k] = a_re[k] - x;
        b_im[k] = a_im[k] - y;
        a_re[k] += x;
        a_im[k] += y;
    }
}

static void do_wide_stage(const bl_spectrum *spectrum, bl_spectrum_work *work, uint32_t half)
{
    for (uint32_t at = 0; at < POINTS; at += 2 * half) {
        turn(work->re + at, work->im + at, work->re + at + half, work->im + at + half,
             spectrum->turn_re + half, spectrum->turn_im + half, half);
    }
}

// The even samples' spectrum and the odd ones' lie in one; apart, and turned, they add up.
static void untangle(const bl_spectrum *spectrum, const bl_spectrum_work *work, uint32_t part,
                     float *powers)
{
    const uint32_t count = POINTS / POWERS;
    for (uint32_t k = part * count; k < (part + 1) * count; k++) {
        const uint32_t m = (POINTS - k) % POINTS;
        const float even_re = 0.5F * (work->re[k] + work->re[m]);
        const float even_im = 0.5F * (work->im[k] - work->im[m]);
        const float odd_re = 0.5F * (work->im[k] + work->im[m]);
        const float odd_im = 0.5F * (work->re[m] - work->re[k]);
        const float c = spectrum->real_re[k], s = spectrum->real_im[k];
        const float re = even_re + odd_re * c - odd_im * s;
        const float im = even_im + odd_re * s + odd_im * c;
        powers[k] = re * re + im * im;
    }
}

void bl_spectrum_step(const bl_spectrum *spectrum, bl_spectrum_work *work, uint32_t step,
                      const float ring[BL_SPECTRUM_RING], uint32_t from, float *powers)
{
    if (step < FIRST_STAGE) {
        load(spectrum, work, step, ring, from);
    } else if (step == FIRST_STAGE) {
        do_narrow_stages(work);
    } else if (step < FIRST_POWERS) {
        do_wide_stage(spectrum, work, 4U << (step - FIRST_WIDE));
    } else {
        untangle(spectrum, work, step - FIRST_POWERS, powers);
    }
}
