// SPDX-License-Identifier: MIT
// The one source of chance in the sound makers: SplitMix64 (Steele, Lea and Flood 2014). Integer
// arithmetic only, so a seed gives the same sequence on every machine.

#ifndef BACKLINE_SHARE_RANDOM_H
#define BACKLINE_SHARE_RANDOM_H

#include <stdint.h>

typedef struct bl_random {
    uint64_t state; ///< any value is a valid seed
} bl_random;

static inline uint64_t bl_random_next(bl_random *random)
{
    random->state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = random->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/// Uniform in [0, 1).
static inline double bl_random_unit(bl_random *random)
{
    return (double)(bl_random_next(random) >> 11) * 0x1p-53;
}

/// Uniform in [-1, 1).
static inline double bl_random_signed(bl_random *random)
{
    return 2.0 * bl_random_unit(random) - 1.0;
}

/// Uniform in [0, count), `count` > 0 and small against 2^32.
static inline uint32_t bl_random_below(bl_random *random, uint32_t count)
{
    return (uint32_t)(((bl_random_next(random) >> 32) * count) >> 32);
}

#endif
