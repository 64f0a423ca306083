// SPDX-License-Identifier: MIT
// One vector of floats, as wide as the instruction set this file is compiled for. Sums of products
// are always written as vec_fma, so that the compiler has no choice between one rounding and two
// and every frame is computed alike.

#ifndef BACKLINE_RT_KERNELS_VEC_H
#define BACKLINE_RT_KERNELS_VEC_H

#include <stdint.h>

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define BL_KERNEL_SUFFIX(name) name##_v3
#define BL_KERNEL_NAME "v3"
enum { VEC_LANES = 8 };
#elif defined(__SSE2__)
#include <immintrin.h>
#define BL_KERNEL_SUFFIX(name) name##_v2
#define BL_KERNEL_NAME "v2"
enum { VEC_LANES = 4 };
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#define BL_KERNEL_SUFFIX(name) name##_neon
#define BL_KERNEL_NAME "neon"
enum { VEC_LANES = 4 };
#else
#error "kernels/*.c are compiled with the options of one vector instruction set"
#endif

#define VEC_INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(VEC_LANES * 4)));
typedef int32_t vec_int __attribute__((vector_size(VEC_LANES * 4)));
typedef float vec_unaligned __attribute__((vector_size(VEC_LANES * 4), aligned(4), may_alias));

VEC_INLINE vec vec_load(const float *from)
{
    return *(const vec_unaligned *)from;
}

VEC_INLINE void vec_store(float *to, vec value)
{
    *(vec_unaligned *)to = value;
}

/// vec_set: all lanes alike. vec_fma: a b + c, one rounding where the processor can.
/// vec_min, vec_max: a NaN in `x` stays.
#if defined(__AVX2__) && defined(__FMA__)

VEC_INLINE vec vec_set(float value)
{
    return _mm256_set1_ps(value);
}

VEC_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

VEC_INLINE vec vec_min(vec limit, vec x)
{
    return _mm256_min_ps(limit, x);
}

VEC_INLINE vec vec_max(vec limit, vec x)
{
    return _mm256_max_ps(limit, x);
}

#elif defined(__SSE2__)

VEC_INLINE vec vec_set(float value)
{
    return _mm_set1_ps(value);
}

VEC_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return a * b + c;
}

VEC_INLINE vec vec_min(vec limit, vec x)
{
    return _mm_min_ps(limit, x);
}

VEC_INLINE vec vec_max(vec limit, vec x)
{
    return _mm_max_ps(limit, x);
}

#else

VEC_INLINE vec vec_set(float value)
{
    return vdupq_n_f32(value);
}

VEC_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return vfmaq_f32(c, a, b);
}

VEC_INLINE vec vec_min(vec limit, vec x)
{
    return vminq_f32(limit, x);
}

VEC_INLINE vec vec_max(vec limit, vec x)
{
    return vmaxq_f32(limit, x);
}

#endif

/// Lanes of `a` where `mask` is set, else of `b`.
VEC_INLINE vec vec_select(vec_int mask, vec a, vec b)
{
    return (vec)((mask & (vec_int)a) | (~mask & (vec_int)b));
}

/// x > 0 ? x : slope * x.
VEC_INLINE vec vec_leaky(vec x, vec slope)
{
    return vec_select(x > vec_set(0.0f), x, slope * x);
}

#endif
