// SPDX-License-Identifier: MIT
// Activations and batch normalisation over planar channels.

#include "rt/pointwise.h"

#include <string.h>

void bl_activation_net_process(bl_net *net, const float *in, float *out, uint32_t frames)
{
    const bl_activation_net *stage = (const bl_activation_net *)net;
    memcpy(out, in, (size_t)net->out_channels * BL_NET_STRIDE * sizeof *out);
    stage->kernels->activate(&stage->activation,
                             (bl_span){out, BL_NET_STRIDE, net->out_channels, frames});
}

void bl_affine_net_process(bl_net *net, const float *in, float *out, uint32_t frames)
{
    const bl_affine_net *affine = (const bl_affine_net *)net;
    for (uint32_t c = 0; c < net->out_channels; c++) {
        const float *x = in + (size_t)c * BL_NET_STRIDE;
        float *y = out + (size_t)c * BL_NET_STRIDE;
        for (uint32_t t = 0; t < frames; t++) {
            y[t] = x[t] * affine->scale[c] + affine->shift[c];
        }
    }
}

void bl_pointwise_reset(bl_net *net)
{
    (void)net;
}
