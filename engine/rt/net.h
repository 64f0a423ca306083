// SPDX-License-Identifier: MIT
// A net: the running form of one architecture, of any kind, with any number of channels. Voices,
// containers and condition networks run nets without knowing their kind. Built in setup/.

#ifndef BACKLINE_RT_NET_H
#define BACKLINE_RT_NET_H

#include "backline/limits.h"
#include "backline/realtime.h"

#include <stdint.h>

/// Floats from one channel to the next in the buffers that nets read and write.
enum { BL_NET_STRIDE = BL_INNER_FRAMES };

/// Alignment of those buffers and of all kernel memory, in bytes.
enum { BL_NET_ALIGN = 64 };

typedef struct bl_net bl_net;

/// First member of every kind's own struct. All functions are RT safe.
struct bl_net {
    /// Runs 1..BL_INNER_FRAMES frames. Planar: channel c stands at c * BL_NET_STRIDE; both buffers
    /// are aligned to BL_NET_ALIGN, do not overlap, and are whole strides: a kernel may read and
    /// write past `frames` up to the stride, what it reads there is finite and has no effect.
    void (*process)(bl_net *net, const float *in, float *out, uint32_t frames) BL_NONBLOCKING;
    /// Back to the steady state of silence (or the state after the reference prewarm), bit for bit
    /// as after building.
    void (*reset)(bl_net *net) BL_NONBLOCKING;
    uint32_t in_channels, out_channels;
    uint32_t latency_frames; ///< real delay: lookahead of a centred net
    uint32_t grid_frames;    ///< the same state again after so many frames of silence; 0: any
    const char *kernel;      ///< what serves it, for people; lives as long as the net
};

#endif
