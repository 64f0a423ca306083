// SPDX-License-Identifier: MIT
// Offline resampling with speexdsp. The filter's first half is skipped and zeros follow the end, so
// that an event stays at its time and no frame is lost.

#include "backline/audio.h"

#include "backline/limits.h"
#include "io/rate.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEP_FRAMES = 8192, FIRST_FRAMES = 65536 };

static uint64_t length_of(const bl_rate *rate, uint64_t frames)
{
    return (frames * rate->to_hz + rate->from_hz - 1) / rate->from_hz;
}

bl_status bl_rate_init(bl_rate *rate, const char *name, double from_hz, double to_hz,
                       bl_error *error)
{
    *rate = (bl_rate){.name = name};
    if (!(to_hz >= BL_RATE_MIN_HZ && to_hz <= BL_RATE_MAX_HZ)) {
        return bl_error_set(error, BL_STATUS_VALUE,
                            "%s: cannot be taken to a rate of %.0f Hz, expected %.0f to %.0f", name,
                            to_hz, BL_RATE_MIN_HZ, BL_RATE_MAX_HZ);
    }
    rate->from_hz = (uint64_t)llrint(from_hz);
    rate->to_hz = (uint64_t)llrint(to_hz);
    if (rate->from_hz == rate->to_hz) {
        return BL_STATUS_OK;
    }
    int code = RESAMPLER_ERR_SUCCESS;
    rate->state = speex_resampler_init(1, (spx_uint32_t)rate->from_hz, (spx_uint32_t)rate->to_hz,
                                       SPEEX_RESAMPLER_QUALITY_MAX, &code);
    if (rate->state == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: resampling: %s", rate->name,
                            speex_resampler_strerror(code));
    }
    speex_resampler_skip_zeros(rate->state);
    return BL_STATUS_OK;
}

// Room for `frames` more behind those that are there.
static bl_status grow(bl_rate *rate, uint64_t frames, bl_error *error)
{
    if (frames > BL_LIMIT_AUDIO_FRAMES || rate->frames > BL_LIMIT_AUDIO_FRAMES - frames) {
        return bl_error_set(error, BL_STATUS_LIMIT,
                            "%s: at %" PRIu64 " Hz it is longer than %" PRIu64
                            " frames; use a shorter file",
                            rate->name, rate->to_hz, BL_LIMIT_AUDIO_FRAMES);
    }
    uint64_t capacity = rate->capacity > 0 ? rate->capacity : FIRST_FRAMES;
    while (capacity < rate->frames + frames) {
        capacity *= 2;
    }
    if (capacity == rate->capacity) {
        return BL_STATUS_OK;
    }
    float *grown = realloc(rate->samples, (size_t)capacity * sizeof *grown);
    if (grown == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory for the sound",
                            rate->name);
    }
    rate->samples = grown;
    rate->capacity = capacity;
    return BL_STATUS_OK;
}

// Takes what the resampler will of `left` frames, and makes at most `room`.
static bl_status step(bl_rate *rate, const float *in, uint64_t left, uint64_t room, uint64_t *taken,
                      bl_error *error)
{
    spx_uint32_t in_now = (spx_uint32_t)(left < STEP_FRAMES ? left : STEP_FRAMES);
    spx_uint32_t out_now = (spx_uint32_t)(room < STEP_FRAMES ? room : STEP_FRAMES);
    const bl_status status = grow(rate, out_now, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    const int code = speex_resampler_process_float(rate->state, 0, in, &in_now,
                                                   rate->samples + rate->frames, &out_now);
    if (code != RESAMPLER_ERR_SUCCESS) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: resampling: %s", rate->name,
                            speex_resampler_strerror(code));
    }
    rate->frames += out_now;
    *taken = in_now;
    return BL_STATUS_OK;
}

bl_status bl_rate_push(bl_rate *rate, const float *samples, size_t frames, bl_error *error)
{
    rate->taken_frames += frames;
    bl_status status = BL_STATUS_OK;
    if (rate->state == NULL) {
        status = grow(rate, frames, error);
        if (status == BL_STATUS_OK && frames > 0) {
            memcpy(rate->samples + rate->frames, samples, frames * sizeof *samples);
            rate->frames += frames;
        }
        return status;
    }
    for (uint64_t done = 0, taken; status == BL_STATUS_OK && done < frames; done += taken) {
        taken = 0;
        status = step(rate, samples + done, frames - done, STEP_FRAMES, &taken, error);
    }
    return status;
}

bl_status bl_rate_end(bl_rate *rate, float **samples, uint64_t *frames, bl_error *error)
{
    static const float zeros[STEP_FRAMES];
    const uint64_t wanted = length_of(rate, rate->taken_frames);
    bl_status status = BL_STATUS_OK;
    while (status == BL_STATUS_OK && rate->frames < wanted) {
        uint64_t taken;
        status = step(rate, zeros, STEP_FRAMES, wanted - rate->frames, &taken, error);
    }
    if (status == BL_STATUS_OK) {
        *samples = rate->samples;
        *frames = wanted;
        rate->samples = NULL;
    }
    return status;
}

void bl_rate_finish(bl_rate *rate)
{
    if (rate->state != NULL) {
        speex_resampler_destroy(rate->state);
    }
    free(rate->samples);
    *rate = (bl_rate){0};
}

bl_status bl_audio_resample(bl_audio *audio, double sample_rate_hz, bl_error *error)
{
    bl_rate rate;
    float *samples = NULL;
    uint64_t frames = 0;
    bl_status status = bl_rate_init(&rate, "a sound", audio->sample_rate_hz, sample_rate_hz, error);
    if (status == BL_STATUS_OK && rate.state != NULL) {
        status = bl_rate_push(&rate, audio->samples, (size_t)audio->frames, error);
        if (status == BL_STATUS_OK) {
            status = bl_rate_end(&rate, &samples, &frames, error);
        }
        if (status == BL_STATUS_OK) {
            free(audio->samples);
            audio->samples = samples;
            audio->frames = frames;
            audio->sample_rate_hz = sample_rate_hz;
        }
    }
    bl_rate_finish(&rate);
    return status;
}
