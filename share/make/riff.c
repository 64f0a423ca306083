// SPDX-License-Identifier: MIT
// The riff that ships: twelve bars at 120 beats a minute, E minor, written for this program.

#include "riff.h"

#define RING BL_DAMPING_RING
#define PALM BL_DAMPING_PALM
#define NONE BL_ORNAMENT_NONE
#define HAMMER BL_ORNAMENT_HAMMER
#define SLIDE BL_ORNAMENT_SLIDE
#define BEND BL_ORNAMENT_BEND
#define RELEASE BL_ORNAMENT_RELEASE
#define VIBRATO BL_ORNAMENT_VIBRATO
#define DOWN false
#define UP true

// beat, length, frets, velocity, damping, direction, spread, ornament, semitones
static const bl_stroke strokes[] = {
    // Bars 1 and 2: palm-muted chugs, accents on power chords.
    {0.00, 0.50, "0-----", 0.92, PALM, DOWN, 0.000, NONE, 0},
    {0.50, 0.50, "0-----", 0.80, PALM, UP, 0.000, NONE, 0},
    {1.00, 0.50, "0-----", 0.86, PALM, DOWN, 0.000, NONE, 0},
    {1.50, 0.50, "022---", 0.95, RING, DOWN, 0.006, NONE, 0},
    {2.00, 0.50, "0-----", 0.92, PALM, DOWN, 0.000, NONE, 0},
    {2.50, 0.50, "0-----", 0.80, PALM, UP, 0.000, NONE, 0},
    {3.00, 0.50, "355---", 0.82, RING, DOWN, 0.006, NONE, 0},
    {3.50, 0.50, "244---", 0.78, RING, DOWN, 0.006, NONE, 0},
    {4.00, 0.50, "0-----", 0.98, PALM, DOWN, 0.000, NONE, 0},
    {4.50, 0.25, "0-----", 0.80, PALM, UP, 0.000, NONE, 0},
    {4.75, 0.25, "0-----", 0.80, PALM, DOWN, 0.000, NONE, 0},
    {5.00, 0.50, "022---", 0.70, PALM, DOWN, 0.005, NONE, 0},
    {5.50, 0.50, "-355--", 0.90, RING, DOWN, 0.006, NONE, 0},
    {6.00, 0.25, "0-----", 0.92, PALM, DOWN, 0.000, NONE, 0},
    {6.25, 0.25, "0-----", 0.75, PALM, UP, 0.000, NONE, 0},
    {6.50, 0.50, "0-----", 0.92, PALM, DOWN, 0.000, NONE, 0},
    {7.00, 0.50, "355---", 0.80, RING, DOWN, 0.006, SLIDE, -1},
    {7.50, 0.50, "xx----", 0.70, PALM, DOWN, 0.008, NONE, 0},
    // Bars 3 and 4: power chords ring.
    {8.00, 2.00, "022---", 1.00, RING, DOWN, 0.007, NONE, 0},
    {10.00, 1.50, "355---", 0.95, RING, DOWN, 0.007, NONE, 0},
    {11.50, 0.25, "xxx---", 0.60, PALM, DOWN, 0.006, NONE, 0},
    {11.75, 0.25, "xxx---", 0.60, PALM, UP, 0.006, NONE, 0},
    {12.00, 2.00, "577---", 0.95, RING, DOWN, 0.007, NONE, 0},
    {14.00, 1.00, "-355--", 0.90, RING, DOWN, 0.007, NONE, 0},
    {15.00, 1.00, "-577--", 0.82, RING, DOWN, 0.007, SLIDE, 2},
    // Bars 5 and 6: a single line with bends, a pull-off, slides and vibrato.
    {16.00, 1.50, "---e--", 0.95, RING, DOWN, 0.000, BEND, 2},
    {17.50, 0.50, "----f-", 0.90, RING, DOWN, 0.000, NONE, 0},
    {18.00, 0.50, "----f-", 0.90, RING, DOWN, 0.000, HAMMER, -3},
    {18.50, 1.00, "---e--", 0.90, RING, UP, 0.000, RELEASE, 1},
    {19.50, 0.50, "---c--", 0.84, RING, DOWN, 0.000, HAMMER, 2},
    {20.00, 2.00, "--e---", 1.00, RING, DOWN, 0.000, VIBRATO, 0.45},
    {22.00, 0.75, "--9---", 0.90, RING, DOWN, 0.000, SLIDE, 3},
    {22.75, 0.25, "--c---", 0.78, RING, UP, 0.000, NONE, 0},
    {23.00, 0.50, "-a----", 0.90, RING, DOWN, 0.000, HAMMER, 2},
    {23.50, 0.50, "-7----", 0.84, RING, DOWN, 0.000, NONE, 0},
    // Bars 7 and 8: soft arpeggios, left ringing.
    {24.00, 4.00, "0-----", 0.42, RING, DOWN, 0.000, NONE, 0},
    {24.50, 3.50, "--2---", 0.34, RING, DOWN, 0.000, NONE, 0},
    {25.00, 3.00, "---0--", 0.36, RING, DOWN, 0.000, NONE, 0},
    {25.50, 2.50, "----0-", 0.36, RING, DOWN, 0.000, NONE, 0},
    {26.00, 2.00, "-----0", 0.42, RING, DOWN, 0.000, NONE, 0},
    {26.50, 1.50, "----0-", 0.31, RING, UP, 0.000, NONE, 0},
    {27.00, 1.00, "---0--", 0.34, RING, DOWN, 0.000, HAMMER, 2},
    {28.00, 4.00, "-3----", 0.45, RING, DOWN, 0.000, NONE, 0},
    {28.50, 3.50, "--2---", 0.35, RING, DOWN, 0.000, NONE, 0},
    {29.00, 3.00, "---0--", 0.38, RING, DOWN, 0.000, NONE, 0},
    {29.50, 2.50, "----3-", 0.39, RING, DOWN, 0.000, NONE, 0},
    {30.00, 2.00, "-----0", 0.42, RING, DOWN, 0.000, NONE, 0},
    {30.50, 1.50, "----3-", 0.36, RING, UP, 0.000, HAMMER, -2},
    // Bar 9: full chords strummed, louder and louder, with a muted one between.
    {32.00, 0.50, "022000", 0.40, RING, DOWN, 0.012, NONE, 0},
    {32.50, 0.50, "--2000", 0.35, RING, UP, 0.008, NONE, 0},
    {33.00, 0.50, "xxxxxx", 0.45, PALM, DOWN, 0.005, NONE, 0},
    {33.50, 0.50, "-22000", 0.50, RING, UP, 0.008, NONE, 0},
    {34.00, 0.50, "320033", 0.60, RING, DOWN, 0.010, NONE, 0},
    {34.50, 0.50, "---033", 0.50, RING, UP, 0.008, NONE, 0},
    {35.00, 1.00, "--0232", 0.75, RING, DOWN, 0.010, NONE, 0},
    // Bar 10: a bar's half of true rest, then a hard answer.
    {38.00, 0.50, "-355--", 1.00, RING, DOWN, 0.006, NONE, 0},
    {38.50, 0.50, "-3----", 0.75, PALM, DOWN, 0.000, NONE, 0},
    {39.00, 1.00, "-577--", 1.00, RING, DOWN, 0.006, NONE, 0},
    // Bar 11: a low line with slides and dead notes.
    {40.00, 0.50, "0-----", 0.90, RING, DOWN, 0.000, NONE, 0},
    {40.50, 0.50, "3-----", 0.85, RING, UP, 0.000, SLIDE, 2},
    {41.00, 0.25, "x-----", 0.60, PALM, DOWN, 0.000, NONE, 0},
    {41.25, 0.25, "x-----", 0.60, PALM, UP, 0.000, NONE, 0},
    {41.50, 0.50, "-5----", 0.85, RING, DOWN, 0.000, HAMMER, 2},
    {42.00, 0.50, "5-----", 0.85, RING, DOWN, 0.000, NONE, 0},
    {42.50, 0.50, "3-----", 0.85, RING, DOWN, 0.000, BEND, 0.5},
    {43.00, 0.50, "0-----", 0.80, PALM, DOWN, 0.000, NONE, 0},
    {43.50, 0.50, "2-----", 0.85, RING, DOWN, 0.000, NONE, 0},
    // Bar 12: the last chord, then rest up to the loop's seam.
    {44.00, 2.00, "022100", 1.00, RING, DOWN, 0.010, NONE, 0},
};

static const bl_score score = {
    .beats_per_minute = 120.0,
    .beats = 48.0,
    .count = sizeof strokes / sizeof strokes[0],
    .strokes = strokes,
};

const bl_score *bl_riff_score(void)
{
    return &score;
}

bl_status bl_riff_play(bl_audio *audio, bl_error *error)
{
    return bl_score_play(&score, 48000.0, 0.5, 0.004, 1, audio, error);
}
