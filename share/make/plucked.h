// SPDX-License-Identifier: MIT
// One guitar string as a digital waveguide: Karplus and Strong 1983 with the extensions of Jaffe
// and Smith 1983, folded into a single delay loop as in Karjalainen, Välimäki and Tolonen 1998.
// The wave in the loop is string velocity, which is what a magnetic pickup senses.

#ifndef BACKLINE_SHARE_PLUCKED_H
#define BACKLINE_SHARE_PLUCKED_H

#include "random.h"

#include <stdint.h>

/// What hands do to the string after the stroke; each has its own decay of lows and highs.
typedef enum bl_damping {
    BL_DAMPING_RING,  ///< nothing touches it
    BL_DAMPING_PALM,  ///< the edge of the palm rests on the bridge
    BL_DAMPING_DEAD,  ///< the fretting hand lies on it: a click with little pitch
    BL_DAMPING_STOP,  ///< a hand ends the note
    BL_DAMPING_TOUCH, ///< the pick lies on it, just before the stroke
    BL_DAMPING_COUNT
} bl_damping;

enum {
    BL_PLUCKED_LINE = 4096,  ///< samples of history: one period down to 47 Hz at 192 kHz
    BL_PLUCKED_CONTROL = 16, ///< frames from one update of pitch and damping to the next
};

/// All state of one string. Start with bl_plucked_init; fields are private to plucked.c.
typedef struct bl_plucked {
    double line[BL_PLUCKED_LINE];
    uint32_t head;
    double sample_rate_hz, open_hz;
    double pick_frames, coil_frames[2]; // bridge to pick or coil and back, on this string
    double semitones, glide_from, glide_to;
    uint32_t glide_frames, glide_done;
    double vibrato_semitones, vibrato_hz, vibrato_phase;
    double delay, delay_step; // of the line, loop filter excluded
    double pole, pole_step, gain, gain_step;
    double filtered; // state of the loop filter
    bl_damping damping;
    double pulse, pulse_mean, softness, soft[2];
    uint32_t pulse_frames, period_frames;
    double scrape; // noise of a finger sliding on windings, now
    double scrape_amount;
    uint32_t control; // frames until the next update
} bl_plucked;

/// A string at rest. `open_hz` 47 or more, `wound` strings squeak under a slide.
void bl_plucked_init(bl_plucked *string, double sample_rate_hz, double open_hz, int wound);

/// Strikes it with the pick; `velocity` 0..1 sets loudness and brightness.
void bl_plucked_strike(bl_plucked *string, double velocity);

/// A finger lands on (or leaves) the string at its present pitch: hammer-on, pull-off.
void bl_plucked_tap(bl_plucked *string, double velocity);

/// Moves to `semitones` above the open string in `seconds`, along a raised cosine.
void bl_plucked_glide(bl_plucked *string, double semitones, double seconds);

/// Vibrato of `semitones` peak upwards, as fingers do it; 0 ends it.
void bl_plucked_vibrato(bl_plucked *string, double semitones, double rate_hz);

void bl_plucked_damp(bl_plucked *string, bl_damping damping);

/// Next sample as two pickup coils at their places hear it. `random` makes pick and finger noise.
double bl_plucked_next(bl_plucked *string, bl_random *random);

#endif
