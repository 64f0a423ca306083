// SPDX-License-Identifier: MIT
// A voice: one running instance of a model, with its histories and scratch. Built and freed
// outside the audio thread; reset and process are fit for the audio callback.

#ifndef BACKLINE_VOICE_H
#define BACKLINE_VOICE_H

#include "backline/limits.h"
#include "backline/model.h"
#include "backline/realtime.h"
#include "backline/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bl_voice bl_voice;

/// How a voice is built. Start from bl_voice_config_default().
typedef struct bl_voice_config {
    const char
        *kernel; ///< NULL: $BL_KERNEL, else the best this processor runs; "c", "v2", "v3", "neon"
    double sample_rate_hz; ///< rate of the samples it will see; 0: the model's own
    double quality;        ///< 0..1, width of slimmable models; 1 = full
} bl_voice_config;

/// The best kernel, the model's own rate, full width. Thread: any.
bl_voice_config bl_voice_config_default(void);

/// Stores a quality at which `model` plays at the next smaller width than at `quality`, 0..1.
/// False, and nothing stored, if there is none. Thread: any.
bool bl_voice_quality_below(const bl_model *model, double quality, double *lower);

/// Builds a voice of `model` in the steady state of silence, all pages touched. Takes a reference
/// to the model. `config` may be NULL. Thread: any but RT. Owns: the caller.
bl_status bl_voice_create(bl_model *model, const bl_voice_config *config, bl_voice **voice,
                          bl_error *error);

/// Thread: any but RT. NULL is allowed.
void bl_voice_destroy(bl_voice *voice);

/// Turns denormal numbers off in the calling thread, as bl_engine_process does in its own. A thread
/// that runs voices itself calls it first, so that it hears the same samples. Thread: any, RT safe.
void bl_voice_prepare_thread(void) BL_NONBLOCKING;

/// Back to the steady state of silence, bit for bit as after creation. Thread: RT.
void bl_voice_reset(bl_voice *voice) BL_NONBLOCKING;

/// Runs `frames` (1..BL_INNER_FRAMES) mono samples, full scale 1.0; `in` and `out` may be the same.
/// The output lags the input by bl_voice_latency_frames. Thread: RT.
void bl_voice_process(bl_voice *voice, const float *in, float *out, uint32_t frames) BL_NONBLOCKING;

/// Real delay in frames at the voice's rate: lookahead of a centred model, resampler. 0 for a
/// causal model at its own rate, whatever its receptive field. Thread: any, RT safe.
uint32_t bl_voice_latency_frames(const bl_voice *voice) BL_NONBLOCKING;

/// Stores the latency that a voice of the same model would have at another rate, without building
/// it. `voice` has the model's own rate and full width. False without memory. Thread: any but RT.
bool bl_voice_latency_at(const bl_voice *voice, double sample_rate_hz, uint32_t *frames);

/// Frames after which its sample grid repeats: 1 at the model's own rate, unless it is a long
/// impulse response. A voice that is replayed over past input sounds as if it had always played if
/// it is reset at a multiple of this, counted from the start of playing. Thread: any, RT safe.
uint32_t bl_voice_grid_frames(const bl_voice *voice) BL_NONBLOCKING;

/// Memory it holds, in bytes, without the shared model. Thread: any.
size_t bl_voice_bytes(const bl_voice *voice);

/// Keeps that memory from being swapped out, as far as the system allows; returns the bytes.
/// Thread: any but RT.
size_t bl_voice_lock(const bl_voice *voice);

/// Name of the kernel that serves it, for example "v3 wavenet 16x3". Thread: any. Owns: the voice.
const char *bl_voice_kernel(const bl_voice *voice);

/// The model it plays. Thread: any. Owns: the voice.
const bl_model *bl_voice_model(const bl_voice *voice);

#endif
