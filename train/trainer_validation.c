// SPDX-License-Identifier: MIT
// ESR over the part of the recording that is never learnt from, of the model's own output.

#include "train/trainer_parts.h"

#include <string.h>

static void validate_part(void *data, uint32_t thread, uint32_t item)
{
    bl_trainer *trainer = data;
    const bl_train_data *pair = trainer->data;
    const size_t delay = bl_learner_delay_frames(trainer->learner);
    const uint32_t own = bl_learner_outputs(trainer->learner) - 1;
    const size_t all = pair->input.frames - pair->train_frames;
    const size_t from = pair->train_frames + all * item / BL_VALIDATION_PARTS;
    const size_t to = pair->train_frames + all * (item + 1) / BL_VALIDATION_PARTS;
    bl_learner_bench *bench = trainer->stations[thread].validation_bench;
    float last[BL_VALIDATION_FRAMES];
    bl_trainer_part *sum = &trainer->parts[item];
    sum->error = sum->power = 0.0;
    bl_trainer_warm_up(trainer, bench, sum->past, BL_VALIDATION_FRAMES, from);
    for (size_t at = from; at < to + delay; at += BL_VALIDATION_FRAMES) {
        const float *in = pair->input.samples + at, *out[BL_LEARNER_OUTPUTS_MAX];
        if (at + BL_VALIDATION_FRAMES > pair->input.frames) {
            memset(last, 0, sizeof last);
            if (at < pair->input.frames) {
                memcpy(last, in, (pair->input.frames - at) * sizeof *last);
            }
            in = last;
        }
        bl_learner_bench_forward(bench, sum->past, in, out);
        for (size_t n = 0; n < BL_VALIDATION_FRAMES; n++) {
            if (at + n >= from + delay && at + n < to + delay) {
                const double wanted = (double)pair->target.samples[at + n - delay];
                const double error = (double)out[own][n] - wanted;
                sum->error += error * error;
                sum->power += wanted * wanted;
            }
        }
    }
}

double bl_trainer_validate(bl_trainer *trainer, const float *parameters)
{
    bl_learner_pack(trainer->learner, parameters);
    bl_pool_run(trainer->pool, validate_part, trainer, BL_VALIDATION_PARTS);
    double errors = 0.0, power = 0.0;
    for (int p = 0; p < BL_VALIDATION_PARTS; p++) {
        errors += trainer->parts[p].error;
        power += trainer->parts[p].power;
    }
    return power > 0.0 ? errors / power : errors;
}
