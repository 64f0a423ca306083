// SPDX-License-Identifier: MIT
// Offline resampling with speexdsp. The filter's first half is skipped and zeros follow the end, so
// that an event stays at its time and no frame is lost.

#include "backline/audio.h"

#include "backline/limits.h"

#include <math.h>
#include <speex/speex_resampler.h>
#include <stdlib.h>

enum { STEP_FRAMES = 8192 };

// Runs all of `audio`, then zeros, until `out` is full.
static int run(SpeexResamplerState *resampler, const bl_audio *audio, float *out,
               uint64_t out_frames)
{
    static const float zeros[STEP_FRAMES];
    uint64_t done = 0, made = 0;
    while (made < out_frames) {
        const uint64_t left = audio->frames - done, room = out_frames - made;
        spx_uint32_t in_now = left < STEP_FRAMES && left > 0 ? (spx_uint32_t)left : STEP_FRAMES;
        spx_uint32_t out_now = room < STEP_FRAMES ? (spx_uint32_t)room : STEP_FRAMES;
        const float *in = left > 0 ? audio->samples + done : zeros;
        const int code =
            speex_resampler_process_float(resampler, 0, in, &in_now, out + made, &out_now);
        if (code != RESAMPLER_ERR_SUCCESS) {
            return code;
        }
        done += left > 0 ? in_now : 0;
        made += out_now;
    }
    return RESAMPLER_ERR_SUCCESS;
}

bl_status bl_audio_resample(bl_audio *audio, double sample_rate_hz, bl_error *error)
{
    if (!(sample_rate_hz >= BL_RATE_MIN_HZ && sample_rate_hz <= BL_RATE_MAX_HZ)) {
        return bl_error_set(error, BL_STATUS_VALUE,
                            "resampling: found a rate of %.0f Hz, expected %.0f to %.0f",
                            sample_rate_hz, BL_RATE_MIN_HZ, BL_RATE_MAX_HZ);
    }
    const uint64_t from = (uint64_t)llrint(audio->sample_rate_hz);
    const uint64_t to = (uint64_t)llrint(sample_rate_hz);
    if (from == to) {
        return BL_STATUS_OK;
    }
    const uint64_t frames = (audio->frames * to + from - 1) / from;
    if (frames > BL_LIMIT_AUDIO_FRAMES) {
        return bl_error_set(
            error, BL_STATUS_LIMIT,
            "resampling: the result would be longer than allowed; use shorter files");
    }
    int code = RESAMPLER_ERR_SUCCESS;
    SpeexResamplerState *resampler = speex_resampler_init(1, (spx_uint32_t)from, (spx_uint32_t)to,
                                                          SPEEX_RESAMPLER_QUALITY_MAX, &code);
    float *samples = malloc((size_t)frames * sizeof *samples);
    if (resampler != NULL && samples != NULL) {
        speex_resampler_skip_zeros(resampler);
        code = run(resampler, audio, samples, frames);
    }
    if (resampler == NULL || samples == NULL || code != RESAMPLER_ERR_SUCCESS) {
        if (resampler != NULL) {
            speex_resampler_destroy(resampler);
        }
        free(samples);
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "resampling: %s",
                            speex_resampler_strerror(
                                code != RESAMPLER_ERR_SUCCESS ? code : RESAMPLER_ERR_ALLOC_FAILED));
    }
    speex_resampler_destroy(resampler);
    free(audio->samples);
    audio->samples = samples;
    audio->frames = frames;
    audio->sample_rate_hz = sample_rate_hz;
    return BL_STATUS_OK;
}
