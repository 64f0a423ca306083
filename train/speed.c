// SPDX-License-Identifier: MIT
// Steps that begin chunks are kept apart: they are rarer, and cost more.

#include "train/train.h"

#include "train/trainer.h"

#include <stdlib.h>
#include <time.h>

enum { TIMES_MAX = 4096, MATERIAL_S = 20 };

typedef struct times {
    double values[TIMES_MAX];
    uint32_t count;
} times;

struct bl_train_speed {
    bl_train_data data;
    bl_trainer *trainer;
    times wall[2], cpu[2]; ///< of plain steps, of those that warmed up
};

static float next_noise(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)(*seed >> 8) / 8388608.0f - 1.0f;
}

static bl_status make_data(const bl_config_data *config, bl_train_data *data, bl_error *error)
{
    const size_t frames = (size_t)(MATERIAL_S * config->sample_rate_hz);
    bl_audio input = {.samples = calloc(frames, sizeof(float)),
                      .frames = frames,
                      .sample_rate_hz = config->sample_rate_hz,
                      .file_channels = 1};
    bl_audio target = {.samples = calloc(frames, sizeof(float)),
                       .frames = frames,
                       .sample_rate_hz = config->sample_rate_hz,
                       .file_channels = 1};
    if (input.samples == NULL || target.samples == NULL) {
        bl_audio_finish(&input);
        bl_audio_finish(&target);
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to measure");
    }
    uint32_t seed = 1;
    for (size_t n = 0; n < frames; n++) {
        input.samples[n] = 0.3f * next_noise(&seed);
        target.samples[n] = 0.5f * input.samples[n];
    }
    return bl_train_data_init(data, &input, &target, config, error);
}

bl_status bl_train_speed_create(const bl_config *config, uint32_t threads, bl_train_speed **speed,
                                bl_error *error)
{
    bl_train_speed *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to measure");
    }
    bl_status status = make_data(&config->data, &made->data, error);
    if (status == BL_STATUS_OK) {
        status = bl_trainer_create(config, &made->data, NULL, threads, &made->trainer, error);
    }
    if (status != BL_STATUS_OK) {
        bl_train_speed_destroy(made);
        return status;
    }
    *speed = made;
    return BL_STATUS_OK;
}

void bl_train_speed_destroy(bl_train_speed *speed)
{
    if (speed != NULL) {
        bl_trainer_destroy(speed->trainer);
        bl_train_data_finish(&speed->data);
        free(speed);
    }
}

static void add(times *list, double value)
{
    if (list->count < TIMES_MAX) {
        list->values[list->count++] = value;
    }
}

void bl_train_speed_run(bl_train_speed *speed, double seconds)
{
    // Whole chunks, so that both kinds of steps come in their shares.
    const uint32_t steps = bl_trainer_chunk_steps(speed->trainer);
    for (double spent = 0.0; spent < seconds;) {
        for (uint32_t i = 0; i < steps; i++) {
            const bl_trainer_time took = bl_trainer_time_step(speed->trainer);
            add(&speed->wall[took.warmed_up], took.wall_s);
            add(&speed->cpu[took.warmed_up], took.cpu_s);
            spent += took.wall_s;
        }
    }
}

static int compare(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double fast_tenth(times *list)
{
    qsort(list->values, list->count, sizeof *list->values, compare);
    return list->count > 0 ? list->values[list->count / 10] : 0.0;
}

static double rate_of(const bl_train_speed *speed, times lists[2])
{
    const double steps = bl_trainer_chunk_steps(speed->trainer);
    const double chunk_s = fast_tenth(&lists[1]) + (steps - 1.0) * fast_tenth(&lists[0]);
    return (double)bl_trainer_step_frames(speed->trainer) * steps / chunk_s;
}

bl_train_rate bl_train_speed_rate(bl_train_speed *speed)
{
    return (bl_train_rate){rate_of(speed, speed->wall), rate_of(speed, speed->cpu)};
}

double bl_train_speed_mac_per_sample(const bl_train_speed *speed)
{
    return 3.0 * (double)bl_trainer_mac_per_sample(speed->trainer);
}
