// SPDX-License-Identifier: MIT
// Random numbers that are the same in every run: splitmix64 (Steele, Lea, Flood 2014).

#ifndef TESTS_SUPPORT_RANDOM_H
#define TESTS_SUPPORT_RANDOM_H

#include <stdint.h>

typedef struct random_source {
    uint64_t state;
} random_source;

static inline uint64_t random_bits(random_source *source)
{
    uint64_t z = source->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/// 0..bound - 1.
static inline uint32_t random_below(random_source *source, uint32_t bound)
{
    return (uint32_t)((random_bits(source) >> 32) * bound >> 32);
}

/// Evenly in [low, high).
static inline float random_float(random_source *source, float low, float high)
{
    return low + (high - low) * ((float)(random_bits(source) >> 40) * 0x1p-24F);
}

#endif
