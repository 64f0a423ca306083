// SPDX-License-Identifier: MIT
// The parameter table as data.

#include "backline/parameter.h"

#include <assert.h>

static const bl_parameter_info parameters[BL_PARAMETER_COUNT] = {
#define BL_PARAMETER_ROW(id, key, label, unit, min, def, max, smoothing)                           \
    {key, label, unit, min, def, max, smoothing},
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
