// SPDX-License-Identifier: MIT
// What steps cost on this machine now: to turn minutes into steps, and for benchmarks.

#include "rt/ftz.h"
#include "train/trainer_parts.h"

#include "model/measure.h"

#include <time.h>

enum { STEPS_MIN = 4 };

static double clock_s(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double now_s(void)
{
    return clock_s(CLOCK_MONOTONIC);
}

bl_trainer_time bl_trainer_time_step(bl_trainer *trainer)
{
    bl_ftz_enable();
    if (!bl_trainer_assign_chunks(trainer)) {
        bl_trainer_begin_pass(trainer);
        bl_trainer_assign_chunks(trainer);
    }
    bl_trainer_time time = {.warmed_up = trainer->lanes[0].left == trainer->chunk_segments};
    const double wall_s = now_s(), cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    bl_trainer_gather(trainer);
    bl_optimizer_step(trainer->optimizer, trainer->state.parameters, trainer->gradient, 0.0f);
    time.wall_s = now_s() - wall_s;
    time.cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_s;
    return time;
}

// Mean of one kind of steps, the first quarter of the time left out: caches and clocks warm up.
typedef struct mean {
    double sum_s;
    int count;
} mean;

static double mean_s(const mean *m)
{
    return m->count > 0 ? m->sum_s / m->count : 0.0;
}

void bl_trainer_measure(bl_trainer *trainer, double seconds, double *step_s, double *validation_s)
{
    bl_trainer_keep(trainer);
    bl_trainer_begin_pass(trainer);
    mean means[2] = {{0}}; // of plain steps, of those that begin a chunk
    const double start = now_s();
    for (int steps = 0; steps < STEPS_MIN || now_s() - start < seconds; steps++) {
        const bl_trainer_time took = bl_trainer_time_step(trainer);
        mean *m = &means[took.warmed_up];
        if (m->count == 1 && now_s() - start < 0.25 * seconds) {
            *m = (mean){0};
        }
        m->sum_s += took.wall_s;
        m->count++;
    }
    const double chunk = trainer->chunk_segments;
    *step_s = chunk > 1.0 ? (mean_s(&means[1]) + (chunk - 1.0) * mean_s(&means[0])) / chunk
                          : mean_s(&means[1]);
    const double stepped = now_s();
    bl_trainer_validate(trainer, trainer->state.parameters);
    *validation_s = now_s() - stepped;
    bl_trainer_restore(trainer);
}

uint64_t bl_trainer_mac_per_sample(const bl_trainer *trainer)
{
    const bl_arch *arch = bl_model_get_arch(trainer->model);
    if (arch->kind != BL_ARCH_CONTAINER) {
        return bl_arch_get_measure(arch).mac_per_sample;
    }
    uint64_t sum = 0;
    for (uint32_t i = 0; i < arch->u.container.count; i++) {
        sum += bl_arch_get_measure(arch->u.container.submodels[i]).mac_per_sample;
    }
    return sum;
}

uint32_t bl_trainer_chunk_steps(const bl_trainer *trainer)
{
    return trainer->chunk_segments;
}
