// SPDX-License-Identifier: MIT
// A plain stack of nets that run one after another, with gains and an optional direct path.

#ifndef BACKLINE_RT_SEQUENCE_H
#define BACKLINE_RT_SEQUENCE_H

#include "rt/net.h"

#include <stdbool.h>

typedef struct bl_sequence_net {
    bl_net net;
    uint32_t stage_count; ///< at least 1
    bl_net **stages;
    float *between[2]; ///< planar, wide enough for every stage
    float *scaled;     ///< in_gain * input, kept for the direct path; NULL: neither is wanted
    bool skip;         ///< add the scaled input, channel 0 if there is only one
    float in_gain, out_gain;
} bl_sequence_net;

/// The functions of its bl_net. Thread: RT.
void bl_sequence_net_process(bl_net *net, const float *in, float *out,
                             uint32_t frames) BL_NONBLOCKING;
void bl_sequence_net_reset(bl_net *net) BL_NONBLOCKING;

#endif
