// SPDX-License-Identifier: MIT
// The training part is cut into chunks of a few segments; every epoch shifts the grid and shuffles
// the chunks, each lane warms up before its chunk and then keeps its past, so that only a few
// percent of the work is spent on what came before.

#include "train/net.h"
#include "train/random.h"
#include "train/trainer_parts.h"

#include <string.h>

enum {
    CHUNK_SEGMENTS = 16,  ///< segments that a lane runs in a row, at least,
    CHUNK_FRAMES = 16384, ///< and frames: what warms up before must stay a small part
};

void bl_trainer_plan_segments(bl_trainer *trainer)
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
    const size_t wanted =
        segment * CHUNK_SEGMENTS < CHUNK_FRAMES ? CHUNK_FRAMES / segment : CHUNK_SEGMENTS;
    trainer->segment_frames = segment;
    trainer->chunk_segments = (uint32_t)(most < wanted ? (most > 0 ? most : 1) : wanted);
    trainer->chunk_frames = segment * trainer->chunk_segments;
    // One chunk less than would fit, so that the grid can shift, and whole rows of lanes.
    const size_t chunks = frames / trainer->chunk_frames - 1;
    trainer->chunk_count = (uint32_t)(chunks / trainer->lane_count * trainer->lane_count);
}

void bl_trainer_begin_pass(bl_trainer *trainer)
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

bool bl_trainer_assign_chunks(bl_trainer *trainer)
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

void bl_trainer_warm_up(const bl_trainer *trainer, bl_learner_bench *bench, float *past,
                        size_t frames, size_t position)
{
    const size_t memory = bl_learner_memory_frames(trainer->learner);
    const size_t segments = (memory + frames - 1) / frames;
    const float *unused[BL_LEARNER_OUTPUTS_MAX];
    memset(past, 0, bl_learner_past_size(trainer->learner) * sizeof *past);
    for (size_t s = segments; s > 0; s--) {
        const size_t before = s * frames; // where the segment begins, before the position
        const size_t early = before > position ? before - position : 0;
        const float *lead =
            trainer->lead + trainer->lead_frames - (early < frames ? early : frames);
        bl_learner_bench_forward(
            bench, past, early > 0 ? lead : trainer->data->input.samples + position - before,
            unused);
    }
}

static void run_lane(void *data, uint32_t thread, uint32_t item)
{
    bl_trainer *trainer = data;
    bl_trainer_lane *lane = &trainer->lanes[item];
    bl_trainer_station *station = &trainer->stations[thread];
    const size_t frames = trainer->segment_frames;
    const size_t delay = bl_learner_delay_frames(trainer->learner);
    const uint32_t outputs = bl_learner_outputs(trainer->learner);
    const float *out[BL_LEARNER_OUTPUTS_MAX];
    if (lane->left == trainer->chunk_segments) {
        bl_trainer_warm_up(trainer, station->bench, lane->past, frames, lane->position);
        memset(lane->before, 0, sizeof lane->before);
    }
    bl_learner_bench_forward(station->bench, lane->past,
                             trainer->data->input.samples + lane->position, out);
    memset(lane->gradient, 0, trainer->state.parameter_count * sizeof *lane->gradient);
    for (uint32_t k = 0; k < outputs; k++) {
        // Where a centred network has heard nothing yet, any answer is right.
        const size_t early = lane->position < delay ? delay - lane->position : 0;
        const size_t unheard = early < frames ? early : frames;
        memcpy(station->wanted, out[k], unheard * sizeof *out[k]);
        if (unheard < frames) {
            memcpy(station->wanted + unheard,
                   trainer->data->target.samples + lane->position + unheard - delay,
                   (frames - unheard) * sizeof *station->wanted);
        }
        lane->error = bl_loss_derive(&trainer->loss, station->room, out[k], station->wanted,
                                     &lane->before[k], station->delta);
        bl_learner_bench_backward(station->bench, k, station->delta, lane->gradient);
    }
    lane->position += frames;
    lane->left--;
}

double bl_trainer_gather(bl_trainer *trainer)
{
    bl_learner_pack(trainer->learner, trainer->state.parameters);
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
