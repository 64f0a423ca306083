// SPDX-License-Identifier: MIT
// Writes the safetensors form: what people know about the model as metadata, then
// the tensors in the order of the flat list.

#include "model/native.h"

#include "backline/text.h"
#include "model/safetensors.h"

#include <stdlib.h>

enum { CONFIG_TEXT_MAX = 8192, PAIRS_MAX = 8 };

// Pairs of key and text as bl_safetensors_save wants them.
typedef struct pairs {
    const char *texts[2 * PAIRS_MAX + 1];
    char numbers[PAIRS_MAX][BL_TEXT_NUMBER_MAX];
    uint32_t count;
} pairs;

static void add_text(pairs *list, const char *key, const char *text)
{
    list->texts[2 * list->count] = key;
    list->texts[2 * list->count + 1] = text;
    list->count++;
}

static void add_number(pairs *list, const char *key, bool given, double number)
{
    if (given) {
        char *text = list->numbers[list->count];
        bl_text_format_number(number, text);
        add_text(list, key, text);
    }
}

bl_status bl_native_save(const bl_content *content, const char *path, bl_error *error)
{
    char config[CONFIG_TEXT_MAX];
    bl_status status = bl_config_write(&content->config, config, sizeof config, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    const bl_model_info *info = &content->info;
    pairs metadata = {.count = 0};
    add_text(&metadata, "format", BL_NATIVE_FORMAT);
    add_text(&metadata, "config", config);
    add_text(&metadata, "name", info->name);
    add_number(&metadata, "sample_rate_hz", true, info->sample_rate_hz);
    add_number(&metadata, "esr", info->has_esr, info->esr);
    add_number(&metadata, "loudness_db", info->has_loudness, info->loudness_db);
    add_number(&metadata, "input_level_dbu", info->has_input_level, info->input_level_dbu);
    add_number(&metadata, "output_level_dbu", info->has_output_level, info->output_level_dbu);

    const uint32_t count = bl_native_list(content->arch, NULL);
    bl_native_tensor *shapes = calloc(count, sizeof *shapes);
    bl_tensor_source *tensors = calloc(count, sizeof *tensors);
    if (shapes == NULL || tensors == NULL) {
        status =
            bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory to write it", path);
        goto done;
    }
    bl_native_list(content->arch, shapes);
    for (uint32_t i = 0; i < count; i++) {
        tensors[i] = (bl_tensor_source){
            .name = shapes[i].name,
            .dimensions = shapes[i].dimensions,
            .shape = {shapes[i].shape[0], shapes[i].shape[1], shapes[i].shape[2]},
            .count = (size_t)shapes[i].count,
            .values = *shapes[i].weights};
    }
    status = bl_safetensors_save(path, metadata.texts, tensors, count, error);

done:
    free(shapes);
    free(tensors);
    return status;
}
