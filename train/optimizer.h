// SPDX-License-Identifier: MIT
// From gradients to steps. Adam with decoupled weight decay (Kingma & Ba 2015, Loshchilov & Hutter
// 2019), and SOAP (Vyas et al. 2024): Adam in the slowly turning eigenbasis of Shampoo's two
// factors, for every tensor that is a matrix.

#ifndef BACKLINE_TRAIN_OPTIMIZER_H
#define BACKLINE_TRAIN_OPTIMIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One tensor of the flat parameter array, as a matrix.
typedef struct bl_train_tensor {
    size_t offset;
    uint32_t rows, columns; ///< a vector has one row
} bl_train_tensor;

typedef struct bl_optimizer bl_optimizer;

/// For `count` parameters in `tensors`. `soap` false: Adam for all. `decay` shrinks matrices by
/// rate * decay in every step. NULL if memory is short.
/// Thread: any. Owns: the caller; `tensors` is copied.
bl_optimizer *bl_optimizer_create(const bl_train_tensor *tensors, uint32_t tensor_count,
                                  size_t count, bool soap, double decay);

/// NULL is allowed.
void bl_optimizer_destroy(bl_optimizer *optimizer);

/// One step of size `rate` along `gradient`, which is overwritten. The same state and gradient give
/// the same bits.
void bl_optimizer_step(bl_optimizer *optimizer, float *parameters, float *gradient, float rate);

/// The whole state as one array, for checkpoints: moments, factors and bases, `*count` floats.
float *bl_optimizer_state(bl_optimizer *optimizer, size_t *count);

/// Steps made so far; set when a checkpoint is read.
uint64_t bl_optimizer_steps(const bl_optimizer *optimizer);
void bl_optimizer_set_steps(bl_optimizer *optimizer, uint64_t steps);

#endif
