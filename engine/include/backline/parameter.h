// SPDX-License-Identifier: MIT
// The one parameter table of a chain. It drives clamping and smoothing in the engine, and the
// window, YAML, MIDI and the documentation outside it.

#ifndef BACKLINE_PARAMETER_H
#define BACKLINE_PARAMETER_H

#include "backline/realtime.h"

/// How a control travels over its range, and what the smoother moves.
typedef enum bl_curve {
    BL_CURVE_LINEAR, ///< evenly; the value itself moves
    BL_CURVE_GAIN,   ///< in dB; what moves is the factor
    BL_CURVE_LOG,    ///< by ratios; what moves is the logarithm to base 2
    BL_CURVE_SWITCH, ///< 0 or 1; what moves is the weight of the stage
} bl_curve;

/// id, key in files, label, unit, minimum, default, maximum, curve, smoothing in ms. In the order
/// of the signal. Knobs without a unit go from 0 to 10, 5 leaves the sound alone; a low cut at its
/// minimum and a high cut at its maximum are off.
// clang-format off
#define BL_PARAMETER_TABLE(X)                                                                      \
    X(INPUT_TRIM, "input_trim_db", "Input trim", "dB", -24.0, 0.0, 24.0, GAIN, 10.0)               \
    X(GATE_ON, "gate_on", "Gate", "", 0.0, 0.0, 1.0, SWITCH, 10.0)                                 \
    X(GATE_THRESHOLD, "gate_threshold_db", "Threshold", "dB", -90.0, -60.0, -20.0, GAIN, 10.0)     \
    X(GATE_RELEASE, "gate_release_ms", "Release", "ms", 10.0, 100.0, 1000.0, LOG, 10.0)            \
    X(TONE_ON, "tone_on", "Tone", "", 0.0, 1.0, 1.0, SWITCH, 10.0)                                 \
    X(BASS, "bass", "Bass", "", 0.0, 5.0, 10.0, LINEAR, 20.0)                                      \
    X(MIDDLE, "middle", "Middle", "", 0.0, 5.0, 10.0, LINEAR, 20.0)                                \
    X(TREBLE, "treble", "Treble", "", 0.0, 5.0, 10.0, LINEAR, 20.0)                                \
    X(PRESENCE, "presence", "Presence", "", 0.0, 5.0, 10.0, LINEAR, 20.0)                          \
    X(CAB_ON, "cab_on", "Cab", "", 0.0, 1.0, 1.0, SWITCH, 10.0)                                    \
    X(LOW_CUT, "low_cut_hz", "Low cut", "Hz", 20.0, 20.0, 500.0, LOG, 20.0)                        \
    X(HIGH_CUT, "high_cut_hz", "High cut", "Hz", 1000.0, 20000.0, 20000.0, LOG, 20.0)              \
    X(LEVEL, "level_db", "Level", "dB", -60.0, 0.0, 12.0, GAIN, 10.0)                              \
    X(HOWL_GUARD, "howl_guard", "Howl guard", "", 0.0, 1.0, 1.0, SWITCH, 10.0)
// clang-format on

typedef enum bl_parameter {
#define BL_PARAMETER_ENUM(id, ...) BL_PARAMETER_##id,
    BL_PARAMETER_TABLE(BL_PARAMETER_ENUM)
#undef BL_PARAMETER_ENUM
        BL_PARAMETER_COUNT
} bl_parameter;

typedef struct bl_parameter_info {
    const char *key, *label, *unit;
    double min, default_value, max;
    bl_curve curve;
    double smoothing_ms;
} bl_parameter_info;

/// The table's row. Thread: any, RT safe. Never NULL for a valid id.
const bl_parameter_info *bl_parameter_get(bl_parameter parameter) BL_NONBLOCKING;

/// `value` clamped to the row's range; NaN becomes the default. Thread: any, RT safe.
double bl_parameter_clamp(bl_parameter parameter, double value) BL_NONBLOCKING;

/// What the smoother of this parameter holds for `value`, which is clamped first: see bl_curve.
/// Thread: any, RT safe.
double bl_parameter_target(bl_parameter parameter, double value) BL_NONBLOCKING;

#endif
