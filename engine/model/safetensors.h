// SPDX-License-Identifier: MIT
// The safetensors container (https://huggingface.co/docs/safetensors): 8 bytes little-endian header
// length, JSON header, raw tensors without gaps. Only names, shapes and bytes; what they mean is
// native.c's.

#ifndef BACKLINE_MODEL_SAFETENSORS_H
#define BACKLINE_MODEL_SAFETENSORS_H

#include "backline/file.h"
#include "model/json.h"
#include "model/load.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BL_TENSOR_DIMENSIONS = 8 };

typedef struct bl_tensor {
    const char *name;
    uint32_t dimensions;
    uint32_t shape[BL_TENSOR_DIMENSIONS];
    size_t count;         ///< floats
    const uint8_t *bytes; ///< little-endian F32; unaligned
} bl_tensor;

typedef struct bl_safetensors {
    bl_tensor *tensors; ///< in the order of their bytes
    size_t count;
    bl_json_document header;
    bl_json root, metadata; ///< the header, and its object of texts, or absent
} bl_safetensors;

/// True if the bytes begin like such a file (not that it is a good one). Thread: any.
bool bl_safetensors_is(const uint8_t *bytes, size_t size);

/// Reads the header. `bytes` must outlive `file`, which must not move; ended by
/// bl_safetensors_finish, also after a failure, which is kept in `load`.
void bl_safetensors_init(bl_safetensors *file, bl_load *load, const uint8_t *bytes, size_t size);
void bl_safetensors_finish(bl_safetensors *file);

/// The tensor of that name, or NULL.
const bl_tensor *bl_safetensors_find(const bl_safetensors *file, const char *name);

/// Copies the floats of `tensor`; keeps a failure if one is not finite.
void bl_tensor_read(const bl_tensor *tensor, bl_load *load, float *values);

/// A tensor to be written.
typedef struct bl_tensor_source {
    const char *name;
    uint32_t dimensions;
    uint32_t shape[BL_TENSOR_DIMENSIONS];
    size_t count; ///< floats
    const float *values;
} bl_tensor_source;

/// Writes a whole file: temporary file, fsync, rename. `metadata` are pairs of key and text, UTF-8,
/// ended by NULL. Thread: any but RT.
bl_status bl_safetensors_save(const char *path, const char *const *metadata,
                              const bl_tensor_source *tensors, size_t count, bl_error *error);

/// Writes "[16, 1, 1]".
void bl_tensor_write_shape(const uint32_t *shape, uint32_t dimensions, char *text, size_t size);

#endif
