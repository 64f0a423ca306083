// SPDX-License-Identifier: MIT
// A cab: the impulse response of a loudspeaker, a room and one microphone or two, as data. What
// plays it is part of a chain.

#ifndef BACKLINE_CAB_H
#define BACKLINE_CAB_H

#include "backline/limits.h"
#include "backline/status.h"

#include <stdint.h>

#define BL_CAB_MAX_S 2.0

typedef struct bl_cab {
    float *taps[BL_OUTPUTS_MAX]; ///< `frames` each; owned
    uint32_t channels;           ///< 1, or 2: left and right
    uint32_t frames;
    double sample_rate_hz;
} bl_cab;

/// Loads an impulse response from whatever libsndfile reads, mono or stereo (of more channels the
/// first two), and makes it fit to play: at `sample_rate_hz`; without the silence before it, which
/// would only be delay; without what comes after the last sample over -80 dB of its peak; at most
/// BL_CAB_MAX_S, faded out over the last tenth if that cuts it; and with a mean power of 1 from 80
/// Hz to 5 kHz, every octave counting the same, so that cabs are about equally loud. Both channels
/// are treated alike. Thread: any but RT. Owns: the caller, who ends with bl_cab_finish. Fails as
/// bl_audio_load does, and if it is silent.
bl_status bl_cab_load(const char *path, double sample_rate_hz, bl_cab *cab, bl_error *error);

/// Frees the taps. An empty one is allowed. Thread: any but RT.
void bl_cab_finish(bl_cab *cab);

#endif
