// SPDX-License-Identifier: MIT
// How loud a model is: its answer to a riff that never changes.

#ifndef BACKLINE_TRAIN_LOUDNESS_H
#define BACKLINE_TRAIN_LOUDNESS_H

#include "backline/model.h"

/// Fills `samples` with the riff at `rate_hz`: six plucked strings, one after another, peaking
/// near half of full scale. Thread: any.
void bl_loudness_riff(double rate_hz, float *samples, size_t frames);

/// 10 log10 of the mean square of what `model` makes of two seconds of the riff, in dB of full
/// scale: what .nam files call loudness. Thread: any but RT.
bl_status bl_loudness_measure(bl_model *model, double *loudness_db, bl_error *error);

#endif
