// SPDX-License-Identifier: MIT
// Whether a file may be written where somebody pointed: never over what was read, never over a
// file of another kind.

#ifndef BACKLINE_APP_OUTPUT_H
#define BACKLINE_APP_OUTPUT_H

#include "backline/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum bl_output_kind {
    BL_OUTPUT_WAV,
    BL_OUTPUT_NAM,
    BL_OUTPUT_AIDAX,
    BL_OUTPUT_SAFETENSORS,
} bl_output_kind;

/// The model file kind that the ending of `path` names. False if it names none. Thread: any.
bool bl_output_model_kind(const char *path, bl_output_kind *kind);

/// Fails if the ending of `path` names another kind, or if a file is there that is of another kind.
/// Thread: any but RT.
bl_status bl_output_check_kind(const char *path, bl_output_kind kind, bl_error *error);

/// Fails if `path` is the same file as one of `inputs`, by whatever name; NULL and "" are skipped.
/// Thread: any but RT.
bl_status bl_output_check_inputs(const char *path, const char *const *inputs, size_t count,
                                 bl_error *error);

#endif
