// SPDX-License-Identifier: MIT
// The output ceiling: no sample over full scale, without delay. Because it cannot look ahead, it
// follows a level that guesses what stands between the samples high rather than low, and keeps its
// own top far enough below full scale for what the guess misses: see BL_CEILING_TOP.

#ifndef BACKLINE_RT_CEILING_H
#define BACKLINE_RT_CEILING_H

#include "backline/limits.h"
#include "backline/realtime.h"

#include <stdint.h>

#define BL_CEILING_THRESHOLD 0.70F ///< a level up to here leaves every bit alone
#define BL_CEILING_TOP 0.82F       ///< no sample over this
#define BL_CEILING_RELEASE_MS 100.0
#define BL_CEILING_REMEMBERED 10.0F ///< louder peaks are forgotten as fast as this one

/// Past samples the level depends on.
enum { BL_CEILING_PAST = 5 };

typedef struct bl_ceiling {
    float decay;                                 ///< of the level, per frame
    float level;                                 ///< peak that decays; of the louder channel
    float past[BL_OUTPUTS_MAX][BL_CEILING_PAST]; ///< the newest last
} bl_ceiling;

/// Thread: any.
bl_ceiling bl_ceiling_at_rest(double sample_rate_hz);

/// As after silence. Thread: RT.
void bl_ceiling_reset(bl_ceiling *ceiling) BL_NONBLOCKING;

/// Limits 1..BL_INNER_FRAMES frames of `count` channels in place, all by the same gain. Samples
/// that are no numbers stay that. Thread: RT.
void bl_ceiling_process(bl_ceiling *ceiling, float *const *channels, uint32_t count,
                        uint32_t frames) BL_NONBLOCKING;

#endif
