// SPDX-License-Identifier: MIT
// The transform behind bl_spectrum_take.

#include "rt/spectrum.h"

#include <math.h>
#include <stdint.h>

enum { LOG2_SIZE = 9 };

#define PI 3.14159265358979323846

void bl_spectrum_init(bl_spectrum *spectrum)
{
    for (int i = 0; i < BL_SPECTRUM_SIZE; i++) {
        const double hann = 0.5 - 0.5 * cos(2.0 * PI * i / BL_SPECTRUM_SIZE);
        spectrum->window[i] = (float)(hann * 4.0 / BL_SPECTRUM_SIZE);
    }
    for (int k = 0; k < BL_SPECTRUM_BINS; k++) {
        spectrum->turn_re[k] = (float)cos(2.0 * PI * k / BL_SPECTRUM_SIZE);
        spectrum->turn_im[k] = (float)-sin(2.0 * PI * k / BL_SPECTRUM_SIZE);
    }
}

static uint32_t reverse_bits(uint32_t index)
{
    uint32_t reversed = 0;
    for (int bit = 0; bit < LOG2_SIZE; bit++) {
        reversed = reversed << 1 | (index >> bit & 1);
    }
    return reversed;
}

void bl_spectrum_take(const bl_spectrum *spectrum, const float *samples, float *powers)
{
    float re[BL_SPECTRUM_SIZE], im[BL_SPECTRUM_SIZE] = {0.0F};
    for (uint32_t i = 0; i < BL_SPECTRUM_SIZE; i++) {
        re[reverse_bits(i)] = samples[i] * spectrum->window[i];
    }
    for (uint32_t half = 1; half < BL_SPECTRUM_SIZE; half *= 2) {
        const uint32_t stride = BL_SPECTRUM_BINS / half;
        for (uint32_t at = 0; at < BL_SPECTRUM_SIZE; at += 2 * half) {
            for (uint32_t k = 0; k < half; k++) {
                const float c = spectrum->turn_re[k * stride], s = spectrum->turn_im[k * stride];
                const uint32_t a = at + k, b = a + half;
                const float x = re[b] * c - im[b] * s, y = re[b] * s + im[b] * c;
                re[b] = re[a] - x;
                im[b] = im[a] - y;
                re[a] += x;
                im[a] += y;
            }
        }
    }
    for (uint32_t k = 0; k < BL_SPECTRUM_BINS; k++) {
        powers[k] = re[k] * re[k] + im[k] * im[k];
    }
}
