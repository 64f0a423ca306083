// SPDX-License-Identifier: MIT
// Writes the safetensors form of wavenet_amp: the header padded so that the data is aligned, then
// the tensors in the order of the flat list.

#include "model/native.h"

#include "backline/file.h"
#include "backline/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_TEXT_MAX = 8192, DATA_ALIGN = 8 };

static int set_text(json_t *metadata, const char *key, const char *text)
{
    return json_object_set_new(metadata, key, json_string(text));
}

static int set_number(json_t *metadata, const char *key, bool given, double number)
{
    char text[BL_TEXT_NUMBER_MAX];
    bl_text_format_number(number, text);
    return given ? set_text(metadata, key, text) : 0;
}

// Nonzero if memory is short. An invalid UTF-8 name cannot get here: all names come from JSON.
static int fill_metadata(json_t *metadata, const bl_content *content, const char *config)
{
    const bl_model_info *info = &content->info;
    return set_text(metadata, "format", BL_NATIVE_FORMAT) | set_text(metadata, "config", config) |
           set_text(metadata, "name", info->name) |
           set_number(metadata, "sample_rate_hz", true, info->sample_rate_hz) |
           set_number(metadata, "esr", info->has_esr, info->esr) |
           set_number(metadata, "loudness_db", info->has_loudness, info->loudness_db) |
           set_number(metadata, "input_level_dbu", info->has_input_level, info->input_level_dbu) |
           set_number(metadata, "output_level_dbu", info->has_output_level, info->output_level_dbu);
}

static json_t *make_entry(const bl_native_tensor *tensor, uint64_t offset)
{
    const uint64_t end = offset + tensor->count * sizeof(float);
    json_t *shape = json_array();
    for (uint32_t i = 0; i < tensor->dimensions; i++) {
        json_array_append_new(shape, json_integer(tensor->shape[i]));
    }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape, "data_offsets",
                     (json_int_t)offset, (json_int_t)end);
}

// The header as text, padded with spaces; NULL if memory is short. Owns: the caller (free).
static char *make_header(const bl_content *content, const char *config, size_t *size)
{
    json_t *header = json_object(), *metadata = json_object();
    int failed = fill_metadata(metadata, content, config) |
                 json_object_set_new(header, "__metadata__", metadata);
    uint64_t offset = 0;
    for (uint32_t i = 0; i < bl_native_tensors(&content->config.model); i++) {
        const bl_native_tensor tensor = bl_native_get_tensor(&content->config.model, i);
        failed |= json_object_set_new(header, tensor.name, make_entry(&tensor, offset));
        offset += tensor.count * sizeof(float);
    }
    char *text = failed == 0 ? json_dumps(header, JSON_COMPACT) : NULL;
    json_decref(header);
    if (text == NULL) {
        return NULL;
    }
    const size_t length = strlen(text);
    *size = (length + DATA_ALIGN - 1) / DATA_ALIGN * DATA_ALIGN;
    char *padded = malloc(*size + 1);
    if (padded != NULL) {
        snprintf(padded, *size + 1, "%-*s", (int)*size, text);
    }
    free(text);
    return padded;
}

static bl_status write_floats(bl_file_writer *writer, const float *values, uint64_t count,
                              bl_error *error)
{
    enum { FLOATS = 1024 };
    uint8_t bytes[FLOATS * sizeof(float)];
    for (uint64_t done = 0; done < count;) {
        const uint64_t left = count - done, now = left < FLOATS ? left : FLOATS;
        for (uint64_t i = 0; i < now; i++) {
            uint32_t bits;
            memcpy(&bits, &values[done + i], sizeof bits);
            for (int b = 0; b < 4; b++) {
                bytes[4 * i + (uint64_t)b] = (uint8_t)(bits >> 8 * b);
            }
        }
        const bl_status status =
            bl_file_writer_write(writer, bytes, (size_t)now * sizeof(float), error);
        if (status != BL_STATUS_OK) {
            return status;
        }
        done += now;
    }
    return BL_STATUS_OK;
}

// The weights of tensor `index` of the flat list.
static const float *get_weights(const bl_wavenet_array *array, uint32_t index)
{
    const bool is_weight = index % 2 == 0;
    if (index < 2) {
        return is_weight ? array->rechannel.w : array->rechannel.b;
    }
    const uint32_t layer = index / 2 - 1;
    const bl_conv *conv = layer < array->layer_count ? &array->layers[layer].conv : &array->head;
    return is_weight ? conv->w : conv->b;
}

static bl_status write_file(bl_file_writer *writer, const bl_content *content, const char *header,
                            size_t size, bl_error *error)
{
    uint8_t length[8];
    for (int i = 0; i < 8; i++) {
        length[i] = (uint8_t)((uint64_t)size >> 8 * i);
    }
    bl_status status = bl_file_writer_write(writer, length, sizeof length, error);
    if (status == BL_STATUS_OK) {
        status = bl_file_writer_write(writer, header, size, error);
    }
    const bl_config_model *model = &content->config.model;
    const bl_wavenet_array *array = content->arch->u.wavenet.arrays;
    for (uint32_t i = 0; status == BL_STATUS_OK && i < bl_native_tensors(model); i++) {
        status = write_floats(writer, get_weights(array, i), bl_native_get_tensor(model, i).count,
                              error);
    }
    return status;
}

bl_status bl_native_save(const bl_content *content, const char *path, bl_error *error)
{
    char config[CONFIG_TEXT_MAX];
    bl_status status = bl_config_write(&content->config, config, sizeof config, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    size_t size = 0;
    char *header = make_header(content, config, &size);
    if (header == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory to write it", path);
    }
    bl_file_writer writer;
    status = bl_file_writer_open(&writer, path, error);
    if (status == BL_STATUS_OK) {
        status = write_file(&writer, content, header, size, error);
        if (status == BL_STATUS_OK) {
            status = bl_file_writer_commit(&writer, error);
        }
        bl_file_writer_abort(&writer);
    }
    free(header);
    return status;
}
