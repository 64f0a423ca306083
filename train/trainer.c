// SPDX-License-Identifier: MIT
// Epochs and steps: gradients of all lanes, the optimiser, the falling rate, the average, the best,
// and the way back from infinite numbers.

#include "rt/ftz.h"
#include "train/initial.h"
#include "train/start.h"
#include "train/trainer_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    RECOVERIES_MAX = 6,
};

uint64_t bl_trainer_epoch_steps(const bl_trainer *trainer)
{
    return (uint64_t)trainer->chunk_count / trainer->lane_count * trainer->chunk_segments;
}

size_t bl_trainer_step_frames(const bl_trainer *trainer)
{
    return trainer->segment_frames * trainer->lane_count;
}

// The arrays of a state one after another: parameters, best, average, optimiser.
static size_t state_size(const bl_trainer_state *state)
{
    return 3 * state->parameter_count + state->optimizer_count;
}

static bool create_buffers(bl_trainer *trainer, uint32_t threads)
{
    const size_t past = bl_learner_past_size(trainer->learner);
    const size_t count = trainer->state.parameter_count;
    trainer->stations = calloc(threads, sizeof *trainer->stations);
    trainer->lanes = calloc(trainer->lane_count, sizeof *trainer->lanes);
    trainer->order = calloc(trainer->chunk_count + 1, sizeof *trainer->order);
    trainer->gradient = calloc(count, sizeof *trainer->gradient);
    const size_t lead = trainer->segment_frames > BL_VALIDATION_FRAMES ? trainer->segment_frames
                                                                       : BL_VALIDATION_FRAMES;
    trainer->lead_frames = lead;
    trainer->lead = calloc(2 * lead, sizeof *trainer->lead);
    trainer->kept = calloc(state_size(&trainer->state), sizeof *trainer->kept);
    if (trainer->stations == NULL || trainer->lanes == NULL || trainer->order == NULL ||
        trainer->gradient == NULL || trainer->lead == NULL || trainer->kept == NULL) {
        return false;
    }
    const size_t frames = trainer->data->input.frames;
    memcpy(trainer->lead + lead, trainer->data->input.samples,
           (frames < lead ? frames : lead) * sizeof *trainer->lead);
    bool good = true;
    for (uint32_t t = 0; t < threads; t++) {
        bl_trainer_station *station = &trainer->stations[t];
        station->bench = bl_learner_bench_create(trainer->learner, trainer->segment_frames);
        station->validation_bench = bl_learner_bench_create(trainer->learner, BL_VALIDATION_FRAMES);
        station->wanted = calloc(trainer->segment_frames, sizeof *station->wanted);
        station->delta = calloc(trainer->segment_frames, sizeof *station->delta);
        station->room = bl_loss_room_create(&trainer->loss);
        good = good && station->bench != NULL && station->validation_bench != NULL &&
               station->wanted != NULL && station->delta != NULL && station->room != NULL;
    }
    for (uint32_t l = 0; l < trainer->lane_count; l++) {
        trainer->lanes[l].past = calloc(past, sizeof *trainer->lanes[l].past);
        trainer->lanes[l].gradient = calloc(count, sizeof *trainer->lanes[l].gradient);
        good = good && trainer->lanes[l].past != NULL && trainer->lanes[l].gradient != NULL;
    }
    for (int p = 0; p < BL_VALIDATION_PARTS; p++) {
        trainer->parts[p].past = calloc(past, sizeof *trainer->parts[p].past);
        good = good && trainer->parts[p].past != NULL;
    }
    return good;
}

static bl_status create_optimizer(bl_trainer *trainer, const float *base, bl_error *error)
{
    const bl_arch *arch = bl_model_get_arch(trainer->model);
    const bl_config_training *config = &trainer->config.training;
    const uint32_t count = bl_initial_tensors(arch, base, NULL);
    bl_train_tensor *tensors = calloc(count, sizeof *tensors);
    if (tensors != NULL) {
        bl_initial_tensors(arch, base, tensors);
        trainer->optimizer =
            bl_optimizer_create(tensors, count, trainer->state.parameter_count,
                                config->optimizer == BL_CONFIG_SOAP, config->weight_decay);
        free(tensors);
    }
    if (trainer->optimizer == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to train");
    }
    trainer->state.optimizer =
        bl_optimizer_state(trainer->optimizer, &trainer->state.optimizer_count);
    return BL_STATUS_OK;
}

// The model whose shape is trained, and its first parameters: those of `start` or drawn ones.
static bl_status create_parameters(bl_trainer *trainer, const bl_model *start, bl_error *error)
{
    const bl_config *config = &trainer->config;
    bl_trainer_state *state = &trainer->state;
    bl_model_info info;
    bl_status status = bl_model_info_from_config(config, &info, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    const size_t count = state->parameter_count = (size_t)info.parameters;
    state->parameters = calloc(count, sizeof *state->parameters);
    state->best = calloc(count, sizeof *state->best);
    state->average = calloc(count, sizeof *state->average);
    if (state->parameters == NULL || state->best == NULL || state->average == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to train");
    }
    status =
        bl_model_from_config(config, state->parameters, count, "training", &trainer->model, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    const bl_arch *arch = bl_model_get_arch(trainer->model);
    const float *base = bl_model_get_weights(trainer->model);
    if (start != NULL) {
        status = bl_start_copy(start, trainer->model, state->parameters, error);
    } else {
        bl_initial_draw(arch, base, trainer->data->input_power, config->training.seed,
                        state->parameters);
    }
    if (status == BL_STATUS_OK) {
        status = bl_learner_create(arch, base, count, &trainer->learner, error);
    }
    memcpy(state->best, state->parameters, count * sizeof(float));
    memcpy(state->average, state->parameters, count * sizeof(float));
    return status == BL_STATUS_OK ? create_optimizer(trainer, base, error) : status;
}

// Copies the arrays of `state` to `kept`, or back.
static void move_arrays(const bl_trainer_state *state, float *kept, bool back)
{
    float *const arrays[] = {state->parameters, state->best, state->average, state->optimizer};
    for (int i = 0; i < 4; i++) {
        const size_t count = i < 3 ? state->parameter_count : state->optimizer_count;
        memcpy(back ? arrays[i] : kept, back ? kept : arrays[i], count * sizeof *kept);
        kept += count;
    }
}

void bl_trainer_keep(bl_trainer *trainer)
{
    move_arrays(&trainer->state, trainer->kept, false);
    trainer->kept_state = trainer->state;
}

void bl_trainer_restore(bl_trainer *trainer)
{
    trainer->state = trainer->kept_state;
    move_arrays(&trainer->state, trainer->kept, true);
}

bl_status bl_trainer_create(const bl_config *config, const bl_train_data *data,
                            const bl_model *start, uint32_t threads, bl_trainer **trainer,
                            bl_error *error)
{
    bl_trainer *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to train");
    }
    made->config = *config;
    made->data = data;
    made->state.rate_scale = 1.0;
    made->state.best_esr = HUGE_VAL;
    bl_trainer_plan_segments(made);
    const double power =
        bl_loss_power(data->target.samples, data->train_frames, config->training.pre_emphasis);
    made->loss = bl_loss_create(&config->training, power, made->segment_frames, made->lane_count);
    bl_status status = create_parameters(made, start, error);
    if (status == BL_STATUS_OK) {
        made->pool = bl_pool_create(threads);
        if (made->pool == NULL || !create_buffers(made, bl_pool_threads(made->pool))) {
            status = bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to train");
        }
    }
    if (status != BL_STATUS_OK) {
        bl_trainer_destroy(made);
        return status;
    }
    made->state.steps = config->training.epochs * bl_trainer_epoch_steps(made);
    *trainer = made;
    return BL_STATUS_OK;
}

void bl_trainer_destroy(bl_trainer *trainer)
{
    if (trainer == NULL) {
        return;
    }
    const uint32_t threads = trainer->pool != NULL ? bl_pool_threads(trainer->pool) : 0;
    for (uint32_t t = 0; trainer->stations != NULL && t < threads; t++) {
        bl_learner_bench_destroy(trainer->stations[t].bench);
        bl_learner_bench_destroy(trainer->stations[t].validation_bench);
        bl_loss_room_destroy(trainer->stations[t].room);
        free(trainer->stations[t].wanted);
        free(trainer->stations[t].delta);
    }
    for (uint32_t l = 0; trainer->lanes != NULL && l < trainer->lane_count; l++) {
        free(trainer->lanes[l].past);
        free(trainer->lanes[l].gradient);
    }
    for (int p = 0; p < BL_VALIDATION_PARTS; p++) {
        free(trainer->parts[p].past);
    }
    free(trainer->stations);
    free(trainer->lanes);
    free(trainer->order);
    free(trainer->gradient);
    free(trainer->lead);
    free(trainer->kept);
    free(trainer->state.parameters);
    free(trainer->state.best);
    free(trainer->state.average);
    bl_pool_destroy(trainer->pool);
    bl_optimizer_destroy(trainer->optimizer);
    bl_learner_destroy(trainer->learner);
    bl_model_release(trainer->model);
    free(trainer);
}

bl_trainer_state *bl_trainer_get_state(bl_trainer *trainer)
{
    return &trainer->state;
}

// Cosine from the config's rate to zero at the last planned step (Loshchilov & Hutter 2017).
static float learning_rate(const bl_trainer *trainer)
{
    const bl_trainer_state *state = &trainer->state;
    const double done = state->steps > 0 ? (double)state->step / (double)state->steps : 0.0;
    const double rise =
        fmin(1.0, (double)(state->step + 1) / (1.0 + trainer->config.training.warm_up));
    const double pi = 3.14159265358979323846;
    return (float)(trainer->config.training.learning_rate * state->rate_scale * rise * 0.5 *
                   (1.0 + cos(pi * fmin(done, 1.0))));
}

static bool all_finite(const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            return false;
        }
    }
    return true;
}

static bl_trainer_outcome recover(bl_trainer *trainer)
{
    bl_trainer_restore(trainer);
    trainer->kept_state.rate_scale = trainer->state.rate_scale *= 0.5;
    return ++trainer->recoveries > RECOVERIES_MAX ? BL_TRAINER_DIVERGED : BL_TRAINER_RECOVERED;
}

// Shortens the gradient to `clip` at most (Pascanu et al. 2013).
static void clip_gradient(const bl_trainer *trainer)
{
    const double clip = trainer->config.training.clip;
    double sum = 0.0;
    for (size_t i = 0; clip > 0.0 && i < trainer->state.parameter_count; i++) {
        sum += (double)trainer->gradient[i] * (double)trainer->gradient[i];
    }
    if (sum <= clip * clip) {
        return;
    }
    const float gain = (float)(clip / sqrt(sum));
    for (size_t i = 0; i < trainer->state.parameter_count; i++) {
        trainer->gradient[i] *= gain;
    }
}

// The running mean of the parameters, over more and more steps at first.
static void update_average(bl_trainer *trainer)
{
    bl_trainer_state *state = &trainer->state;
    const double steps = (double)state->step;
    const float keep =
        (float)fmin(trainer->config.training.average, (1.0 + steps) / (10.0 + steps));
    for (size_t i = 0; i < state->parameter_count; i++) {
        state->average[i] = keep * state->average[i] + (1.0f - keep) * state->parameters[i];
    }
}

// What is validated, kept and played: the average where there is one.
static const float *model_parameters(const bl_trainer *trainer)
{
    return trainer->config.training.average > 0.0 ? trainer->state.average
                                                  : trainer->state.parameters;
}

static bl_trainer_outcome end_epoch(bl_trainer *trainer)
{
    bl_trainer_state *state = &trainer->state;
    const uint32_t patience = trainer->config.training.patience;
    state->epoch++;
    state->validation_esr = bl_trainer_validate(trainer, model_parameters(trainer));
    if (!isfinite(state->validation_esr)) {
        return recover(trainer);
    }
    if (state->validation_esr < state->best_esr) {
        state->best_esr = state->validation_esr;
        state->best_epoch = state->epoch;
        memcpy(state->best, model_parameters(trainer),
               state->parameter_count * sizeof *state->best);
    }
    if (patience > 0 && state->epoch - state->best_epoch >= patience) {
        state->steps = state->step; // nothing better came: the plan ends here
    }
    return state->step >= state->steps ? BL_TRAINER_FINISHED : BL_TRAINER_EPOCH;
}

bool bl_trainer_make_step(bl_trainer *trainer, double *error)
{
    bl_trainer_state *state = &trainer->state;
    *error = bl_trainer_gather(trainer);
    if (!isfinite(*error) || !all_finite(trainer->gradient, state->parameter_count)) {
        return false;
    }
    clip_gradient(trainer);
    bl_optimizer_step(trainer->optimizer, state->parameters, trainer->gradient,
                      learning_rate(trainer));
    state->step++;
    update_average(trainer);
    return true;
}

bl_trainer_outcome bl_trainer_run_epoch(bl_trainer *trainer, bl_trainer_stop *stop, void *data)
{
    bl_trainer_state *state = &trainer->state;
    bl_ftz_enable();
    bl_trainer_keep(trainer);
    bl_optimizer_set_steps(trainer->optimizer, state->step);
    bl_trainer_begin_pass(trainer);
    double error, errors = 0.0;
    uint64_t steps = 0;
    while (state->step < state->steps && bl_trainer_assign_chunks(trainer)) {
        if (!bl_trainer_make_step(trainer, &error)) {
            return recover(trainer);
        }
        errors += error;
        steps++;
        if (stop != NULL && stop(data, state)) {
            bl_trainer_restore(trainer);
            return BL_TRAINER_STOPPED;
        }
    }
    state->train_esr = errors / (double)(steps > 0 ? steps : 1) / trainer->data->target_power;
    return end_epoch(trainer);
}
