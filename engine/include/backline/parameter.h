// SPDX-License-Identifier: MIT
// The one parameter table of a chain. It drives clamping and smoothing in the engine, and the
// window, YAML, MIDI and the documentation outside it.

#ifndef BACKLINE_PARAMETER_H
#define BACKLINE_PARAMETER_H

#include "backline/realtime.h"

/// id, key in files, label, unit, minimum, default, maximum, smoothing in ms.
#define BL_PARAMETER_TABLE(X)                                                                      \
    X(INPUT_TRIM, "input_trim_db", "Input trim", "dB", -24.0, 0.0, 24.0, 10.0)                     \
    X(LEVEL, "level_db", "Level", "dB", -60.0, 0.0, 12.0, 10.0)

typedef enum bl_parameter {
#define BL_PARAMETER_ENUM(id, key, label, unit, min, def, max, smoothing) BL_PARAMETER_##id,
    BL_PARAMETER_TABLE(BL_PARAMETER_ENUM)
#undef BL_PARAMETER_ENUM
        BL_PARAMETER_COUNT
} bl_parameter;

typedef struct bl_parameter_info {
    const char *key, *label, *unit;
    double min, default_value, max, smoothing_ms;
} bl_parameter_info;

/// The table's row. Thread: any, RT safe. Never NULL for a valid id.
const bl_parameter_info *bl_parameter_get(bl_parameter parameter) BL_NONBLOCKING;

/// `value` clamped to the row's range; NaN becomes the default. Thread: any, RT safe.
double bl_parameter_clamp(bl_parameter parameter, double value) BL_NONBLOCKING;

#endif
