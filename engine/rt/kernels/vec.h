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
typedef float vec_unaligned __attribute__((vector_size(VEC_LANES * 4), aligned(4)));

// Compilers let vectors alias their elements, and nothing else: pointers and sizes that stand
// beside the floats need not be read again after every store.
VEC_INLINE vec vec_load(const float *from)
{
    return *(const vec_unaligned *)from;
}

VEC_INLINE void vec_store(float *to, vec value)
{
    *(vec_unaligned *)to = value;
}

/// vec_set: all lanes alike. vec_fma: a b + c, one rounding where the processor can.
/// vec_min, vec_max: a NaN in `x` stays. vec_with_sign: `size` is positive
/// and gets the sign of x. vec_lane: one lane for all, a constant number. vec_sum: of all lanes.
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

VEC_INLINE vec vec_abs(vec x)
{
    return _mm256_andnot_ps(vec_set(-0.0f), x);
}

VEC_INLINE vec vec_with_sign(vec size, vec x)
{
    return _mm256_or_ps(size, _mm256_and_ps(x, vec_set(-0.0f)));
}

VEC_INLINE vec vec_lane(vec x, int lane)
{
    const vec half =
        lane < 4 ? _mm256_permute2f128_ps(x, x, 0x00) : _mm256_permute2f128_ps(x, x, 0x11);
    switch (lane % 4) {
    case 0:
        return _mm256_permute_ps(half, 0x00);
    case 1:
        return _mm256_permute_ps(half, 0x55);
    case 2:
        return _mm256_permute_ps(half, 0xaa);
    default:
        return _mm256_permute_ps(half, 0xff);
    }
}

VEC_INLINE float vec_sum(vec x)
{
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
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

VEC_INLINE vec vec_abs(vec x)
{
    return _mm_andnot_ps(vec_set(-0.0f), x);
}

VEC_INLINE vec vec_with_sign(vec size, vec x)
{
    return _mm_or_ps(size, _mm_and_ps(x, vec_set(-0.0f)));
}

VEC_INLINE vec vec_lane(vec x, int lane)
{
    switch (lane) {
    case 0:
        return _mm_shuffle_ps(x, x, 0x00);
    case 1:
        return _mm_shuffle_ps(x, x, 0x55);
    case 2:
        return _mm_shuffle_ps(x, x, 0xaa);
    default:
        return _mm_shuffle_ps(x, x, 0xff);
    }
}

VEC_INLINE float vec_sum(vec x)
{
    const __m128 two = _mm_add_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 0x55)));
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

VEC_INLINE vec vec_abs(vec x)
{
    return vabsq_f32(x);
}

VEC_INLINE vec vec_with_sign(vec size, vec x)
{
    return vbslq_f32(vdupq_n_u32(0x80000000u), x, size);
}

VEC_INLINE vec vec_lane(vec x, int lane)
{
    switch (lane) {
    case 0:
        return vdupq_laneq_f32(x, 0);
    case 1:
        return vdupq_laneq_f32(x, 1);
    case 2:
        return vdupq_laneq_f32(x, 2);
    default:
        return vdupq_laneq_f32(x, 3);
    }
}

VEC_INLINE float vec_sum(vec x)
{
    return vaddvq_f32(x);
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
