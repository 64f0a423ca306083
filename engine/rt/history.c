// SPDX-License-Identifier: MIT
// Keeping histories. A block crosses either the end of the ring or its mirrored start, never both:
// the capacity is at least three blocks.

#include "rt/history.h"

#include <string.h>

static void copy_rows(bl_history *history, size_t to, size_t from, size_t frames)
{
    float *row = history->rows;
    for (uint32_t c = 0; c < history->channels; c++) {
        memcpy(row + to, row + from, frames * sizeof *row);
        row += history->stride;
    }
}

void bl_history_mirror(bl_history *history, uint32_t frames)
{
    const uint32_t position = history->position, capacity = history->capacity;
    const uint32_t end = position + frames;
    if (position < BL_INNER_FRAMES) {
        const uint32_t mirrored = end < BL_INNER_FRAMES ? end : BL_INNER_FRAMES;
        copy_rows(history, capacity + position, position, mirrored - position);
    } else {
        copy_rows(history, 0, capacity, end - capacity);
    }
}

static void fill(bl_history *history)
{
    float *row = history->rows;
    const size_t frames = (size_t)history->capacity + BL_INNER_FRAMES;
    for (uint32_t c = 0; c < history->channels; c++) {
        const float value = history->column[c];
        for (size_t t = 0; t < frames; t++) {
            row[t] = value;
        }
        row += history->stride;
    }
}

void bl_history_settle(bl_history *history)
{
    const uint32_t newest = history->position > 0 ? history->position - 1 : history->capacity - 1;
    for (uint32_t c = 0; c < history->channels; c++) {
        history->column[c] = history->rows[c * history->stride + newest];
    }
    fill(history);
}

void bl_history_reset(bl_history *history)
{
    history->position = 0;
    fill(history);
}
