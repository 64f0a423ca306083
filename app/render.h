// SPDX-License-Identifier: MIT
// A file through a voice or a chain: same length, shifted back by the latency.

#ifndef BACKLINE_APP_RENDER_H
#define BACKLINE_APP_RENDER_H

#include "backline/audio.h"
#include "backline/chain.h"
#include "backline/voice.h"

#include <stdint.h>

/// Start from zero: everything at once, nobody told.
typedef struct bl_render_config {
    uint32_t chunk_frames; ///< what the voice is given at a time; 0: all there is
    void (*tell)(void *context, double done); ///< 0..1 while it runs; may be NULL
    void *context;                            ///< handed to `tell`
} bl_render_config;

/// What renders: either of the two, at the rate of the audio, as after creation.
typedef struct bl_render_player {
    bl_voice *voice; ///< NULL: the chain plays
    bl_chain *chain;
} bl_render_player;

/// Thread: any.
uint32_t bl_render_latency_frames(const bl_render_player *player);

/// Replaces `audio` by what the player makes of it; of a stereo chain `right` holds the other side
/// and must be there. After the end it hears silence.
/// Thread: any but RT.
void bl_render_audio(const bl_render_player *player, const bl_render_config *config,
                     bl_audio *audio);

#endif
