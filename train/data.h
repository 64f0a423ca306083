// SPDX-License-Identifier: MIT
// A pair of recordings as the trainer sees it: clean and amplified, same rate, same length,
// aligned, the end kept back for validation.

#ifndef BACKLINE_TRAIN_DATA_H
#define BACKLINE_TRAIN_DATA_H

#include "backline/audio.h"
#include "backline/config.h"
#include "backline/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct bl_train_data {
    bl_audio input, target; ///< owned
    size_t train_frames;    ///< frames 0..train_frames-1 are learnt from, the rest validates
    double input_power;     ///< mean square of the training part
    double target_power;
} bl_train_data;

/// Takes over both recordings (also on failure, where they are freed): resamples them to the
/// config's rate, cuts them to the shorter length, and keeps back `data.validation_seconds`, at
/// most a fifth. Fails if less than a second is left to learn from or the target is silent. Thread:
/// any. Owns: the caller, who ends with bl_train_data_finish.
bl_status bl_train_data_init(bl_train_data *data, bl_audio *input, bl_audio *target,
                             const bl_config_data *config, bl_error *error);

/// Learns from the whole pair and validates by another one of the same rate, which is taken over
/// (also on failure, where it is freed) and put behind the first with a pause between them, so that
/// nothing rings from one into the other. Fails if it is silent or memory is short. Thread: any.
bl_status bl_train_data_validate_by(bl_train_data *data, bl_audio *input, bl_audio *target,
                                    bl_error *error);

void bl_train_data_finish(bl_train_data *data);

#endif
