// SPDX-License-Identifier: MIT
// A file through a voice: same length, shifted back by the voice's latency, at the file's rate.

#ifndef BACKLINE_APP_RENDER_H
#define BACKLINE_APP_RENDER_H

#include "backline/audio.h"
#include "backline/status.h"
#include "backline/voice.h"

#include <stdint.h>

/// Start from zero: everything at once, nobody told.
typedef struct bl_render_config {
    uint32_t chunk_frames; ///< what the voice is given at a time; 0: all there is
    void (*tell)(void *context, double done); ///< 0..1 while it runs; may be NULL
    void *context;                            ///< handed to `tell`
} bl_render_config;

/// Runs `audio`, at the model's rate or another, through `voice`, which is at the model's rate and
/// reset first, and replaces it by the result. After the end the voice hears silence.
/// Thread: any but RT.
bl_status bl_render_audio(bl_voice *voice, const bl_render_config *config, bl_audio *audio,
                          bl_error *error);

#endif
