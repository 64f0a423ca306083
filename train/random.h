// SPDX-License-Identifier: MIT
// Random numbers that depend on a seed and a stream alone: PCG-XSH-RR 64/32 (O'Neill 2014).

#ifndef BACKLINE_TRAIN_RANDOM_H
#define BACKLINE_TRAIN_RANDOM_H

#include <stdint.h>

typedef struct bl_random {
    uint64_t state, increment;
} bl_random;

static inline uint32_t bl_random_next(bl_random *random)
{
    const uint64_t old = random->state;
    random->state = old * UINT64_C(6364136223846793005) + random->increment;
    const uint32_t shifted = (uint32_t)(((old >> 18) ^ old) >> 27);
    const uint32_t turn = (uint32_t)(old >> 59);
    return (shifted >> turn) | (shifted << ((32 - turn) & 31));
}

/// A generator for `seed`; streams of one seed are independent.
static inline bl_random bl_random_init(uint64_t seed, uint64_t stream)
{
    bl_random random = {0, stream * 2 + 1};
    bl_random_next(&random);
    random.state += seed;
    bl_random_next(&random);
    return random;
}

/// In 0..1, never 1.
static inline double bl_random_uniform(bl_random *random)
{
    return (double)bl_random_next(random) / 4294967296.0;
}

/// In 0..count-1; the bias of below count / 2^32 is nothing here.
static inline uint32_t bl_random_below(bl_random *random, uint32_t count)
{
    return (uint32_t)(((uint64_t)bl_random_next(random) * count) >> 32);
}

#endif
