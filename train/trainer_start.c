// SPDX-License-Identifier: MIT
// A model that another one starts from may be louder, softer, or of the other polarity than the
// amplifier: the factor of least squares is put into its head. What it has learnt of a different
// amplifier hinders: trained weights are large, so that units are saturated and the steps small
// beside them. A few steps tell, since what learns slower at first does so later.

#include "rt/ftz.h"
#include "train/initial.h"
#include "train/start.h"
#include "train/trainer_parts.h"

#include <math.h>
#include <string.h>

enum {
    PIECES = 16,
    PIECE_SEGMENTS = 4,
    TRIAL_STEPS = 64,
    TRIAL_STEPS_MIN = 8,
    TRIAL_FRAMES = 1 << 21, ///< of a trial; where steps are large there are fewer
};

static const double near_esr = 0.2; // nothing comes there in so few steps

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

static void fit_start(bl_trainer *trainer)
{
    const size_t piece = (size_t)PIECE_SEGMENTS * BL_VALIDATION_FRAMES;
    const size_t frames = trainer->data->train_frames;
    const bl_arch *arch = bl_model_get_arch(trainer->model);
    const float *base = bl_model_get_weights(trainer->model);
    product sums[BL_LEARNER_OUTPUTS_MAX] = {{0}};
    if (frames <= piece) {
        return;
    }
    bl_learner_pack(trainer->learner, trainer->state.parameters);
    for (size_t i = 0; i < PIECES; i++) {
        add_piece(trainer, (frames - piece) * i / PIECES, sums);
    }
    for (uint32_t k = 0; k < bl_learner_outputs(trainer->learner); k++) {
        const bl_arch *own =
            arch->kind == BL_ARCH_CONTAINER ? arch->u.container.submodels[k] : arch;
        const double gain = sums[k].own > 0.0 ? sums[k].both / sums[k].own : 1.0;
        bl_start_scale(own, base, (float)gain, trainer->state.parameters);
    }
}

// ESR over the second half of some steps from the present parameters, which stay.
static double try_steps(bl_trainer *trainer)
{
    const size_t fit = TRIAL_FRAMES / bl_trainer_step_frames(trainer);
    const size_t steps = fit > TRIAL_STEPS       ? TRIAL_STEPS
                         : fit < TRIAL_STEPS_MIN ? TRIAL_STEPS_MIN
                                                 : fit;
    const size_t first = steps / 2;
    double sum = 0.0, error;
    bl_trainer_keep(trainer);
    bl_optimizer_set_steps(trainer->optimizer, 0);
    bl_trainer_begin_pass(trainer);
    for (size_t s = 0; s < steps; s++) {
        if (!bl_trainer_assign_chunks(trainer)) {
            bl_trainer_begin_pass(trainer);
            bl_trainer_assign_chunks(trainer);
        }
        if (!bl_trainer_make_step(trainer, &error)) {
            sum = HUGE_VAL;
            break;
        }
        sum += s >= first ? error : 0.0;
    }
    bl_trainer_restore(trainer);
    return sum / (double)(steps - first) / trainer->data->target_power;
}

bl_trainer_start bl_trainer_choose_start(bl_trainer *trainer)
{
    bl_trainer_state *state = &trainer->state;
    const size_t size = state->parameter_count * sizeof *state->parameters;
    bl_ftz_enable();
    bl_trainer_start start = {.esr = bl_trainer_validate(trainer, state->best)};
    fit_start(trainer);
    const double fitted_esr = bl_trainer_validate(trainer, state->parameters);
    if (fitted_esr < start.esr) { // else it has the loudness already
        start.esr = fitted_esr;
        memcpy(state->best, state->parameters, size);
    }
    memcpy(state->parameters, state->best, size);
    if (!(start.esr < near_esr)) {
        start.taught_esr = try_steps(trainer);
        bl_initial_draw(bl_model_get_arch(trainer->model), bl_model_get_weights(trainer->model),
                        trainer->data->input_power, trainer->config.training.seed,
                        state->parameters);
        start.drawn_esr = try_steps(trainer);
        start.dropped = !(start.taught_esr < start.drawn_esr);
    }
    if (start.dropped) {
        memcpy(state->best, state->parameters, size);
    } else {
        memcpy(state->parameters, state->best, size);
        state->best_esr = start.esr;
    }
    memcpy(state->average, state->parameters, size);
    return start;
}
