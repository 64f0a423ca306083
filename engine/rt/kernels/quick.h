// SPDX-License-Identifier: MIT
// tanh and sigmoid as fractions, for recurrent nets, whose speed is the length of the chain of
// dependent operations in one step: shorter than over exp, and where a product of two of them is
// wanted, one division serves both. With the minimax fraction t = n / d ~ tanh(x / 2),
//   tanh(x) = 2 t / (1 + t^2) = 2 n d / (n^2 + d^2),
//   sigmoid(x) = 1 / 2 + n' d' / (n'^2 + d'^2) with t' ~ tanh(x / 4),
// whose errors vanish where t nears 1. Beyond the cuts they give exactly +-1, and 0 or 1, so that
// an open gate keeps all and a shut one nothing. Absolute error over all floats: 2.0e-7 with and
// without fused multiply-add. NaN stays NaN.

#ifndef BACKLINE_RT_KERNELS_QUICK_H
#define BACKLINE_RT_KERNELS_QUICK_H

#include "rt/kernels/vec.h"

typedef struct vec_ratio {
    vec top, bottom;
} vec_ratio;

/// x cut to -limit..limit, and its absolute value.
typedef struct vec_cut {
    vec value, size;
} vec_cut;

VEC_INLINE vec_cut vec_cut_at(float limit, vec x)
{
    // Not by a minimum and a maximum: their units are the busiest, and `size` is ready sooner.
    const vec size = vec_min(vec_set(limit), vec_abs(x));
    return (vec_cut){vec_with_sign(size, x), size};
}

/// tanh(x), the top multiplied by half of `twice_gain`. Polynomials are summed in pairs, as wide as
/// they can be: what counts is when the last sum is ready.
VEC_INLINE vec_ratio vec_tanh_ratio(vec x, vec twice_gain)
{
    const vec_cut cut = vec_cut_at(9.1875f, x);
    const vec y = cut.size * cut.size;
    const vec n = vec_fma(vec_fma(vec_set(8.28730117e-05f), y, vec_set(0.0215980094f)),
                          y * cut.value, vec_set(0.725458741f) * cut.value);
    const vec d = vec_fma(vec_fma(vec_set(1.78381094e-06f), y, vec_set(0.00175031961f)), y * y,
                          vec_fma(vec_set(0.164105654f), y, vec_set(1.4509176f)));
    return (vec_ratio){n * d * twice_gain, vec_fma(n, n, d * d)};
}

/// sigmoid(2 half), less one half. One coefficient fewer: here the error counts half.
VEC_INLINE vec_ratio vec_centred_sigmoid_ratio(vec half)
{
    const vec_cut cut = vec_cut_at(8.5f, half);
    const vec y = cut.size * cut.size;
    vec n = vec_fma(vec_set(3.56654964e-05f), y, vec_set(0.0174959227f));
    n = vec_fma(n, y, vec_set(0.647858679f)) * cut.value;
    vec d = vec_fma(vec_set(0.00118888321f), y, vec_set(0.142966002f));
    d = vec_fma(d, y, vec_set(1.29571831f));
    return (vec_ratio){n * d, vec_fma(n, n, d * d)};
}

/// sigmoid(2 half).
VEC_INLINE vec vec_quick_sigmoid(vec half)
{
    const vec_ratio r = vec_centred_sigmoid_ratio(half);
    return vec_set(0.5f) + r.top / r.bottom;
}

/// sigmoid(2 half) tanh(x), with one division.
VEC_INLINE vec vec_sigmoid_tanh(vec half, vec x)
{
    const vec_ratio s = vec_centred_sigmoid_ratio(half);
    const vec_ratio t = vec_tanh_ratio(x, vec_fma(vec_set(2.0f), s.top, s.bottom));
    return t.top / (s.bottom * t.bottom);
}

#endif
