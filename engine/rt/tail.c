// SPDX-License-Identifier: MIT
// Running the tail of a chain.

#include "rt/tail.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

void bl_tail_begin(bl_tail *tail, bl_chain *chain, uint32_t fade_frames)
{
    *tail = (bl_tail){.chain = chain,
                      .left = chain->cab->memory_frames,
                      .gain = bl_smoother_at(1.0F, fade_frames)};
}

float bl_tail_sum(float sound, float ringing)
{
    const float most = fmaxf(1.0F, fabsf(sound));
    return fminf(fmaxf(sound + ringing, -most), most);
}

void bl_tail_add(bl_tail *tail, float *const *out, uint32_t channels, uint32_t frames)
{
    float left[BL_INNER_FRAMES] = {0}, right[BL_INNER_FRAMES] = {0};
    float *const ringing[] = {left, right};
    const uint32_t own = bl_chain_channels(tail->chain);
    bl_chain_ring_on(tail->chain, ringing, frames);
    bl_smoother_scale_all(&tail->gain, ringing, own, frames);
    for (uint32_t c = 0; c < channels; c++) {
        const float *from = c == 0 || own == 1 ? left : right;
        for (uint32_t i = 0; i < frames; i++) {
            out[c][i] = isfinite(from[i]) ? bl_tail_sum(out[c][i], from[i]) : out[c][i];
        }
    }
    const bool is_cut = bl_smoother_rests_at(&tail->gain, 0.0F);
    tail->left = is_cut || tail->left < frames ? 0 : tail->left - frames;
}

void bl_tail_cut(bl_tail *tail)
{
    bl_smoother_move(&tail->gain, 0.0F);
}

bl_chain *bl_tail_end(bl_tail *tail)
{
    bl_chain *chain = tail->left == 0 ? tail->chain : NULL;
    if (chain != NULL) {
        chain->placed = false; // it has heard silence
        tail->chain = NULL;
    }
    return chain;
}
