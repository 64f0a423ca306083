// SPDX-License-Identifier: MIT
// `backline bench`: what models cost on this machine, as times and as a share of what the core can
// do at all. Thread: MAIN.

#include "bench_train.h"
#include "command.h"
#include "facts.h"
#include "json.h"
#include "measure.h"
#include "progress.h"

#include "backline/limits.h"
#include "backline/model.h"
#include "backline/voice.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct bench_settings {
    bl_option_counts blocks;
    double seconds;
    bool json, train;
} bench_settings;

static const bl_option options[] = {
    {.name = "block",
     .letter = 'b',
     .kind = BL_OPTION_COUNTS,
     .argument = "N",
     .offset = offsetof(bench_settings, blocks),
     .min = 1,
     .max = BL_PERIOD_MAX,
     .help =
         "Frames in a block. May be given several times; 16, 32, 64, 128 and 512 if not given."},
    {.name = "seconds",
     .kind = BL_OPTION_NUMBER,
     .argument = "S",
     .offset = offsetof(bench_settings, seconds),
     .min = 0.01,
     .max = 3600.0,
     .help = "How long each model is measured at each block size, 1 if not given."},
    {.name = "train",
     .kind = BL_OPTION_FLAG,
     .offset = offsetof(bench_settings, train),
     .help =
         "Measures training instead: the arguments are training configs, each run with one "
         "thread and with one per core, in whole steps (forward, backward, update). The part of "
         "the peak counts the multiply-adds of the samples learnt from, over the CPU time that "
         "it got."},
    {.name = "json",
     .kind = BL_OPTION_FLAG,
     .offset = offsetof(bench_settings, json),
     .help = "Prints one JSON document: fma_peak_gmac_per_s, and results with one row for each "
             "model and block size."},
    {0},
};

static const bl_option_counts default_blocks = {.values = {16, 32, 64, 128, 512}, .count = 5};

enum { ROUNDS = 10 }; // in which all models take turns

// One model at one block size.
typedef struct bench_row {
    const char *path;
    bl_voice *voice; // shared by the rows of a model, owned by the first
    bool owns_voice;
    uint32_t block_frames;
    bl_measure_player *player;
} bench_row;

typedef struct bench_run {
    const bench_settings *settings;
    bl_measure_core *core;
    bench_row *rows;
    uint32_t row_count;
} bench_run;

static double fraction_of_peak(const bench_row *row, double ns_per_sample, double peak)
{
    return (double)bl_model_get_info(bl_voice_model(row->voice))->mac_per_sample / ns_per_sample /
           peak;
}

static double times_real_time(const bench_row *row, double ns_per_sample)
{
    return 1e9 / (ns_per_sample * bl_model_get_info(bl_voice_model(row->voice))->sample_rate_hz);
}

static json_t *json_row(const bench_row *row, const bl_measure *measure, double peak)
{
    const bl_voice *voice = row->voice;
    const bl_model_info *info = bl_model_get_info(bl_voice_model(voice));
    const double ns = measure->ns_per_sample;
    json_t *object = json_object();
    json_object_set_new(object, "model", bl_json_from_text(row->path));
    json_object_set_new(object, "block", json_integer(row->block_frames));
    json_object_set_new(object, "ns_per_sample", json_real(ns));
    json_object_set_new(object, "mac_per_sample", json_integer((json_int_t)info->mac_per_sample));
    json_object_set_new(object, "fraction_of_peak", json_real(fraction_of_peak(row, ns, peak)));
    json_object_set_new(object, "times_real_time", json_real(times_real_time(row, ns)));
    json_object_set_new(object, "p999_block_us", json_real(measure->p999_block_us));
    json_object_set_new(object, "undisturbed_passes", json_integer(measure->passes));
    json_object_set_new(object, "resident_bytes", json_integer((json_int_t)bl_voice_bytes(voice)));
    json_object_set_new(object, "kernel", bl_json_from_text(bl_voice_kernel(voice)));
    return object;
}

static void print_json(const bench_run *run, uint64_t steal)
{
    const double peak = bl_measure_core_peak_gmac_per_s(run->core);
    json_t *results = json_array();
    for (uint32_t i = 0; i < run->row_count; i++) {
        const bl_measure measure = bl_measure_player_result(run->rows[i].player, run->core);
        json_array_append_new(results, json_row(&run->rows[i], &measure, peak));
    }
    bl_json_print(json_pack("{s:f, s:I, s:o}", "fma_peak_gmac_per_s", peak, "steal_ticks",
                            (json_int_t)steal, "results", results));
}

static void print_model_heading(const bench_row *row)
{
    char macs[BL_FACTS_NUMBER_MAX], bytes[BL_FACTS_NUMBER_MAX];
    bl_facts_format_count(bl_model_get_info(bl_voice_model(row->voice))->mac_per_sample, macs);
    bl_facts_format_count(bl_voice_bytes(row->voice), bytes);
    putchar('\n');
    bl_facts_print_text(row->path);
    printf("\n  %s multiply-adds per sample, %s bytes, kernel %s\n", macs, bytes,
           bl_voice_kernel(row->voice));
    puts("  block  ns/sample  part of peak  x real time     p99.9 us/block");
}

static void print_table(const bench_run *run, uint64_t steal)
{
    const double peak = bl_measure_core_peak_gmac_per_s(run->core);
    uint32_t disturbed = 0;
    printf("peak of this core: %.1f GMAC/s\n", peak);
    for (uint32_t i = 0; i < run->row_count; i++) {
        const bench_row *row = &run->rows[i];
        const bl_measure measure = bl_measure_player_result(row->player, run->core);
        const double ns = measure.ns_per_sample;
        if (row->owns_voice) {
            print_model_heading(row);
        }
        printf("  %5" PRIu32 "  %9.1f  %12.3f  %14.1f  %13.1f%s\n", row->block_frames, ns,
               fraction_of_peak(row, ns, peak), times_real_time(row, ns), measure.p999_block_us,
               measure.passes > 0 ? "" : " *");
        disturbed += measure.passes == 0;
    }
    if (disturbed > 0) {
        puts("\n* the core was never left alone meanwhile: measure again");
    }
    printf("\nsteal: %" PRIu64 " ticks taken by the hypervisor meanwhile%s\n", steal,
           steal > 0 ? "; the figures are worse than the machine" : "");
}

static bl_status load_voice(const char *path, bl_voice **voice, bl_error *error)
{
    bl_model *model = NULL;
    bl_status status = bl_model_load(path, NULL, &model, error);
    if (status == BL_STATUS_OK) {
        status = bl_voice_create(model, NULL, voice, error);
        bl_model_release(model); // the voice holds its own reference
    }
    return status;
}

// The rows of one model.
static bl_status add_model(bench_run *run, const char *path, const bl_option_counts *blocks,
                           bl_error *error)
{
    bl_voice *voice = NULL;
    bl_status status = load_voice(path, &voice, error);
    for (uint32_t i = 0; i < blocks->count && status == BL_STATUS_OK; i++) {
        bench_row *row = &run->rows[run->row_count++];
        *row = (bench_row){
            .path = path, .voice = voice, .owns_voice = i == 0, .block_frames = blocks->values[i]};
        status = bl_measure_player_create(voice, row->block_frames, &row->player, error);
    }
    return status;
}

static bl_status add_models(bench_run *run, const char *const *paths, uint32_t count,
                            bl_error *error)
{
    const bl_option_counts *blocks =
        run->settings->blocks.count > 0 ? &run->settings->blocks : &default_blocks;
    run->rows = calloc((size_t)count * blocks->count, sizeof *run->rows);
    if (run->rows == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory for %" PRIu32 " models",
                            count);
    }
    bl_status status = bl_measure_core_create(&run->core, error);
    for (uint32_t i = 0; i < count && status == BL_STATUS_OK; i++) {
        status = add_model(run, paths[i], blocks, error);
    }
    return status;
}

static void measure_all(const bench_run *run)
{
    bl_progress progress;
    bl_progress_begin(&progress, false);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < run->row_count; i++) {
            bl_measure_player_run(run->rows[i].player, run->core, run->settings->seconds / ROUNDS);
            bl_progress_update(&progress, (round + (i + 1.0) / run->row_count) / ROUNDS);
        }
    }
    bl_progress_end(&progress);
}

static void finish(bench_run *run)
{
    for (uint32_t i = 0; i < run->row_count; i++) {
        bl_measure_player_destroy(run->rows[i].player);
        if (run->rows[i].owns_voice) {
            bl_voice_destroy(run->rows[i].voice);
        }
    }
    free(run->rows);
    bl_measure_core_destroy(run->core);
}

static int run_bench(int argc, char **argv)
{
    bench_settings settings = {.seconds = 1.0};
    const char *const *operands = NULL;
    uint32_t count = 0;
    const int end = bl_options_parse(&bl_command_bench, argc, argv, &settings, &operands, &count);
    if (end != BL_OPTIONS_RUN) {
        return end;
    }
    bl_error error = {0};
    if (settings.train) {
        return bl_bench_train(operands, count, settings.seconds, settings.json, &error) ==
                       BL_STATUS_OK
                   ? BL_EXIT_DONE
                   : bl_command_fail(&bl_command_bench, &error);
    }
    bench_run run = {.settings = &settings};
    bl_measure_prepare();
    const bl_status status = add_models(&run, operands, count, &error);
    if (status == BL_STATUS_OK) {
        const uint64_t before = bl_measure_steal_ticks();
        measure_all(&run);
        const uint64_t steal = bl_measure_steal_ticks() - before;
        if (settings.json) {
            print_json(&run, steal);
        } else {
            print_table(&run, steal);
        }
    }
    finish(&run);
    return status == BL_STATUS_OK ? BL_EXIT_DONE : bl_command_fail(&bl_command_bench, &error);
}

const bl_command bl_command_bench = {
    .name = "bench",
    .summary = "measure what models cost on this machine",
    .synopsis = "MODEL... [OPTION...]",
    .description =
        "Measures how many multiply-adds a second this core can do at all, then plays each model "
        "at each block size, on one core, as it would play live.\n\n"
        "For each it prints the CPU time per sample (median), the part of the core's peak that "
        "this is, counting only the multiply-adds of the model, how many times faster than real "
        "time that is, and the time that 999 of 1000 blocks keep to, which is what dropouts "
        "depend on. The models take turns, and in between the core's peak is measured again and "
        "again: CPU times are those at the core's best clock, and do not count where others "
        "slowed the core. Steal ticks tell of a virtual machine whose host was busy: measure "
        "again.",
    .options = options,
    .operands_min = 1,
    .operands_max = UINT32_MAX,
    .examples = "backline bench amp.nam\n"
                "Measures one model at the usual block sizes.\n"
                "backline bench --block 64 --json *.nam\n"
                "Compares models at 64 frames, for a program to read.\n"
                "backline bench --train configs/config_stage.yaml\n"
                "Says how many audio samples a second this machine learns from.\n",
    .run = run_bench,
};
