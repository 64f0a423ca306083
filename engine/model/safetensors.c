// SPDX-License-Identifier: MIT
// Every offset and product is checked against the bytes that are there before it is used. Tensors
// must fill the data exactly: no gap, no overlap, nothing behind the last one.

#include "model/safetensors.h"

#include "backline/limits.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8 };

static uint64_t read_length(const uint8_t *bytes)
{
    uint64_t length = 0;
    for (int i = LENGTH_BYTES - 1; i >= 0; i--) {
        length = length << 8 | bytes[i];
    }
    return length;
}

bool bl_safetensors_is(const uint8_t *bytes, size_t size)
{
    // No JSON text holds the zeros of a sane length or the 0xff of an insane one.
    return size > LENGTH_BYTES && bytes[LENGTH_BYTES] == '{' &&
           (memchr(bytes, 0x00, LENGTH_BYTES) != NULL || memchr(bytes, 0xff, LENGTH_BYTES) != NULL);
}

void bl_tensor_write_shape(const uint32_t *shape, uint32_t dimensions, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "[");
    for (uint32_t i = 0; i < dimensions && used < size; i++) {
        used +=
            (size_t)snprintf(text + used, size - used, "%s%" PRIu32, i > 0 ? ", " : "", shape[i]);
    }
    if (used < size) {
        snprintf(text + used, size - used, "]");
    }
}

// [begin, end) inside the data, end - begin = 4 * product of the shape.
static void read_tensor(bl_tensor *tensor, const bl_json *entry, const uint8_t *data,
                        size_t data_bytes)
{
    bl_load *load = entry->load;
    tensor->name = entry->key;
    const bl_json dtype = bl_json_member(entry, "dtype");
    if (strcmp(bl_json_to_text(&dtype), "F32") != 0) {
        bl_json_expect(&dtype, "\"F32\"; save the model in 32-bit floats");
    }
    const bl_json shape = bl_json_member(entry, "shape");
    tensor->dimensions = bl_json_to_list(&shape, 0, BL_TENSOR_DIMENSIONS);
    tensor->count = 1;
    for (uint32_t i = 0; i < tensor->dimensions; i++) {
        const bl_json size = bl_json_element(&shape, i);
        tensor->shape[i] = bl_json_to_u32(&size, 1, BL_LIMIT_WEIGHTS);
        tensor->count *= tensor->shape[i];
        if (tensor->count > BL_LIMIT_WEIGHTS) {
            bl_json_fail(&shape, BL_STATUS_LIMIT, "found more than %d numbers, the most allowed",
                         BL_LIMIT_WEIGHTS);
            return;
        }
    }
    const bl_json offsets = bl_json_member(entry, "data_offsets");
    const bl_json first = bl_json_element(&offsets, 0), last = bl_json_element(&offsets, 1);
    bl_json_to_list(&offsets, 2, 2);
    const uint32_t begin = bl_json_to_u32(&first, 0, BL_LIMIT_FILE_BYTES);
    const uint32_t end = bl_json_to_u32(&last, 0, BL_LIMIT_FILE_BYTES);
    if (!bl_load_ok(load)) {
        return;
    }
    if (end < begin || end > data_bytes) {
        bl_json_fail(&offsets, BL_STATUS_FORMAT,
                     "found %" PRIu32 " to %" PRIu32 ", expected a range inside the %zu bytes of "
                     "data; the file may be cut short",
                     begin, end, data_bytes);
    } else if (end - begin != tensor->count * sizeof(float)) {
        bl_json_fail(&offsets, BL_STATUS_SHAPE,
                     "found %" PRIu32 " bytes, expected %zu for its shape", end - begin,
                     tensor->count * sizeof(float));
    } else {
        tensor->bytes = data + begin;
    }
}

static int compare_tensors(const void *left, const void *right)
{
    const bl_tensor *a = left, *b = right;
    return (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

static void check_gaps(const bl_safetensors *file, bl_load *load, const uint8_t *data,
                       size_t data_bytes)
{
    const uint8_t *expected = data;
    for (size_t i = 0; i < file->count; i++) {
        const bl_tensor *tensor = &file->tensors[i];
        if (tensor->bytes != expected) {
            bl_load_fail(load, BL_STATUS_FORMAT,
                         "%s: found its data at byte %zu, expected %zu: tensors must follow each "
                         "other without overlap or gap",
                         tensor->name, (size_t)(tensor->bytes - data), (size_t)(expected - data));
            return;
        }
        expected += tensor->count * sizeof(float);
    }
    if (expected != data + data_bytes) {
        bl_load_fail(load, BL_STATUS_FORMAT,
                     "found %zu bytes of data, expected %zu from the header", data_bytes,
                     (size_t)(expected - data));
    }
}

static void read_tensors(bl_safetensors *file, bl_load *load, const uint8_t *data,
                         size_t data_bytes)
{
    const bl_json_value *header = &file->root.value;
    if (header->count > BL_LIMIT_TENSORS) {
        bl_load_fail(load, BL_STATUS_LIMIT, "found %" PRIu32 " tensors, expected at most %d",
                     header->count, BL_LIMIT_TENSORS);
        return;
    }
    file->tensors = bl_load_take(load, header->count, sizeof *file->tensors);
    for (uint32_t i = 0; i < header->count && bl_load_ok(load); i++) {
        const char *name = header->u.pairs[i].key;
        if (strcmp(name, "__metadata__") != 0) {
            const bl_json entry = bl_json_member(&file->root, name);
            read_tensor(&file->tensors[file->count++], &entry, data, data_bytes);
        }
    }
    if (bl_load_ok(load)) {
        qsort(file->tensors, file->count, sizeof *file->tensors, compare_tensors);
        check_gaps(file, load, data, data_bytes);
    }
}

void bl_safetensors_init(bl_safetensors *file, bl_load *load, const uint8_t *bytes, size_t size)
{
    *file = (bl_safetensors){0};
    const uint64_t length = read_length(bytes);
    if (length > size - LENGTH_BYTES) {
        bl_load_fail(load, BL_STATUS_FORMAT,
                     "byte 0: found a header length of %" PRIu64
                     ", expected at most the %zu bytes that follow; the file may be cut short",
                     length, size - LENGTH_BYTES);
        return;
    }
    bl_json_document_init(&file->header, load, bytes + LENGTH_BYTES, (size_t)length, true);
    file->root = bl_json_root(load, &file->header);
    file->metadata = bl_json_member(&file->root, "__metadata__");
    if (bl_json_is_present(&file->metadata) && !bl_json_is(&file->metadata, BL_JSON_OBJECT)) {
        bl_json_expect(&file->metadata, "an object of texts");
    }
    if (bl_load_ok(load)) {
        read_tensors(file, load, bytes + LENGTH_BYTES + length,
                     size - LENGTH_BYTES - (size_t)length);
    }
}

void bl_safetensors_finish(bl_safetensors *file)
{
    bl_json_document_finish(&file->header);
}

const bl_tensor *bl_safetensors_find(const bl_safetensors *file, const char *name)
{
    for (size_t i = 0; i < file->count; i++) {
        if (strcmp(file->tensors[i].name, name) == 0) {
            return &file->tensors[i];
        }
    }
    return NULL;
}

void bl_tensor_read(const bl_tensor *tensor, bl_load *load, float *values)
{
    for (size_t i = 0; i < tensor->count; i++) {
        const uint8_t *b = tensor->bytes + 4 * i;
        const uint32_t bits =
            (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        memcpy(&values[i], &bits, sizeof bits);
        if (!isfinite(values[i])) {
            bl_load_fail(load, BL_STATUS_VALUE, "%s: found %s at position %zu, expected a number",
                         tensor->name, isnan(values[i]) ? "NaN" : "infinity", i);
            return;
        }
    }
}
