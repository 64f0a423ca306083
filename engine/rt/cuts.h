// SPDX-License-Identifier: MIT
// Low cut and high cut after the cab: Butterworth, 12 dB an octave (R. Bristow-Johnson, "Cookbook
// formulae for audio EQ biquad filter coefficients", Q = 1/sqrt(2)). Each is off at the end of its
// range, where every bit passes.

#ifndef BACKLINE_RT_CUTS_H
#define BACKLINE_RT_CUTS_H

#include "backline/limits.h"
#include "backline/realtime.h"
#include "rt/section.h"
#include "rt/smoother.h"

#include <stdbool.h>
#include <stdint.h>

enum { BL_CUTS = 2, BL_CUTS_STEP = 8 }; // low, high

typedef struct bl_cuts {
    double sample_rate_hz;
    uint32_t phase; ///< frames since the last step
    bl_smoother on[BL_CUTS];
    bl_section sections[BL_CUTS];
    bl_section_state states[BL_OUTPUTS_MAX][BL_CUTS];
} bl_cuts;

/// Thread: any. bl_cuts_settle comes before the first block.
bl_cuts bl_cuts_at_rest(double sample_rate_hz);

/// The sections for where the frequencies stand. `low` and `high` hold
/// logarithms to base 2. Thread: RT.
void bl_cuts_settle(bl_cuts *cuts, bl_smoother *low, bl_smoother *high) BL_NONBLOCKING;

/// As after silence. Thread: RT.
void bl_cuts_reset(bl_cuts *cuts) BL_NONBLOCKING;

/// Filters 1..BL_INNER_FRAMES frames of `count` channels in place. Thread: RT.
void bl_cuts_process(bl_cuts *cuts, bl_smoother *low, bl_smoother *high, float *const *channels,
                     uint32_t count, uint32_t frames) BL_NONBLOCKING;

#endif
