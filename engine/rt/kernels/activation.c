// SPDX-License-Identifier: MIT
// Activations over planar buffers. Thread: RT. The kind is switched outside the loops.

#include "rt/kernels/activation.h"

#include "rt/kernels/local.h"

#include <stddef.h>

typedef enum then { THEN_NOTHING, THEN_ADD, THEN_COPY } then;

// x = f(x), and then `to` = x or x + from.
VEC_INLINE void each_row(bl_activation_kind kind, const bl_activation *activation, bl_span x,
                         then next, bl_rows from, bl_rows to)
{
    for (uint32_t row = 0; row < x.rows; row++) {
        const float slope = vec_activation_slope(activation, row);
        for (uint32_t t = 0; t < x.frames; t += VEC_LANES) {
            const vec y = vec_activate(kind, activation, slope, vec_load(x.at + t));
            vec_store(x.at + t, y);
            if (next == THEN_ADD) {
                vec_store(to.at + t, vec_load(from.at + t) + y);
            } else if (next == THEN_COPY) {
                vec_store(to.at + t, y);
            }
        }
        x.at += x.stride;
        if (next == THEN_ADD) {
            from.at += from.stride;
        }
        if (next != THEN_NOTHING) {
            to.at += to.stride;
        }
    }
}

// exp(x - max) / sum over the channels of one frame.
static void softmax(bl_span x)
{
    for (uint32_t t = 0; t < x.frames; t += VEC_LANES) {
        float *first = x.at + t;
        vec largest = vec_load(first);
        for (uint32_t row = 1; row < x.rows; row++) {
            largest = vec_max(largest, vec_load(first + row * x.stride));
        }
        vec sum = vec_set(0.0f);
        for (uint32_t row = 0; row < x.rows; row++) {
            float *at = first + row * x.stride;
            const vec e = vec_expm1_negative(vec_load(at) - largest) + vec_set(1.0f);
            vec_store(at, e);
            sum += e;
        }
        for (uint32_t row = 0; row < x.rows; row++) {
            float *at = first + row * x.stride;
            vec_store(at, vec_load(at) / sum);
        }
    }
}

void BL_KERNEL_SUFFIX(bl_activate)(const bl_activation *activation, bl_span x)
{
    const bl_rows none = {0};
    switch (activation->kind) {
    case BL_ACTIVATION_IDENTITY:
        break;
    case BL_ACTIVATION_SOFTMAX:
        softmax(x);
        break;
#define EACH_ROW(kind)                                                                             \
    case kind:                                                                                     \
        each_row(kind, activation, x, THEN_NOTHING, none, none);                                   \
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

VEC_INLINE void activate_add(bl_activation_kind kind, const bl_activation *activation, bl_span x,
                             bl_rows from, bl_rows to)
{
    if (from.at != NULL) {
        each_row(kind, activation, x, THEN_ADD, from, to);
    } else {
        each_row(kind, activation, x, THEN_COPY, (bl_rows){0}, to);
    }
}

void BL_KERNEL_SUFFIX(bl_activate_add)(const bl_activation *activation, bl_span x, bl_rows from,
                                       bl_rows to)
{
    switch (activation->kind) {
    case BL_ACTIVATION_TANH:
        activate_add(BL_ACTIVATION_TANH, activation, x, from, to);
        break;
    case BL_ACTIVATION_RELU:
        activate_add(BL_ACTIVATION_RELU, activation, x, from, to);
        break;
    case BL_ACTIVATION_LEAKY_RELU:
        activate_add(BL_ACTIVATION_LEAKY_RELU, activation, x, from, to);
        break;
    default:
        BL_KERNEL_SUFFIX(bl_activate)(activation, x);
        activate_add(BL_ACTIVATION_IDENTITY, activation, x, from, to);
        break;
    }
}
