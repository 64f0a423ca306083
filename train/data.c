// SPDX-License-Identifier: MIT
// Cutting a pair of recordings into what is learnt from and what is kept back.

#include "train/data.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const double validation_share = 0.2; // of the material at most
static const double pause_s = 0.5;          // longer than what models remember
static const double rest_s = 0.001, ring_s = 0.2;

static double mean_square(const float *samples, size_t frames)
{
    double sum = 0.0;
    for (size_t n = 0; n < frames; n++) {
        sum += (double)samples[n] * (double)samples[n];
    }
    return frames > 0 ? sum / (double)frames : 0.0;
}

// Where the guitar ends, and a fifth of a second behind it: the rest holds less than a millisecond
// of playing does. Kept back for validation it would have the models judged by chance.
static size_t end_of_playing(const bl_audio *input, size_t frames)
{
    const double rest = rest_s * input->sample_rate_hz * mean_square(input->samples, frames);
    const size_t ring = (size_t)(ring_s * input->sample_rate_hz);
    double sum = 0.0;
    size_t end = frames;
    while (end > 0 && sum < rest) {
        end--;
        sum += (double)input->samples[end] * (double)input->samples[end];
    }
    return rest > 0.0 && frames - end > ring ? end + ring : frames;
}

bl_status bl_train_data_init(bl_train_data *data, bl_audio *input, bl_audio *target,
                             const bl_config_data *config, bl_error *error)
{
    *data = (bl_train_data){.input = *input, .target = *target};
    *input = *target = (bl_audio){0};
    bl_status status = bl_audio_resample(&data->input, config->sample_rate_hz, error);
    if (status == BL_STATUS_OK) {
        status = bl_audio_resample(&data->target, config->sample_rate_hz, error);
    }
    if (status != BL_STATUS_OK) {
        goto fail;
    }
    const uint64_t shared =
        data->input.frames < data->target.frames ? data->input.frames : data->target.frames;
    const uint64_t frames = end_of_playing(&data->input, (size_t)shared);
    data->input.frames = data->target.frames = frames;
    const double wanted = config->validation_s * config->sample_rate_hz;
    const double allowed = validation_share * (double)frames;
    data->train_frames = (size_t)frames - (size_t)(wanted < allowed ? wanted : allowed);
    if ((double)data->train_frames < config->sample_rate_hz) {
        status = bl_error_set(error, BL_STATUS_SHAPE,
                              "the recordings share %.2f s, of which %.2f s can be learnt from; "
                              "record at least two seconds, better three minutes",
                              (double)frames / config->sample_rate_hz,
                              (double)data->train_frames / config->sample_rate_hz);
        goto fail;
    }
    data->input_power = mean_square(data->input.samples, data->train_frames);
    data->target_power = mean_square(data->target.samples, data->train_frames);
    if (!(data->target_power > 1e-12) || !(data->input_power > 1e-12)) {
        status = bl_error_set(error, BL_STATUS_VALUE,
                              "the %s recording is silent; choose the channel that carries the "
                              "guitar, or record again",
                              data->input_power > 1e-12 ? "amplifier's" : "clean");
        goto fail;
    }
    return BL_STATUS_OK;

fail:
    bl_train_data_finish(data);
    return status;
}

// Puts `behind` after `audio` and a pause.
static bool append(bl_audio *audio, const bl_audio *behind)
{
    const size_t pause = (size_t)(pause_s * audio->sample_rate_hz), before = (size_t)audio->frames;
    const size_t frames = before + pause + (size_t)behind->frames;
    float *grown = realloc(audio->samples, frames * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    memset(grown + before, 0, pause * sizeof *grown);
    memcpy(grown + before + pause, behind->samples, (size_t)behind->frames * sizeof *grown);
    audio->samples = grown;
    audio->frames = frames;
    return true;
}

bl_status bl_train_data_validate_by(bl_train_data *data, bl_audio *input, bl_audio *target,
                                    bl_error *error)
{
    bl_status status = BL_STATUS_OK;
    input->frames = target->frames =
        input->frames < target->frames ? input->frames : target->frames;
    if (!(mean_square(target->samples, (size_t)target->frames) > 1e-12)) {
        status = bl_error_set(error, BL_STATUS_VALUE,
                              "the amplifier's recording for validation is silent; choose the "
                              "channel that carries it, or record again");
    }
    const size_t train_frames = (size_t)data->input.frames;
    if (status == BL_STATUS_OK &&
        (!append(&data->input, input) || !append(&data->target, target))) {
        status = bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory for validation");
    }
    bl_audio_finish(input);
    bl_audio_finish(target);
    if (status == BL_STATUS_OK) {
        data->train_frames = train_frames;
        data->input_power = mean_square(data->input.samples, train_frames);
        data->target_power = mean_square(data->target.samples, train_frames);
    }
    return status;
}

void bl_train_data_finish(bl_train_data *data)
{
    bl_audio_finish(&data->input);
    bl_audio_finish(&data->target);
}
