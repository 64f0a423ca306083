// SPDX-License-Identifier: MIT
// Delays of every kind through made-up amplifiers of every kind. An amplifier's filters have a
// delay of their own, so what is compared is the pair with a delay against the pair without; where
// there are no filters the delay itself.

#include "train/align.h"

#include "support/cmocka_all.h"
#include "support/effort.h"
#include "support/random.h"
#include "train/pair.h"

#include <math.h>
#include <stdlib.h>

static const double tolerance_frames = 0.02;

static const pair_amp amps[] = {
    {.drive = 1.0},
    {.drive = 10.0},
    {.drive = 100.0},
    {.drive = 10.0, .bias = 0.3},
    {.drive = -20.0, .lowpass_hz = 7000.0},
    {.drive = 30.0, .highpass_hz = 100.0, .lowpass_hz = 8000.0, .noise = 1e-4},
    {.drive = 4.0, .highpass_hz = 80.0, .resonance_hz = 5000.0, .noise = 1e-4},
};
enum { AMPS = sizeof amps / sizeof amps[0], BENT = 4 }; // the first ones are nothing but bent

static bl_alignment find(const bl_audio *input, const bl_audio *target)
{
    bl_alignment found;
    bl_error error = {0};
    if (bl_align_find(input, target, &found, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return found;
}

typedef struct kind {
    const char *name;
    double delay, drift; ///< largest
    bool whole;
    double seconds;
} kind;

static double draw(random_source *source, double most)
{
    return (double)random_float(source, (float)-most, (float)most);
}

// Returns the largest error of the delay anywhere in the recording.
static double try_one(const kind *k, size_t amp, uint64_t seed)
{
    random_source source = {seed};
    bl_audio guitar = pair_guitar(k->seconds, seed);
    bl_audio answer = pair_answer(&guitar, &amps[amp], seed + 1);
    const double drawn = draw(&source, k->delay), drift = draw(&source, k->drift);
    const double delay = k->whole ? nearbyint(drawn) : drawn;
    bl_audio late = pair_delayed(&answer, delay, drift);
    const bl_alignment without = find(&guitar, &answer), with = find(&guitar, &late);
    assert_true(without.sure);
    assert_true(without.drift_ppm == 0.0);
    assert_true(with.sure);
    assert_int_equal(with.inverted, amps[amp].drive < 0.0);
    const double at_start = with.delay_frames - without.delay_frames - delay;
    const double at_end = at_start + 1e-6 * (with.drift_ppm - drift) * (double)guitar.frames;
    double error = fmax(fabs(at_start), fabs(at_end));
    if (amp < BENT) {
        error = fmax(error, fabs(without.delay_frames));
    }
    if (error > tolerance_frames) {
        print_message("%s, amplifier %d, seed %d: delay %.3f drift %.3f, off by %.4f\n", k->name,
                      (int)amp, (int)seed, delay, drift, error);
    }
    bl_audio_finish(&guitar);
    bl_audio_finish(&answer);
    bl_audio_finish(&late);
    return error;
}

static void every_delay_is_found(void **state)
{
    (void)state;
    static const kind kinds[] = {
        {"whole", 3000.0, 0.0, true, 12.0},
        {"fraction", 3.0, 0.0, false, 12.0},
        {"far fraction", 400.0, 0.0, false, 12.0},
        {"drift", 100.0, 40.0, false, 25.0},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        double largest = 0.0;
        for (uint32_t n = 0; n < bl_test_some(AMPS); n++) {
            largest = fmax(largest, try_one(&kinds[i], n % AMPS, 100 * i + n + 1));
        }
        print_message("%s: largest error %.4f frames\n", kinds[i].name, largest);
        assert_true(largest <= tolerance_frames);
    }
}

// High gain between steep filters: less exact, but never before the amplifier's answer begins, and
// known to be so.
static void high_gain_is_not_moved_too_far(void **state)
{
    (void)state;
    const pair_amp lead = {.drive = 500.0,
                           .highpass_hz = 600.0,
                           .lowpass_hz = 4000.0,
                           .resonance_hz = 4500.0,
                           .noise = 3e-4};
    for (uint64_t seed = 1; seed <= 4; seed++) {
        bl_audio guitar = pair_guitar(12.0, seed);
        bl_audio answer = pair_answer(&guitar, &lead, seed + 1);
        bl_audio late = pair_delayed(&answer, 700.0, 0.0);
        const bl_alignment found = find(&guitar, &late);
        assert_true(found.sure);
        assert_true(fabs(found.delay_frames - 700.0) < 3.0);
        const double moved = bl_align_correction(&found);
        assert_true(moved <= 700.3 && moved > 690.0);
        bl_audio_finish(&guitar);
        bl_audio_finish(&answer);
        bl_audio_finish(&late);
    }
}

static double difference(const bl_audio *a, const bl_audio *b, uint64_t from, uint64_t to)
{
    double error = 0.0, power = 0.0;
    for (uint64_t n = from; n < to; n++) {
        const double wanted = (double)b->samples[n], off = (double)a->samples[n] - wanted;
        error += off * off;
        power += wanted * wanted;
    }
    return error / power;
}

static void what_is_taken_off_comes_back(void **state)
{
    (void)state;
    static const double cases[][2] = {{31.4, 0.0}, {-31.4, 0.0}, {250.0, 0.0}, {12.5, 35.0}};
    bl_audio guitar = pair_guitar(12.0, 5);
    bl_audio answer = pair_answer(&guitar, &amps[4], 6);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bl_audio late = pair_delayed(&answer, cases[i][0], cases[i][1]);
        const bl_alignment found = find(&guitar, &late);
        bl_error error = {0};
        assert_int_equal(
            bl_align_apply(&late, bl_align_correction(&found), found.drift_ppm, &error),
            BL_STATUS_OK);
        const double esr = difference(&late, &answer, 1000, answer.frames - 1000);
        print_message("delay %.1f, drift %.0f ppm: straightened to an ESR of %.2g\n", cases[i][0],
                      cases[i][1], esr);
        assert_true(esr < 1e-4);
        bl_audio_finish(&late);
    }
    bl_audio_finish(&guitar);
    bl_audio_finish(&answer);
}

static void whole_frames_are_moved_bit_for_bit(void **state)
{
    (void)state;
    bl_audio guitar = pair_guitar(2.0, 7);
    bl_audio moved = pair_delayed(&guitar, 100.0, 0.0);
    bl_error error = {0};
    assert_int_equal(bl_align_apply(&moved, 100.0, 0.0, &error), BL_STATUS_OK);
    assert_memory_equal(moved.samples, guitar.samples,
                        (size_t)(guitar.frames - 100) * sizeof(float));
    for (uint64_t n = guitar.frames - 100; n < guitar.frames; n++) {
        assert_true(moved.samples[n] == 0.0f);
    }
    bl_audio_finish(&guitar);
    bl_audio_finish(&moved);
}

static void another_performance_is_not_moved(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        bl_audio guitar = pair_guitar(10.0, seed), other = pair_guitar(10.0, seed + 50);
        bl_audio answer = pair_answer(&other, &amps[seed % AMPS], seed);
        const bl_alignment found = find(&guitar, &answer);
        assert_false(found.sure);
        assert_true(bl_align_correction(&found) == 0.0);
        bl_audio_finish(&guitar);
        bl_audio_finish(&other);
        bl_audio_finish(&answer);
    }
}

static void too_little_is_refused(void **state)
{
    (void)state;
    float samples[1000] = {0.1f};
    const bl_audio audio = {
        .samples = samples, .frames = 1000, .sample_rate_hz = PAIR_RATE, .file_channels = 1};
    bl_alignment found;
    bl_error error = {0};
    assert_int_equal(bl_align_find(&audio, &audio, &found, &error), BL_STATUS_SHAPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_delay_is_found),
        cmocka_unit_test(high_gain_is_not_moved_too_far),
        cmocka_unit_test(what_is_taken_off_comes_back),
        cmocka_unit_test(whole_frames_are_moved_bit_for_bit),
        cmocka_unit_test(another_performance_is_not_moved),
        cmocka_unit_test(too_little_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
