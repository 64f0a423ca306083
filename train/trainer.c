// SPDX-License-Identifier: MIT
// Epochs and steps. The training part is cut into chunks of a few segments; every epoch shifts the
// grid and shuffles the chunks, each lane warms up before its chunk and then keeps its past, so
// that only a few percent of the work is spent on what came before.

#include "train/trainer.h"

#include "rt/ftz.h"
#include "train/initial.h"
#include "train/net.h"
#include "train/optimizer.h"
#include "train/pool.h"
#include "train/random.h"

#include "model/arch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    CHUNK_SEGMENTS = 16, ///< segments that a lane runs in a row
    WARM_UP_STEPS = 100, ///< over which the rate rises
    VALIDATION_PARTS = 8,
    VALIDATION_FRAMES = 16 * BL_TRAIN_TILE, ///< of one validation segment
    RECOVERIES_MAX = 6,
};

typedef struct lane {
    float *past, *gradient;
    size_t position; ///< of the next segment
    uint32_t left;   ///< segments until a new chunk
    double error;    ///< sum of squares of the last segment
} lane;

// What one thread works in.
typedef struct station {
    bl_train_bench *bench, *validation_bench;
    float *delta; ///< of one segment
} station;

// One stretch of the validation, the same however many threads share the work.
typedef struct part {
    float *past;
    double error, power;
} part;

struct bl_trainer {
    bl_config config;
    const bl_train_data *data;
    bl_model *model; ///< for its shape
    bl_train_net *net;
    bl_optimizer *optimizer;
    bl_pool *pool;
    station *stations; ///< one per thread
    lane *lanes;
    part parts[VALIDATION_PARTS];
    size_t segment_frames, chunk_frames;
    uint32_t lane_count, chunk_count, chunk_segments;
    uint32_t *order; ///< chunks of this epoch
    size_t grid;     ///< where its first chunk begins
    uint32_t next_chunk;
    float *gradient, *silence;
    float *kept; ///< parameters, best and optimiser after the last good epoch
    bl_trainer_state state, kept_state;
    uint32_t recoveries;
};

static const bl_wavenet *shape_of(const bl_trainer *trainer)
{
    return &bl_model_get_arch(trainer->model)->u.wavenet;
}

// Segments and lanes that fit the material: long segments where there is enough of it.
static void plan_segments(bl_trainer *trainer)
{
    const size_t frames = trainer->data->train_frames;
    size_t segment = trainer->config.data.segment_frames / BL_TRAIN_TILE * BL_TRAIN_TILE;
    segment = segment < BL_TRAIN_TILE ? BL_TRAIN_TILE : segment;
    trainer->lane_count = trainer->config.training.batch_size;
    while (segment > BL_TRAIN_TILE && segment * trainer->lane_count * 2 > frames) {
        segment = segment / 2 / BL_TRAIN_TILE * BL_TRAIN_TILE;
    }
    while (trainer->lane_count > 1 && segment * trainer->lane_count * 2 > frames) {
        trainer->lane_count--;
    }
    const size_t most = frames / (2 * segment * trainer->lane_count);
    trainer->segment_frames = segment;
    trainer->chunk_segments =
        most < CHUNK_SEGMENTS ? (uint32_t)(most > 0 ? most : 1) : CHUNK_SEGMENTS;
    trainer->chunk_frames = segment * trainer->chunk_segments;
    // One chunk less than would fit, so that the grid can shift, and whole rows of lanes.
    const size_t chunks = frames / trainer->chunk_frames - 1;
    trainer->chunk_count = (uint32_t)(chunks / trainer->lane_count * trainer->lane_count);
}

uint64_t bl_trainer_epoch_steps(const bl_trainer *trainer)
{
    return (uint64_t)trainer->chunk_count / trainer->lane_count * trainer->chunk_segments;
}

size_t bl_trainer_step_frames(const bl_trainer *trainer)
{
    return trainer->segment_frames * trainer->lane_count;
}

static bool create_buffers(bl_trainer *trainer, uint32_t threads)
{
    const size_t past = bl_train_net_past_size(trainer->net);
    const size_t count = trainer->state.parameter_count;
    trainer->stations = calloc(threads, sizeof *trainer->stations);
    trainer->lanes = calloc(trainer->lane_count, sizeof *trainer->lanes);
    trainer->order = calloc(trainer->chunk_count, sizeof *trainer->order);
    trainer->gradient = calloc(count, sizeof *trainer->gradient);
    const size_t silence =
        trainer->segment_frames > VALIDATION_FRAMES ? trainer->segment_frames : VALIDATION_FRAMES;
    trainer->silence = calloc(silence, sizeof *trainer->silence);
    trainer->kept = calloc(2 * count + trainer->state.optimizer_count, sizeof *trainer->kept);
    if (trainer->stations == NULL || trainer->lanes == NULL || trainer->order == NULL ||
        trainer->gradient == NULL || trainer->silence == NULL || trainer->kept == NULL) {
        return false;
    }
    bool good = true;
    for (uint32_t t = 0; t < threads; t++) {
        station *s = &trainer->stations[t];
        s->bench = bl_train_bench_create(trainer->net, trainer->segment_frames);
        s->validation_bench = bl_train_bench_create(trainer->net, VALIDATION_FRAMES);
        s->delta = calloc(trainer->segment_frames, sizeof *s->delta);
        good = good && s->bench != NULL && s->validation_bench != NULL && s->delta != NULL;
    }
    for (uint32_t l = 0; l < trainer->lane_count; l++) {
        trainer->lanes[l].past = calloc(past, sizeof *trainer->lanes[l].past);
        trainer->lanes[l].gradient = calloc(count, sizeof *trainer->lanes[l].gradient);
        good = good && trainer->lanes[l].past != NULL && trainer->lanes[l].gradient != NULL;
    }
    for (int p = 0; p < VALIDATION_PARTS; p++) {
        trainer->parts[p].past = calloc(past, sizeof *trainer->parts[p].past);
        good = good && trainer->parts[p].past != NULL;
    }
    return good;
}

// The model whose shape is trained: `start` itself, or one made of drawn weights.
static bl_status create_parameters(bl_trainer *trainer, const bl_model *start, bl_error *error)
{
    const bl_config *config = &trainer->config;
    bl_model_info info;
    bl_status status = bl_model_info_from_config(config, &info, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    const size_t count = (size_t)info.parameters;
    trainer->state.parameter_count = count;
    trainer->state.parameters = calloc(count, sizeof *trainer->state.parameters);
    trainer->state.best = calloc(count, sizeof *trainer->state.best);
    if (trainer->state.parameters == NULL || trainer->state.best == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to train");
    }
    status = bl_model_from_config(config, trainer->state.parameters, count, "training",
                                  &trainer->model, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    const bl_wavenet *shape = shape_of(trainer);
    const float *base = shape->arrays[0].rechannel.w;
    if (start != NULL) {
        if (bl_model_get_info(start)->parameters != info.parameters) {
            return bl_error_set(error, BL_STATUS_SHAPE,
                                "%s has %llu parameters, the config describes %llu; start from a "
                                "model of the same shape",
                                bl_model_get_info(start)->name,
                                (unsigned long long)bl_model_get_info(start)->parameters,
                                (unsigned long long)info.parameters);
        }
        const float *from = bl_model_get_arch(start)->u.wavenet.arrays[0].rechannel.w;
        memcpy(trainer->state.parameters, from, count * sizeof *from);
    } else {
        bl_initial_draw(shape, base, trainer->data->input_power, config->training.seed,
                        trainer->state.parameters);
    }
    memcpy(trainer->state.best, trainer->state.parameters, count * sizeof(float));
    status = bl_train_net_create(shape, base, count, NULL, &trainer->net, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    bl_train_tensor *tensors = calloc(bl_initial_tensor_bound(shape), sizeof *tensors);
    if (tensors != NULL) {
        const uint32_t tensor_count = bl_initial_tensors(shape, base, tensors);
        trainer->optimizer = bl_optimizer_create(tensors, tensor_count, count,
                                                 config->training.optimizer == BL_CONFIG_SOAP);
        free(tensors);
    }
    if (trainer->optimizer == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to train");
    }
    trainer->state.optimizer =
        bl_optimizer_state(trainer->optimizer, &trainer->state.optimizer_count);
    return BL_STATUS_OK;
}

static void keep_state(bl_trainer *trainer)
{
    const bl_trainer_state *state = &trainer->state;
    const size_t count = state->parameter_count;
    memcpy(trainer->kept, state->parameters, count * sizeof *trainer->kept);
    memcpy(trainer->kept + count, state->best, count * sizeof *trainer->kept);
    memcpy(trainer->kept + 2 * count, state->optimizer,
           state->optimizer_count * sizeof *trainer->kept);
    trainer->kept_state = *state;
}

static void restore_state(bl_trainer *trainer)
{
    trainer->state = trainer->kept_state;
    const size_t count = trainer->state.parameter_count;
    memcpy(trainer->state.parameters, trainer->kept, count * sizeof *trainer->kept);
    memcpy(trainer->state.best, trainer->kept + count, count * sizeof *trainer->kept);
    memcpy(trainer->state.optimizer, trainer->kept + 2 * count,
           trainer->state.optimizer_count * sizeof *trainer->kept);
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
    plan_segments(made);
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
        bl_train_bench_destroy(trainer->stations[t].bench);
        bl_train_bench_destroy(trainer->stations[t].validation_bench);
        free(trainer->stations[t].delta);
    }
    for (uint32_t l = 0; trainer->lanes != NULL && l < trainer->lane_count; l++) {
        free(trainer->lanes[l].past);
        free(trainer->lanes[l].gradient);
    }
    for (int p = 0; p < VALIDATION_PARTS; p++) {
        free(trainer->parts[p].past);
    }
    free(trainer->stations);
    free(trainer->lanes);
    free(trainer->order);
    free(trainer->gradient);
    free(trainer->silence);
    free(trainer->kept);
    free(trainer->state.parameters);
    free(trainer->state.best);
    bl_pool_destroy(trainer->pool);
    bl_optimizer_destroy(trainer->optimizer);
    bl_train_net_destroy(trainer->net);
    bl_model_release(trainer->model);
    free(trainer);
}

bl_trainer_state *bl_trainer_get_state(bl_trainer *trainer)
{
    return &trainer->state;
}

// Runs `bench` over what came before `position`, zeros before the recording, so that the lane with
// `past` can begin there.
static void warm_up(const bl_trainer *trainer, bl_train_bench *bench, float *past, size_t frames,
                    size_t position)
{
    const size_t memory = bl_train_net_memory_frames(trainer->net);
    const size_t segments = (memory + frames - 1) / frames;
    memset(past, 0, bl_train_net_past_size(trainer->net) * sizeof *past);
    for (size_t s = segments; s > 0; s--) {
        const bool inside = position >= s * frames;
        bl_train_bench_forward(bench, past,
                               inside ? trainer->data->input.samples + position - s * frames
                                      : trainer->silence);
    }
}

static void run_lane(void *data, uint32_t thread, uint32_t item)
{
    bl_trainer *trainer = data;
    lane *l = &trainer->lanes[item];
    bl_train_bench *bench = trainer->stations[thread].bench;
    const size_t frames = trainer->segment_frames;
    const size_t delay = bl_train_net_delay_frames(trainer->net);
    if (l->left == trainer->chunk_segments) {
        warm_up(trainer, bench, l->past, frames, l->position);
    }
    const float *out =
        bl_train_bench_forward(bench, l->past, trainer->data->input.samples + l->position);
    // d/dy of mean((y - t)^2) / power: the size of a step does not depend on the recording's level.
    const double power =
        trainer->config.training.loss == BL_CONFIG_ESR ? trainer->data->target_power : 1.0;
    const float scale = (float)(2.0 / ((double)(frames * trainer->lane_count) * power));
    float *delta = trainer->stations[thread].delta;
    l->error = 0.0;
    for (size_t n = 0; n < frames; n++) {
        const size_t at = l->position + n;
        const float wanted = at >= delay ? trainer->data->target.samples[at - delay] : out[n];
        const float error = out[n] - wanted;
        l->error += (double)error * (double)error;
        delta[n] = scale * error;
    }
    memset(l->gradient, 0, trainer->state.parameter_count * sizeof *l->gradient);
    bl_train_bench_backward(bench, delta, l->gradient);
    l->position += frames;
    l->left--;
}

// Shuffles the chunks of the epoch that begins; depends on the seed and the epoch alone.
static void begin_epoch(bl_trainer *trainer)
{
    bl_random random = bl_random_init(trainer->config.training.seed, 1 + trainer->state.epoch);
    const size_t room =
        trainer->data->train_frames - (size_t)trainer->chunk_count * trainer->chunk_frames;
    trainer->grid = bl_random_below(&random, (uint32_t)(room < UINT32_MAX ? room : UINT32_MAX));
    for (uint32_t i = 0; i < trainer->chunk_count; i++) {
        const uint32_t j = bl_random_below(&random, i + 1);
        trainer->order[i] = trainer->order[j];
        trainer->order[j] = i;
    }
    trainer->next_chunk = 0;
    for (uint32_t l = 0; l < trainer->lane_count; l++) {
        trainer->lanes[l].left = 0;
    }
}

// Cosine from the config's rate to zero at the last planned step (Loshchilov & Hutter 2017).
static float learning_rate(const bl_trainer *trainer)
{
    const bl_trainer_state *state = &trainer->state;
    const double done = state->steps > 0 ? (double)state->step / (double)state->steps : 0.0;
    const double rise = fmin(1.0, (double)(state->step + 1) / WARM_UP_STEPS);
    const double pi = 3.14159265358979323846;
    return (float)(trainer->config.training.learning_rate * state->rate_scale * rise * 0.5 *
                   (1.0 + cos(pi * fmin(done, 1.0))));
}

// Gradients of all lanes at the present parameters; returns the mean squared error.
static double gather(bl_trainer *trainer)
{
    bl_train_net_pack(trainer->net, trainer->state.parameters);
    bl_pool_run(trainer->pool, run_lane, trainer, trainer->lane_count);
    double error = 0.0;
    memset(trainer->gradient, 0, trainer->state.parameter_count * sizeof *trainer->gradient);
    for (uint32_t l = 0; l < trainer->lane_count; l++) {
        error += trainer->lanes[l].error;
        for (size_t i = 0; i < trainer->state.parameter_count; i++) {
            trainer->gradient[i] += trainer->lanes[l].gradient[i];
        }
    }
    return error / (double)(trainer->segment_frames * trainer->lane_count);
}

// Gives a chunk to every lane that has none. False at the end of the pass.
static bool assign_chunks(bl_trainer *trainer)
{
    for (uint32_t l = 0; l < trainer->lane_count; l++) {
        if (trainer->lanes[l].left != 0) {
            continue;
        }
        if (trainer->next_chunk >= trainer->chunk_count) {
            return false;
        }
        const size_t chunk = trainer->order[trainer->next_chunk++];
        trainer->lanes[l].position = trainer->grid + chunk * trainer->chunk_frames;
        trainer->lanes[l].left = trainer->chunk_segments;
    }
    return true;
}

static void validate_part(void *data, uint32_t thread, uint32_t item)
{
    bl_trainer *trainer = data;
    const bl_train_data *pair = trainer->data;
    const size_t delay = bl_train_net_delay_frames(trainer->net);
    const size_t all = pair->input.frames - pair->train_frames;
    const size_t from = pair->train_frames + all * item / VALIDATION_PARTS;
    const size_t to = pair->train_frames + all * (item + 1) / VALIDATION_PARTS;
    bl_train_bench *bench = trainer->stations[thread].validation_bench;
    float last[VALIDATION_FRAMES];
    part *sum = &trainer->parts[item];
    sum->error = sum->power = 0.0;
    warm_up(trainer, bench, sum->past, VALIDATION_FRAMES, from);
    for (size_t at = from; at < to + delay; at += VALIDATION_FRAMES) {
        const float *in = pair->input.samples + at;
        if (at + VALIDATION_FRAMES > pair->input.frames) {
            memset(last, 0, sizeof last);
            if (at < pair->input.frames) {
                memcpy(last, in, (pair->input.frames - at) * sizeof *last);
            }
            in = last;
        }
        const float *out = bl_train_bench_forward(bench, sum->past, in);
        for (size_t n = 0; n < VALIDATION_FRAMES; n++) {
            if (at + n >= from + delay && at + n < to + delay) {
                const double wanted = (double)pair->target.samples[at + n - delay];
                sum->error += ((double)out[n] - wanted) * ((double)out[n] - wanted);
                sum->power += wanted * wanted;
            }
        }
    }
}

double bl_trainer_validate(bl_trainer *trainer, const float *parameters)
{
    bl_train_net_pack(trainer->net, parameters);
    bl_pool_run(trainer->pool, validate_part, trainer, VALIDATION_PARTS);
    double errors = 0.0, power = 0.0;
    for (int p = 0; p < VALIDATION_PARTS; p++) {
        errors += trainer->parts[p].error;
        power += trainer->parts[p].power;
    }
    return power > 0.0 ? errors / power : errors;
}

static double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void bl_trainer_measure(bl_trainer *trainer, double *step_s, double *validation_s)
{
    const double start = now_s();
    const double esr = bl_trainer_validate(trainer, trainer->state.parameters);
    const double validated = now_s();
    begin_epoch(trainer);
    int steps = 0;
    double error = esr;
    // The first step of a chunk also warms up, so a chunk is measured as a whole where time allows.
    while (steps < CHUNK_SEGMENTS && (steps < 4 || now_s() - validated < 0.5) &&
           assign_chunks(trainer)) {
        error += gather(trainer);
        steps++;
    }
    *validation_s = validated - start;
    *step_s = (now_s() - validated) / (steps > 0 ? steps : 1);
    trainer->state.train_esr = error; // read again after the first epoch only
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
    restore_state(trainer);
    trainer->kept_state.rate_scale = trainer->state.rate_scale *= 0.5;
    return ++trainer->recoveries > RECOVERIES_MAX ? BL_TRAINER_DIVERGED : BL_TRAINER_RECOVERED;
}

bl_trainer_outcome bl_trainer_run_epoch(bl_trainer *trainer, bl_trainer_stop *stop, void *data)
{
    bl_trainer_state *state = &trainer->state;
    bl_ftz_enable();
    keep_state(trainer);
    bl_optimizer_set_steps(trainer->optimizer, state->step);
    begin_epoch(trainer);
    double error = 0.0;
    uint64_t steps = 0;
    while (state->step < state->steps && assign_chunks(trainer)) {
        error += gather(trainer);
        if (!isfinite(error) || !all_finite(trainer->gradient, state->parameter_count)) {
            return recover(trainer);
        }
        bl_optimizer_step(trainer->optimizer, state->parameters, trainer->gradient,
                          learning_rate(trainer));
        state->step++;
        steps++;
        if (stop != NULL && stop(data, state)) {
            restore_state(trainer);
            return BL_TRAINER_STOPPED;
        }
    }
    state->epoch++;
    state->train_esr = error / (double)(steps > 0 ? steps : 1) / trainer->data->target_power;
    state->validation_esr = bl_trainer_validate(trainer, state->parameters);
    if (!isfinite(state->validation_esr)) {
        return recover(trainer);
    }
    if (state->validation_esr < state->best_esr) {
        state->best_esr = state->validation_esr;
        memcpy(state->best, state->parameters, state->parameter_count * sizeof *state->best);
    }
    return state->step >= state->steps ? BL_TRAINER_FINISHED : BL_TRAINER_EPOCH;
}
