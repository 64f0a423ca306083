// SPDX-License-Identifier: MIT
// Exact-grade tanh and sigmoid for vectors: absolute error at most 3e-7 over all floats, exactly
// +-1 (0 and 1) where the true value rounds to it, NaN stays NaN.

#ifndef BACKLINE_RT_KERNELS_EXACT_H
#define BACKLINE_RT_KERNELS_EXACT_H

#include "rt/kernels/vec.h"

/// exp(2 x) - 1 for |x| < 10. With x = k ln(2) / 2 + r it is 2^k (exp(2 r) - 1) + (2^k - 1), the
/// inner part a minimax polynomial on |r| <= ln(2) / 4, so that small x keep their relative
/// accuracy.
VEC_INLINE vec vec_expm1_2x(vec x)
{
    const vec magic = vec_set(12582912.0f); // 1.5 * 2^23: the sum holds k in its lowest bits
    const vec shifted = vec_fma(x, vec_set(2.88539008f), magic);
    const vec k = shifted - magic;
    // ln(2) / 2 in two parts, the first of so few bits that k times it is exact.
    vec r = vec_fma(k, vec_set(-0.346435547f), x);
    r = vec_fma(k, vec_set(-1.38043411e-4f), r);
    vec p = vec_set(0.0891868918f);
    p = vec_fma(p, r, vec_set(0.267859144f));
    p = vec_fma(p, r, vec_set(0.666663174f));
    p = vec_fma(p, r, vec_set(1.33331936f));
    p = vec_fma(p, r, vec_set(2.0f));
    p = vec_fma(p, r, vec_set(2.0f)) * r;
    const vec scale = (vec)(((vec_int)shifted << 23) + 0x3f800000);
    return vec_fma(scale, p, scale - vec_set(1.0f));
}

VEC_INLINE vec vec_tanh(vec x)
{
    const vec limit = vec_set(9.2f); // tanh rounds to 1 from 9.011 on
    const vec n = vec_expm1_2x(vec_max(-limit, vec_min(limit, x)));
    return n / (n + vec_set(2.0f));
}

/// 1 / (1 + exp(-x)) = (1 + tanh(x / 2)) / 2.
VEC_INLINE vec vec_sigmoid(vec x)
{
    const vec half = vec_set(0.5f);
    return vec_fma(half, vec_tanh(half * x), half);
}

/// exp(x) - 1 for x <= 0, absolute error as above; -1 far below.
VEC_INLINE vec vec_expm1_negative(vec x)
{
    return vec_expm1_2x(vec_max(vec_set(-9.2f), vec_set(0.5f) * x));
}

#endif
