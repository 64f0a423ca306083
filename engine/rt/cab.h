// SPDX-License-Identifier: MIT
// A cab that plays: one long filter without latency per channel of its output (see linear.h), all
// fed by the same mono sound.

#ifndef BACKLINE_RT_CAB_H
#define BACKLINE_RT_CAB_H

#include "backline/realtime.h"
#include "rt/net.h"
#include "rt/smoother.h"

#include <stdalign.h>
#include <stdint.h>

typedef struct bl_cab_player {
    alignas(BL_NET_ALIGN) float in[BL_NET_STRIDE];
    alignas(BL_NET_ALIGN) float out[BL_NET_STRIDE];
    bl_net *nets[BL_OUTPUTS_MAX];
    uint32_t channels;
    uint32_t memory_frames;
    uint32_t grid_frames; ///< of a partition
    void *arena;          ///< owned by setup/cab.c, untouched here
} bl_cab_player;

/// Back to silence. Thread: RT.
void bl_cab_player_reset(bl_cab_player *player) BL_NONBLOCKING;

/// Plays 1..BL_INNER_FRAMES frames of out[0] through the cab into all `channels` of `out`, as far
/// as the weight `on` says: at 0 every bit of out[0] stays, and comes out of every channel.
/// Thread: RT.
void bl_cab_player_process(bl_cab_player *player, bl_smoother *on, float *const *out,
                           uint32_t frames) BL_NONBLOCKING;

#endif
