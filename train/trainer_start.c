// SPDX-License-Identifier: MIT
// A model that another one starts from may be louder, softer, or of the other polarity than the
// amplifier: the factor of least squares is put into its head.

#include "rt/ftz.h"
#include "train/start.h"
#include "train/trainer_parts.h"

#include <string.h>

enum { PIECES = 16, PIECE_SEGMENTS = 4 };

typedef struct product {
    double both, own; ///< of answer and amplifier, of the answer with itself
} product;

// Adds up one piece of the training part from `at` on.
static void add_piece(bl_trainer *trainer, size_t at, product *sums)
{
    const size_t delay = bl_learner_delay_frames(trainer->learner);
    const uint32_t outputs = bl_learner_outputs(trainer->learner);
    bl_learner_bench *bench = trainer->stations[0].validation_bench;
    float *past = trainer->parts[0].past;
    bl_trainer_warm_up(trainer, bench, past, BL_VALIDATION_FRAMES, at);
    for (int s = 0; s < PIECE_SEGMENTS; s++, at += BL_VALIDATION_FRAMES) {
        const float *out[BL_LEARNER_OUTPUTS_MAX];
        bl_learner_bench_forward(bench, past, trainer->data->input.samples + at, out);
        for (size_t n = 0; n < BL_VALIDATION_FRAMES; n++) {
            if (at + n < delay) {
                continue;
            }
            const double wanted = (double)trainer->data->target.samples[at + n - delay];
            for (uint32_t k = 0; k < outputs; k++) {
                const double answer = (double)out[k][n];
                sums[k].both += answer * wanted;
                sums[k].own += answer * answer;
            }
        }
    }
}

void bl_trainer_fit_start(bl_trainer *trainer)
{
    const size_t piece = (size_t)PIECE_SEGMENTS * BL_VALIDATION_FRAMES;
    const size_t frames = trainer->data->train_frames;
    const bl_arch *arch = bl_model_get_arch(trainer->model);
    const float *base = bl_model_get_weights(trainer->model);
    bl_trainer_state *state = &trainer->state;
    product sums[BL_LEARNER_OUTPUTS_MAX] = {{0}};
    if (frames <= piece) {
        return;
    }
    bl_ftz_enable();
    bl_learner_pack(trainer->learner, state->parameters);
    for (size_t i = 0; i < PIECES; i++) {
        add_piece(trainer, (frames - piece) * i / PIECES, sums);
    }
    for (uint32_t k = 0; k < bl_learner_outputs(trainer->learner); k++) {
        const bl_arch *own =
            arch->kind == BL_ARCH_CONTAINER ? arch->u.container.submodels[k] : arch;
        const double gain = sums[k].own > 0.0 ? sums[k].both / sums[k].own : 1.0;
        bl_start_scale(own, base, (float)gain, state->parameters);
    }
    memcpy(state->best, state->parameters, state->parameter_count * sizeof *state->best);
    memcpy(state->average, state->parameters, state->parameter_count * sizeof *state->average);
}
