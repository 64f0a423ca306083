// SPDX-License-Identifier: MIT
// Tap tempo. Thread: its owner's.

#ifndef BACKLINE_APP_TEMPO_H
#define BACKLINE_APP_TEMPO_H

#include <stddef.h>
#include <stdint.h>

#define BL_TEMPO_MIN_BPM 30.0
#define BL_TEMPO_MAX_BPM 300.0

enum { BL_TEMPO_TAPS = 6 }; ///< that count, the newest

typedef struct bl_tempo {
    double bpm; ///< 0: not tapped
    int64_t taps_ms[BL_TEMPO_TAPS];
    size_t count;
} bl_tempo;

/// One tap. From the second on there is a tempo, the mean of those that follow each other evenly; a
/// pause, or a tap that is far from even, begins anew, and one that comes too soon is a bounce.
void bl_tempo_tap(bl_tempo *tempo, int64_t now_ms);

#endif
