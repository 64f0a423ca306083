// SPDX-License-Identifier: MIT
// Measures voices and the core that runs them. Thread: MAIN.

#include "measure.h"

#include "peak.h"

#include "backline/limits.h"

#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PASS_S 0.001 // far below a scheduler's time slice

enum {
    PASSES_MIN = 15,
    PASSES_MAX = 4096,
    BLOCKS_MIN = 1000, // so that the 999th of 1000 means something
    BLOCKS_MAX = 1 << 18,
    SIGNAL_FRAMES = 1 << 14,
    STEAL_FIELD = 7 // of the "cpu" line of /proc/stat, from 0
};

static double clock_s(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

void bl_measure_prepare(void)
{
    cpu_set_t set;
    const int core = sched_getcpu();
    CPU_ZERO(&set);
    if (core >= 0) {
        CPU_SET((size_t)core, &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    bl_voice_prepare_thread();
}

// Repeats `pass`, which does `amount` of something, for about `seconds`; the median of CPU seconds
// per unit.
static double measure_passes(void (*pass)(void *context, uint64_t amount), void *context,
                             uint64_t amount, double seconds)
{
    static double times[PASSES_MAX];
    size_t count = 0;
    const double start_s = clock_s(CLOCK_THREAD_CPUTIME_ID);
    double now_s = start_s;
    while (count < PASSES_MAX && (count < PASSES_MIN || now_s - start_s < seconds)) {
        pass(context, amount);
        const double end_s = clock_s(CLOCK_THREAD_CPUTIME_ID);
        times[count++] = end_s - now_s;
        now_s = end_s;
    }
    return median(times, count) / (double)amount;
}

// How much fits into a pass, by doubling until a trial takes a good part of one.
static uint64_t size_pass(void (*pass)(void *context, uint64_t amount), void *context)
{
    uint64_t amount = 1;
    for (;;) {
        const double start_s = clock_s(CLOCK_THREAD_CPUTIME_ID);
        pass(context, amount);
        const double took_s = clock_s(CLOCK_THREAD_CPUTIME_ID) - start_s;
        if (took_s >= PASS_S / 4) {
            return 1 + (uint64_t)((double)amount * PASS_S / took_s);
        }
        amount *= 2;
    }
}

static void pass_peak(void *context, uint64_t rounds)
{
    uint64_t *macs_per_round = context;
    *macs_per_round = bl_peak_run(rounds);
}

double bl_measure_peak_gmac_per_s(double seconds)
{
    uint64_t macs_per_round = 0;
    const uint64_t rounds = size_pass(pass_peak, &macs_per_round);
    const double round_s = measure_passes(pass_peak, &macs_per_round, rounds, seconds);
    return (double)macs_per_round / round_s * 1e-9;
}

// A voice being played a signal over and over.
typedef struct measure_player {
    bl_voice *voice;
    uint32_t block_frames;
    uint32_t at; // in `signal`
    float signal[SIGNAL_FRAMES];
    float out[BL_INNER_FRAMES];
} measure_player;

// One period as the engine runs it: inner blocks, the last one shorter.
static void play_block(measure_player *player)
{
    for (uint32_t left = player->block_frames; left > 0;) {
        const uint32_t room = SIGNAL_FRAMES - player->at;
        uint32_t count = left < BL_INNER_FRAMES ? left : BL_INNER_FRAMES;
        count = count < room ? count : room;
        bl_voice_process(player->voice, player->signal + player->at, player->out, count);
        player->at = (player->at + count) % SIGNAL_FRAMES;
        left -= count;
    }
}

static void pass_blocks(void *context, uint64_t blocks)
{
    for (uint64_t i = 0; i < blocks; i++) {
        play_block(context);
    }
}

// What reading the clock adds to a measured block.
static double measure_clock_s(void)
{
    static double times[1000];
    const size_t count = sizeof times / sizeof times[0];
    double before_s = clock_s(CLOCK_MONOTONIC);
    for (size_t i = 0; i < count; i++) {
        const double now_s = clock_s(CLOCK_MONOTONIC);
        times[i] = now_s - before_s;
        before_s = now_s;
    }
    return median(times, count);
}

static double measure_p999_s(measure_player *player, double *times, double block_s, double seconds)
{
    const double wanted = fmin(fmax(seconds / block_s, BLOCKS_MIN), BLOCKS_MAX);
    const size_t count = (size_t)wanted;
    const double clock_cost_s = measure_clock_s();
    for (size_t i = 0; i < count; i++) {
        const double before_s = clock_s(CLOCK_MONOTONIC);
        play_block(player);
        times[i] = clock_s(CLOCK_MONOTONIC) - before_s;
    }
    qsort(times, count, sizeof *times, compare);
    return fmax(times[(count * 999) / 1000] - clock_cost_s, 0.0);
}

bl_status bl_measure_voice(bl_voice *voice, uint32_t block_frames, double seconds,
                           bl_measure *result, bl_error *error)
{
    measure_player *player = calloc(1, sizeof *player);
    double *times = calloc(BLOCKS_MAX, sizeof *times);
    if (player == NULL || times == NULL) {
        free(player);
        free(times);
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to measure");
    }
    player->voice = voice;
    player->block_frames = block_frames;
    for (uint32_t i = 0; i < SIGNAL_FRAMES; i++) { // a chord at playing level
        const double t = i * 2.0 * M_PI / SIGNAL_FRAMES;
        player->signal[i] = (float)(0.1 * (sin(t * 37) + sin(t * 56) + sin(t * 75)));
    }
    bl_voice_reset(voice);
    const uint64_t blocks = size_pass(pass_blocks, player);
    const double block_s = measure_passes(pass_blocks, player, blocks, seconds / 2);
    result->ns_per_sample = block_s / block_frames * 1e9;
    result->p999_block_us = measure_p999_s(player, times, block_s, seconds / 2) * 1e6;
    free(times);
    free(player);
    return BL_STATUS_OK;
}

uint64_t bl_measure_steal_ticks(void)
{
    uint64_t fields[STEAL_FIELD + 1] = {0};
    FILE *file = fopen("/proc/stat", "re");
    if (file == NULL || fscanf(file, "cpu") != 0) {
        fields[STEAL_FIELD] = 0;
    } else {
        for (int i = 0; i <= STEAL_FIELD && fscanf(file, "%" SCNu64, &fields[i]) == 1; i++) {
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return fields[STEAL_FIELD];
}
