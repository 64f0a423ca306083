// SPDX-License-Identifier: MIT
// `backline bench`: what models cost on this machine, as times and as a share of what the core can
// do at all. Thread: MAIN.

#include "command.h"
#include "facts.h"
#include "json.h"
#include "measure.h"

#include "backline/limits.h"
#include "backline/model.h"
#include "backline/voice.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef struct bench_settings {
    bl_option_counts blocks;
    double seconds;
    bool json;
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
    {.name = "json",
     .kind = BL_OPTION_FLAG,
     .offset = offsetof(bench_settings, json),
     .help = "Prints one JSON document: fma_peak_gmac_per_s, and results with one row for each "
             "model and block size."},
    {0},
};

static const bl_option_counts default_blocks = {.values = {16, 32, 64, 128, 512}, .count = 5};

#define PEAK_S 0.5

// One model at one block size.
typedef struct bench_row {
    const char *path;
    uint32_t block_frames;
    bl_measure measure;
    double fraction_of_peak, times_real_time;
} bench_row;

// The whole run; rows are printed or collected as they come.
typedef struct bench_run {
    const bench_settings *settings;
    double peak_gmac_per_s;
    json_t *results; // NULL: print a table
} bench_run;

static void add_json_row(const bench_run *run, const bench_row *row, const bl_voice *voice)
{
    const bl_model_info *info = bl_model_get_info(bl_voice_model(voice));
    json_t *object = json_object();
    json_object_set_new(object, "model", bl_json_from_text(row->path));
    json_object_set_new(object, "block", json_integer(row->block_frames));
    json_object_set_new(object, "ns_per_sample", json_real(row->measure.ns_per_sample));
    json_object_set_new(object, "mac_per_sample", json_integer((json_int_t)info->mac_per_sample));
    json_object_set_new(object, "fraction_of_peak", json_real(row->fraction_of_peak));
    json_object_set_new(object, "times_real_time", json_real(row->times_real_time));
    json_object_set_new(object, "p999_block_us", json_real(row->measure.p999_block_us));
    json_object_set_new(object, "resident_bytes", json_integer((json_int_t)bl_voice_bytes(voice)));
    json_object_set_new(object, "kernel", bl_json_from_text(bl_voice_kernel(voice)));
    json_array_append_new(run->results, object);
}

static void print_row(const bench_row *row)
{
    printf("  %5" PRIu32 "  %9.1f  %12.3f  %14.1f  %13.1f\n", row->block_frames,
           row->measure.ns_per_sample, row->fraction_of_peak, row->times_real_time,
           row->measure.p999_block_us);
    fflush(stdout);
}

static void print_model_heading(const char *path, const bl_voice *voice)
{
    char macs[BL_FACTS_NUMBER_MAX], bytes[BL_FACTS_NUMBER_MAX];
    bl_facts_format_count(bl_model_get_info(bl_voice_model(voice))->mac_per_sample, macs);
    bl_facts_format_count(bl_voice_bytes(voice), bytes);
    putchar('\n');
    bl_facts_print_text(path);
    printf("\n  %s multiply-adds per sample, %s bytes, kernel %s\n", macs, bytes,
           bl_voice_kernel(voice));
    puts("  block  ns/sample  part of peak  x real time     p99.9 us/block");
}

static bl_status measure_model(const bench_run *run, const char *path, bl_voice *voice,
                               bl_error *error)
{
    const bl_model_info *info = bl_model_get_info(bl_voice_model(voice));
    const bl_option_counts *blocks =
        run->settings->blocks.count > 0 ? &run->settings->blocks : &default_blocks;
    if (run->results == NULL) {
        print_model_heading(path, voice);
    }
    for (uint32_t i = 0; i < blocks->count; i++) {
        bench_row row = {.path = path, .block_frames = blocks->values[i]};
        const bl_status status =
            bl_measure_voice(voice, row.block_frames, run->settings->seconds, &row.measure, error);
        if (status != BL_STATUS_OK) {
            return status;
        }
        const double ns = row.measure.ns_per_sample;
        row.fraction_of_peak = (double)info->mac_per_sample / ns / run->peak_gmac_per_s;
        row.times_real_time = 1e9 / (ns * info->sample_rate_hz);
        if (run->results != NULL) {
            add_json_row(run, &row, voice);
        } else {
            print_row(&row);
        }
    }
    return BL_STATUS_OK;
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

// Finds out before minutes of measuring that a later argument is no model.
static bl_status check_models(const char *const *paths, uint32_t count, bl_error *error)
{
    bl_status status = BL_STATUS_OK;
    for (uint32_t i = 0; i < count && status == BL_STATUS_OK; i++) {
        bl_voice *voice = NULL;
        status = load_voice(paths[i], &voice, error);
        bl_voice_destroy(voice);
    }
    return status;
}

static bl_status measure_all(bench_run *run, const char *const *paths, uint32_t count,
                             bl_error *error)
{
    bl_status status = check_models(paths, count, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    bl_measure_prepare();
    run->peak_gmac_per_s = bl_measure_peak_gmac_per_s(PEAK_S);
    if (run->results == NULL) {
        printf("peak of this core: %.1f GMAC/s\n", run->peak_gmac_per_s);
    }
    for (uint32_t i = 0; i < count && status == BL_STATUS_OK; i++) {
        bl_voice *voice = NULL;
        status = load_voice(paths[i], &voice, error);
        if (status == BL_STATUS_OK) {
            status = measure_model(run, paths[i], voice, error);
        }
        bl_voice_destroy(voice);
    }
    return status;
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
    bench_run run = {.settings = &settings, .results = settings.json ? json_array() : NULL};
    const uint64_t steal_before = bl_measure_steal_ticks();
    const bl_status status = measure_all(&run, operands, count, &error);
    const uint64_t steal = bl_measure_steal_ticks() - steal_before;
    if (status != BL_STATUS_OK) {
        json_decref(run.results);
        return bl_command_fail(&bl_command_bench, &error);
    }
    if (settings.json) {
        bl_json_print(json_pack("{s:f, s:I, s:o}", "fma_peak_gmac_per_s", run.peak_gmac_per_s,
                                "steal_ticks", (json_int_t)steal, "results", run.results));
    } else {
        printf("\nsteal: %" PRIu64 " ticks taken by the hypervisor meanwhile%s\n", steal,
               steal > 0 ? "; the figures are worse than the machine" : "");
    }
    return BL_EXIT_DONE;
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
        "depend on. Steal ticks tell of a virtual machine whose host was busy: measure again.",
    .options = options,
    .operands_min = 1,
    .operands_max = UINT32_MAX,
    .examples = "backline bench amp.nam\n"
                "Measures one model at the usual block sizes.\n"
                "backline bench --block 64 --json *.nam\n"
                "Compares models at 64 frames, for a program to read.\n",
    .run = run_bench,
};
