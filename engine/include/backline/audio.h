// SPDX-License-Identifier: MIT
// Audio files and offline resampling. Reads whatever libsndfile reads; writes WAV.

#ifndef BACKLINE_AUDIO_H
#define BACKLINE_AUDIO_H

#include "backline/status.h"

#include <stddef.h>
#include <stdint.h>

enum { BL_AUDIO_CHANNELS_TOLD = 8 };

/// Samples in memory, full scale 1.0: one channel as loaded, two where a stereo cab made them.
typedef struct bl_audio {
    float *samples; ///< `frames` of them; owned
    float *right;   ///< as many, then `samples` is the left channel; NULL: there is one; owned
    uint64_t frames;
    double sample_rate_hz;
    uint32_t file_channels; ///< how many the file had
    double file_rate_hz;    ///< its own, as is the next; 0: not from a file
    uint64_t file_frames;
    double file_power[BL_AUDIO_CHANNELS_TOLD]; ///< mean square of each of its first channels
} bl_audio;

typedef enum bl_audio_bits { BL_AUDIO_FLOAT_32, BL_AUDIO_PCM_16, BL_AUDIO_PCM_24 } bl_audio_bits;

/// Loads channel `channel` (from 0) of a file. Thread: any but RT. Owns: the caller, who ends with
/// bl_audio_finish. Fails if the file is missing, not audio, empty, cut short, holds NaN, is longer
/// than BL_LIMIT_AUDIO_FRAMES, or has no such channel.
bl_status bl_audio_load(const char *path, uint32_t channel, bl_audio *audio, bl_error *error);

/// The same, taken to `sample_rate_hz` while it is read, as bl_audio_resample does it: no more is
/// held in memory than the result. 0: the file's own rate. Thread: any but RT.
bl_status bl_audio_load_at(const char *path, uint32_t channel, double sample_rate_hz,
                           bl_audio *audio, bl_error *error);

/// Frames over full scale, which PCM files cannot hold. Thread: any.
uint64_t bl_audio_count_clipped(const bl_audio *audio);

/// Writes WAV of one channel or two (RF64 past 4 GiB): temporary file, fsync, rename; nothing is
/// left on failure. PCM is rounded to nearest without dither and stops at full scale. The bytes
/// depend on the arguments alone. Fails also if a sample is NaN or infinite. Thread: any but RT.
bl_status bl_audio_save(const char *path, const bl_audio *audio, bl_audio_bits bits,
                        bl_error *error);

/// Resamples to `sample_rate_hz` (speexdsp, highest quality; rates are taken in whole Hz), without
/// delay and with the length ceil(frames * ratio); `audio`, of one channel, is replaced. Does
/// nothing if the rate is the same already. Thread: any but RT.
bl_status bl_audio_resample(bl_audio *audio, double sample_rate_hz, bl_error *error);

/// Frees the samples. `audio` itself belongs to the caller. An empty one is allowed.
/// Thread: any but RT.
void bl_audio_finish(bl_audio *audio);

#endif
