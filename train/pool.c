// SPDX-License-Identifier: MIT
// Threads that wait for the next job watch for it about a hundred microseconds before they sleep:
// being woken takes as long as a tenth of the shortest steps. Whoever is free takes the next item,
// so that a thread that others on the machine held up does not hold up the rest.

#include "train/pool.h"

#include "rt/ftz.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

enum { LOOKS = 5000 }; ///< before a thread sleeps

typedef struct worker {
    bl_pool *pool;
    pthread_t thread;
    uint32_t number;
} worker;

struct bl_pool {
    uint32_t threads;
    worker *workers; ///< of threads 1..; thread 0 is the caller
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_uint job;  ///< counts them: caller -> workers, with all below
    atomic_uint busy; ///< workers that are not done: workers -> caller, with what they wrote
    bool stop;
    void (*work)(void *data, uint32_t thread, uint32_t item);
    void *data;
    uint32_t items;
    atomic_uint next; ///< item nobody has begun: any thread -> any thread
};

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// Returns when `*value` is (or if `leaves`, is no longer) `wanted`.
static void wait_until(bl_pool *pool, atomic_uint *value, unsigned wanted, bool leaves)
{
    for (int i = 0; i < LOOKS; i++) {
        if ((atomic_load_explicit(value, memory_order_acquire) == wanted) != leaves) {
            return;
        }
        relax();
    }
    pthread_mutex_lock(&pool->lock);
    while ((atomic_load_explicit(value, memory_order_acquire) == wanted) == leaves) {
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}

/// Adds to `*value` and tells those who sleep.
static void add(bl_pool *pool, atomic_uint *value, unsigned step)
{
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add_explicit(value, step, memory_order_release);
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

static void run_items(bl_pool *pool, uint32_t thread)
{
    bl_ftz_enable();
    uint32_t item;
    while ((item = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed)) < pool->items) {
        pool->work(pool->data, thread, item);
    }
}

static void *run_worker(void *data)
{
    const worker *self = data;
    bl_pool *pool = self->pool;
    for (unsigned job = 0;; job++) {
        wait_until(pool, &pool->job, job, true);
        if (pool->stop) {
            return NULL;
        }
        run_items(pool, self->number);
        add(pool, &pool->busy, -1U);
    }
}

bl_pool *bl_pool_create(uint32_t threads)
{
    bl_pool *pool = calloc(1, sizeof *pool);
    worker *workers = calloc(threads, sizeof *workers);
    if (pool == NULL || workers == NULL) {
        free(pool);
        free(workers);
        return NULL;
    }
    pool->workers = workers;
    pool->threads = 1;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    while (pool->threads < threads) {
        worker *next = &workers[pool->threads];
        *next = (worker){.pool = pool, .number = pool->threads};
        if (pthread_create(&next->thread, NULL, run_worker, next) != 0) {
            break; // fewer threads give the same result later
        }
        pool->threads++;
    }
    return pool;
}

void bl_pool_destroy(bl_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    pool->stop = true;
    add(pool, &pool->job, 1);
    for (uint32_t i = 1; i < pool->threads; i++) {
        pthread_join(pool->workers[i].thread, NULL);
    }
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool);
}

uint32_t bl_pool_threads(const bl_pool *pool)
{
    return pool->threads;
}

void bl_pool_run(bl_pool *pool, void (*work)(void *data, uint32_t thread, uint32_t item),
                 void *data, uint32_t items)
{
    pool->work = work;
    pool->data = data;
    pool->items = items;
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->busy, pool->threads - 1, memory_order_relaxed);
    add(pool, &pool->job, 1);
    run_items(pool, 0);
    wait_until(pool, &pool->busy, 0, false);
}
