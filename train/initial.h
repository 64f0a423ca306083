// SPDX-License-Identifier: MIT
// Parameters before the first step.

#ifndef BACKLINE_TRAIN_INITIAL_H
#define BACKLINE_TRAIN_INITIAL_H

#include "model/arch.h"
#include "train/optimizer.h"

#include <stddef.h>
#include <stdint.h>

/// Lists the tensors of `arch` as matrices [out][in taps]; weights lie in `base`. Returns how many;
/// `tensors` may be NULL.
uint32_t bl_initial_tensors(const bl_arch *arch, const float *base, bl_train_tensor *tensors);

/// Draws uniform weights of variance 1 / (3 fan-in). In a WaveNet the input's gain is raised so
/// that a signal of `input_power` drives the first activations: a DI peaks far below full scale,
/// and a network of almost linear layers learns slowly. An LSTM's input is left alone, its gates
/// find no way out once they are driven; it starts by remembering, with a bias of 1 at the forget
/// gates (Jozefowicz et al. 2015). The same seed gives the same bits.
void bl_initial_draw(const bl_arch *arch, const float *base, double input_power, uint64_t seed,
                     float *parameters);

#endif
