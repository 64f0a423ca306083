// SPDX-License-Identifier: MIT
// All state lies in one array, tensor after tensor, so that a checkpoint is one copy.

#include "train/optimizer.h"

#include "train/kernels.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BASIS_PERIOD = 10,             ///< steps between two turns of the eigenbases
    BASIS_MAX = BL_TRAIN_SIDE_MAX, ///< sides longer than this stay unrotated
};

static const float momentum = 0.95f, variance_decay = 0.95f, factor_decay = 0.95f;
static const float adam_momentum = 0.9f, adam_variance_decay = 0.99f, epsilon = 1e-8f;

// One side of a matrix: its factor (EMA of G G^T or G^T G) and eigenbasis, n x n, or n = 0.
typedef struct side {
    uint32_t n;
    float *factor, *basis;
} side;

typedef struct tensor_state {
    bl_train_tensor tensor;
    float *mean, *variance; ///< of the gradient: mean unrotated, variance in the basis
    side left, right;
} tensor_state;

struct bl_optimizer {
    const bl_train_kernels *kernels;
    tensor_state *tensors;
    uint32_t tensor_count;
    float *state;
    size_t state_count;
    float *scratch; ///< three matrices of the largest rotated size
    size_t scratch_size;
    float decay;
    uint64_t steps;
};

static bool rotated(const bl_train_tensor *tensor, bool soap)
{
    return soap && tensor->rows > 1 && tensor->columns > 1 && tensor->rows <= BASIS_MAX &&
           tensor->columns <= BASIS_MAX;
}

static size_t side_size(uint32_t n)
{
    return 2 * (size_t)n * n;
}

static side side_at(float **next, uint32_t n)
{
    const side made = {n, *next, *next + (size_t)n * n};
    *next += side_size(n);
    return made;
}

bl_optimizer *bl_optimizer_create(const bl_train_tensor *tensors, uint32_t tensor_count,
                                  size_t count, bool soap, double decay)
{
    assert(tensor_count > 0 && count > 0);
    size_t size = 2 * count, largest = 1;
    for (uint32_t t = 0; t < tensor_count; t++) {
        const bl_train_tensor *tensor = &tensors[t];
        if (rotated(tensor, soap)) {
            const size_t longer = tensor->rows > tensor->columns ? tensor->rows : tensor->columns;
            largest = longer * longer > largest ? longer * longer : largest;
            size += side_size(tensor->rows) + side_size(tensor->columns);
        }
    }
    bl_optimizer *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return NULL;
    }
    made->tensors = calloc(tensor_count, sizeof *made->tensors);
    made->state = calloc(size, sizeof *made->state);
    made->scratch = calloc(3 * largest, sizeof *made->scratch);
    if (made->tensors == NULL || made->state == NULL || made->scratch == NULL) {
        bl_optimizer_destroy(made);
        return NULL;
    }
    made->kernels = bl_train_kernels_choose();
    made->tensor_count = tensor_count;
    made->state_count = size;
    made->decay = (float)decay;
    made->scratch_size = largest;
    float *next = made->state;
    for (uint32_t t = 0; t < tensor_count; t++) {
        tensor_state *state = &made->tensors[t];
        const size_t cells = (size_t)tensors[t].rows * tensors[t].columns;
        state->tensor = tensors[t];
        state->mean = next;
        state->variance = next + cells;
        next += 2 * cells;
        if (rotated(&tensors[t], soap)) {
            state->left = side_at(&next, tensors[t].rows);
            state->right = side_at(&next, tensors[t].columns);
        }
    }
    return made;
}

void bl_optimizer_destroy(bl_optimizer *optimizer)
{
    if (optimizer != NULL) {
        free(optimizer->tensors);
        free(optimizer->state);
        free(optimizer->scratch);
        free(optimizer);
    }
}

float *bl_optimizer_state(bl_optimizer *optimizer, size_t *count)
{
    *count = optimizer->state_count;
    return optimizer->state;
}

uint64_t bl_optimizer_steps(const bl_optimizer *optimizer)
{
    return optimizer->steps;
}

void bl_optimizer_set_steps(bl_optimizer *optimizer, uint64_t steps)
{
    optimizer->steps = steps;
}

static void transpose(const float *restrict a, float *restrict b, uint32_t m, uint32_t n)
{
    for (uint32_t i = 0; i < m; i++) {
        for (uint32_t j = 0; j < n; j++) {
            b[(size_t)j * m + i] = a[(size_t)i * n + j];
        }
    }
}

// One power iteration: basis = orthonormal(factor basis). The first time the factor is the sum of
// one gradient, so the basis starts from the unit matrix.
static void turn_basis(const bl_train_kernels *kernels, side *s, float *scratch, bool first)
{
    if (first) {
        memset(s->basis, 0, (size_t)s->n * s->n * sizeof *s->basis);
        for (uint32_t i = 0; i < s->n; i++) {
            s->basis[(size_t)i * s->n + i] = 1.0f;
        }
    }
    // The factor is its own transpose, so this is the transpose of factor basis: columns in rows.
    kernels->matrix_multiply(s->basis, true, s->factor, scratch, s->n, s->n, s->n);
    kernels->matrix_orthonormalize(scratch, s->n);
    transpose(scratch, s->basis, s->n, s->n);
}

static void update_factor(side *s, const float *product)
{
    for (size_t i = 0; i < (size_t)s->n * s->n; i++) {
        s->factor[i] = factor_decay * s->factor[i] + (1.0f - factor_decay) * product[i];
    }
}

// to = left^T from right, or back again: left from right^T.
static void rotate(const bl_train_kernels *kernels, const tensor_state *state, const float *from,
                   float *to, float *scratch, float *scratch2, bool back)
{
    const uint32_t rows = state->tensor.rows, columns = state->tensor.columns;
    if (back) {
        kernels->matrix_multiply(state->left.basis, false, from, scratch, rows, rows, columns);
        transpose(state->right.basis, scratch2, columns, columns);
        kernels->matrix_multiply(scratch, false, scratch2, to, rows, columns, columns);
    } else {
        kernels->matrix_multiply(state->left.basis, true, from, scratch, rows, rows, columns);
        kernels->matrix_multiply(scratch, false, state->right.basis, to, rows, columns, columns);
    }
}

static void soap_step(const bl_optimizer *optimizer, tensor_state *state, float *parameters,
                      float *gradient, float rate)
{
    const bl_train_kernels *kernels = optimizer->kernels;
    const uint32_t rows = state->tensor.rows, columns = state->tensor.columns;
    const size_t cells = (size_t)rows * columns;
    float *one = optimizer->scratch, *two = one + optimizer->scratch_size;
    float *three = two + optimizer->scratch_size;

    transpose(gradient, one, rows, columns);
    kernels->matrix_multiply(one, true, one, two, rows, columns, rows);
    update_factor(&state->left, two);
    kernels->matrix_multiply(gradient, true, gradient, two, columns, rows, columns);
    update_factor(&state->right, two);
    const bool first = optimizer->steps == 1;
    if (first || optimizer->steps % BASIS_PERIOD == 0) {
        turn_basis(kernels, &state->left, one, first);
        turn_basis(kernels, &state->right, one, first);
    }

    for (size_t i = 0; i < cells; i++) {
        state->mean[i] = momentum * state->mean[i] + (1.0f - momentum) * gradient[i];
    }
    const float mean_bias = 1.0f - powf(momentum, (float)optimizer->steps);
    const float variance_bias = 1.0f - powf(variance_decay, (float)optimizer->steps);
    rotate(kernels, state, gradient, three, one, two, false);
    for (size_t i = 0; i < cells; i++) {
        state->variance[i] =
            variance_decay * state->variance[i] + (1.0f - variance_decay) * three[i] * three[i];
    }
    rotate(kernels, state, state->mean, three, one, two, false);
    for (size_t i = 0; i < cells; i++) {
        gradient[i] = three[i] / mean_bias / (sqrtf(state->variance[i] / variance_bias) + epsilon);
    }
    rotate(kernels, state, gradient, three, one, two, true);
    for (size_t i = 0; i < cells; i++) {
        parameters[i] -= rate * three[i];
    }
}

static void adam_step(const bl_optimizer *optimizer, tensor_state *state, float *parameters,
                      const float *gradient, float rate)
{
    const size_t cells = (size_t)state->tensor.rows * state->tensor.columns;
    const float mean_bias = 1.0f - powf(adam_momentum, (float)optimizer->steps);
    const float variance_bias = 1.0f - powf(adam_variance_decay, (float)optimizer->steps);
    for (size_t i = 0; i < cells; i++) {
        const float g = gradient[i];
        state->mean[i] = adam_momentum * state->mean[i] + (1.0f - adam_momentum) * g;
        state->variance[i] =
            adam_variance_decay * state->variance[i] + (1.0f - adam_variance_decay) * g * g;
        parameters[i] -= rate * (state->mean[i] / mean_bias) /
                         (sqrtf(state->variance[i] / variance_bias) + epsilon);
    }
}

void bl_optimizer_step(bl_optimizer *optimizer, float *parameters, float *gradient, float rate)
{
    optimizer->steps++;
    for (uint32_t t = 0; t < optimizer->tensor_count; t++) {
        tensor_state *state = &optimizer->tensors[t];
        const size_t offset = state->tensor.offset;
        const size_t cells = (size_t)state->tensor.rows * state->tensor.columns;
        const float keep = 1.0f - rate * optimizer->decay;
        for (size_t i = 0; keep != 1.0f && state->tensor.rows > 1 && i < cells; i++) {
            parameters[offset + i] *= keep;
        }
        if (state->left.n != 0) {
            soap_step(optimizer, state, parameters + offset, gradient + offset, rate);
        } else {
            adam_step(optimizer, state, parameters + offset, gradient + offset, rate);
        }
    }
}
