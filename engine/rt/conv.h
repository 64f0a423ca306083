// SPDX-License-Identifier: MIT
// A causal dilated convolution over planar channels; with one tap, a dense layer. Vectors run over
// time.

#ifndef BACKLINE_RT_CONV_H
#define BACKLINE_RT_CONV_H

#include "rt/net.h"

/// Outputs that one kernel tile computes together; weights are interleaved by this many.
enum { BL_CONV_TILE = 4 };

typedef struct bl_conv_net {
    bl_net net;
    uint32_t groups, group_in, group_out;
    uint32_t kernel, dilation;
    const float *weights; ///< [group][tile][in][tap][BL_CONV_TILE], padded by zeros
    const float *bias;    ///< [group][tile][BL_CONV_TILE]
    float *history;       ///< [in channel][ring + BL_NET_STRIDE], see rt/mirror.h; NULL: one tap
    uint32_t ring;        ///< frames, a power of two
    uint32_t position;    ///< where the next frame is written
    float *steady;        ///< [in channel]: what the histories hold after silence for ever
} bl_conv_net;

/// The functions of its bl_net. Thread: RT.
void bl_conv_net_process(bl_net *net, const float *in, float *out, uint32_t frames) BL_NONBLOCKING;
void bl_conv_net_reset(bl_net *net) BL_NONBLOCKING;

#endif
