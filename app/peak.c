// SPDX-License-Identifier: MIT
// The loop that no kernel can beat. Twelve chains and more hide the latency of multiply-adds (at
// most 5 cycles on 2 units, 4 on 4 of half the width); one loop for each instruction set that
// kernels are compiled for.

#include "peak.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// Values stay ordinary for ever, so no step is a special case for the core.
#define FACTOR 0.999999F
#define ADDEND 0.000001F

static volatile float sink; // the results are used, so the loop stays

#if defined(__x86_64__)

enum { CHAINS_V3 = 12, CHAINS_V2 = 12 }; // with factor and addend within 16 registers

__attribute__((target("avx2,fma"))) static uint64_t run_v3(uint64_t rounds)
{
    __m256 chains[CHAINS_V3];
    const __m256 factor = _mm256_set1_ps(FACTOR), addend = _mm256_set1_ps(ADDEND);
    for (int i = 0; i < CHAINS_V3; i++) {
        chains[i] = _mm256_set1_ps(1.0F + (float)i * 0.01F);
    }
    for (uint64_t r = 0; r < rounds; r++) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS_V3; i++) {
            chains[i] = _mm256_fmadd_ps(chains[i], factor, addend);
        }
    }
    for (int i = 0; i < CHAINS_V3; i++) {
        sink = _mm256_cvtss_f32(chains[i]);
    }
    return 8 * CHAINS_V3;
}

static uint64_t run_v2(uint64_t rounds)
{
    __m128 chains[CHAINS_V2];
    const __m128 factor = _mm_set1_ps(FACTOR), addend = _mm_set1_ps(ADDEND);
    for (int i = 0; i < CHAINS_V2; i++) {
        chains[i] = _mm_set1_ps(1.0F + (float)i * 0.01F);
    }
    for (uint64_t r = 0; r < rounds; r++) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS_V2; i++) {
            chains[i] = _mm_add_ps(_mm_mul_ps(chains[i], factor), addend);
        }
    }
    for (int i = 0; i < CHAINS_V2; i++) {
        sink = _mm_cvtss_f32(chains[i]);
    }
    return 4 * CHAINS_V2;
}

uint64_t bl_peak_run(uint64_t rounds)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? run_v3(rounds)
                                                                           : run_v2(rounds);
}

#elif defined(__aarch64__)

enum { CHAINS_NEON = 24 }; // of 32 registers

uint64_t bl_peak_run(uint64_t rounds)
{
    float32x4_t chains[CHAINS_NEON];
    const float32x4_t factor = vdupq_n_f32(FACTOR), addend = vdupq_n_f32(ADDEND);
    for (int i = 0; i < CHAINS_NEON; i++) {
        chains[i] = vdupq_n_f32(1.0F + (float)i * 0.01F);
    }
    for (uint64_t r = 0; r < rounds; r++) {
#pragma GCC unroll 24
        for (int i = 0; i < CHAINS_NEON; i++) {
            // The instruction adds to its destination; any other operand there costs a copy.
            chains[i] = vfmaq_f32(chains[i], factor, addend);
        }
    }
    for (int i = 0; i < CHAINS_NEON; i++) {
        sink = vgetq_lane_f32(chains[i], 0);
    }
    return 4 * CHAINS_NEON;
}

#else

enum { CHAINS_C = 8 };

uint64_t bl_peak_run(uint64_t rounds)
{
    float chains[CHAINS_C];
    for (int i = 0; i < CHAINS_C; i++) {
        chains[i] = 1.0F + (float)i * 0.01F;
    }
    for (uint64_t r = 0; r < rounds; r++) {
        for (int i = 0; i < CHAINS_C; i++) {
            chains[i] = chains[i] * FACTOR + ADDEND;
        }
    }
    for (int i = 0; i < CHAINS_C; i++) {
        sink = chains[i];
    }
    return CHAINS_C;
}

#endif
