// SPDX-License-Identifier: MIT
// Running the gate, sample by sample: nothing depends on how the input is cut into blocks.

#include "rt/gate.h"

#include "backline/limits.h"

#include <math.h>

bl_gate bl_gate_at_rest(double sample_rate_hz)
{
    const double ms_frames = sample_rate_hz / 1000.0;
    return (bl_gate){.hold_frames = (uint32_t)ceil(BL_GATE_HOLD_MS * ms_frames),
                     .faint_frames = (uint32_t)ceil(BL_GATE_FAINT_MS * ms_frames),
                     .rise = (float)(1.0 / (BL_GATE_ATTACK_MS * ms_frames)),
                     .ms_frames = ms_frames};
}

void bl_gate_reset(bl_gate *gate, const bl_gate_knobs *knobs)
{
    gate->open = false;
    gate->below = 0;
    gate->faint = 0;
    gate->position = knobs->on->target == 0.0F ? 1.0F : 0.0F;
}

static bool listen(bl_gate *gate, float magnitude, float threshold)
{
    gate->below = magnitude > threshold * BL_GATE_HYSTERESIS ? 0 : gate->below + gate->open;
    gate->faint = magnitude > threshold ? 0 : gate->faint + gate->open;
    gate->open = magnitude > threshold || (gate->open && gate->below <= gate->hold_frames &&
                                           gate->faint <= gate->faint_frames);
    return gate->open;
}

void bl_gate_process(bl_gate *gate, const bl_gate_knobs *knobs, const float *key, float *samples,
                     uint32_t frames)
{
    float thresholds[BL_INNER_FRAMES];
    bl_smoother_fill(knobs->threshold, thresholds, frames);
    const bool on = knobs->on->target != 0.0F;
    const float fall = (float)(1.0 / (exp2((double)knobs->release->target) * gate->ms_frames));
    for (uint32_t i = 0; i < frames; i++) {
        const bool open = listen(gate, fabsf(key[i]), thresholds[i]);
        const float moved = gate->position + (open || !on ? gate->rise : -fall);
        gate->position = fminf(fmaxf(moved, 0.0F), 1.0F);
        samples[i] *= gate->position * gate->position * gate->position;
    }
}
