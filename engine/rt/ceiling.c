// SPDX-License-Identifier: MIT
// Running the ceiling. The gain falls at once and comes back slowly; a soft knee between threshold
// and top makes that gentle.

#include "rt/ceiling.h"

#include <math.h>
#include <string.h>

bl_ceiling bl_ceiling_at_rest(double sample_rate_hz)
{
    return (bl_ceiling){.decay = (float)exp(-1000.0 / (BL_CEILING_RELEASE_MS * sample_rate_hz))};
}

void bl_ceiling_reset(bl_ceiling *ceiling)
{
    ceiling->level = 0.0F;
    memset(ceiling->past, 0, sizeof ceiling->past);
}

// The level at x[0], from it and the BL_CEILING_PAST samples before. Four guesses, the largest
// counts: the sample with its quadrature, exact for a tone at a quarter of the rate; the sample and
// a share of its curvature, which high tones have and a guitar's low ones do not; the middle of the
// last gap by a parabola, and of the third last by six samples (Lagrange).
static float level_at(const float *x)
{
    const float quadrature = 0.5F * (x[0] - x[-2]);
    const float curvature = x[0] - 2.0F * x[-1] + x[-2];
    const float late = (3.0F * x[0] + 6.0F * x[-1] - x[-2]) / 8.0F;
    const float middle = (3.0F * (x[0] + x[-5]) - 25.0F * (x[-1] + x[-4]) + //
                          150.0F * (x[-2] + x[-3])) /
                         256.0F;
    const float high =
        fmaxf(sqrtf(x[0] * x[0] + quadrature * quadrature), fabsf(x[0]) + 0.25F * fabsf(curvature));
    return fmaxf(high, fmaxf(fabsf(late), fabsf(middle)));
}

// No guess is over twice the largest sample.
static float raise_levels(const float *x, float *levels, uint32_t frames)
{
    float peak = 0.0F;
    for (int i = -BL_CEILING_PAST; i < (int)frames; i++) {
        peak = fmaxf(peak, fabsf(x[i]));
    }
    for (uint32_t i = 0; i < frames && 2.0F * peak > BL_CEILING_THRESHOLD; i++) {
        levels[i] = fmaxf(levels[i], level_at(x + i));
    }
    return peak;
}

// Slope 1 at the threshold, towards the top for ever. Never over it by rounding: the top is far
// enough from full scale.
static float gain_for(float level)
{
    const float room = BL_CEILING_TOP - BL_CEILING_THRESHOLD;
    const float over = (level - BL_CEILING_THRESHOLD) / room;
    return (BL_CEILING_THRESHOLD + room * (over / (1.0F + over))) / level;
}

void bl_ceiling_process(bl_ceiling *ceiling, float *const *channels, uint32_t count,
                        uint32_t frames)
{
    float levels[BL_INNER_FRAMES] = {0.0F};
    float peak = 0.0F;
    for (uint32_t c = 0; c < count; c++) {
        float x[BL_CEILING_PAST + BL_INNER_FRAMES];
        memcpy(x, ceiling->past[c], sizeof ceiling->past[c]);
        memcpy(x + BL_CEILING_PAST, channels[c], frames * sizeof *x);
        memcpy(ceiling->past[c], x + frames, sizeof ceiling->past[c]);
        peak = fmaxf(peak, raise_levels(x + BL_CEILING_PAST, levels, frames));
    }
    if (2.0F * peak <= BL_CEILING_THRESHOLD && ceiling->level <= BL_CEILING_THRESHOLD) {
        ceiling->level = 0.0F;
        return;
    }
    for (uint32_t i = 0; i < frames; i++) {
        ceiling->level = fmaxf(levels[i], ceiling->level * ceiling->decay);
        if (ceiling->level > BL_CEILING_THRESHOLD) {
            const float gain = gain_for(ceiling->level);
            for (uint32_t c = 0; c < count; c++) {
                channels[c][i] *= gain;
            }
        }
        ceiling->level = fminf(ceiling->level, BL_CEILING_REMEMBERED);
    }
}
