// SPDX-License-Identifier: MIT
// Single-producer single-consumer ring of fixed-size records, one of the two primitives by which
// threads talk (the other: slot.h). Neither side ever waits.

#ifndef BACKLINE_RING_H
#define BACKLINE_RING_H

#include "backline/realtime.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bl_ring bl_ring;

/// Makes a ring for at least `capacity` records of `record_bytes` each, pages touched. Returns NULL
/// if memory is short. Thread: any but RT. Owns: the caller.
bl_ring *bl_ring_create(uint32_t capacity, uint32_t record_bytes);

/// Thread: any but RT, with both sides at rest. NULL is allowed.
void bl_ring_destroy(bl_ring *ring);

/// Copies one record in; false if the ring is full. Thread: the one producer, RT safe.
bool bl_ring_write(bl_ring *ring, const void *record) BL_NONBLOCKING;

/// Copies the oldest record out; false if the ring is empty. Thread: the one consumer, RT safe.
bool bl_ring_read(bl_ring *ring, void *record) BL_NONBLOCKING;

#endif
