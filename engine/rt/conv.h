// SPDX-License-Identifier: MIT
// A causal dilated convolution over planar channels and what follows it in place; with one tap, a
// dense layer.

#ifndef BACKLINE_RT_CONV_H
#define BACKLINE_RT_CONV_H

#include "rt/history.h"
#include "rt/kernels.h"
#include "rt/net.h"

typedef struct bl_conv_net {
    bl_net net;
    const bl_kernels *kernels;
    bl_map map;
    uint32_t dilation;
    bl_history history;       ///< rows NULL: one tap, the block itself
    bl_activation activation; ///< of the output
} bl_conv_net;

/// The functions of its bl_net. Thread: RT.
void bl_conv_net_process(bl_net *net, const float *in, float *out, uint32_t frames) BL_NONBLOCKING;
void bl_conv_net_reset(bl_net *net) BL_NONBLOCKING;

/// Appends a planar block to the history. Thread: RT.
void bl_conv_net_hear(bl_conv_net *conv, const float *in, uint32_t frames) BL_NONBLOCKING;

#endif
