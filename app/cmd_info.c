// SPDX-License-Identifier: MIT
// `backline info`: what a model is and what it costs. Thread: MAIN.

#include "command.h"
#include "facts.h"
#include "json.h"

#include "backline/config.h"
#include "backline/model.h"
#include "backline/voice.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct info_settings {
    bool json;
} info_settings;

static const bl_option options[] = {
    {.name = "json",
     .kind = BL_OPTION_FLAG,
     .offset = offsetof(info_settings, json),
     .help = "Prints one JSON document: {\"models\": [...]}, one object for each argument, in "
             "order. Keys end in their unit; receptive_field_samples is null for recurrent "
             "models, kernel is null for configs and for models that cannot be played, which "
             "have their reason as refusal. "
             "server_rates is what playing it at other rates adds, resampling included."},
    {0},
};

// Rates that JACK servers run at.
static const double server_rates_hz[] = {44100.0, 48000.0, 88200.0, 96000.0, 192000.0};
enum { SERVER_RATES = sizeof server_rates_hz / sizeof *server_rates_hz };

// What is known about one argument.
typedef struct info_entry {
    const char *path;
    bl_model_info info;
    char kernel[64];  // what plays it; empty for configs and for what cannot be played
    bl_error refusal; // why it cannot be played
    uint32_t latency_frames[SERVER_RATES]; // of what can be played
} info_entry;

static bool is_config(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL && (strcasecmp(dot, ".yaml") == 0 || strcasecmp(dot, ".yml") == 0);
}

static bl_status load_config(info_entry *entry, bl_error *error)
{
    bl_config config;
    bl_status status = bl_config_load(entry->path, &config, error);
    if (status == BL_STATUS_OK) {
        status = bl_model_info_from_config(&config, &entry->info, error);
    }
    const char *slash = strrchr(entry->path, '/');
    const char *name = slash != NULL ? slash + 1 : entry->path;
    snprintf(entry->info.name, sizeof entry->info.name, "%.*s", (int)(strrchr(name, '.') - name),
             name);
    snprintf(entry->info.format, sizeof entry->info.format, "config");
    return status;
}

static bl_status measure_latencies(info_entry *entry, const bl_voice *voice, bl_error *error)
{
    for (int i = 0; i < SERVER_RATES; i++) {
        if (!bl_voice_latency_at(voice, server_rates_hz[i], &entry->latency_frames[i])) {
            return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory to describe it",
                                entry->path);
        }
    }
    return BL_STATUS_OK;
}

static bl_status load_model(info_entry *entry, bl_error *error)
{
    bl_model *model = NULL;
    bl_voice *voice = NULL;
    bl_status status = bl_model_load(entry->path, NULL, &model, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    entry->info = *bl_model_get_info(model);
    // A model that loads but cannot be played still has facts to tell.
    if (bl_voice_create(model, NULL, &voice, &entry->refusal) == BL_STATUS_OK) {
        status = measure_latencies(entry, voice, error);
        snprintf(entry->kernel, sizeof entry->kernel, "%s", bl_voice_kernel(voice));
    }
    bl_voice_destroy(voice);
    bl_model_release(model);
    return status;
}

static json_t *json_from_samples(uint32_t samples, bool unlimited)
{
    return unlimited ? json_null() : json_integer(samples);
}

static json_t *json_from_ms(const bl_model_info *info, uint32_t samples, bool unlimited)
{
    return unlimited ? json_null() : json_real(samples / info->sample_rate_hz * 1000.0);
}

static void set_optional(json_t *object, const char *key, bool known, double value)
{
    if (known) {
        json_object_set_new(object, key, json_real(value));
    }
}

static json_t *json_from_rates(const info_entry *entry)
{
    json_t *list = json_array();
    for (int i = 0; entry->kernel[0] != '\0' && i < SERVER_RATES; i++) {
        const double rate = server_rates_hz[i], frames = entry->latency_frames[i];
        json_array_append_new(list, json_pack("{s:f, s:i, s:f}", "sample_rate_hz", rate,
                                              "added_latency_samples", (int)frames,
                                              "added_latency_ms", frames / rate * 1000.0));
    }
    return list;
}

static json_t *json_from_entry(const info_entry *entry)
{
    const bl_model_info *info = &entry->info;
    const bool recurrent = info->receptive_field_samples == 0;
    json_t *object = json_object();
    json_object_set_new(object, "path", bl_json_from_text(entry->path));
    json_object_set_new(object, "name", bl_json_from_text(info->name));
    json_object_set_new(object, "format", bl_json_from_text(info->format));
    json_object_set_new(object, "architecture", bl_json_from_text(info->architecture));
    json_object_set_new(object, "size_class", bl_json_from_text(info->size_class));
    json_object_set_new(object, "causal", json_boolean(info->causal));
    json_object_set_new(object, "parameters", json_integer((json_int_t)info->parameters));
    json_object_set_new(object, "receptive_field_samples",
                        json_from_samples(info->receptive_field_samples, recurrent));
    json_object_set_new(object, "receptive_field_ms",
                        json_from_ms(info, info->receptive_field_samples, recurrent));
    json_object_set_new(object, "lookahead_samples", json_integer(info->lookahead_samples));
    json_object_set_new(object, "lookahead_ms", json_from_ms(info, info->lookahead_samples, false));
    json_object_set_new(object, "added_latency_samples", json_integer(info->added_latency_samples));
    json_object_set_new(object, "added_latency_ms",
                        json_from_ms(info, info->added_latency_samples, false));
    json_object_set_new(object, "sample_rate_hz", json_real(info->sample_rate_hz));
    json_object_set_new(object, "sample_rate_known", json_boolean(info->sample_rate_known));
    json_object_set_new(object, "mac_per_sample", json_integer((json_int_t)info->mac_per_sample));
    set_optional(object, "loudness_db", info->has_loudness, info->loudness_db);
    set_optional(object, "input_level_dbu", info->has_input_level, info->input_level_dbu);
    set_optional(object, "output_level_dbu", info->has_output_level, info->output_level_dbu);
    set_optional(object, "esr", info->has_esr, info->esr);
    if (info->warning[0] != '\0') {
        json_object_set_new(object, "warning", bl_json_from_text(info->warning));
    }
    json_object_set_new(object, "kernel",
                        entry->kernel[0] != '\0' ? bl_json_from_text(entry->kernel) : json_null());
    if (entry->refusal.text[0] != '\0') {
        json_object_set_new(object, "refusal", bl_json_from_text(entry->refusal.text));
    }
    json_object_set_new(object, "server_rates", json_from_rates(entry));
    return object;
}

static void print_labelled(const char *label, const char *text)
{
    printf("  %-17s ", label);
    bl_facts_print_text(text);
    putchar('\n');
}

static void print_metadata(const bl_model_info *info)
{
    if (info->has_loudness) {
        printf("  loudness          %.1f dB, as the file claims\n", info->loudness_db);
    }
    if (info->has_input_level) {
        printf("  input level       %.1f dBu, as the file claims\n", info->input_level_dbu);
    }
    if (info->has_output_level) {
        printf("  output level      %.1f dBu, as the file claims\n", info->output_level_dbu);
    }
    if (info->has_esr) {
        printf("  ESR               %.4g in validation, as the file claims\n", info->esr);
    }
    if (info->warning[0] != '\0') {
        print_labelled("warning", info->warning);
    }
}

// What a server at another rate than the model's makes of its latency.
static void print_rates(const info_entry *entry)
{
    const char *before = "  at other rates    ";
    if (entry->kernel[0] == '\0') {
        return;
    }
    for (int i = 0; i < SERVER_RATES; i++) {
        const double rate = server_rates_hz[i];
        if (rate != entry->info.sample_rate_hz) {
            printf("%s%.1f kHz %.2f ms", before, rate / 1000.0,
                   entry->latency_frames[i] / rate * 1000.0);
            before = ", ";
        }
    }
    puts(" (added latency)");
}

static void print_entry(const info_entry *entry)
{
    const bl_model_info *info = &entry->info;
    char count[BL_FACTS_NUMBER_MAX];
    bl_facts_print_text(entry->path);
    putchar('\n');
    print_labelled("name", info->name);
    print_labelled("format", info->format);
    printf("  architecture      ");
    bl_facts_print_text(info->architecture);
    if (info->size_class[0] != '\0') {
        printf(", %s", info->size_class);
    }
    printf(", %s\n", info->causal ? "causal" : "centred");
    bl_facts_format_count(info->parameters, count);
    printf("  parameters        %s\n", count);
    printf("  sample rate       %.10g Hz%s\n", info->sample_rate_hz,
           info->sample_rate_known ? "" : " (assumed; the file does not say)");
    bl_facts_print_times(info);
    print_rates(entry);
    bl_facts_format_count(info->mac_per_sample, count);
    printf("  cost              %s multiply-adds per sample\n", count);
    print_metadata(info);
    if (entry->kernel[0] != '\0' || entry->refusal.text[0] != '\0') {
        print_labelled("kernel", entry->kernel[0] != '\0' ? entry->kernel : entry->refusal.text);
    }
}

static void print_entries(const info_entry *entries, uint32_t count, bool json)
{
    if (json) {
        json_t *models = json_array();
        for (uint32_t i = 0; i < count; i++) {
            json_array_append_new(models, json_from_entry(&entries[i]));
        }
        bl_json_print(json_pack("{s:o}", "models", models));
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) {
            putchar('\n');
        }
        print_entry(&entries[i]);
    }
}

// Nothing is printed unless every argument is good, so that a document is whole or absent.
static bl_status inform(const char *const *paths, uint32_t count, bool json, bl_error *error)
{
    info_entry *entries = calloc(count, sizeof *entries);
    if (entries == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory for %u models", count);
    }
    bl_status status = BL_STATUS_OK;
    for (uint32_t i = 0; i < count && status == BL_STATUS_OK; i++) {
        entries[i].path = paths[i];
        status =
            is_config(paths[i]) ? load_config(&entries[i], error) : load_model(&entries[i], error);
    }
    if (status == BL_STATUS_OK) {
        print_entries(entries, count, json);
    }
    free(entries);
    return status;
}

static int run_info(int argc, char **argv)
{
    info_settings settings = {0};
    const char *const *operands = NULL;
    uint32_t count = 0;
    const int end = bl_options_parse(&bl_command_info, argc, argv, &settings, &operands, &count);
    if (end != BL_OPTIONS_RUN) {
        return end;
    }
    bl_error error = {0};
    return inform(operands, count, settings.json, &error) == BL_STATUS_OK
               ? BL_EXIT_DONE
               : bl_command_fail(&bl_command_info, &error);
}

const bl_command bl_command_info = {
    .name = "info",
    .summary = "say what models are and what they cost",
    .synopsis = "MODEL_OR_CONFIG... [--json]",
    .description =
        "Prints the architecture, the number of parameters, the receptive field, the latency, the "
        "sample rate, the cost and the metadata of each model file. For a training config (.yaml) "
        "it describes the model that training with it would make.\n\n"
        "The receptive field is how many samples one output sample depends on. It is not a "
        "latency: a causal model answers at once, whatever its receptive field, and adds 0 "
        "samples. "
        "A centred model needs future samples, its lookahead; played live it adds that many.",
    .options = options,
    .operands_min = 1,
    .operands_max = UINT32_MAX,
    .examples = "backline info amp.nam\n"
                "Describes one model.\n"
                "backline info configs/config.yaml configs/config_realtime.yaml\n"
                "Compares the models of two training configs.\n"
                "backline info --json *.nam\n"
                "Describes many, for a program to read.\n",
    .run = run_info,
};
