// SPDX-License-Identifier: MIT
// The tape: the clean input of the last while. RT records and reads; LOADER reads at the same time,
// without either ever waiting, and learns when what it read was being recorded over.

#ifndef BACKLINE_RT_TAPE_H
#define BACKLINE_RT_TAPE_H

#include "backline/limits.h"
#include "backline/realtime.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct bl_tape {
    _Atomic uint64_t heard;                      ///< frames recorded so far, RT -> LOADER
    _Atomic float samples[BL_LIMIT_TAPE_FRAMES]; ///< frame f at f modulo the length, RT -> LOADER
} bl_tape;

/// Frames recorded so far: all before this can be read, as far as the tape reaches. Thread: any.
static inline uint64_t bl_tape_heard(const bl_tape *tape)
{
    return atomic_load_explicit(&tape->heard, memory_order_acquire);
}

/// Records the next frames, at most BL_PERIOD_MAX. Thread: RT.
void bl_tape_record(bl_tape *tape, const float *samples, uint32_t frames) BL_NONBLOCKING;

/// `frames` frames from frame `from` on, which were recorded and not recorded over. Frames before
/// the first, to which `from` may wrap, are silence. Thread: RT.
void bl_tape_play(const bl_tape *tape, uint64_t from, float *samples,
                  uint32_t frames) BL_NONBLOCKING;

/// The oldest frame that can be read for sure, however far RT is into its next piece. Thread: any.
uint64_t bl_tape_oldest(const bl_tape *tape) BL_NONBLOCKING;

/// The same as bl_tape_play for another thread than RT. False if some of it was not there yet or
/// not any more. Thread: any.
bool bl_tape_read(const bl_tape *tape, uint64_t from, float *samples, uint32_t frames);

#endif
