// SPDX-License-Identifier: MIT
// Blocks hang on a list. A piece that does not fit into the open block opens a new one, at least
// BLOCK_BYTES large; the rest of the old block is given up.

#include "model/store.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 64 * 1024 };

typedef struct block {
    struct block *next;
    size_t size, used;
    alignas(max_align_t) unsigned char bytes[];
} block;

struct bl_store {
    block *open;
};

bl_store *bl_store_create(void)
{
    return calloc(1, sizeof(bl_store));
}

void bl_store_destroy(bl_store *store)
{
    if (store == NULL) {
        return;
    }
    for (block *next, *b = store->open; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    free(store);
}

void *bl_store_take(bl_store *store, size_t count, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size != 0 && count > SIZE_MAX / 2 / size) {
        return NULL;
    }
    const size_t bytes = (count * size + align - 1) / align * align;
    block *b = store->open;
    if (b == NULL || bytes > b->size - b->used) {
        const size_t capacity = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
        b = calloc(1, sizeof *b + capacity);
        if (b == NULL) {
            return NULL;
        }
        b->size = capacity;
        b->next = store->open;
        store->open = b;
    }
    void *piece = b->bytes + b->used;
    b->used += bytes;
    return piece;
}
