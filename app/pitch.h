// SPDX-License-Identifier: MIT
// The pitch of a string, for the tuner: the McLeod pitch method (P. McLeod, G. Wyvill, "A smarter
// way to find pitch", ICMC 2005), on the guitar at about 12 kHz, and refined at the longest lag
// that still repeats. Plain data in, a number out. Not for the audio thread.

#ifndef BACKLINE_APP_PITCH_H
#define BACKLINE_APP_PITCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What is found: from below the low B of a bass to above the 24th fret of the high e.
#define BL_PITCH_MIN_HZ 28.0
#define BL_PITCH_MAX_HZ 1400.0

enum { BL_PITCH_WINDOW = 2048, BL_PITCH_TAPS_MAX = 257 };

/// A listener: keeps the last 170 ms or so.
typedef struct bl_pitch {
    double rate_hz;                  ///< of the window
    uint32_t step;                   ///< input frames to one of the window
    uint32_t taps;                   ///< of the low-pass filter before it
    float filter[BL_PITCH_TAPS_MAX]; ///< symmetric
    float line[BL_PITCH_TAPS_MAX];   ///< input, ring
    uint32_t line_at, phase;
    float window[BL_PITCH_WINDOW]; ///< ring
    uint32_t window_at, filled;
} bl_pitch;

/// Starts to listen at a sample rate. Thread: any but RT.
void bl_pitch_init(bl_pitch *pitch, double sample_rate_hz);

/// Hears `frames` samples.
void bl_pitch_hear(bl_pitch *pitch, const float *samples, size_t frames);

/// The pitch of what was heard last; false if it is too quiet, or has none.
bool bl_pitch_find(const bl_pitch *pitch, double *frequency_hz);

/// The note of equal temperament nearest to a frequency: its name ("A", "C#"), octave (a4 = 440 Hz
/// is in octave 4) and how many cents it is too high.
typedef struct bl_note {
    const char *name;
    int octave;
    double cents;
} bl_note;

bl_note bl_note_of(double frequency_hz, double a4_hz);

#endif
