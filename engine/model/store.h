// SPDX-License-Identifier: MIT
// Memory of one model: small pieces cut from large blocks, freed together with the model.

#ifndef BACKLINE_MODEL_STORE_H
#define BACKLINE_MODEL_STORE_H

#include <stddef.h>

typedef struct bl_store bl_store;

/// NULL if memory is short. Thread: any but RT. Owns: the caller.
bl_store *bl_store_create(void);

/// Frees every piece. NULL is allowed.
void bl_store_destroy(bl_store *store);

/// `count` * `size` zeroed bytes, aligned for any plain type; NULL if memory is short or the size
/// overflows. Count 0 gives a valid pointer. Owns: the store.
void *bl_store_take(bl_store *store, size_t count, size_t size);

#endif
