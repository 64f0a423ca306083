// SPDX-License-Identifier: MIT
// The trainer's oracle: forward and backward of a WaveNet in plain loops over doubles, one signal
// array per layer, nothing clever. Weights are read from a flat array of doubles.

#ifndef BACKLINE_TESTS_TRAIN_REFERENCE_H
#define BACKLINE_TESTS_TRAIN_REFERENCE_H

#include "train/shapes.h"

#include <stddef.h>

/// Output of `made` with `weights` (count doubles) for `in`, zeros before; centred nets lag by
/// their lookahead, as in the trainer.
void reference_forward(const shape *made, const double *weights, const double *in, size_t frames,
                       double *out);

/// The gradient of sum over n of delta[n] * out[n] by every weight, into `gradient`.
void reference_backward(const shape *made, const double *weights, const double *in, size_t frames,
                        const double *delta, double *gradient);

#endif
