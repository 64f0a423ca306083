// SPDX-License-Identifier: MIT
// Linear: an impulse response and perhaps an offset. How the reference player would convolve
// (`implementation`) changes nothing but rounding and is not read.

#include "model/nam.h"

#include "backline/limits.h"

void bl_nam_read_linear(bl_nam *nam, bl_arch *arch)
{
    static const char *const channel_keys[] = {"channels", "in_channels", "out_channels"};
    const bl_json *config = &nam->config;
    for (size_t i = 0; i < sizeof channel_keys / sizeof *channel_keys; i++) {
        bl_json_get_u32_or(config, channel_keys[i], 1, 1, 1);
    }
    bl_linear *linear = &arch->u.linear;
    arch->kind = BL_ARCH_LINEAR;
    linear->taps = bl_json_get_u32(config, "receptive_field", 1, BL_LIMIT_RECEPTIVE_FIELD);
    linear->h = bl_nam_take(nam, linear->taps);
    const float *bias = bl_json_get_bool(config, "bias") ? bl_nam_take(nam, 1) : NULL;
    linear->bias = bias != NULL ? *bias : 0.0f;
}
