// SPDX-License-Identifier: MIT
// What is made small: squared error, of the signals themselves or pre-emphasised, over the power of
// the target or not; and the distance of their spectra at three resolutions.

#ifndef BACKLINE_TRAIN_LOSS_H
#define BACKLINE_TRAIN_LOSS_H

#include "backline/config.h"

#include <stddef.h>

typedef struct bl_loss {
    double pre_emphasis; ///< a of y[n] - a y[n - 1]; 0: none
    double spectral;     ///< weight of the spectral distance; 0: none
    double scale;        ///< of the squared error of one sample
    size_t frames;       ///< of one segment
    uint32_t lanes;      ///< segments of one step
} bl_loss;

/// What one thread needs to compute it.
typedef struct bl_loss_room bl_loss_room;

/// `target_power` is that of the training part's target after pre-emphasis.
bl_loss bl_loss_create(const bl_config_training *config, double target_power, size_t frames,
                       uint32_t lanes);

/// Mean square of y[n] - a y[n - 1].
double bl_loss_power(const float *samples, size_t frames, double pre_emphasis);

/// NULL if memory is short. Owns: the caller.
bl_loss_room *bl_loss_room_create(const bl_loss *loss);

/// NULL is allowed.
void bl_loss_room_destroy(bl_loss_room *room);

/// The gradient of one segment's share of the loss with respect to `out`, into `delta`. `before` is
/// the error at the sample before the segment and becomes that of its last one. Returns the sum of
/// plain squared errors. Thread: one per room.
double bl_loss_derive(const bl_loss *loss, bl_loss_room *room, const float *out,
                      const float *wanted, float *before, float *delta);

#endif
