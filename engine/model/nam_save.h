// SPDX-License-Identifier: MIT
// Writing the JSON forms of networks.

#ifndef BACKLINE_MODEL_NAM_SAVE_H
#define BACKLINE_MODEL_NAM_SAVE_H

#include "model/content.h"

#include <jansson.h>

/// The whole .nam object of `content`, or NULL and a kept failure. `new_form` allows version 0.7
/// for wavenet_amp; other networks get the oldest version that has words for them. Owns: the
/// caller.
json_t *bl_nam_write(bl_load *load, const bl_content *content, bool new_form);

/// The keras-style document of `content`, or NULL and a kept failure. Owns: the caller.
json_t *bl_aidax_write(bl_load *load, const bl_content *content);

/// A list of numbers.
json_t *bl_json_from_floats(const float *values, uint64_t count);

#endif
