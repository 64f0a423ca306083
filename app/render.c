// SPDX-License-Identifier: MIT
// A file through a voice, by the code that plays live. What a chunk larger than an inner block
// means is the same as for a JACK period: inner blocks, the last one shorter.

#include "render.h"

#include "backline/limits.h"

#include <string.h>

enum { TELL_FRAMES = 1 << 14 };

// Where the run stands: `done` frames went in and came out; the first `latency` that came out
// answer no input of the file's.
typedef struct render_run {
    const bl_render_player *player;
    const bl_render_config *config;
    float *samples; // input, overwritten by the output that lags behind it
    float *right;   // the other side of that; NULL: there is none
    uint64_t frames, latency, done;
} render_run;

// `count` frames in place, at most an inner block; `right` only of a stereo chain.
static void play_block(const bl_render_player *player, float *block, float *right, uint32_t count)
{
    if (player->voice != NULL) {
        bl_voice_process(player->voice, block, block, count);
    } else {
        bl_chain_process(player->chain, block, (float *[]){block, right}, count);
    }
}

// Gives the player one inner block at most and keeps what belongs to the file.
static void run_block(render_run *run, uint32_t count)
{
    float block[BL_INNER_FRAMES] = {0}, right[BL_INNER_FRAMES] = {0};
    if (run->done < run->frames) {
        const uint64_t left = run->frames - run->done;
        memcpy(block, run->samples + run->done, (left < count ? left : count) * sizeof *block);
    }
    play_block(run->player, block, right, count);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t at = run->done + i;
        if (at >= run->latency && at - run->latency < run->frames) {
            run->samples[at - run->latency] = block[i];
            if (run->right != NULL) {
                run->right[at - run->latency] = right[i];
            }
        }
    }
    run->done += count;
}

static void run_all(render_run *run)
{
    const uint64_t end = run->frames + run->latency;
    const uint64_t chunk = run->config->chunk_frames > 0 ? run->config->chunk_frames : end;
    uint64_t told = 0;
    while (run->done < end) {
        uint64_t left = end - run->done < chunk ? end - run->done : chunk;
        while (left > 0) {
            const uint32_t count = left < BL_INNER_FRAMES ? (uint32_t)left : BL_INNER_FRAMES;
            run_block(run, count);
            left -= count;
            if (run->config->tell != NULL && run->done - told >= TELL_FRAMES) {
                told = run->done;
                run->config->tell(run->config->context, (double)run->done / (double)end);
            }
        }
    }
}

uint32_t bl_render_latency_frames(const bl_render_player *player)
{
    return player->voice != NULL ? bl_voice_latency_frames(player->voice)
                                 : bl_chain_latency_frames(player->chain);
}

void bl_render_audio(const bl_render_player *player, const bl_render_config *config,
                     bl_audio *audio)
{
    bl_voice_prepare_thread();
    run_all(&(render_run){.player = player,
                          .config = config,
                          .samples = audio->samples,
                          .right = audio->right,
                          .frames = audio->frames,
                          .latency = bl_render_latency_frames(player)});
}
