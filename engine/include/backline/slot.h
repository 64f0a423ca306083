// SPDX-License-Identifier: MIT
// A slot holds one pointer. One side puts, the other takes; whoever takes owns.

#ifndef BACKLINE_SLOT_H
#define BACKLINE_SLOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct bl_slot {
    _Atomic(void *) pointer; ///< putter -> taker, release/acquire
} bl_slot;

/// Puts `pointer` and returns what was there (NULL if nothing), which is the putter's again.
/// Thread: the putter, RT safe, wait-free.
static inline void *bl_slot_exchange(bl_slot *slot, void *pointer)
{
    return atomic_exchange_explicit(&slot->pointer, pointer, memory_order_acq_rel);
}

/// True if nothing is there now. To the only putter it stays true until that putter puts.
/// Thread: any, RT safe.
static inline bool bl_slot_is_empty(const bl_slot *slot)
{
    return atomic_load_explicit(&slot->pointer, memory_order_acquire) == NULL;
}

/// Takes what is there (NULL if nothing); only reads while the slot is empty. Thread: the taker, RT
/// safe, wait-free.
static inline void *bl_slot_take(bl_slot *slot)
{
    if (atomic_load_explicit(&slot->pointer, memory_order_relaxed) == NULL) {
        return NULL;
    }
    return bl_slot_exchange(slot, NULL);
}

#endif
