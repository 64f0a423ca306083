// SPDX-License-Identifier: MIT
// Running convolutions: history, map, activation.

#include "rt/conv.h"

#include <string.h>

void bl_conv_net_hear(bl_conv_net *conv, const float *in, uint32_t frames)
{
    const bl_rows to = bl_history_next(&conv->history);
    for (uint32_t c = 0; c < conv->history.channels; c++) {
        memcpy(to.at + c * to.stride, in + (size_t)c * BL_NET_STRIDE, frames * sizeof *in);
    }
    bl_history_commit(&conv->history, frames);
}

void bl_conv_net_process(bl_net *net, const float *in, float *out, uint32_t frames)
{
    bl_conv_net *conv = (bl_conv_net *)net;
    bl_taps taps = {.rows = in, .stride = BL_NET_STRIDE, .capacity = BL_NET_STRIDE};
    if (conv->history.rows != NULL) {
        bl_conv_net_hear(conv, in, frames);
        taps = bl_history_taps(&conv->history, frames, 0, conv->map.taps, conv->dilation);
    }
    const bl_rows to = {out, BL_NET_STRIDE};
    const bl_map_job job = bl_map_job_of(&conv->map, taps, to, frames);
    conv->map.run(&job);
    conv->kernels->activate(&conv->activation,
                            (bl_span){out, BL_NET_STRIDE, net->out_channels, frames});
}

void bl_conv_net_reset(bl_net *net)
{
    bl_conv_net *conv = (bl_conv_net *)net;
    if (conv->history.rows != NULL) {
        bl_history_reset(&conv->history);
    }
}
