// SPDX-License-Identifier: MIT
// Making and freeing rings; the two sides that run are in rt/ring.c.

#include "rt/ring.h"

#include <stdlib.h>
#include <string.h>

bl_ring *bl_ring_create(uint32_t capacity, uint32_t record_bytes)
{
    uint32_t slots = 1;
    while (slots < capacity) {
        if (slots > UINT32_MAX / 2) {
            return NULL;
        }
        slots *= 2;
    }
    if (record_bytes == 0 || slots > (SIZE_MAX - BL_RING_LINE) / record_bytes) {
        return NULL;
    }
    const size_t bytes =
        ((size_t)slots * record_bytes + BL_RING_LINE - 1) / BL_RING_LINE * BL_RING_LINE;
    bl_ring *ring = aligned_alloc(BL_RING_LINE, sizeof *ring);
    // Not malloc: with the memset a compiler makes calloc of it, whose pages are only reserved.
    unsigned char *records = aligned_alloc(BL_RING_LINE, bytes);
    if (ring == NULL || records == NULL) {
        free(ring);
        free(records);
        return NULL;
    }
    memset(ring, 0, sizeof *ring);
    memset(records, 0, bytes);
    ring->records = records;
    ring->record_bytes = record_bytes;
    ring->mask = slots - 1;
    atomic_init(&ring->written, 0);
    atomic_init(&ring->read, 0);
    return ring;
}

void bl_ring_destroy(bl_ring *ring)
{
    if (ring != NULL) {
        free(ring->records);
        free(ring);
    }
}
