// SPDX-License-Identifier: MIT
// A noise gate that listens to the clean guitar, so that the amplifier's hum cannot hold it open.
// Opens at the first sample over the threshold; two thresholds and a hold longer than half a period
// of the lowest string keep it from chattering. Its memory is finite, so that a chain that is
// replayed over recent input finds the same state.

#ifndef BACKLINE_RT_GATE_H
#define BACKLINE_RT_GATE_H

#include "backline/realtime.h"
#include "rt/smoother.h"

#include <stdbool.h>
#include <stdint.h>

#define BL_GATE_ATTACK_MS 0.75
#define BL_GATE_HOLD_MS 50.0
#define BL_GATE_HYSTERESIS 0.5F ///< it stays open while the input is over half the threshold,
#define BL_GATE_FAINT_MS 2000.0 ///< but no longer than this below the whole threshold

typedef struct bl_gate {
    uint32_t hold_frames, faint_frames;
    float rise;       ///< of the position, per frame
    double ms_frames; ///< frames in a millisecond

    bool open;
    uint32_t below; ///< frames since the input was over the lower threshold
    uint32_t faint; ///< frames since it was over the upper one
    float position; ///< 0: closed, 1: open, and then no bit of the signal changes
} bl_gate;

/// What the player sets: three rows of the parameter table.
typedef struct bl_gate_knobs {
    bl_smoother *on, *threshold, *release;
} bl_gate_knobs;

/// Closed, as after a long silence. Thread: any.
bl_gate bl_gate_at_rest(double sample_rate_hz);

/// Back to that; open if it is switched off. Thread: RT.
void bl_gate_reset(bl_gate *gate, const bl_gate_knobs *knobs) BL_NONBLOCKING;

/// Multiplies 1..BL_INNER_FRAMES samples by the gain that the clean input `key` asks for; `key` may
/// not be `samples`. The gain is the position's cube, near the exponential decay that ears expect,
/// but with an end. Thread: RT.
void bl_gate_process(bl_gate *gate, const bl_gate_knobs *knobs, const float *key, float *samples,
                     uint32_t frames) BL_NONBLOCKING;

#endif
