// SPDX-License-Identifier: MIT
// Names for contents: FNV-1a of 64 bits (Fowler, Noll, Vo). Not for what somebody could forge.

#ifndef BACKLINE_APP_HASH_H
#define BACKLINE_APP_HASH_H

#include <stddef.h>
#include <stdint.h>

#define BL_HASH_BEGIN UINT64_C(0xcbf29ce484222325)

/// `hash` with the bytes behind it. Thread: any.
static inline uint64_t bl_hash_add(uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

#endif
