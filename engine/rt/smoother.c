// SPDX-License-Identifier: MIT
// Values are counted back from the target, so that rounding never keeps a move from arriving.

#include "rt/smoother.h"

#include "backline/limits.h"

#include <assert.h>

static float value_before_target(const bl_smoother *smoother, uint32_t frames)
{
    return smoother->target - smoother->step * (float)frames;
}

void bl_smoother_move(bl_smoother *smoother, float target)
{
    if (target == smoother->target) {
        return;
    }
    const float from = value_before_target(smoother, smoother->remaining);
    smoother->target = target;
    smoother->remaining = smoother->frames;
    smoother->step = smoother->frames == 0 ? 0.0F : (target - from) / (float)smoother->frames;
}

float bl_smoother_advance(bl_smoother *smoother, uint32_t frames)
{
    smoother->remaining -= frames < smoother->remaining ? frames : smoother->remaining;
    return value_before_target(smoother, smoother->remaining);
}

void bl_smoother_fill(bl_smoother *smoother, float *values, uint32_t frames)
{
    for (uint32_t i = 0; i < frames; i++) {
        smoother->remaining -= smoother->remaining > 0;
        values[i] = value_before_target(smoother, smoother->remaining);
    }
}

void bl_smoother_scale_all(bl_smoother *smoother, float *const *channels, uint32_t count,
                           uint32_t frames)
{
    assert(frames <= BL_INNER_FRAMES);
    if (bl_smoother_rests_at(smoother, 1.0F)) {
        return;
    }
    float gains[BL_INNER_FRAMES];
    bl_smoother_fill(smoother, gains, frames);
    for (uint32_t c = 0; c < count; c++) {
        for (uint32_t i = 0; i < frames; i++) {
            channels[c][i] *= gains[i];
        }
    }
}

void bl_smoother_scale(bl_smoother *smoother, float *samples, uint32_t frames)
{
    bl_smoother_scale_all(smoother, &samples, 1, frames);
}
