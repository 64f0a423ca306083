// SPDX-License-Identifier: MIT
// Listens to the synthesised guitar with numbers: tuning, decay, dynamics, and of the shipped riff
// its level, its rests and the seam of its loop.

#include "riff.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double pi = 3.14159265358979323846;
static const double rate_hz = 48000.0;

static bl_audio riff;

static bl_audio play(const bl_score *score, uint64_t seed)
{
    bl_audio audio;
    assert_int_equal(bl_score_play(score, rate_hz, 0.5, 0.004, seed, &audio, NULL), BL_STATUS_OK);
    return audio;
}

static bl_audio play_stroke(const bl_stroke *stroke, double seconds)
{
    bl_score score = {.beats_per_minute = 60.0, .beats = seconds, .count = 1, .strokes = stroke};
    return play(&score, 7);
}

static double rms_db(const bl_audio *audio, double from_s, double to_s)
{
    double sum = 0.0;
    uint64_t from = (uint64_t)(from_s * rate_hz), to = (uint64_t)(to_s * rate_hz);
    for (uint64_t i = from; i < to; i++) {
        sum += (double)audio->samples[i] * (double)audio->samples[i];
    }
    return 10.0 * log10(sum / (double)(to - from) + 1e-30);
}

typedef struct tone {
    double amplitude, phase;
} tone;

enum { WINDOW = 8192 };

// The component at `hz` in a Hann window from `at`, phase referred to the window's start.
static tone tone_at(const bl_audio *audio, uint64_t at, double hz)
{
    double re = 0.0, im = 0.0;
    for (int i = 0; i < WINDOW; i++) {
        double x = (double)audio->samples[at + (uint64_t)i];
        double w = 0.5 - 0.5 * cos(2.0 * pi * i / WINDOW);
        re += w * x * cos(2.0 * pi * hz * i / rate_hz);
        im -= w * x * sin(2.0 * pi * hz * i / rate_hz);
    }
    return (tone){sqrt(re * re + im * im) * 4.0 / WINDOW, atan2(im, re)};
}

// Cents by which the component near `hz` differs from it: phase advance between two windows.
static double cents_from(const bl_audio *audio, double at_s, double hz)
{
    uint64_t at = (uint64_t)(at_s * rate_hz);
    const uint64_t hop = 512;
    double advance = tone_at(audio, at + hop, hz).phase - tone_at(audio, at, hz).phase;
    double excess = remainder(advance - 2.0 * pi * hz * (double)hop / rate_hz, 2.0 * pi);
    double measured_hz = hz + excess * rate_hz / (2.0 * pi * (double)hop);
    return 1200.0 * log2(measured_hz / hz);
}

static double fretted_hz(uint32_t string, double semitones)
{
    return bl_guitar_open_hz(string) * pow(2.0, semitones / 12.0);
}

static void test_every_string_is_in_tune_up_the_neck(void **state)
{
    (void)state;
    for (uint32_t string = 0; string < BL_GUITAR_STRINGS; string++) {
        for (int fret = 0; fret <= 19; fret++) {
            bl_stroke stroke = {.length_beats = 4.0,
                                .frets = "------",
                                .velocity = 0.8,
                                .damping = BL_DAMPING_RING};
            stroke.frets[string] = (char)(fret < 10 ? '0' + fret : 'a' + fret - 10);
            bl_audio audio = play_stroke(&stroke, 0.6);
            double cents = cents_from(&audio, 0.3, fretted_hz(string, fret));
            if (fabs(cents) > 2.0) {
                fail_msg("string %u fret %d is %.2f cents off", string, fret, cents);
            }
            bl_audio_finish(&audio);
        }
    }
}

static void test_ornaments_arrive_at_their_notes(void **state)
{
    (void)state;
    static const struct {
        bl_ornament ornament;
        double semitones, ends_at;
    } cases[] = {
        {BL_ORNAMENT_HAMMER, 2.0, 2.0},  {BL_ORNAMENT_HAMMER, -2.0, -2.0},
        {BL_ORNAMENT_SLIDE, 5.0, 5.0},   {BL_ORNAMENT_BEND, 2.0, 2.0},
        {BL_ORNAMENT_RELEASE, 1.0, 0.0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bl_stroke stroke = {.length_beats = 3.0,
                            .frets = "--7---",
                            .velocity = 0.8,
                            .damping = BL_DAMPING_RING,
                            .ornament = cases[i].ornament,
                            .semitones = cases[i].semitones};
        bl_audio audio = play_stroke(&stroke, 3.0);
        assert_true(fabs(cents_from(&audio, 0.02, fretted_hz(2, 7.0))) < 5.0);
        assert_true(fabs(cents_from(&audio, 2.6, fretted_hz(2, 7.0 + cases[i].ends_at))) < 3.0);
        bl_audio_finish(&audio);
    }
}

static void test_vibrato_swings_upwards_from_the_note(void **state)
{
    (void)state;
    bl_stroke stroke = {.length_beats = 4.0,
                        .frets = "--7---",
                        .velocity = 0.8,
                        .damping = BL_DAMPING_RING,
                        .ornament = BL_ORNAMENT_VIBRATO,
                        .semitones = 0.45};
    bl_audio audio = play_stroke(&stroke, 3.0);
    double lowest = HUGE_VAL, highest = -HUGE_VAL;
    for (int step = 0; step < 80; step++) {
        double cents = cents_from(&audio, 1.6 + 0.01 * step, fretted_hz(2, 7.0));
        lowest = fmin(lowest, cents);
        highest = fmax(highest, cents);
    }
    // The window is nearly as long as one swing, so it sees a good part of the 45 cents, not all.
    assert_true(lowest > -5.0 && lowest < 20.0);
    assert_true(highest > lowest + 8.0 && highest < 50.0);
    bl_audio_finish(&audio);
}

static double decay_db_per_s(bl_damping damping, double from_s, double to_s)
{
    bl_stroke stroke = {
        .length_beats = 4.0, .frets = "0-----", .velocity = 0.8, .damping = damping};
    bl_audio audio = play_stroke(&stroke, 3.0);
    double hz = bl_guitar_open_hz(0);
    double first = tone_at(&audio, (uint64_t)(from_s * rate_hz), hz).amplitude;
    double second = tone_at(&audio, (uint64_t)(to_s * rate_hz), hz).amplitude;
    bl_audio_finish(&audio);
    return 20.0 * log10(first / second) / (to_s - from_s);
}

static void test_notes_decay_as_hands_let_them(void **state)
{
    (void)state;
    double ring = decay_db_per_s(BL_DAMPING_RING, 0.5, 2.5);
    assert_true(fabs(ring - 60.0 / 9.0) < 0.7);
    double palm = decay_db_per_s(BL_DAMPING_PALM, 0.1, 0.4);
    assert_true(fabs(palm - 60.0 / 0.8) < 8.0);
}

// Energy above 2 kHz against all of it, by a first difference twice.
static double brightness_db(const bl_audio *audio)
{
    double sum = 1e-30, high = 1e-30;
    for (uint64_t i = 2; i < audio->frames; i++) {
        double x = (double)audio->samples[i];
        double d = x - 2.0 * (double)audio->samples[i - 1] + (double)audio->samples[i - 2];
        sum += x * x;
        high += d * d;
    }
    return 10.0 * log10(high / sum);
}

static void test_harder_strokes_are_brighter(void **state)
{
    (void)state;
    double before = -HUGE_VAL;
    for (int step = 0; step < 4; step++) {
        bl_stroke stroke = {.length_beats = 4.0,
                            .frets = "0-----",
                            .velocity = 0.2 + 0.25 * step,
                            .damping = BL_DAMPING_RING};
        bl_audio audio = play_stroke(&stroke, 3.0);
        double brightness = brightness_db(&audio);
        assert_true(brightness > before + 1.0);
        before = brightness;
        bl_audio_finish(&audio);
    }
}

static void test_riff_has_the_level_of_a_di(void **state)
{
    (void)state;
    assert_int_equal(riff.frames, 24 * 48000);
    double peak = 0.0, sum = 0.0;
    for (uint64_t i = 0; i < riff.frames; i++) {
        assert_true(isfinite(riff.samples[i]));
        peak = fmax(peak, fabs((double)riff.samples[i]));
        sum += (double)riff.samples[i];
    }
    assert_true(fabs(peak - 0.5) < 1e-3);
    assert_true(fabs(sum / (double)riff.frames) < 1e-5);
    assert_true(fabs(rms_db(&riff, 0.0, 24.0) + 21.5) < 1.5);
    // A hard passage and a soft one lie far apart.
    assert_true(rms_db(&riff, 4.0, 8.0) > rms_db(&riff, 13.0, 14.0) + 8.0);
}

static void test_rests_hold_nothing_but_the_pickup(void **state)
{
    (void)state;
    static const double rests[][2] = {{18.3, 18.98}, {23.3, 24.0}};
    for (int i = 0; i < 2; i++) {
        double level = rms_db(&riff, rests[i][0], rests[i][1]);
        assert_true(level < -80.0 && level > -95.0);
    }
}

static void test_loop_has_no_click_at_its_seam(void **state)
{
    (void)state;
    const float *x = riff.samples;
    uint64_t end = riff.frames;
    double usual = 0.0;
    for (uint64_t i = end - 24000; i < end; i++) {
        usual = fmax(usual, fabs((double)x[i] - (double)x[i - 1]));
    }
    assert_true(fabs((double)x[0] - (double)x[end - 1]) <= 1.5 * usual);
    assert_true(fabs((double)x[1] - (double)x[0]) <= 1.5 * usual);
}

static void test_a_seed_is_a_take(void **state)
{
    (void)state;
    bl_audio again, other = play(bl_riff_score(), 2);
    assert_int_equal(bl_riff_play(&again, NULL), BL_STATUS_OK);
    assert_memory_equal(again.samples, riff.samples, riff.frames * sizeof(float));
    assert_memory_not_equal(other.samples, riff.samples, riff.frames * sizeof(float));
    bl_audio_finish(&again);
    bl_audio_finish(&other);
}

static void test_practice_fills_its_time_with_strokes_in_order(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        bl_score *score = bl_practice_create(180.0, seed);
        assert_non_null(score);
        assert_true(score->beats * 60.0 / score->beats_per_minute >= 180.0);
        double last = 0.0, longest = 0.0;
        for (size_t i = 0; i < score->count; i++) {
            const bl_stroke *stroke = &score->strokes[i];
            assert_true(stroke->beat >= last && stroke->beat < score->beats);
            assert_true(stroke->velocity > 0.0 && stroke->velocity <= 1.0);
            assert_int_equal(strlen(stroke->frets), BL_GUITAR_STRINGS);
            longest = fmax(longest, stroke->beat - last);
            last = stroke->beat;
        }
        assert_true(score->count > 180 && longest <= 8.0);
        bl_practice_destroy(score);
    }
}

static void test_practice_sounds_throughout(void **state)
{
    (void)state;
    bl_score *score = bl_practice_create(60.0, 3);
    assert_non_null(score);
    bl_audio audio = play(score, 3);
    double seconds = (double)audio.frames / rate_hz;
    int silent = 0;
    for (int second = 0; second + 1 < (int)seconds; second++) {
        double level = rms_db(&audio, second, second + 1.0);
        assert_true(isfinite(level));
        silent += level < -70.0;
    }
    assert_true(silent < seconds / 5.0);
    bl_audio_finish(&audio);
    bl_practice_destroy(score);
}

static void test_shipped_file_is_the_riff(void **state)
{
    (void)state;
    bl_audio file;
    assert_int_equal(bl_audio_load(BL_SHARE_DIR "/riff.wav", 0, &file, NULL), BL_STATUS_OK);
    assert_int_equal(file.frames, riff.frames);
    assert_int_equal(file.file_channels, 1);
    assert_true(file.sample_rate_hz == rate_hz);
    for (uint64_t i = 0; i < file.frames; i++) {
        if (fabs((double)file.samples[i] - (double)riff.samples[i]) > 0x1p-23) {
            fail_msg("sample %llu differs by more than a step of 24 bits", (unsigned long long)i);
        }
    }
    bl_audio_finish(&file);
}

static int set_up(void **state)
{
    (void)state;
    return bl_riff_play(&riff, NULL) != BL_STATUS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    bl_audio_finish(&riff);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_string_is_in_tune_up_the_neck),
        cmocka_unit_test(test_ornaments_arrive_at_their_notes),
        cmocka_unit_test(test_vibrato_swings_upwards_from_the_note),
        cmocka_unit_test(test_notes_decay_as_hands_let_them),
        cmocka_unit_test(test_harder_strokes_are_brighter),
        cmocka_unit_test(test_riff_has_the_level_of_a_di),
        cmocka_unit_test(test_rests_hold_nothing_but_the_pickup),
        cmocka_unit_test(test_loop_has_no_click_at_its_seam),
        cmocka_unit_test(test_shipped_file_is_the_riff),
        cmocka_unit_test(test_a_seed_is_a_take),
        cmocka_unit_test(test_practice_fills_its_time_with_strokes_in_order),
        cmocka_unit_test(test_practice_sounds_throughout),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
