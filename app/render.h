// SPDX-License-Identifier: MIT
// A file through a voice: same length, shifted back by the voice's latency.

#ifndef BACKLINE_APP_RENDER_H
#define BACKLINE_APP_RENDER_H

#include "backline/audio.h"
#include "backline/voice.h"

#include <stdint.h>

/// Start from zero: everything at once, nobody told.
typedef struct bl_render_config {
    uint32_t chunk_frames; ///< what the voice is given at a time; 0: all there is
    void (*tell)(void *context, double done); ///< 0..1 while it runs; may be NULL
    void *context;                            ///< handed to `tell`
} bl_render_config;

/// Replaces `audio` by what `voice`, which is at its rate and is reset first, makes of it. After
/// the end the voice hears silence. Thread: any but RT.
void bl_render_audio(bl_voice *voice, const bl_render_config *config, bl_audio *audio);

#endif
