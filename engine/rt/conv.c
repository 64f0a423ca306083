// SPDX-License-Identifier: MIT
// Dilated convolution: keeping the histories, and the plain C kernel that the others are tested
// against.

#include "rt/conv.h"

#include "rt/mirror.h"

#include <stddef.h>

static void conv_tile(const bl_conv_net *conv, const float *weights, const float *bias,
                      const float *x, uint32_t x_stride, uint32_t outputs, float *out,
                      uint32_t frames)
{
    const uint32_t mask = conv->ring - 1;
    for (uint32_t t = 0; t < frames; t++) {
        float sum[BL_CONV_TILE];
        memcpy(sum, bias, sizeof sum);
        const float *w = weights;
        for (uint32_t i = 0; i < conv->group_in; i++) {
            for (uint32_t k = 0; k < conv->kernel; k++, w += BL_CONV_TILE) {
                const uint32_t back = (conv->kernel - 1 - k) * conv->dilation;
                const float value = x[i * x_stride + ((conv->position - back) & mask) + t];
                for (uint32_t o = 0; o < BL_CONV_TILE; o++) {
                    sum[o] += w[o] * value;
                }
            }
        }
        for (uint32_t o = 0; o < outputs; o++) {
            out[o * BL_NET_STRIDE + t] = sum[o];
        }
    }
}

void bl_conv_net_process(bl_net *net, const float *in, float *out, uint32_t frames)
{
    bl_conv_net *conv = (bl_conv_net *)net;
    const float *x = in;
    uint32_t x_stride = BL_NET_STRIDE;
    if (conv->history != NULL) {
        x = conv->history;
        x_stride = conv->ring + BL_NET_STRIDE;
        for (uint32_t c = 0; c < net->in_channels; c++) {
            bl_mirror_write(conv->history + (size_t)c * x_stride, conv->ring, conv->position,
                            in + (size_t)c * BL_NET_STRIDE, frames);
        }
    }
    const float *weights = conv->weights, *bias = conv->bias;
    for (uint32_t g = 0; g < conv->groups; g++) {
        for (uint32_t o = 0; o < conv->group_out; o += BL_CONV_TILE) {
            const uint32_t left = conv->group_out - o;
            conv_tile(conv, weights, bias, x + (size_t)g * conv->group_in * x_stride, x_stride,
                      left < BL_CONV_TILE ? left : BL_CONV_TILE,
                      out + (size_t)(g * conv->group_out + o) * BL_NET_STRIDE, frames);
            weights += (size_t)conv->group_in * conv->kernel * BL_CONV_TILE;
            bias += BL_CONV_TILE;
        }
    }
    conv->position = (conv->position + frames) & (conv->ring - 1);
}

void bl_conv_net_reset(bl_net *net)
{
    bl_conv_net *conv = (bl_conv_net *)net;
    conv->position = 0;
    if (conv->history == NULL) {
        return;
    }
    float *ring = conv->history;
    for (uint32_t c = 0; c < net->in_channels; c++) {
        for (uint32_t t = 0; t < conv->ring + BL_NET_STRIDE; t++) {
            *ring++ = conv->steady[c];
        }
    }
}
