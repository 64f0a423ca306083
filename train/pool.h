// SPDX-License-Identifier: MIT
// A few threads that run one job together and wait for each other.

#ifndef BACKLINE_TRAIN_POOL_H
#define BACKLINE_TRAIN_POOL_H

#include <stdint.h>

typedef struct bl_pool bl_pool;

/// A pool of at most `threads` (at least 1), the caller's own included; fewer if the system gives
/// no more. NULL if memory is short. Every thread flushes denormals to zero while it works. Owns:
/// the caller.
bl_pool *bl_pool_create(uint32_t threads);

/// NULL is allowed.
void bl_pool_destroy(bl_pool *pool);

uint32_t bl_pool_threads(const bl_pool *pool);

/// Calls work(data, thread, item) for every item 0..items-1, each on whichever thread is free, and
/// returns when all are done. Thread: the one that created the pool.
void bl_pool_run(bl_pool *pool, void (*work)(void *data, uint32_t thread, uint32_t item),
                 void *data, uint32_t items);

#endif
