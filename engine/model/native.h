// SPDX-License-Identifier: MIT
// The native model, wavenet_amp: from a config and a flat weight list, and from and to its
// safetensors form. Weight order: input conv w, b; per block conv w, b; output conv w, b.

#ifndef BACKLINE_MODEL_NATIVE_H
#define BACKLINE_MODEL_NATIVE_H

#include "model/content.h"

#include <stdint.h>

/// `__metadata__.format` of files that Backline writes.
#define BL_NATIVE_FORMAT "backline-1"

/// One tensor of the flat list.
typedef struct bl_native_tensor {
    char name[40]; ///< "blocks.3.conv.weight"
    uint32_t dimensions, shape[3];
    uint64_t count;
} bl_native_tensor;

/// Tensors of a model: 4 + 2 per block.
uint32_t bl_native_tensors(const bl_config_model *model);

/// Tensor `index` of the flat list.
bl_native_tensor bl_native_get_tensor(const bl_config_model *model, uint32_t index);

/// Floats of the flat list, or 0 and a kept failure if a size is out of bounds. Checks everything
/// that `bl_native_build` relies on.
uint64_t bl_native_count(bl_load *load, const bl_config_model *model);

/// The architecture over `weights` (bl_native_count floats; NULL: shapes only), which must live as
/// long as the store.
bl_arch *bl_native_build(bl_load *load, const bl_config_model *model, double sample_rate_hz,
                         const float *weights);

/// Reads the safetensors form, with metadata or as a plain state dict. `overrides` may be NULL.
void bl_native_read(bl_load *load, const uint8_t *bytes, size_t size, const bl_config *overrides,
                    bl_content *content);

/// Writes the safetensors form. Thread: any but RT.
bl_status bl_native_save(const bl_content *content, const char *path, bl_error *error);

#endif
