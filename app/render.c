// SPDX-License-Identifier: MIT
// A file through a voice, by the code that plays live. What a chunk larger than an inner block
// means is the same as for a JACK period: inner blocks, the last one shorter.

#include "render.h"

#include "backline/limits.h"
#include "backline/model.h"

#include <string.h>

enum { TELL_FRAMES = 1 << 16 };

// Where the run stands: `fed` input frames went in, `made` output frames came out, latency and all.
typedef struct run {
    bl_voice *voice;
    const bl_render_config *config;
    float *samples; // input, overwritten by the output that lags behind it
    uint64_t frames, latency, done;
} render_run;

// Gives the voice one inner block at most and keeps what belongs to the file.
static void run_block(render_run *run, uint32_t count)
{
    float block[BL_INNER_FRAMES] = {0};
    if (run->done < run->frames) {
        const uint64_t left = run->frames - run->done;
        memcpy(block, run->samples + run->done, (left < count ? left : count) * sizeof *block);
    }
    bl_voice_process(run->voice, block, block, count);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t at = run->done + i;
        if (at >= run->latency && at - run->latency < run->frames) {
            run->samples[at - run->latency] = block[i];
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

bl_status bl_render_audio(bl_voice *voice, const bl_render_config *config, bl_audio *audio,
                          bl_error *error)
{
    const double file_rate_hz = audio->sample_rate_hz;
    const double model_rate_hz = bl_model_get_info(bl_voice_model(voice))->sample_rate_hz;
    const uint64_t file_frames = audio->frames;
    bl_status status = bl_audio_resample(audio, model_rate_hz, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    bl_voice_prepare_thread();
    bl_voice_reset(voice);
    render_run run = {.voice = voice,
                      .config = config,
                      .samples = audio->samples,
                      .frames = audio->frames,
                      .latency = bl_voice_latency_frames(voice)};
    run_all(&run);
    status = bl_audio_resample(audio, file_rate_hz, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    audio->frames = file_frames; // two roundings up never make it shorter
    return BL_STATUS_OK;
}
