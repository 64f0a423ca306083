// SPDX-License-Identifier: MIT
// Plays the part kept back from training through a model file, by the engine.

#ifndef BACKLINE_TRAIN_REPLAY_H
#define BACKLINE_TRAIN_REPLAY_H

#include "backline/model.h"
#include "backline/status.h"
#include "train/compare.h"
#include "train/data.h"

/// A model and what it makes of the part kept back, lookahead compensated.
typedef struct bl_replay {
    bl_model *model; ///< owned
    float *output;   ///< owned; take.output
    bl_compare_take take;
    double esr;
} bl_replay;

/// Loads the model at `path` and plays the part kept back through it, and as much before as the
/// model remembers. Thread: any but RT, for about a second. Owns: the caller, who ends with
/// bl_replay_finish (also on failure); `data` must stay alive.
bl_status bl_replay_init(bl_replay *replay, const char *path, const bl_train_data *data,
                         bl_error *error);

void bl_replay_finish(bl_replay *replay);

#endif
