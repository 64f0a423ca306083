// SPDX-License-Identifier: MIT
// A smoother moves a gain or a weight to its target in a straight line of fixed length. What it
// gives depends on the frame alone, never on how the frames are cut into blocks.

#ifndef BACKLINE_RT_SMOOTHER_H
#define BACKLINE_RT_SMOOTHER_H

#include "backline/realtime.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct bl_smoother {
    float target;
    float step;         ///< per frame, towards the target
    uint32_t remaining; ///< frames until the target is reached; 0: at rest
    uint32_t frames;    ///< length of a whole move; 0: at once
} bl_smoother;

/// A smoother at rest at `value` whose moves take `frames`.
static inline bl_smoother bl_smoother_at(float value, uint32_t frames)
{
    return (bl_smoother){.target = value, .frames = frames};
}

/// Goes to `value` at once.
static inline void bl_smoother_jump(bl_smoother *smoother, float value)
{
    smoother->target = value;
    smoother->remaining = 0;
}

/// Starts a move to `target` from where it is now; does nothing if it is on its way there already.
void bl_smoother_move(bl_smoother *smoother, float target) BL_NONBLOCKING;

/// True if the next frame's value is `value`, and every later one's until a move.
static inline bool bl_smoother_rests_at(const bl_smoother *smoother, float value)
{
    return smoother->remaining == 0 && smoother->target == value;
}

/// Passes over `frames` values and returns the last of them.
float bl_smoother_advance(bl_smoother *smoother, uint32_t frames) BL_NONBLOCKING;

/// The next `frames` values. The last one of a move is the target exactly.
void bl_smoother_fill(bl_smoother *smoother, float *values, uint32_t frames) BL_NONBLOCKING;

/// Multiplies 1..BL_INNER_FRAMES samples in place; at rest at 1 no bit changes.
void bl_smoother_scale(bl_smoother *smoother, float *samples, uint32_t frames) BL_NONBLOCKING;

/// The same for several channels, by the same values.
void bl_smoother_scale_all(bl_smoother *smoother, float *const *channels, uint32_t count,
                           uint32_t frames) BL_NONBLOCKING;

#endif
