// SPDX-License-Identifier: MIT
// Measures voices and the core that runs them. Thread: MAIN.

#include "measure.h"

#include "peak.h"

#include "backline/limits.h"

#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PASS_S 0.0005      // far below a scheduler's time slice
#define PEAK_PASS_S 0.0002 // of multiply-adds, between two passes
#define SLOWEST 1.10 // how much slower than the best the passes beside may be: a clock does it
#define STEADY 1.02  // how much they may differ

enum {
    PASSES_MIN = 12,
    PASSES_MAX = 1 << 14,
    PEAKS_MAX = 1 << 16,
    BLOCKS_MIN = 1000, // so that the 999th of 1000 means something
    BLOCKS_MAX = 1 << 17,
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

static void sort(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
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

// How much fits into a pass of `seconds`, by doubling until a trial takes a good part of one.
static uint64_t size_pass(void (*pass)(void *context, uint64_t amount), void *context,
                          double seconds)
{
    uint64_t amount = 1;
    for (;;) {
        const double start_s = clock_s(CLOCK_THREAD_CPUTIME_ID);
        pass(context, amount);
        const double took_s = clock_s(CLOCK_THREAD_CPUTIME_ID) - start_s;
        if (took_s >= seconds / 4) {
            return 1 + (uint64_t)((double)amount * seconds / took_s);
        }
        amount *= 2;
    }
}

struct bl_measure_core {
    uint64_t rounds, macs_per_round; // of a pass
    uint32_t count;
    double times_s[PEAKS_MAX];
};

static void pass_peak(void *context, uint64_t rounds)
{
    bl_measure_core *core = context;
    core->macs_per_round = bl_peak_run(rounds);
}

static double run_peak(bl_measure_core *core)
{
    const double before_s = clock_s(CLOCK_THREAD_CPUTIME_ID);
    pass_peak(core, core->rounds);
    const double took_s = clock_s(CLOCK_THREAD_CPUTIME_ID) - before_s;
    if (core->count < PEAKS_MAX) {
        core->times_s[core->count++] = took_s;
    }
    return took_s;
}

bl_status bl_measure_core_create(bl_measure_core **core, bl_error *error)
{
    bl_measure_core *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to measure");
    }
    made->rounds = size_pass(pass_peak, made, PEAK_PASS_S);
    for (int i = 0; i < PASSES_MIN; i++) {
        run_peak(made);
    }
    *core = made;
    return BL_STATUS_OK;
}

void bl_measure_core_destroy(bl_measure_core *core)
{
    free(core);
}

// Seconds of a pass at full speed.
static double best_peak_s(const bl_measure_core *core)
{
    static double times[PEAKS_MAX];
    memcpy(times, core->times_s, core->count * sizeof *times);
    sort(times, core->count);
    return times[core->count / 20];
}

double bl_measure_core_peak_gmac_per_s(const bl_measure_core *core)
{
    return (double)core->macs_per_round * (double)core->rounds / best_peak_s(core) * 1e-9;
}

// A pass between two passes of multiply-adds.
typedef struct timed_pass {
    double before_s, took_s, after_s;
} timed_pass;

struct bl_measure_player {
    bl_voice *voice;
    uint32_t block_frames;
    uint64_t blocks; // of a pass
    uint32_t at;     // in `signal`
    uint32_t pass_count, block_count;
    float signal[SIGNAL_FRAMES];
    float out[BL_INNER_FRAMES];
    timed_pass passes[PASSES_MAX];
    double blocks_s[BLOCKS_MAX];
};

// One period as the engine runs it: inner blocks, the last one shorter.
static void play_block(bl_measure_player *player)
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

bl_status bl_measure_player_create(bl_voice *voice, uint32_t block_frames,
                                   bl_measure_player **player, bl_error *error)
{
    bl_measure_player *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to measure");
    }
    made->voice = voice;
    made->block_frames = block_frames;
    for (uint32_t i = 0; i < SIGNAL_FRAMES; i++) { // a chord at playing level
        const double t = i * 2.0 * M_PI / SIGNAL_FRAMES;
        made->signal[i] = (float)(0.1 * (sin(t * 37) + sin(t * 56) + sin(t * 75)));
    }
    bl_voice_reset(voice);
    made->blocks = size_pass(pass_blocks, made, PASS_S);
    *player = made;
    return BL_STATUS_OK;
}

void bl_measure_player_destroy(bl_measure_player *player)
{
    free(player);
}

static void run_passes(bl_measure_player *player, bl_measure_core *core, double seconds)
{
    pass_blocks(player, player->blocks); // until the caches know this voice again
    double before_s = run_peak(core);
    const double start_s = clock_s(CLOCK_THREAD_CPUTIME_ID);
    for (uint32_t i = 0; player->pass_count < PASSES_MAX; i++) {
        const double begin_s = clock_s(CLOCK_THREAD_CPUTIME_ID);
        if (i >= PASSES_MIN && begin_s - start_s >= seconds) {
            break;
        }
        pass_blocks(player, player->blocks);
        const double took_s = clock_s(CLOCK_THREAD_CPUTIME_ID) - begin_s;
        const double after_s = run_peak(core);
        player->passes[player->pass_count++] = (timed_pass){before_s, took_s, after_s};
        before_s = after_s;
    }
}

static void run_blocks(bl_measure_player *player, double seconds)
{
    const double start_s = clock_s(CLOCK_MONOTONIC);
    double before_s = start_s;
    for (uint32_t i = 0; player->block_count < BLOCKS_MAX; i++) {
        if (i >= BLOCKS_MIN && before_s - start_s >= seconds) {
            break;
        }
        play_block(player);
        const double now_s = clock_s(CLOCK_MONOTONIC);
        player->blocks_s[player->block_count++] = now_s - before_s;
        before_s = now_s;
    }
}

void bl_measure_player_run(bl_measure_player *player, bl_measure_core *core, double seconds)
{
    run_passes(player, core, seconds / 2);
    run_blocks(player, seconds / 2);
}

// Whether only the clock differed from the best, if that.
static bool was_left_alone(const timed_pass *pass, double best_s)
{
    const double slower_s = fmax(pass->before_s, pass->after_s);
    const double faster_s = fmin(pass->before_s, pass->after_s);
    return slower_s <= SLOWEST * best_s && slower_s <= STEADY * faster_s;
}

bl_measure bl_measure_player_result(bl_measure_player *player, const bl_measure_core *core)
{
    static double times[PASSES_MAX];
    const double best_s = best_peak_s(core);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < player->pass_count; i++) {
        const timed_pass *pass = &player->passes[i];
        if (was_left_alone(pass, best_s)) {
            times[kept++] = pass->took_s * best_s / (0.5 * (pass->before_s + pass->after_s));
        }
    }
    const uint32_t passes = kept;
    for (uint32_t i = 0; passes == 0 && i < player->pass_count; i++) {
        times[kept++] = player->passes[i].took_s;
    }
    sort(times, kept);
    sort(player->blocks_s, player->block_count);
    const double frames = (double)player->blocks * player->block_frames;
    return (bl_measure){
        .ns_per_sample = times[kept / 2] / frames * 1e9,
        .p999_block_us = player->blocks_s[player->block_count * 999ULL / 1000] * 1e6,
        .passes = passes,
    };
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
