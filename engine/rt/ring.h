// SPDX-License-Identifier: MIT
// Layout of a ring. Counters run on for ever and wrap; the difference is the fill.

#ifndef BACKLINE_RT_RING_H
#define BACKLINE_RT_RING_H

#include "backline/ring.h"

#include <stdalign.h>
#include <stdatomic.h>

#define BL_RING_LINE 64 // bytes of a cache line: the two counters must not share one

struct bl_ring {
    unsigned char *records;
    uint32_t record_bytes;
    uint32_t mask;
    alignas(BL_RING_LINE) _Atomic uint32_t written; ///< producer -> consumer, release/acquire
    alignas(BL_RING_LINE) _Atomic uint32_t read;    ///< consumer -> producer, release/acquire
};

#endif
