// SPDX-License-Identifier: MIT
// Pieces hang on a list; a piece starts one alignment step behind its link.

#include "setup/arena.h"

#include "rt/net.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef struct piece {
    struct piece *next;
    size_t bytes;
} piece;

typedef struct deferred {
    struct deferred *next;
    void (*destroy)(void *object);
    void *object;
} deferred;

struct bl_arena {
    piece *pieces;
    deferred *deferred; // newest first; the links are pieces
    size_t bytes, limit_bytes;
    bool full;
};

bl_arena *bl_arena_create(size_t limit_bytes)
{
    bl_arena *arena = calloc(1, sizeof *arena);
    if (arena != NULL) {
        arena->limit_bytes = limit_bytes;
    }
    return arena;
}

void bl_arena_destroy(bl_arena *arena)
{
    if (arena == NULL) {
        return;
    }
    for (const deferred *d = arena->deferred; d != NULL; d = d->next) {
        d->destroy(d->object);
    }
    for (piece *next, *p = arena->pieces; p != NULL; p = next) {
        next = p->next;
        free(p);
    }
    free(arena);
}

void *bl_arena_take(bl_arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > (SIZE_MAX / 2) / size) {
        arena->full = true;
        return NULL;
    }
    // Rounded up to the alignment, plus one step for the link.
    const size_t bytes = (count * size + 2 * BL_NET_ALIGN - 1) / BL_NET_ALIGN * BL_NET_ALIGN;
    if (bytes > arena->limit_bytes - arena->bytes) {
        arena->full = true;
        return NULL;
    }
    piece *p = aligned_alloc(BL_NET_ALIGN, bytes);
    if (p == NULL) {
        return NULL;
    }
    memset(p, 0, bytes);
    *p = (piece){.next = arena->pieces, .bytes = bytes};
    arena->pieces = p;
    arena->bytes += bytes;
    return (char *)p + BL_NET_ALIGN;
}

bool bl_arena_defer(bl_arena *arena, void (*destroy)(void *object), void *object)
{
    deferred *d = bl_arena_take(arena, 1, sizeof *d);
    if (d == NULL) {
        return false;
    }
    *d = (deferred){.next = arena->deferred, .destroy = destroy, .object = object};
    arena->deferred = d;
    return true;
}

size_t bl_arena_lock(const bl_arena *arena)
{
    size_t locked = 0;
    for (const piece *p = arena->pieces; p != NULL; p = p->next) {
        locked += mlock(p, p->bytes) == 0 ? p->bytes : 0;
    }
    return locked;
}

bool bl_arena_is_full(const bl_arena *arena)
{
    return arena->full;
}

size_t bl_arena_bytes(const bl_arena *arena)
{
    return arena->bytes;
}
