// SPDX-License-Identifier: MIT
// What a reader of one format hands over: a model but for its reference count and the facts that
// follow from its architecture.

#ifndef BACKLINE_MODEL_CONTENT_H
#define BACKLINE_MODEL_CONTENT_H

#include "backline/model.h"
#include "model/arch.h"
#include "model/load.h"

typedef struct bl_content {
    const bl_arch *arch;
    bl_model_info info; ///< what the file says: texts, parameters, rate, levels
    bool is_native;     ///< a wavenet_amp model that `config` describes; can be saved
    bl_config config;
} bl_content;

/// Puts `name` into `info`: as much as fits without cutting a character, invalid UTF-8 and control
/// characters replaced by '?'.
void bl_content_set_name(bl_model_info *info, const char *name);

#endif
