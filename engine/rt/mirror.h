// SPDX-License-Identifier: MIT
// The past of one channel: a ring of a power of two of frames whose start is mirrored behind its
// end, so that any BL_NET_STRIDE frames can be read in one piece. Nothing ever moves in bulk.

#ifndef BACKLINE_RT_MIRROR_H
#define BACKLINE_RT_MIRROR_H

#include "rt/net.h"

#include <string.h>

/// Appends `frames` (at most BL_NET_STRIDE) at `position` of a ring of `size` frames, which is at
/// least BL_NET_STRIDE. Thread: RT.
static inline void bl_mirror_write(float *ring, uint32_t size, uint32_t position, const float *in,
                                   uint32_t frames)
{
    const uint32_t room = size - position;
    const uint32_t head = frames < room ? frames : room;
    memcpy(ring + position, in, head * sizeof *in);
    memcpy(ring, in + head, (frames - head) * sizeof *in);
    if (position < BL_NET_STRIDE || head < frames) {
        memcpy(ring + size, ring, BL_NET_STRIDE * sizeof *in);
    }
}

#endif
