// SPDX-License-Identifier: MIT
#include "train/replay.h"

#include "backline/limits.h"
#include "backline/voice.h"

#include <stdlib.h>

static const double recurrent_memory_s = 2.0; // after which the state is that of a long past

// Frames to hear before the part kept back, so that what comes out there is as after hearing all.
static size_t memory_of(const bl_model_info *info)
{
    return info->receptive_field_samples > 0 ? info->receptive_field_samples
                                             : (size_t)(recurrent_memory_s * info->sample_rate_hz);
}

static void play(bl_voice *voice, const bl_train_data *data, size_t memory, float *output)
{
    const size_t delay = bl_voice_latency_frames(voice), end = data->input.frames;
    const size_t start = data->train_frames > memory ? data->train_frames - memory : 0;
    float in[BL_INNER_FRAMES], out[BL_INNER_FRAMES];
    for (size_t at = start; at < end + delay; at += BL_INNER_FRAMES) {
        for (size_t n = 0; n < BL_INNER_FRAMES; n++) {
            in[n] = at + n < end ? data->input.samples[at + n] : 0.0f;
        }
        bl_voice_process(voice, in, out, BL_INNER_FRAMES);
        for (size_t n = 0; n < BL_INNER_FRAMES; n++) {
            if (at + n >= data->train_frames + delay && at + n < end + delay) {
                output[at + n - delay - data->train_frames] = out[n];
            }
        }
    }
}

static double esr_of(const bl_compare_take *take)
{
    double difference = 0.0, power = 0.0;
    for (size_t i = 0; i < take->frames; i++) {
        const double wanted = (double)take->target[i], d = (double)take->output[i] - wanted;
        difference += d * d;
        power += wanted * wanted;
    }
    return power > 0.0 ? difference / power : difference;
}

bl_status bl_replay_init(bl_replay *replay, const char *path, const bl_train_data *data,
                         bl_error *error)
{
    bl_voice *voice = NULL;
    *replay = (bl_replay){.take = {.input = data->input.samples + data->train_frames,
                                   .target = data->target.samples + data->train_frames,
                                   .frames = data->input.frames - data->train_frames,
                                   .sample_rate_hz = data->input.sample_rate_hz}};
    bl_status status = bl_model_load(path, NULL, &replay->model, error);
    if (status == BL_STATUS_OK) {
        status = bl_voice_create(replay->model, NULL, &voice, error);
    }
    float *output = calloc(replay->take.frames + 1, sizeof *output);
    replay->output = output;
    if (output == NULL) {
        status = bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory", path);
    } else if (status == BL_STATUS_OK) {
        play(voice, data, memory_of(bl_model_get_info(replay->model)), output);
        replay->take.output = output;
        replay->esr = esr_of(&replay->take);
    }
    bl_voice_destroy(voice);
    return status;
}

void bl_replay_finish(bl_replay *replay)
{
    bl_model_release(replay->model);
    free(replay->output);
    *replay = (bl_replay){0};
}
