// SPDX-License-Identifier: MIT
// What steps cost on this machine now: to turn minutes into steps, and for benchmarks.

#include "rt/ftz.h"
#include "train/trainer_parts.h"

#include "model/measure.h"

#include <time.h>

enum { MEASURED_STEPS = 16 };

static const double measured_s = 0.5; // at most, where that is enough for a few steps

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

void bl_trainer_measure(bl_trainer *trainer, double *step_s, double *validation_s)
{
    const double start = now_s();
    const double esr = bl_trainer_validate(trainer, trainer->state.parameters);
    const double validated = now_s();
    bl_trainer_begin_pass(trainer);
    int steps = 0;
    double error = esr;
    // The first step of a chunk also warms up, so a chunk is measured as a whole where time allows.
    while (steps < MEASURED_STEPS && (steps < 4 || now_s() - validated < measured_s) &&
           bl_trainer_assign_chunks(trainer)) {
        error += bl_trainer_gather(trainer);
        steps++;
    }
    *validation_s = validated - start;
    *step_s = (now_s() - validated) / (steps > 0 ? steps : 1);
    trainer->state.train_esr = error; // read again after the first epoch only
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
