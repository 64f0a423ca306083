// SPDX-License-Identifier: MIT
// Taps that are about as far from each other as the ones before are one row, whose mean is taken.

#include "tempo.h"

#include <math.h>
#include <string.h>

#define MS_PER_MINUTE 60000.0
#define UNEVEN 0.3 // of a beat

void bl_tempo_tap(bl_tempo *tempo, int64_t now_ms)
{
    int64_t *taps = tempo->taps_ms;
    const double since =
        tempo->count > 0 ? (double)(now_ms - taps[tempo->count - 1]) : MS_PER_MINUTE;
    if (since < MS_PER_MINUTE / BL_TEMPO_MAX_BPM) {
        return;
    }
    if (since > MS_PER_MINUTE / BL_TEMPO_MIN_BPM) {
        tempo->count = 0;
    } else if (tempo->count > 1) {
        const double beat = (double)(taps[tempo->count - 1] - taps[0]) / (double)(tempo->count - 1);
        if (fabs(since - beat) > UNEVEN * beat) { // another tempo: its first beat is the last one
            taps[0] = taps[tempo->count - 1];
            tempo->count = 1;
        }
    }
    if (tempo->count == BL_TEMPO_TAPS) {
        memmove(taps, taps + 1, (BL_TEMPO_TAPS - 1) * sizeof *taps);
        tempo->count--;
    }
    taps[tempo->count++] = now_ms;
    if (tempo->count > 1) {
        tempo->bpm = MS_PER_MINUTE * (double)(tempo->count - 1) / (double)(now_ms - taps[0]);
    }
}
