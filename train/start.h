// SPDX-License-Identifier: MIT
// Starting a training from a model that exists.

#ifndef BACKLINE_TRAIN_START_H
#define BACKLINE_TRAIN_START_H

#include "backline/model.h"

#include <stddef.h>

/// Copies the weights of `start`, from any file format, in the order of the native tensors of
/// `shape`, to `parameters`. Fails with BL_STATUS_SHAPE if the networks differ in more than their
/// weights. Thread: any.
bl_status bl_start_copy(const bl_model *start, const bl_model *shape, float *parameters,
                        bl_error *error);

#endif
