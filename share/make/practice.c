// SPDX-License-Identifier: MIT
// Practice takes: phrases of two bars, drawn by chance, until the wanted length is full. What a
// model never heard in training it plays wrongly, so each phrase has its own place and dynamics.

#include "riff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PHRASE_BEATS = 8, FRET_MAX = 19 };

typedef struct take_writer {
    bl_score score; // first: what the caller sees
    bl_stroke *strokes;
    size_t capacity;
    bl_random random;
    double beat;     // where the present phrase begins
    double velocity; // of the present phrase
    bool failed;
} take_writer;

static void add(take_writer *writer, bl_stroke stroke)
{
    if (writer->score.count == writer->capacity) {
        size_t capacity = 2 * writer->capacity + 64;
        bl_stroke *strokes = realloc(writer->strokes, capacity * sizeof *strokes);
        if (strokes == NULL) {
            writer->failed = true;
            return;
        }
        writer->strokes = strokes;
        writer->capacity = capacity;
    }
    stroke.beat += writer->beat;
    stroke.velocity *= writer->velocity * (0.85 + 0.15 * bl_random_unit(&writer->random));
    writer->strokes[writer->score.count++] = stroke;
}

static bool chance(take_writer *writer, double probability)
{
    return bl_random_unit(&writer->random) < probability;
}

static char symbol(int fret)
{
    return (char)(fret < 10 ? '0' + fret : 'a' + fret - 10);
}

// Root on one of the two low strings, fifth and octave on the next two.
static void power_frets(take_writer *writer, int root, char frets[BL_GUITAR_STRINGS + 1])
{
    uint32_t low = bl_random_below(&writer->random, 2);
    memcpy(frets, "------", BL_GUITAR_STRINGS + 1);
    frets[low] = symbol(root);
    frets[low + 1] = symbol(root + 2);
    frets[low + 2] = symbol(root + 2);
}

static void write_chugs(take_writer *writer)
{
    uint32_t string = bl_random_below(&writer->random, 2);
    int fret = (int)bl_random_below(&writer->random, 6);
    double step = chance(writer, 0.4) ? 0.25 : 0.5;
    for (int i = 0; i * step < PHRASE_BEATS; i++) {
        bl_stroke stroke = {.beat = i * step,
                            .length_beats = step,
                            .frets = "------",
                            .velocity = i % 2 == 0 ? 0.9 : 0.75,
                            .damping = BL_DAMPING_PALM,
                            .up = i % 2 == 1,
                            .spread_s = 0.006};
        if (chance(writer, 0.2)) {
            stroke.damping = BL_DAMPING_RING;
            stroke.velocity = 1.0;
            power_frets(writer, (int)bl_random_below(&writer->random, 10), stroke.frets);
        } else {
            stroke.frets[string] = chance(writer, 0.1) ? 'x' : symbol(fret);
        }
        add(writer, stroke);
    }
}

static void write_power_chords(take_writer *writer)
{
    static const double lengths[] = {0.5, 1.0, 2.0, 4.0};
    for (double beat = 0.0; beat < PHRASE_BEATS;) {
        double length = fmin(lengths[bl_random_below(&writer->random, 4)], PHRASE_BEATS - beat);
        bl_stroke stroke = {.beat = beat,
                            .length_beats = length,
                            .velocity = 1.0,
                            .damping = BL_DAMPING_RING,
                            .spread_s = 0.007};
        power_frets(writer, (int)bl_random_below(&writer->random, 12), stroke.frets);
        if (chance(writer, 0.2)) {
            stroke.ornament = BL_ORNAMENT_SLIDE;
            stroke.semitones = 2.0;
        }
        add(writer, stroke);
        beat += length;
    }
}

static void set_ornament(take_writer *writer, bl_stroke *stroke, int fret)
{
    static const double amounts[] = {
        [BL_ORNAMENT_HAMMER] = 2.0,  [BL_ORNAMENT_SLIDE] = 3.0,    [BL_ORNAMENT_BEND] = 2.0,
        [BL_ORNAMENT_RELEASE] = 1.0, [BL_ORNAMENT_VIBRATO] = 0.35,
    };
    stroke->ornament = (bl_ornament)(1 + bl_random_below(&writer->random, BL_ORNAMENT_VIBRATO));
    stroke->semitones = amounts[stroke->ornament];
    bool moves = stroke->ornament == BL_ORNAMENT_HAMMER || stroke->ornament == BL_ORNAMENT_SLIDE;
    if (moves && fret > 3 && chance(writer, 0.5)) {
        stroke->semitones = -stroke->semitones;
    }
}

// A walk over the neck, one string at a time.
static void write_line(take_writer *writer)
{
    static const double lengths[] = {0.25, 0.5, 0.5, 1.0, 1.5};
    int string = (int)bl_random_below(&writer->random, BL_GUITAR_STRINGS);
    int fret = (int)bl_random_below(&writer->random, FRET_MAX);
    for (double beat = 0.0; beat < PHRASE_BEATS;) {
        double length = fmin(lengths[bl_random_below(&writer->random, 5)], PHRASE_BEATS - beat);
        bl_stroke stroke = {.beat = beat,
                            .length_beats = length,
                            .frets = "------",
                            .velocity = 0.6 + 0.4 * bl_random_unit(&writer->random),
                            .damping = BL_DAMPING_RING};
        stroke.frets[string] = symbol(fret);
        if (length >= 0.5 && chance(writer, 0.4)) {
            set_ornament(writer, &stroke, fret);
        }
        add(writer, stroke);
        beat += length;
        string += (int)bl_random_below(&writer->random, 3) - 1;
        string = string < 0 ? 0 : string >= BL_GUITAR_STRINGS ? BL_GUITAR_STRINGS - 1 : string;
        fret += (int)bl_random_below(&writer->random, 7) - 3;
        fret = fret < 0 ? 0 : fret > FRET_MAX ? FRET_MAX : fret;
    }
}

static const char chords[][BL_GUITAR_STRINGS + 1] = {
    "022000", "320033", "--0232", "-32010", "-02210", "022100", "--0231", "133211", "-24432",
    "577655", "-79997", "-02020", "320003", "-32030", "7999--", "---786", "--aaba",
};

static const char *draw_chord(take_writer *writer)
{
    return chords[bl_random_below(&writer->random, sizeof chords / sizeof chords[0])];
}

static void write_arpeggio(take_writer *writer)
{
    for (int bar = 0; bar < PHRASE_BEATS / 4; bar++) {
        const char *chord = draw_chord(writer);
        double beat = 4.0 * bar;
        for (int i = 0; i < 8; i++) {
            int string = i < BL_GUITAR_STRINGS ? i : 2 * (BL_GUITAR_STRINGS - 1) - i;
            bl_stroke stroke = {.beat = beat + 0.5 * i,
                                .length_beats = 4.0 - 0.5 * i,
                                .frets = "------",
                                .velocity = 0.8,
                                .damping = BL_DAMPING_RING};
            stroke.frets[string] = chord[string];
            if (chord[string] != '-') {
                add(writer, stroke);
            }
        }
    }
}

static void write_strums(take_writer *writer)
{
    const char *chord = draw_chord(writer);
    for (int i = 0; i < 2 * PHRASE_BEATS; i++) {
        if (i % 8 == 0) {
            chord = draw_chord(writer);
        }
        bl_stroke stroke = {.beat = 0.5 * i,
                            .length_beats = 0.5,
                            .velocity = i % 2 == 0 ? 0.9 : 0.7,
                            .damping = BL_DAMPING_RING,
                            .up = i % 2 == 1,
                            .spread_s = 0.004 + 0.01 * bl_random_unit(&writer->random)};
        memcpy(stroke.frets, chance(writer, 0.15) ? "xxxxxx" : chord, sizeof stroke.frets);
        if (chance(writer, 0.85)) {
            add(writer, stroke);
        }
    }
}

static void write_phrase(take_writer *writer)
{
    static void (*const phrases[])(struct take_writer *) = {
        write_chugs, write_power_chords, write_line, write_line, write_arpeggio, write_strums,
    };
    static const double levels[] = {1.0, 0.8, 0.55, 0.3, 0.15};
    writer->velocity = levels[bl_random_below(&writer->random, 5)];
    phrases[bl_random_below(&writer->random, sizeof phrases / sizeof phrases[0])](writer);
    writer->beat += PHRASE_BEATS;
    if (chance(writer, 0.15)) {
        writer->beat += 2.0; // a rest
    }
}

bl_score *bl_practice_create(double seconds, uint64_t seed)
{
    take_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) {
        return NULL;
    }
    writer->random.state = seed;
    writer->score.beats_per_minute = 80.0 + 80.0 * bl_random_unit(&writer->random);
    double beats = seconds * writer->score.beats_per_minute / 60.0;
    while (writer->beat < beats && !writer->failed) {
        write_phrase(writer);
    }
    writer->score.beats = writer->beat + 1.0; // the last notes end in the take
    writer->score.strokes = writer->strokes;
    if (writer->failed) {
        bl_practice_destroy(&writer->score);
        return NULL;
    }
    return &writer->score;
}

void bl_practice_destroy(bl_score *score)
{
    if (score != NULL) {
        take_writer *owner = (take_writer *)score;
        free(owner->strokes);
        free(owner);
    }
}
