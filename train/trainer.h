// SPDX-License-Identifier: MIT
// One training in memory: parameters, optimiser, lanes, threads. Knows nothing of files; run.c owns
// the folder. The same seed gives the same bits for every number of threads.

#ifndef BACKLINE_TRAIN_TRAINER_H
#define BACKLINE_TRAIN_TRAINER_H

#include "backline/config.h"
#include "backline/model.h"
#include "backline/status.h"
#include "train/data.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bl_trainer bl_trainer;

/// What changes while training: all that a checkpoint must hold.
typedef struct bl_trainer_state {
    uint64_t epoch;      ///< finished ones
    uint64_t step;       ///< made so far
    uint64_t steps;      ///< planned in all; the rate reaches zero there
    double rate_scale;   ///< 1, halved by each recovery from NaN
    double best_esr;     ///< of the best validation so far; above 1e30: none yet
    uint64_t best_epoch; ///< finished ones at that time
    double train_esr;    ///< of the last epoch
    double validation_esr;
    size_t parameter_count, optimizer_count;
    float *parameters; ///< owned by the trainer, as are the next three
    float *best;       ///< parameters of the best validation
    float *average;    ///< running mean of the parameters
    float *optimizer;  ///< see bl_optimizer_state
} bl_trainer_state;

/// Plans a training of `config` on `data` (kept, not owned), with parameters from `start` (same
/// shape; fine-tuning) or drawn by the config's seed where it is NULL. Thread: any. Owns: the
/// caller.
bl_status bl_trainer_create(const bl_config *config, const bl_train_data *data,
                            const bl_model *start, uint32_t threads, bl_trainer **trainer,
                            bl_error *error);

/// What came of the model that a training was to start from.
typedef struct bl_trainer_start {
    double esr;                   ///< of that model, at the amplifier's loudness and polarity
    bool dropped;                 ///< it would learn this amplifier slower than drawn parameters do
    double taught_esr, drawn_esr; ///< of either after a few trial steps; 0: it is near, none needed
} bl_trainer_start;

/// Settles what the training starts from, before its first epoch; `start` was given. A model that
/// is near the amplifier stays, and counts as the best one so far; another one has to beat drawn
/// parameters in a few trial steps. Takes about a second on two cores.
bl_trainer_start bl_trainer_choose_start(bl_trainer *trainer);

/// NULL is allowed.
void bl_trainer_destroy(bl_trainer *trainer);

/// The state, to be saved, or overwritten by a checkpoint between two epochs.
bl_trainer_state *bl_trainer_get_state(bl_trainer *trainer);

/// Steps of one epoch: one pass over the training part.
uint64_t bl_trainer_epoch_steps(const bl_trainer *trainer);

/// Frames that one step learns from.
size_t bl_trainer_step_frames(const bl_trainer *trainer);

/// Seconds of one step, with its share of what begins a chunk, and of one validation on this
/// machine now: measured for about `seconds` before the first epoch, without changing anything that
/// counts.
void bl_trainer_measure(bl_trainer *trainer, double seconds, double *step_s, double *validation_s);

/// What one step took, in seconds: of wall time, and of all its threads' CPU time together.
typedef struct bl_trainer_time {
    double wall_s, cpu_s;
    bool warmed_up; ///< it began a chunk, as one step in bl_trainer_chunk_steps does: more work
} bl_trainer_time;

/// Makes one step of rate zero.
bl_trainer_time bl_trainer_time_step(bl_trainer *trainer);
uint32_t bl_trainer_chunk_steps(const bl_trainer *trainer);

/// Multiply-adds of all networks, forward only.
uint64_t bl_trainer_mac_per_sample(const bl_trainer *trainer);

/// Asked after every step; true ends the epoch early.
typedef bool bl_trainer_stop(void *data, const bl_trainer_state *state);

typedef enum bl_trainer_outcome {
    BL_TRAINER_EPOCH,     ///< an epoch is over and validated
    BL_TRAINER_FINISHED,  ///< that was the last one
    BL_TRAINER_STOPPED,   ///< `stop` said so; the state is that of the last whole epoch
    BL_TRAINER_RECOVERED, ///< NaN; back to the last good epoch with half the rate
    BL_TRAINER_DIVERGED,  ///< NaN again and again
} bl_trainer_outcome;

/// Trains until the end of the pass or of the plan, validates, keeps the best.
bl_trainer_outcome bl_trainer_run_epoch(bl_trainer *trainer, bl_trainer_stop *stop, void *data);

/// ESR over the validation part of the given parameters: sum of squared errors over sum of squares,
/// of the model's own output (of several widths: the last).
double bl_trainer_validate(bl_trainer *trainer, const float *parameters);

#endif
