// SPDX-License-Identifier: MIT
// Recording and reading the tape. Every sample is released and acquired: a reader that met one from
// the piece that RT was recording then sees all that RT had announced before, and so finds out.

#include "rt/tape.h"

#include <assert.h>

enum { MASK = BL_LIMIT_TAPE_FRAMES - 1 };

static_assert((BL_LIMIT_TAPE_FRAMES & MASK) == 0, "wraps by a mask");
static_assert(BL_LIMIT_TAPE_FRAMES >= BL_LIMIT_LATENCY_FRAMES + BL_PERIOD_MAX, "holds any delay");

void bl_tape_record(bl_tape *tape, const float *samples, uint32_t frames)
{
    const uint64_t at = atomic_load_explicit(&tape->heard, memory_order_relaxed);
    for (uint32_t i = 0; i < frames; i++) {
        atomic_store_explicit(&tape->samples[(at + i) & MASK], samples[i], memory_order_release);
    }
    atomic_store_explicit(&tape->heard, at + frames, memory_order_release);
}

void bl_tape_play(const bl_tape *tape, uint64_t from, float *samples, uint32_t frames)
{
    for (uint32_t i = 0; i < frames; i++) {
        samples[i] = atomic_load_explicit(&tape->samples[(from + i) & MASK], memory_order_acquire);
    }
}

uint64_t bl_tape_oldest(const bl_tape *tape)
{
    const uint64_t end = bl_tape_heard(tape) + BL_PERIOD_MAX;
    return end > BL_LIMIT_TAPE_FRAMES ? end - BL_LIMIT_TAPE_FRAMES : 0;
}

bool bl_tape_read(const bl_tape *tape, uint64_t from, float *samples, uint32_t frames)
{
    const uint64_t heard = bl_tape_heard(tape);
    if (from > heard || frames > heard - from) {
        return false;
    }
    bl_tape_play(tape, from, samples, frames);
    return from >= bl_tape_oldest(tape);
}
