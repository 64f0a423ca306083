// SPDX-License-Identifier: MIT
// The clock that deadlines and pauses go by.

#ifndef BACKLINE_APP_CLOCK_H
#define BACKLINE_APP_CLOCK_H

#include <stdint.h>
#include <time.h>

/// Milliseconds since some moment, never set back. Thread: any.
static inline int64_t bl_clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#endif
