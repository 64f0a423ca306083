// SPDX-License-Identifier: MIT
// Going on after frames were lost: a short fade from what was heard last to what is played now, so
// that a gap in time is no step in the sound.

#ifndef BACKLINE_RT_RESUME_H
#define BACKLINE_RT_RESUME_H

#include "backline/limits.h"
#include "rt/smoother.h"

#include <stdbool.h>

typedef struct bl_resume {
    float last[BL_OUTPUTS_MAX]; ///< samples that were given
    float from[BL_OUTPUTS_MAX]; ///< where the fade begins
    bl_smoother weight;         ///< of what is played against that; 1: there is no fade
} bl_resume;

/// At rest; fades take `fade_frames`. Thread: any.
static inline bl_resume bl_resume_at_rest(uint32_t fade_frames)
{
    return (bl_resume){.weight = bl_smoother_at(1.0F, fade_frames)};
}

/// The next frame is the first one of a fade: from the last sample given if `held`, else from
/// silence. Thread: RT.
void bl_resume_begin(bl_resume *resume, bool held) BL_NONBLOCKING;

/// Fades `frames` of `count` channels in place; at rest no bit changes. Thread: RT.
void bl_resume_process(bl_resume *resume, float *const *channels, uint32_t count,
                       uint32_t frames) BL_NONBLOCKING;

#endif
