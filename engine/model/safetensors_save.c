// SPDX-License-Identifier: MIT
// Writing the safetensors container: the header padded with spaces so that the data is aligned,
// then the tensors in the order given.

#include "model/safetensors.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DATA_ALIGN = 8 };

// NULL if memory is short.
static json_t *make_entry(const bl_tensor_source *tensor, uint64_t offset)
{
    const uint64_t end = offset + tensor->count * sizeof(float);
    json_t *shape = json_array();
    int failed = 0;
    for (uint32_t i = 0; i < tensor->dimensions; i++) {
        failed |= json_array_append_new(shape, json_integer(tensor->shape[i]));
    }
    json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape,
                              "data_offsets", (json_int_t)offset, (json_int_t)end);
    if (failed != 0) {
        json_decref(entry);
        return NULL;
    }
    return entry;
}

// The header as text; NULL if memory is short. Owns: the caller (free).
static char *make_header(const char *const *metadata, const bl_tensor_source *tensors, size_t count,
                         size_t *size)
{
    json_t *header = json_object(), *texts = json_object();
    int failed = 0;
    for (; *metadata != NULL; metadata += 2) {
        failed |= json_object_set_new(texts, metadata[0], json_string(metadata[1]));
    }
    failed |= json_object_set_new(header, "__metadata__", texts);
    uint64_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        failed |= json_object_set_new(header, tensors[i].name, make_entry(&tensors[i], offset));
        offset += tensors[i].count * sizeof(float);
    }
    char *text = failed == 0 ? json_dumps(header, JSON_COMPACT) : NULL;
    json_decref(header);
    if (text == NULL) {
        return NULL;
    }
    *size = (strlen(text) + DATA_ALIGN - 1) / DATA_ALIGN * DATA_ALIGN;
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

bl_status bl_safetensors_save(const char *path, const char *const *metadata,
                              const bl_tensor_source *tensors, size_t count, bl_error *error)
{
    size_t size = 0;
    char *header = make_header(metadata, tensors, count, &size);
    if (header == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory to write it", path);
    }
    uint8_t length[8];
    for (int i = 0; i < 8; i++) {
        length[i] = (uint8_t)((uint64_t)size >> 8 * i);
    }
    bl_file_writer writer;
    bl_status status = bl_file_writer_open(&writer, path, error);
    if (status != BL_STATUS_OK) {
        free(header);
        return status;
    }
    status = bl_file_writer_write(&writer, length, sizeof length, error);
    if (status == BL_STATUS_OK) {
        status = bl_file_writer_write(&writer, header, size, error);
    }
    for (size_t i = 0; status == BL_STATUS_OK && i < count; i++) {
        status = write_floats(&writer, tensors[i].values, tensors[i].count, error);
    }
    if (status == BL_STATUS_OK) {
        status = bl_file_writer_commit(&writer, error);
    }
    bl_file_writer_abort(&writer);
    free(header);
    return status;
}
