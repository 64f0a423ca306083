// SPDX-License-Identifier: MIT
// A score: strokes of the picking hand written as tablature, and the player who turns them into
// sound. The riff that ships and the practice takes for training are both scores.

#ifndef BACKLINE_SHARE_SCORE_H
#define BACKLINE_SHARE_SCORE_H

#include "guitar.h"

#include "backline/audio.h"
#include "backline/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What follows a stroke on all its strings, after a third of its length.
typedef enum bl_ornament {
    BL_ORNAMENT_NONE,
    BL_ORNAMENT_HAMMER,  ///< another fret, not picked: hammer-on, or pull-off if below
    BL_ORNAMENT_SLIDE,   ///< to another fret, along the string
    BL_ORNAMENT_BEND,    ///< pulled up and held
    BL_ORNAMENT_RELEASE, ///< pulled up, and back after two thirds of the length
    BL_ORNAMENT_VIBRATO,
} bl_ornament;

typedef struct bl_stroke {
    double beat, length_beats;
    /// Fret of each string, low E first: 0..9, then a, b, c ... for 10, 11, 12 ...; '-' is not
    /// struck, 'x' is struck dead.
    char frets[BL_GUITAR_STRINGS + 1];
    double velocity;    ///< 0..1
    bl_damping damping; ///< BL_DAMPING_RING or BL_DAMPING_PALM
    bool up;            ///< from the thin strings down to the thick ones
    double spread_s;    ///< from one string of a chord to the next
    bl_ornament ornament;
    double semitones; ///< of the ornament
} bl_stroke;

/// Strokes in the order of their beats.
typedef struct bl_score {
    double beats_per_minute, beats; ///< tempo, and the length of the whole
    size_t count;
    const bl_stroke *strokes;
} bl_score;

/// Fret that a character of bl_stroke.frets names; -1 if the string is not struck, 0 for 'x'.
int bl_stroke_fret(char symbol);

/// Plays `score` at `sample_rate_hz`, scaled to `peak` (full scale 1.0). `looseness_s` is how far
/// strokes miss the beat. The same seed gives the same take. Owns: the caller, bl_audio_finish.
bl_status bl_score_play(const bl_score *score, double sample_rate_hz, double peak,
                        double looseness_s, uint64_t seed, bl_audio *audio, bl_error *error);

#endif
