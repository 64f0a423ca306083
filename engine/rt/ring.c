// SPDX-License-Identifier: MIT
// The running sides of a ring. Each side loads the other's counter, copies, stores its own.

#include "rt/ring.h"

#include <string.h>

bool bl_ring_write(bl_ring *ring, const void *record)
{
    const uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    const uint32_t read = atomic_load_explicit(&ring->read, memory_order_acquire);
    if (written - read > ring->mask) {
        return false;
    }
    memcpy(ring->records + (size_t)(written & ring->mask) * ring->record_bytes, record,
           ring->record_bytes);
    atomic_store_explicit(&ring->written, written + 1, memory_order_release);
    return true;
}

bool bl_ring_read(bl_ring *ring, void *record)
{
    const uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
    const uint32_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
    if (written == read) {
        return false;
    }
    memcpy(record, ring->records + (size_t)(read & ring->mask) * ring->record_bytes,
           ring->record_bytes);
    atomic_store_explicit(&ring->read, read + 1, memory_order_release);
    return true;
}
