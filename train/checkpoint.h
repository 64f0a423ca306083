// SPDX-License-Identifier: MIT
// A training on disk: everything that the next epoch depends on, as one safetensors file. Random
// numbers follow from the config's seed and the epoch, so they need no place of their own.

#ifndef BACKLINE_TRAIN_CHECKPOINT_H
#define BACKLINE_TRAIN_CHECKPOINT_H

#include "backline/status.h"
#include "train/trainer.h"

/// Writes temporary, fsync, rename. `config` is the run's config as YAML. Thread: any but RT.
bl_status bl_checkpoint_save(const char *path, const bl_trainer_state *state, const char *config,
                             bl_error *error);

/// Reads into `state`, whose arrays and counts are those of the trainer to be resumed. Fails, and
/// leaves `state` as it was, if the file is damaged or was made with another config: the first
/// different line is named. Thread: any but RT.
bl_status bl_checkpoint_load(const char *path, const char *config, bl_trainer_state *state,
                             bl_error *error);

#endif
