// SPDX-License-Identifier: MIT
// Numbers are written as decimal texts that read back to the same double.

#include "train/checkpoint.h"

#include "backline/file.h"
#include "backline/limits.h"
#include "backline/text.h"
#include "model/safetensors.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char format[] = "backline-checkpoint-1";

enum { TENSORS = 4, NUMBERS = 8 };

// The numbers of a state by name, both ways.
static void list_numbers(const bl_trainer_state *state, const char *names[NUMBERS],
                         double values[NUMBERS])
{
    const char *const all[NUMBERS] = {"epoch",     "step",           "steps",    "rate_scale",
                                      "train_esr", "validation_esr", "best_esr", "best_epoch"};
    memcpy(names, all, sizeof all);
    values[0] = (double)state->epoch;
    values[1] = (double)state->step;
    values[2] = (double)state->steps;
    values[3] = state->rate_scale;
    values[4] = state->train_esr;
    values[5] = state->validation_esr;
    values[6] = isfinite(state->best_esr) ? state->best_esr : -1.0;
    values[7] = (double)state->best_epoch;
}

static void set_numbers(bl_trainer_state *state, const double values[NUMBERS])
{
    state->epoch = (uint64_t)values[0];
    state->step = (uint64_t)values[1];
    state->steps = (uint64_t)values[2];
    state->rate_scale = values[3];
    state->train_esr = values[4];
    state->validation_esr = values[5];
    state->best_esr = values[6] >= 0.0 ? values[6] : HUGE_VAL;
    state->best_epoch = (uint64_t)values[7];
}

static void list_tensors(const bl_trainer_state *state, bl_tensor_source tensors[TENSORS])
{
    const struct {
        const char *name;
        float *values;
        size_t count;
    } all[TENSORS] = {{"parameters", state->parameters, state->parameter_count},
                      {"best", state->best, state->parameter_count},
                      {"average", state->average, state->parameter_count},
                      {"optimizer", state->optimizer, state->optimizer_count}};
    for (int t = 0; t < TENSORS; t++) {
        tensors[t] = (bl_tensor_source){.name = all[t].name,
                                        .dimensions = 1,
                                        .shape = {(uint32_t)all[t].count},
                                        .count = all[t].count,
                                        .values = all[t].values};
    }
}

bl_status bl_checkpoint_save(const char *path, const bl_trainer_state *state, const char *config,
                             bl_error *error)
{
    const char *names[NUMBERS];
    double values[NUMBERS];
    char texts[NUMBERS][BL_TEXT_NUMBER_MAX];
    const char *metadata[2 * (NUMBERS + 2) + 1] = {"format", format, "config", config};
    list_numbers(state, names, values);
    for (int i = 0; i < NUMBERS; i++) {
        bl_text_format_number(values[i], texts[i]);
        metadata[4 + 2 * i] = names[i];
        metadata[5 + 2 * i] = texts[i];
    }
    bl_tensor_source tensors[TENSORS];
    list_tensors(state, tensors);
    return bl_safetensors_save(path, metadata, tensors, TENSORS, error);
}

static void compare_config(bl_load *load, const char *found, const char *expected)
{
    while (*found != '\0' || *expected != '\0') {
        const size_t found_length = strcspn(found, "\n"), length = strcspn(expected, "\n");
        if (found_length != length || strncmp(found, expected, length) != 0) {
            bl_load_fail(load, BL_STATUS_REFUSED,
                         "found \"%.*s\" in the config it was made with, \"%.*s\" now; resume with "
                         "the same config and options, or train into another folder",
                         (int)(found_length < 80 ? found_length : 80), found,
                         (int)(length < 80 ? length : 80), expected);
            return;
        }
        found += found_length + (found[found_length] != '\0');
        expected += length + (expected[length] != '\0');
    }
}

static void read_metadata(bl_load *load, const bl_json *metadata, const char *config,
                          double values[NUMBERS])
{
    const bl_json kind = bl_json_member(metadata, "format");
    if (!bl_json_is_present(&kind) || strcmp(bl_json_to_text(&kind), format) != 0) {
        bl_json_expect(&kind, format);
        return;
    }
    const bl_json text = bl_json_member(metadata, "config");
    compare_config(load, bl_json_to_text(&text), config);
    const char *names[NUMBERS];
    double unused[NUMBERS];
    list_numbers(&(bl_trainer_state){0}, names, unused);
    for (int i = 0; i < NUMBERS; i++) {
        const bl_json number = bl_json_member(metadata, names[i]);
        if (!bl_text_parse_number(bl_json_to_text(&number), &values[i])) {
            bl_json_expect(&number, "a number as text");
        }
    }
}

// All tensors are checked before the first is copied.
static void read_tensors(bl_load *load, const bl_safetensors *file, const bl_trainer_state *state)
{
    bl_tensor_source wanted[TENSORS];
    float *const places[TENSORS] = {state->parameters, state->best, state->average,
                                    state->optimizer};
    list_tensors(state, wanted);
    for (int pass = 0; pass < 2; pass++) {
        for (int t = 0; t < TENSORS && bl_load_ok(load); t++) {
            const bl_tensor *found = bl_safetensors_find(file, wanted[t].name);
            if (found == NULL || found->count != wanted[t].count) {
                bl_load_fail(load, BL_STATUS_SHAPE, "%s: found %zu numbers, expected %zu",
                             wanted[t].name, found != NULL ? found->count : 0, wanted[t].count);
            } else {
                float *values = pass == 1 ? places[t] : calloc(found->count, sizeof *values);
                if (values == NULL) {
                    bl_load_fail(load, BL_STATUS_NO_MEMORY, "not enough memory to read it");
                    return;
                }
                bl_tensor_read(found, load, values);
                if (pass == 0) {
                    free(values);
                }
            }
        }
    }
}

bl_status bl_checkpoint_load(const char *path, const char *config, bl_trainer_state *state,
                             bl_error *error)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    const bl_status status = bl_file_read(path, BL_LIMIT_FILE_BYTES, &bytes, &size, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    bl_load load = {.file = path, .store = bl_store_create(), .error = error};
    if (load.store == NULL) {
        free(bytes);
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory to read it", path);
    }
    bl_safetensors file;
    double values[NUMBERS] = {0};
    bl_safetensors_init(&file, &load, bytes, size);
    if (bl_load_ok(&load)) {
        read_metadata(&load, &file.metadata, config, values);
    }
    if (bl_load_ok(&load)) {
        read_tensors(&load, &file, state);
    }
    if (bl_load_ok(&load)) {
        set_numbers(state, values);
    }
    bl_safetensors_finish(&file);
    bl_store_destroy(load.store);
    free(bytes);
    return load.status;
}
