// SPDX-License-Identifier: MIT
// Memory of one running thing: many aligned, zeroed, touched pieces, freed together.

#ifndef BACKLINE_SETUP_ARENA_H
#define BACKLINE_SETUP_ARENA_H

#include <stdbool.h>
#include <stddef.h>

typedef struct bl_arena bl_arena;

/// An arena that gives at most `limit_bytes`. NULL if memory is short. Thread: any but RT.
bl_arena *bl_arena_create(size_t limit_bytes);

/// Frees every piece. NULL is allowed.
void bl_arena_destroy(bl_arena *arena);

/// `count` * `size` zeroed bytes aligned to BL_NET_ALIGN, every page touched; NULL if memory or the
/// limit is short (count 0 gives a valid pointer). Owns: the arena.
void *bl_arena_take(bl_arena *arena, size_t count, size_t size);

/// Calls `destroy(object)` when the arena is destroyed, for what a library allocates itself. False,
/// and nothing noted, if memory is short. Owns: the arena, from this call on.
bool bl_arena_defer(bl_arena *arena, void (*destroy)(void *object), void *object);

/// Keeps every page of the pieces in memory, as far as the system allows, for as long as the
/// process has them. Returns how many of their bytes that is. Thread: any but RT.
size_t bl_arena_lock(const bl_arena *arena);

/// Whether a piece was refused because of the limit. Thread: any.
bool bl_arena_is_full(const bl_arena *arena);

/// Bytes given so far. Thread: any.
size_t bl_arena_bytes(const bl_arena *arena);

#endif
