// SPDX-License-Identifier: MIT
// Each config is a pair of rows: one thread, and all cores. All take turns, with passes of the
// core's peak between, so that they meet the same moments.

#include "bench_train.h"

#include "json.h"
#include "peak.h"
#include "progress.h"

#include "train/train.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 3, PEAK_ROUNDS = 20000 };

typedef struct row {
    const char *path;
    uint32_t threads;
    bl_train_speed *speed;
} row;

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// Multiply-adds per second of one core: the fastest of some short passes.
static double measure_peak(double best)
{
    for (int pass = 0; pass < 20; pass++) {
        const double start = now_s();
        const uint64_t macs = bl_peak_run(PEAK_ROUNDS) * PEAK_ROUNDS;
        const double rate = (double)macs / (now_s() - start);
        best = rate > best ? rate : best;
    }
    return best;
}

static bl_status create_rows(const char *const *paths, uint32_t count, uint32_t cores, row *rows,
                             uint32_t *row_count, bl_error *error)
{
    for (uint32_t i = 0; i < count; i++) {
        bl_config config;
        bl_status status = bl_config_load(paths[i], &config, error);
        for (uint32_t t = 0; status == BL_STATUS_OK && t < (cores > 1 ? 2u : 1u); t++) {
            row *made = &rows[*row_count];
            *made = (row){.path = paths[i], .threads = t == 0 ? 1 : cores};
            status = bl_train_speed_create(&config, made->threads, &made->speed, error);
            *row_count += status == BL_STATUS_OK;
        }
        if (status != BL_STATUS_OK) {
            return status;
        }
    }
    return BL_STATUS_OK;
}

static void print_rows(const row *rows, uint32_t count, double peak)
{
    printf("peak of one core: %.1f GMAC/s\n\n", peak * 1e-9);
    puts("threads  samples/s  x one thread  samples/CPU second  part of peak  config");
    double alone = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        const bl_train_rate rate = bl_train_speed_rate(rows[i].speed);
        alone = rows[i].threads == 1 ? rate.per_wall_s : alone;
        printf("%7" PRIu32 "  %9.0f  %12.2f  %18.0f  %12.3f  %s\n", rows[i].threads,
               rate.per_wall_s, rate.per_wall_s / alone, rate.per_cpu_s,
               rate.per_cpu_s * bl_train_speed_mac_per_sample(rows[i].speed) / peak, rows[i].path);
    }
}

static void print_json(const row *rows, uint32_t count, double peak)
{
    json_t *results = json_array();
    for (uint32_t i = 0; i < count; i++) {
        const bl_train_rate rate = bl_train_speed_rate(rows[i].speed);
        const double macs = bl_train_speed_mac_per_sample(rows[i].speed);
        json_array_append_new(results, json_pack("{s:o, s:I, s:f, s:f, s:f, s:f}", "config",
                                                 bl_json_from_text(rows[i].path), "threads",
                                                 (json_int_t)rows[i].threads, "samples_per_s",
                                                 rate.per_wall_s, "samples_per_cpu_s",
                                                 rate.per_cpu_s, "mac_per_sample", macs,
                                                 "fraction_of_peak", rate.per_cpu_s * macs / peak));
    }
    bl_json_print(json_pack("{s:f, s:o}", "fma_peak_gmac_per_s", peak * 1e-9, "training", results));
}

bl_status bl_bench_train(const char *const *paths, uint32_t count, double seconds, bool json,
                         bl_error *error)
{
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    const uint32_t cores = online > 1 ? (uint32_t)online : 1;
    row *rows = calloc(2 * (size_t)count, sizeof *rows);
    if (rows == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to measure");
    }
    uint32_t row_count = 0;
    double peak = 0.0;
    const bl_status status = create_rows(paths, count, cores, rows, &row_count, error);
    if (status == BL_STATUS_OK) {
        bl_progress progress;
        bl_progress_begin(&progress, false);
        for (uint32_t round = 0; round < ROUNDS; round++) {
            for (uint32_t i = 0; i < row_count; i++) {
                peak = measure_peak(peak);
                bl_train_speed_run(rows[i].speed, seconds / ROUNDS);
                bl_progress_update(&progress, (round + (i + 1.0) / row_count) / ROUNDS);
            }
        }
        bl_progress_end(&progress);
        if (json) {
            print_json(rows, row_count, peak);
        } else {
            print_rows(rows, row_count, peak);
        }
    }
    for (uint32_t i = 0; i < row_count; i++) {
        bl_train_speed_destroy(rows[i].speed);
    }
    free(rows);
    return status;
}
