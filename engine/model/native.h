// SPDX-License-Identifier: MIT
// Native models, those that configs describe: from a config and a flat weight list, and from and to
// the safetensors form. wavenet_amp's order: input conv w, b; per block conv w, b; output conv w,
// b.

#ifndef BACKLINE_MODEL_NATIVE_H
#define BACKLINE_MODEL_NATIVE_H

#include "model/content.h"

#include <stdint.h>

/// `__metadata__.format` of files that Backline writes.
#define BL_NATIVE_FORMAT "backline-1"

/// Slope of leaky_relu, as NAM's reference trainer has it.
#define BL_NATIVE_LEAKY_SLOPE 0.01f

/// One tensor of the flat list.
typedef struct bl_native_tensor {
    char name[80]; ///< "blocks.3.conv.weight"
    uint32_t dimensions, shape[3];
    uint64_t count;
    const float **weights; ///< the place in the architecture that points at them
} bl_native_tensor;

/// Lists the tensors of an architecture in the order of the flat list, which for NAM shapes is that
/// of .nam files. Returns how many; `tensors` may be NULL. Thread: any.
uint32_t bl_native_list(const bl_arch *arch, bl_native_tensor *tensors);

/// The architecture that `model` describes, its weights still missing, or NULL and a kept failure
/// if a size is out of bounds.
bl_arch *bl_native_shape(bl_load *load, const bl_config_model *model, double sample_rate_hz);

/// Floats of the flat list, or 0 and a kept failure if a size is out of bounds.
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
