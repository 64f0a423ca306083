// SPDX-License-Identifier: MIT
// Starting a training from a model that exists.

#ifndef BACKLINE_TRAIN_START_H
#define BACKLINE_TRAIN_START_H

#include "backline/model.h"
#include "model/arch.h"

#include <stddef.h>

/// Copies the weights of `start`, from any file format, in the order of the native tensors of
/// `shape`, to `parameters`. Fails with BL_STATUS_SHAPE if the networks differ in more than their
/// weights. Thread: any.
bl_status bl_start_copy(const bl_model *start, const bl_model *shape, float *parameters,
                        bl_error *error);

/// Multiplies what the network `arch`, whose weights lie in `base`, answers by `gain`: its head in
/// `parameters`. A direct path beside an LSTM has no factor, so nothing is done there. Thread: any.
void bl_start_scale(const bl_arch *arch, const float *base, float gain, float *parameters);

#endif
