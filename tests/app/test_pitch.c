// SPDX-License-Identifier: MIT
// The tuner finds every string within a cent, at every usual rate, and nothing where there is none.

#include "pitch.h"

#include "support/cmocka_all.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846

/// Half a second of a string: harmonics that decay, the higher the faster, slightly stretched as
/// those of steel are by `stiffness`, under some noise.
static void play(bl_pitch *pitch, double rate_hz, double hz, double stiffness, double fundamental)
{
    enum { HARMONICS = 20 };
    const size_t frames = (size_t)(0.5 * rate_hz);
    float *sound = calloc(frames, sizeof *sound);
    random_source random = {3};
    assert_non_null(sound);
    for (int h = 1; h <= HARMONICS; h++) {
        const double partial = h * hz * sqrt((1.0 + stiffness * h * h) / (1.0 + stiffness));
        for (size_t i = 0; i < frames && partial < 0.45 * rate_hz; i++) {
            const double t = (double)i / rate_hz;
            sound[i] += (float)(0.2 * (h == 1 ? fundamental : 1.0) / h * exp(-t * (1.0 + 0.4 * h)) *
                                sin(2.0 * PI * partial * t + 0.3 * h));
        }
    }
    for (size_t i = 0; i < frames; i++) {
        sound[i] += random_float(&random, -1e-4F, 1e-4F);
    }
    bl_pitch_init(pitch, rate_hz);
    bl_pitch_hear(pitch, sound, frames);
    free(sound);
}

static double cents_off(const bl_pitch *pitch, double hz)
{
    double found = 0.0;
    if (!bl_pitch_find(pitch, &found)) {
        fail_msg("no pitch at %g Hz", hz);
    }
    return 1200.0 * log2(found / hz);
}

static void test_strings(void **state)
{
    (void)state;
    static const double rates[] = {44100.0, 48000.0, 96000.0, 192000.0};
    static const double strings[] = {30.868, 41.203,  55.0,    61.735,  82.407,
                                     110.0,  146.832, 195.998, 246.942, 329.628};
    static const double detunings[] = {0.0, 3.7, -18.3, 41.0};
    static bl_pitch pitch;
    double worst = 0.0;
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        for (size_t s = 0; s < sizeof strings / sizeof *strings; s++) {
            for (size_t d = 0; d < sizeof detunings / sizeof *detunings; d++) {
                const double hz = strings[s] * exp2(detunings[d] / 1200.0);
                play(&pitch, rates[r], hz, 0.0, 1.0);
                const double off = cents_off(&pitch, hz);
                worst = fmax(worst, fabs(off));
                if (fabs(off) > 1.0) {
                    fail_msg("%g Hz at %g Hz: %g cents off", hz, rates[r], off);
                }
            }
        }
    }
    print_message("worst of all: %.3f cents\n", worst);
}

/// High on the neck, and a string whose fundamental is weak.
static void test_hard_ones(void **state)
{
    (void)state;
    static bl_pitch pitch;
    play(&pitch, 48000.0, 1318.51, 0.0, 1.0);
    assert_true(fabs(cents_off(&pitch, 1318.51)) < 3.0);
    play(&pitch, 48000.0, 82.407, 0.0, 0.1);
    assert_true(fabs(cents_off(&pitch, 82.407)) < 1.0);
    play(&pitch, 48000.0, 82.407, 2e-5, 1.0); // a stiff string sounds a little sharp as a whole
    assert_true(fabs(cents_off(&pitch, 82.407)) < 3.0);
}

static void test_no_pitch(void **state)
{
    (void)state;
    static bl_pitch pitch;
    static float noise[48000];
    double found = 0.0;
    random_source random = {5};
    bl_pitch_init(&pitch, 48000.0);
    assert_false(bl_pitch_find(&pitch, &found)); // nothing heard yet
    bl_pitch_hear(&pitch, noise, 48000);
    assert_false(bl_pitch_find(&pitch, &found)); // silence
    for (int i = 0; i < 48000; i++) {
        noise[i] = random_float(&random, -0.5F, 0.5F);
    }
    bl_pitch_hear(&pitch, noise, 48000);
    assert_false(bl_pitch_find(&pitch, &found));
    noise[100] = NAN;
    noise[200] = INFINITY;
    bl_pitch_hear(&pitch, noise, 48000);
    play(&pitch, 48000.0, 110.0, 0.0, 1.0);
    assert_true(fabs(cents_off(&pitch, 110.0)) < 1.0);
}

static void test_notes(void **state)
{
    (void)state;
    static const struct {
        double hz, a4;
        const char *name;
        int octave;
        double cents;
    } cases[] = {
        {440.0, 440.0, "A", 4, 0.0},     {30.8677, 440.0, "B", 0, 0.0},
        {329.6276, 440.0, "E", 4, 0.0},  {82.4069, 440.0, "E", 2, 0.0},
        {466.1638, 440.0, "A#", 4, 0.0}, {432.0, 432.0, "A", 4, 0.0},
        {261.6256, 440.0, "C", 4, 0.0},  {443.0, 440.0, "A", 4, 11.7638},
        {246.0, 440.0, "B", 3, -6.6184},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const bl_note note = bl_note_of(cases[i].hz, cases[i].a4);
        assert_string_equal(note.name, cases[i].name);
        assert_int_equal(note.octave, cases[i].octave);
        assert_true(fabs(note.cents - cases[i].cents) < 0.01);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_hard_ones),
        cmocka_unit_test(test_no_pitch),
        cmocka_unit_test(test_notes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
