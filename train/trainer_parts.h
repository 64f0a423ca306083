// SPDX-License-Identifier: MIT
// The inside of bl_trainer, shared by the files trainer_*.c alone.

#ifndef BACKLINE_TRAIN_TRAINER_PARTS_H
#define BACKLINE_TRAIN_TRAINER_PARTS_H

#include "train/learner.h"
#include "train/loss.h"
#include "train/optimizer.h"
#include "train/pool.h"
#include "train/trainer.h"

enum {
    BL_VALIDATION_PARTS = 8,
    BL_VALIDATION_FRAMES = 4096, ///< of one validation segment
};

/// A place in the recording whose segments follow one another.
typedef struct bl_trainer_lane {
    float *past, *gradient;
    float before[BL_LEARNER_OUTPUTS_MAX]; ///< last error of the segment before, per output
    size_t position;                      ///< of the next segment
    uint32_t left;                        ///< segments until a new chunk
    double error; ///< sum of squares of the last segment, of the last output
} bl_trainer_lane;

/// What one thread works in.
typedef struct bl_trainer_station {
    bl_learner_bench *bench, *validation_bench;
    float *wanted, *delta; ///< of one segment
    bl_loss_room *room;
} bl_trainer_station;

/// One stretch of the validation, the same however many threads share the work.
typedef struct bl_trainer_part {
    float *past;
    double error, power;
} bl_trainer_part;

struct bl_trainer {
    bl_config config;
    const bl_train_data *data;
    bl_model *model; ///< for its shape
    bl_learner *learner;
    bl_loss loss;
    bl_optimizer *optimizer;
    bl_pool *pool;
    bl_trainer_station *stations; ///< one per thread
    bl_trainer_lane *lanes;
    bl_trainer_part parts[BL_VALIDATION_PARTS];
    size_t segment_frames, chunk_frames;
    uint32_t lane_count, chunk_count, chunk_segments;
    uint32_t *order; ///< chunks of this epoch
    size_t grid;     ///< where its first chunk begins
    uint32_t next_chunk;
    float *gradient;
    float *lead; ///< `lead_frames` of silence, then as many of the recording: how it begins
    size_t lead_frames;
    float *kept; ///< the state's arrays after the last good epoch
    bl_trainer_state state, kept_state;
    uint32_t recoveries;
};

/// Sizes of segments, lanes and chunks that fit the material.
void bl_trainer_plan_segments(bl_trainer *trainer);

/// Remembers the state as a good one, and goes back to it.
void bl_trainer_keep(bl_trainer *trainer);
void bl_trainer_restore(bl_trainer *trainer);

/// Shuffles the chunks of the epoch that begins; depends on the seed and the epoch alone.
void bl_trainer_begin_pass(bl_trainer *trainer);

/// Gives a chunk to every lane that has none. False at the end of the pass.
bool bl_trainer_assign_chunks(bl_trainer *trainer);

/// Gradients of all lanes at the present parameters; returns the mean squared error.
double bl_trainer_gather(bl_trainer *trainer);

/// Gradients, then the optimiser: one step of the plan. False, with nothing changed that counts, if
/// there are infinite numbers. `error` is the mean squared one before the step.
bool bl_trainer_make_step(bl_trainer *trainer, double *error);

/// Runs `bench` over what came before `position`, zeros before the recording, so that the lane with
/// `past` can begin there.
void bl_trainer_warm_up(const bl_trainer *trainer, bl_learner_bench *bench, float *past,
                        size_t frames, size_t position);

#endif
