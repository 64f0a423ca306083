// SPDX-License-Identifier: MIT
// Running a cab. One that is off still hears the sound, so that switching it on fades to a cab that
// has always played, and costs the same.

#include "rt/cab.h"

#include <string.h>

void bl_cab_player_reset(bl_cab_player *player)
{
    memset(player->in, 0, sizeof player->in);
    for (uint32_t c = 0; c < player->channels; c++) {
        player->nets[c]->reset(player->nets[c]);
    }
}

void bl_cab_player_process(bl_cab_player *player, bl_smoother *on, float *const *out,
                           uint32_t frames)
{
    float weights[BL_INNER_FRAMES];
    bl_smoother_fill(on, weights, frames);
    memcpy(player->in, out[0], frames * sizeof *player->in);
    for (uint32_t c = 0; c < player->channels; c++) {
        bl_net *net = player->nets[c];
        net->process(net, player->in, player->out, frames);
        for (uint32_t i = 0; i < frames; i++) {
            const float dry = player->in[i], wet = player->out[i], w = weights[i];
            out[c][i] = w == 0.0F ? dry : w == 1.0F ? wet : dry * (1.0F - w) + wet * w;
        }
    }
}
