// SPDX-License-Identifier: MIT
// Two barriers: one to start, one to end. Whoever is free takes the next item, so that a thread
// that others on the machine held up does not hold up the rest.

#include "train/pool.h"

#include "rt/ftz.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct worker {
    bl_pool *pool;
    uint32_t number;
    pthread_t thread;
} worker;

struct bl_pool {
    uint32_t threads;
    worker *workers; ///< of threads 1..; thread 0 is the caller
    pthread_mutex_t gate;
    pthread_barrier_t start, end;
    bool stop; ///< read behind the start barrier
    void (*work)(void *data, uint32_t thread, uint32_t item);
    void *data;
    uint32_t items;
    atomic_uint next; ///< item nobody has begun: any thread -> any thread
};

static void run_items(bl_pool *pool, uint32_t thread)
{
    bl_ftz_enable();
    // Behind the start barrier; the end barrier publishes what was written.
    uint32_t item;
    while ((item = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed)) < pool->items) {
        pool->work(pool->data, thread, item);
    }
}

static void *run_worker(void *data)
{
    const worker *self = data;
    bl_pool *pool = self->pool;
    pthread_mutex_lock(&pool->gate); // until the barriers know how many there are
    pthread_mutex_unlock(&pool->gate);
    for (;;) {
        pthread_barrier_wait(&pool->start);
        if (pool->stop) {
            return NULL;
        }
        run_items(pool, self->number);
        pthread_barrier_wait(&pool->end);
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
    pthread_mutex_init(&pool->gate, NULL);
    pthread_mutex_lock(&pool->gate);
    while (pool->threads < threads) {
        worker *next = &workers[pool->threads];
        *next = (worker){.pool = pool, .number = pool->threads};
        if (pthread_create(&next->thread, NULL, run_worker, next) != 0) {
            break; // fewer threads give the same result later
        }
        pool->threads++;
    }
    pthread_barrier_init(&pool->start, NULL, pool->threads);
    pthread_barrier_init(&pool->end, NULL, pool->threads);
    pthread_mutex_unlock(&pool->gate);
    return pool;
}

void bl_pool_destroy(bl_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    pool->stop = true;
    pthread_barrier_wait(&pool->start);
    for (uint32_t i = 1; i < pool->threads; i++) {
        pthread_join(pool->workers[i].thread, NULL);
    }
    pthread_barrier_destroy(&pool->start);
    pthread_barrier_destroy(&pool->end);
    pthread_mutex_destroy(&pool->gate);
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
    pthread_barrier_wait(&pool->start);
    run_items(pool, 0);
    pthread_barrier_wait(&pool->end);
}
