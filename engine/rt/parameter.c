// SPDX-License-Identifier: MIT
// The parameter table as data.

#include "backline/parameter.h"

#include <assert.h>
#include <math.h>

static const bl_parameter_info parameters[BL_PARAMETER_COUNT] = {
#define BL_PARAMETER_ROW(id, key, label, unit, min, def, max, curve, smoothing)                    \
    {key, label, unit, min, def, max, BL_CURVE_##curve, smoothing},
    BL_PARAMETER_TABLE(BL_PARAMETER_ROW)
#undef BL_PARAMETER_ROW
};

const bl_parameter_info *bl_parameter_get(bl_parameter parameter)
{
    assert((unsigned int)parameter < BL_PARAMETER_COUNT);
    return &parameters[parameter];
}

double bl_parameter_clamp(bl_parameter parameter, double value)
{
    const bl_parameter_info *info = bl_parameter_get(parameter);
    if (value != value) {
        return info->default_value;
    }
    return value < info->min ? info->min : value > info->max ? info->max : value;
}

double bl_parameter_target(bl_parameter parameter, double value)
{
    const double clamped = bl_parameter_clamp(parameter, value);
    switch (bl_parameter_get(parameter)->curve) {
    case BL_CURVE_LINEAR:
        break;
    case BL_CURVE_GAIN:
        return pow(10.0, clamped / 20.0); // 0 dB gives 1 exactly: every bit of the signal stays
    case BL_CURVE_LOG:
        return log2(clamped);
    case BL_CURVE_SWITCH:
        return clamped >= 0.5 ? 1.0 : 0.0;
    }
    return clamped;
}
