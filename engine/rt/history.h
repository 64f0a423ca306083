// SPDX-License-Identifier: MIT
// The past of a planar signal: one ring per channel whose first BL_INNER_FRAMES frames are mirrored
// behind its end, so that any block can be read and written in one piece and nothing ever moves in
// bulk. Written in place: rows, then commit, then read. Thread: RT.

#ifndef BACKLINE_RT_HISTORY_H
#define BACKLINE_RT_HISTORY_H

#include "backline/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Planar rows: channel c starts at `at` + c * `stride`.
typedef struct bl_rows {
    float *at;
    size_t stride;
} bl_rows;

/// Where the taps of one block stand: tap k of channel c begins at
/// rows + c * stride + (first + k * step) mod capacity, oldest first.
typedef struct bl_taps {
    const float *rows;
    size_t stride;
    uint32_t first, step, capacity;
} bl_taps;

typedef struct bl_history {
    float *rows;
    float *column; ///< one value per channel: the steady state of silence
    size_t stride; ///< at least capacity + BL_INNER_FRAMES
    uint32_t channels;
    uint32_t capacity; ///< at least the longest lag + BL_INNER_FRAMES, and 3 BL_INNER_FRAMES
    uint32_t position; ///< of the next frame
} bl_history;

/// Where the next block is written; up to BL_INNER_FRAMES frames from there are free.
static inline bl_rows bl_history_next(const bl_history *history)
{
    return (bl_rows){history->rows + history->position, history->stride};
}

/// Taps over the block of `frames` that was committed last; the newest tap lags it by `lag`, the
/// others by `step` more each.
static inline bl_taps bl_history_taps(const bl_history *history, uint32_t frames, uint32_t lag,
                                      uint32_t taps, uint32_t step)
{
    const uint32_t back = frames + lag + (taps - 1) * step;
    const uint32_t position = history->position;
    return (bl_taps){history->rows, history->stride,
                     position >= back ? position - back : position + history->capacity - back, step,
                     history->capacity};
}

/// Mirrors the `frames` frames at `position`, where they stand in what is mirrored.
void bl_history_mirror(bl_history *history, uint32_t frames);

/// Takes over the `frames` frames written at bl_history_next.
static inline void bl_history_commit(bl_history *history, uint32_t frames)
{
    const uint32_t end = history->position + frames;
    if (history->position < BL_INNER_FRAMES || end > history->capacity) {
        bl_history_mirror(history, frames);
    }
    history->position = end < history->capacity ? end : end - history->capacity;
}

/// Fills every channel with the newest committed frame's value and keeps it as `column`.
void bl_history_settle(bl_history *history);

/// Back to the steady state.
void bl_history_reset(bl_history *history);

#endif
