// SPDX-License-Identifier: MIT
// A finite impulse response without latency. The first taps are summed directly; the rest, if any,
// by uniformly partitioned overlap-save convolution (Stockham 1966, Wefers 2015): partition p holds
// the taps from (2 + p) block on, and what it adds to a block is computed during the block before,
// a slot of BL_LINEAR_SLOT frames at a time, so that the work never comes in lumps.

#ifndef BACKLINE_RT_LINEAR_H
#define BACKLINE_RT_LINEAR_H

#include "rt/history.h"
#include "rt/kernels.h"
#include "rt/net.h"

#include <kiss_fftr.h>

enum { BL_LINEAR_SLOT = 16 };

/// Real and imaginary parts stand apart, `stride` floats each: [re, im][stride].
typedef struct bl_partitions {
    const bl_kernels *kernels;
    uint32_t block;           ///< frames of a partition, a multiple of BL_LINEAR_SLOT
    uint32_t stride;          ///< block + 1 bins, rounded up to whole vectors
    uint32_t count;           ///< of partitions; 0: the direct taps are all
    uint32_t newest;          ///< index of the last spectrum of the input
    uint32_t phase;           ///< frames since the start of the block
    const uint32_t *schedule; ///< [slot]: partitions done after this slot
    const float *responses;   ///< [count][re, im][stride]
    float *inputs;            ///< [count][re, im][stride], a ring
    float *sum;               ///< [re, im][stride]
    float *recent;            ///< [2 block]: the last block and the one that fills
    float *now, *next;        ///< [2 block]: only the second half is heard
    kiss_fft_cpx *bins;       ///< [block + 1], scratch
    kiss_fftr_cfg forward, backward;
} bl_partitions;

typedef struct bl_linear_net {
    bl_net net;
    const bl_kernels *kernels;
    float bias;
    uint32_t taps;      ///< summed directly
    const float *h;     ///< [taps], oldest sample first
    bl_history history; ///< of the input
    bl_partitions rest;
} bl_linear_net;

/// The functions of its bl_net. Thread: RT.
void bl_linear_net_process(bl_net *net, const float *in, float *out,
                           uint32_t frames) BL_NONBLOCKING;
void bl_linear_net_reset(bl_net *net) BL_NONBLOCKING;

#endif
