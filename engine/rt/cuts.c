// SPDX-License-Identifier: MIT
// Running the cuts. A cut that is off still hears the signal, so that switching it on fades to a
// filter that has always played.

#include "rt/cuts.h"

#include "backline/parameter.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846
#define FADE_S 0.02

bl_cuts bl_cuts_at_rest(double sample_rate_hz)
{
    const bl_smoother off = bl_smoother_at(0.0F, (uint32_t)lround(FADE_S * sample_rate_hz));
    return (bl_cuts){.sample_rate_hz = sample_rate_hz, .on = {off, off}};
}

static bl_section butterworth(float log2_hz, bool high_pass, double rate_hz)
{
    const double w = 2.0 * PI * fmin(exp2((double)log2_hz) / rate_hz, 0.45), cosine = cos(w);
    const double alpha = sin(w) / sqrt(2.0);
    const double edge = high_pass ? (1.0 + cosine) / 2.0 : (1.0 - cosine) / 2.0;
    const double b[4] = {edge, high_pass ? -2.0 * edge : 2.0 * edge, edge};
    const double a[4] = {1.0 + alpha, -2.0 * cosine, 1.0 - alpha};
    return bl_section_of(b, a);
}

static void advance(bl_cuts *cuts, bl_smoother *low, bl_smoother *high, uint32_t frames)
{
    const double rate = cuts->sample_rate_hz;
    cuts->sections[0] = butterworth(bl_smoother_advance(low, frames), true, rate);
    cuts->sections[1] = butterworth(bl_smoother_advance(high, frames), false, rate);
}

// Where they are off, the same rounding as in the table's targets.
static void switch_them(bl_cuts *cuts, const bl_smoother *low, const bl_smoother *high)
{
    const double lowest = bl_parameter_get(BL_PARAMETER_LOW_CUT)->min;
    const double highest = bl_parameter_get(BL_PARAMETER_HIGH_CUT)->max;
    bl_smoother_move(&cuts->on[0], low->target > (float)log2(lowest) ? 1.0F : 0.0F);
    bl_smoother_move(&cuts->on[1], high->target < (float)log2(highest) ? 1.0F : 0.0F);
}

void bl_cuts_settle(bl_cuts *cuts, bl_smoother *low, bl_smoother *high)
{
    advance(cuts, low, high, 0);
    switch_them(cuts, low, high);
    for (int n = 0; n < BL_CUTS; n++) {
        bl_smoother_jump(&cuts->on[n], cuts->on[n].target);
    }
}

void bl_cuts_reset(bl_cuts *cuts)
{
    cuts->phase = 0;
    memset(cuts->states, 0, sizeof cuts->states);
}

static void filter(bl_cuts *cuts, bl_section_state *states, const float *low, const float *high,
                   float *samples, uint32_t frames)
{
    for (uint32_t i = 0; i < frames; i++) {
        const double x = (double)samples[i];
        const double below = (double)low[i] * bl_section_add(&cuts->sections[0], &states[0], x);
        const double above =
            (double)high[i] * bl_section_add(&cuts->sections[1], &states[1], x + below);
        samples[i] = (float)(x + (below + above));
    }
}

void bl_cuts_process(bl_cuts *cuts, bl_smoother *low, bl_smoother *high, float *const *channels,
                     uint32_t count, uint32_t frames)
{
    float low_on[BL_INNER_FRAMES], high_on[BL_INNER_FRAMES];
    switch_them(cuts, low, high);
    bl_smoother_fill(&cuts->on[0], low_on, frames);
    bl_smoother_fill(&cuts->on[1], high_on, frames);
    for (uint32_t at = 0; at < frames;) {
        if (cuts->phase == 0 && (low->remaining > 0 || high->remaining > 0)) {
            advance(cuts, low, high, BL_CUTS_STEP);
        }
        const uint32_t room = BL_CUTS_STEP - cuts->phase, left = frames - at;
        const uint32_t now = room < left ? room : left;
        for (uint32_t c = 0; c < count; c++) {
            filter(cuts, cuts->states[c], low_on + at, high_on + at, channels[c] + at, now);
        }
        cuts->phase = (cuts->phase + now) % BL_CUTS_STEP;
        at += now;
    }
}
