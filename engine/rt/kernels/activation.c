// SPDX-License-Identifier: MIT
// Activations over planar buffers. Thread: RT. The kind is switched outside the loops.

#include "rt/kernels/activation.h"

#include "rt/kernels/local.h"

#include <stddef.h>

VEC_INLINE void each_row(bl_activation_kind kind, const bl_activation *activation, float *x,
                         size_t stride, uint32_t rows, uint32_t frames)
{
    for (uint32_t row = 0; row < rows; row++) {
        const float slope = vec_activation_slope(activation, row);
        for (uint32_t t = 0; t < frames; t += VEC_LANES) {
            vec_store(x + t, vec_activate(kind, activation, slope, vec_load(x + t)));
        }
        x += stride;
    }
}

// exp(x - max) / sum over the channels of one frame.
static void softmax(float *x, size_t stride, uint32_t rows, uint32_t frames)
{
    for (uint32_t t = 0; t < frames; t += VEC_LANES) {
        vec largest = vec_load(x + t);
        for (uint32_t row = 1; row < rows; row++) {
            largest = vec_max(largest, vec_load(x + row * stride + t));
        }
        vec sum = vec_set(0.0f);
        for (uint32_t row = 0; row < rows; row++) {
            float *at = x + row * stride + t;
            const vec e = vec_expm1_negative(vec_load(at) - largest) + vec_set(1.0f);
            vec_store(at, e);
            sum += e;
        }
        for (uint32_t row = 0; row < rows; row++) {
            float *at = x + row * stride + t;
            vec_store(at, vec_load(at) / sum);
        }
    }
}

void BL_KERNEL_SUFFIX(bl_activate)(const bl_activation *activation, float *x, size_t stride,
                                   uint32_t rows, uint32_t frames)
{
    switch (activation->kind) {
    case BL_ACTIVATION_IDENTITY:
        break;
    case BL_ACTIVATION_SOFTMAX:
        softmax(x, stride, rows, frames);
        break;
#define EACH_ROW(kind)                                                                             \
    case kind:                                                                                     \
        each_row(kind, activation, x, stride, rows, frames);                                       \
        break;
        EACH_ROW(BL_ACTIVATION_TANH)
        EACH_ROW(BL_ACTIVATION_HARDTANH)
        EACH_ROW(BL_ACTIVATION_FASTTANH)
        EACH_ROW(BL_ACTIVATION_RELU)
        EACH_ROW(BL_ACTIVATION_LEAKY_RELU)
        EACH_ROW(BL_ACTIVATION_PRELU)
        EACH_ROW(BL_ACTIVATION_SIGMOID)
        EACH_ROW(BL_ACTIVATION_SILU)
        EACH_ROW(BL_ACTIVATION_HARDSWISH)
        EACH_ROW(BL_ACTIVATION_LEAKY_HARDTANH)
        EACH_ROW(BL_ACTIVATION_SOFTSIGN)
        EACH_ROW(BL_ACTIVATION_ELU)
#undef EACH_ROW
    }
}
