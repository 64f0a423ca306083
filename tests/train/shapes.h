// SPDX-License-Identifier: MIT
// Network shapes with flat random weights, for tests of the trainer.

#ifndef BACKLINE_TESTS_TRAIN_SHAPES_H
#define BACKLINE_TESTS_TRAIN_SHAPES_H

#include "model/arch.h"

#include <stddef.h>

typedef struct shape {
    bl_wavenet net;
    bl_wavenet_array arrays[2];
    bl_wavenet_layer layers[2][32];
    float *weights; ///< flat; every pointer of `net` points in here
    size_t count;
} shape;

/// The reference model (wavenet_amp). The caller ends with shape_free.
shape *shape_reference(uint32_t layers, uint32_t channels, uint32_t kernel, bool causal,
                       bl_activation_kind kind);

/// Two NAM arrays, kernel 3, tanh: `first` dilations 1, 2, 4... then `second`.
shape *shape_nam(uint32_t channels, uint32_t head, uint32_t first, uint32_t second);

/// One array like NAM A2: LeakyReLU, kernels of 6, a head of `head_kernel` taps.
shape *shape_a2(uint32_t channels, uint32_t layers, uint32_t head_kernel);

void shape_free(shape *made);

/// Uniform in -1..1.
float shape_random(uint32_t *seed);

#endif
