// SPDX-License-Identifier: MIT
// One load in progress. Readers are written as if nothing could fail: the first failure is kept
// here, later ones are ignored, and values read after it are the smallest allowed ones. Whoever
// returns a status to the caller returns `load->status`.

#ifndef BACKLINE_MODEL_LOAD_H
#define BACKLINE_MODEL_LOAD_H

#include "backline/status.h"
#include "model/store.h"

#include <stdbool.h>
#include <stddef.h>

enum { BL_LOAD_WARNING_MAX = 128 };

typedef struct bl_load {
    const char *file; ///< starts every sentence
    bl_store *store;  ///< where the model's memory comes from
    bl_error *error;  ///< may be NULL
    bl_status status; ///< of the first failure
    bool foreign;     ///< only the file can be what is wrong: sentences say what to do about it
    char *warning;    ///< BL_LOAD_WARNING_MAX bytes for the first reservation, or NULL
} bl_load;

/// Keeps the failure unless one is kept already: "FILE: ...". Thread: the loading one.
void bl_load_fail(bl_load *load, bl_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// Keeps a sentence for people unless one is kept already. Thread: the loading one.
void bl_load_warn(bl_load *load, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// True while nothing failed.
bool bl_load_ok(const bl_load *load);

/// Zeroed memory of the model, or NULL and a kept failure.
void *bl_load_take(bl_load *load, size_t count, size_t size);

/// A copy of `text` in the model's memory, or NULL and a kept failure.
const char *bl_load_copy_text(bl_load *load, const char *text);

#endif
