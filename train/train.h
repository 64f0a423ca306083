// SPDX-License-Identifier: MIT
// Training as a whole: two recordings and a config in, a run folder out. The folder is the truth:
// any process can follow it, kill the training, resume it.

#ifndef BACKLINE_TRAIN_TRAIN_H
#define BACKLINE_TRAIN_TRAIN_H

#include "backline/config.h"
#include "backline/model.h"
#include "backline/status.h"
#include "train/check.h"
#include "train/data.h"

#include <stdbool.h>
#include <stdint.h>

/// What is known while training; written to progress.ndjson too.
typedef struct bl_train_progress {
    uint64_t epoch, step, steps;
    bool epoch_ended;   ///< false: a step within an epoch, a few times a second
    bool recovered;     ///< NaN: went back to the last good epoch with half the rate
    bool start_settled; ///< once, of a training with a start, before its first step: the next four
    bool start_dropped; ///< it learns this amplifier slower than nothing does, so it is not used
    double start_esr;   ///< of the start, at the amplifier's loudness and polarity
    double taught_esr, drawn_esr; ///< of the start and of nothing after trial steps; 0: none made
    bool learns_nothing; ///< a good part of the time is over, and any silence would do as well
    double train_esr;    ///< of the last whole epoch
    double validation_esr;
    double best_esr;
    double elapsed_s, left_s;
    double samples_per_s; ///< learnt from
} bl_train_progress;

typedef struct bl_train_job {
    const bl_config *config;
    const bl_train_data *data;
    const bl_model *start;     ///< fine-tuning; may be NULL
    const bl_check *checks[2]; ///< of the pair and of that for validation, for the report; or NULL
    const char *output;        ///< run folder, made if missing
    const char *name;          ///< of the model
    uint32_t threads;
    double spent_s; ///< of the config's minutes, before this: on loading and checking
    bool resume;
    void (*report)(void *data, const bl_train_progress *progress); ///< may be NULL
    bool (*stop)(void *data); ///< asked after every step; may be NULL
    void *data_of_calls;
} bl_train_job;

/// How a training ended.
typedef struct bl_train_result {
    bool stopped;          ///< asked to; resume goes on
    bool already_finished; ///< resume of a finished run: nothing was done
    uint64_t epochs;
    double best_esr;
    double played_esr;   ///< of best_model.safetensors, loaded and played by the engine
    const char *verdict; ///< on that, as in the report
    const char *meaning; ///< the verdict in a few words more
} bl_train_result;

/// Trains. Refuses a folder that holds a run unless `resume`. Thread: any but RT, for minutes.
bl_status bl_train_run(const bl_train_job *job, bl_train_result *result, bl_error *error);

/// How fast this machine trains what a config describes, on made-up noise.
typedef struct bl_train_speed bl_train_speed;

/// One training with so many threads. Thread: any but RT. Owns: the caller.
bl_status bl_train_speed_create(const bl_config *config, uint32_t threads, bl_train_speed **speed,
                                bl_error *error);

/// NULL is allowed.
void bl_train_speed_destroy(bl_train_speed *speed);

/// Makes steps for about `seconds`. May be called several times, in turns with others.
void bl_train_speed_run(bl_train_speed *speed, double seconds);

/// Audio samples learnt from per second, whole steps (forward, backward, update) and their share of
/// warming up: from the fastest tenth of the steps so far, which nobody disturbed.
typedef struct bl_train_rate {
    double per_wall_s;
    double per_cpu_s; ///< of one core's time
} bl_train_rate;

bl_train_rate bl_train_speed_rate(bl_train_speed *speed);

/// Multiply-adds of one sample, forward and backward: three times the network's.
double bl_train_speed_mac_per_sample(const bl_train_speed *speed);

#endif
