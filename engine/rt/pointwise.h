// SPDX-License-Identifier: MIT
// Stages without memory that work channel by channel: activation, and batch normalisation as it
// is at run time. Where they follow a convolution they are part of it.

#ifndef BACKLINE_RT_POINTWISE_H
#define BACKLINE_RT_POINTWISE_H

#include "rt/kernels.h"
#include "rt/net.h"

typedef struct bl_activation_net {
    bl_net net;
    const bl_kernels *kernels;
    bl_activation activation;
} bl_activation_net;

typedef struct bl_affine_net {
    bl_net net;
    const float *scale, *shift; ///< one per channel
} bl_affine_net;

/// The functions of their bl_net. Thread: RT.
void bl_activation_net_process(bl_net *net, const float *in, float *out,
                               uint32_t frames) BL_NONBLOCKING;
void bl_affine_net_process(bl_net *net, const float *in, float *out,
                           uint32_t frames) BL_NONBLOCKING;

/// For stages that have no state. Thread: RT.
void bl_pointwise_reset(bl_net *net) BL_NONBLOCKING;

#endif
