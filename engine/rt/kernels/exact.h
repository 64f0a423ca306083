// SPDX-License-Identifier: MIT
// Exact-grade tanh and sigmoid for vectors: absolute error at most 3e-7 over all floats, exactly
// +-1 (0 and 1) where the true value rounds to it, odd, small inputs within 2e-6 of themselves,
// NaN stays NaN. They divide n by n + 2 with n = exp(2 x) - 1, which forgives the errors of n.

#ifndef BACKLINE_RT_KERNELS_EXACT_H
#define BACKLINE_RT_KERNELS_EXACT_H

#include "rt/kernels/vec.h"

/// exp(2 x) - 1 for |x| < 10. With 2 x = m ln(2) / STEPS + 2 r it is
/// 2^(m / STEPS) (exp(2 r) - 1) + (2^(m / STEPS) - 1), the inner part a minimax polynomial.
VEC_INLINE vec vec_expm1_2x(vec x)
{
    const vec magic = vec_set(12582912.0f); // 1.5 * 2^23: the sum holds m in its lowest bits
#if defined(__AVX2__)
    // Eighths of powers of two from a table: the vector permutation reads the lowest three bits of
    // m, and the table has taken back what these bits add to the exponent's neighbours below.
    const __m256i table = _mm256_setr_epi32(0x3f800000, 0x3f7b95c2, 0x3f7837f0, 0x3f75fed7,
                                            0x3f7504f3, 0x3f75672a, 0x3f7744fd, 0x3f7ac0c7);
    const vec shifted = vec_fma(x, vec_set(23.0831203f), magic);
    const vec r = vec_fma(shifted - magic, vec_set(-0.0433216989f), x);
    vec p = vec_fma(vec_set(1.33342906f), r, vec_set(2.00023932f));
    p = vec_fma(p, r, vec_set(2.0f)) * r;
    const __m256i bits = _mm256_castps_si256(shifted);
    const __m256i eighth = _mm256_permutevar8x32_epi32(table, bits);
    const vec scale = _mm256_castsi256_ps(_mm256_add_epi32(_mm256_slli_epi32(bits, 20), eighth));
#else
    const vec shifted = vec_fma(x, vec_set(2.88539008f), magic);
    const vec r = vec_fma(shifted - magic, vec_set(-0.34657359f), x);
    vec p = vec_fma(vec_set(0.267660182f), r, vec_set(0.670145696f));
    p = vec_fma(p, r, vec_set(1.33332557f));
    p = vec_fma(p, r, vec_set(1.99997281f));
    p = vec_fma(p, r, vec_set(2.0f)) * r;
    const vec scale = (vec)(((vec_int)shifted << 23) + 0x3f800000);
#endif
    return vec_fma(scale, p, scale - vec_set(1.0f));
}

VEC_INLINE vec vec_tanh(vec x)
{
    const vec_int sign = (vec_int)x & (vec_int)vec_set(-0.0f);
    const vec magnitude = (vec)((vec_int)x ^ sign);
    const vec n = vec_expm1_2x(vec_min(vec_set(9.2f), magnitude)); // tanh rounds to 1 from 9.011 on
    return (vec)((vec_int)(n / (n + vec_set(2.0f))) | sign);
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
