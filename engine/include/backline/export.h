// SPDX-License-Identifier: MIT
// Writing models in the forms that other players read. Each form is exact: it plays the same
// network, or it is refused.

#ifndef BACKLINE_EXPORT_H
#define BACKLINE_EXPORT_H

#include "backline/model.h"

typedef enum bl_export_format {
    BL_EXPORT_SAFETENSORS, ///< the native form
    BL_EXPORT_NAM,         ///< .nam for every player; wavenet_amp as two layer arrays
    BL_EXPORT_NAM_07,      ///< .nam 0.7; wavenet_amp with a first linear layer
    BL_EXPORT_AIDAX,       ///< keras-style JSON of AIDA-X and other RTNeural players
} bl_export_format;

/// Writes `model`: temporary file, fsync, rename. Fails with BL_STATUS_UNSUPPORTED, before a file
/// is touched, where the form has no words for the network. Thread: any but RT.
bl_status bl_model_export(const bl_model *model, bl_export_format format, const char *path,
                          bl_error *error);

#endif
