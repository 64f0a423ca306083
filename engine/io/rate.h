// SPDX-License-Identifier: MIT
// From one sample rate to another, block by block, into memory that grows: only the result is held.

#ifndef BACKLINE_IO_RATE_H
#define BACKLINE_IO_RATE_H

#include "backline/audio.h"
#include "backline/status.h"

#include <speex/speex_resampler.h>

typedef struct bl_rate {
    const char *name;           ///< of the file, for sentences; the caller's
    SpeexResamplerState *state; ///< NULL: the rates are the same
    uint64_t from_hz, to_hz, taken_frames;
    float *samples; ///< made so far; owned
    uint64_t frames, capacity;
} bl_rate;

/// Rates in whole Hz; sentences begin with `name`. Fails where `to_hz` is no rate or memory is
/// short. Thread: any but RT. Owns: the caller, who ends with bl_rate_finish.
bl_status bl_rate_init(bl_rate *rate, const char *name, double from_hz, double to_hz,
                       bl_error *error);

/// Takes the next `frames`.
bl_status bl_rate_push(bl_rate *rate, const float *samples, size_t frames, bl_error *error);

/// Makes the rest, as if zeros followed: ceil(frames * ratio) in all. The samples are the caller's.
bl_status bl_rate_end(bl_rate *rate, float **samples, uint64_t *frames, bl_error *error);

/// Also after a failure.
void bl_rate_finish(bl_rate *rate);

#endif
