// SPDX-License-Identifier: MIT
// Every activation on one vector of one channel. Inlined into loops whose `kind` does not change,
// so that the compiler takes the switch out.

#ifndef BACKLINE_RT_KERNELS_ACTIVATION_H
#define BACKLINE_RT_KERNELS_ACTIVATION_H

#include "model/arch.h"
#include "rt/kernels/exact.h"

/// Slope of a PReLU for one channel.
VEC_INLINE float vec_prelu_slope(const bl_activation *activation, uint32_t channel)
{
    const uint32_t last = activation->slope_count - 1;
    return activation->slopes[channel < last ? channel : last];
}

/// The rational approximation that files ask for by the name Fasttanh.
VEC_INLINE vec vec_fasttanh(vec x)
{
    const vec a = vec_max(-x, x), square = x * x;
    const vec top =
        vec_fma(vec_fma(vec_set(0.821226666969744f), a, vec_set(0.893229853513558f)), square,
                vec_fma(vec_set(2.45550750702956f), a, vec_set(2.45550750702956f)));
    const vec inner = vec_fma(vec_set(0.814642734961073f) * x, a, x);
    const vec bottom = vec_fma(vec_set(2.44506634652299f) + square, vec_max(-inner, inner),
                               vec_set(2.44506634652299f));
    return x * top / bottom;
}

VEC_INLINE vec vec_leaky_hardtanh(vec x, const float p[4])
{
    const vec low = vec_set(p[0]), high = vec_set(p[1]);
    const vec below = vec_fma(x - low, vec_set(p[2]), low);
    const vec above = vec_fma(x - high, vec_set(p[3]), high);
    return vec_select(x < low, below, vec_select(x > high, above, x));
}

/// All kinds but softmax, which needs every channel at once.
VEC_INLINE vec vec_activate(bl_activation_kind kind, const bl_activation *activation, float slope,
                            vec x)
{
    const vec zero = vec_set(0.0f), one = vec_set(1.0f);
    switch (kind) {
    case BL_ACTIVATION_IDENTITY:
    case BL_ACTIVATION_SOFTMAX:
        return x;
    case BL_ACTIVATION_TANH:
        return vec_tanh(x);
    case BL_ACTIVATION_HARDTANH:
        return vec_max(-one, vec_min(one, x));
    case BL_ACTIVATION_FASTTANH:
        return vec_fasttanh(x);
    case BL_ACTIVATION_RELU:
        return vec_max(zero, x);
    case BL_ACTIVATION_LEAKY_RELU:
    case BL_ACTIVATION_PRELU:
        return vec_leaky(x, vec_set(slope));
    case BL_ACTIVATION_SIGMOID:
        return vec_sigmoid(x);
    case BL_ACTIVATION_SILU:
        return x * vec_sigmoid(x);
    case BL_ACTIVATION_HARDSWISH:
        return x * vec_max(zero, vec_min(vec_set(6.0f), x + vec_set(3.0f))) / vec_set(6.0f);
    case BL_ACTIVATION_LEAKY_HARDTANH:
        return vec_leaky_hardtanh(x, activation->p);
    case BL_ACTIVATION_SOFTSIGN:
        return x / (one + vec_max(-x, x));
    case BL_ACTIVATION_ELU:
        return vec_select(x > zero, x, vec_expm1_negative(x));
    }
    return x;
}

/// The slope that vec_activate wants.
VEC_INLINE float vec_activation_slope(const bl_activation *activation, uint32_t channel)
{
    return activation->kind == BL_ACTIVATION_PRELU ? vec_prelu_slope(activation, channel)
                                                   : activation->p[0];
}

#endif
