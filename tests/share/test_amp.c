// SPDX-License-Identifier: MIT
// Measures the simulated amplifiers as one would on a bench: tubes at points of their data sheets,
// circuits against their exact responses, each amplifier's distortion, rest, sag and aliases.

#include "amp.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double pi = 3.14159265358979323846;
static const double rate_hz = 384000.0;

static void assert_near(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance)) {
        fail_msg("found %g, expected %g within %g", found, expected, tolerance);
    }
}

// RCA, JJ and Mullard data sheets; a fitted tube is one tube, so a third either way.
static void test_tubes_at_points_of_their_data_sheets(void **state)
{
    (void)state;
    assert_near(bl_triode_at(&bl_12ax7, -2.0, 250.0).plate, 1.2e-3, 0.4e-3);
    assert_near(bl_triode_at(&bl_12ax7, -1.0, 200.0).plate, 2.0e-3, 0.7e-3);
    assert_near(bl_pentode_at(&bl_el34, -13.5, 250.0, 250.0).plate, 100e-3, 33e-3);
    assert_near(bl_pentode_at(&bl_6l6gc, -14.0, 250.0, 250.0).plate, 72e-3, 24e-3);
    assert_true(bl_triode_at(&bl_12ax7, 1.0, 100.0).grid > 1e-4);
    assert_near(bl_triode_at(&bl_12ax7, -40.0, 100.0).plate, 0.0, 1e-9);
}

static void test_slopes_are_those_of_the_currents(void **state)
{
    (void)state;
    const double h = 1e-4;
    for (int g = 0; g < 22; g++) {
        for (int a = 0; a < 9; a++) {
            const double grid = -5.0 + 0.37 * g, plate = 5.0 * pow(1.7, a);
            const bl_triode_current i = bl_triode_at(&bl_12ax7, grid, plate);
            const bl_triode_current more = bl_triode_at(&bl_12ax7, grid + h, plate);
            const bl_triode_current less = bl_triode_at(&bl_12ax7, grid - h, plate);
            assert_near(i.plate_by_grid, (more.plate - less.plate) / (2.0 * h), 1e-9);
            assert_near(i.grid_by_grid, (more.grid - less.grid) / (2.0 * h), 1e-9);
            const bl_pentode_current p = bl_pentode_at(&bl_el34, 4.0 * grid, plate, 300.0);
            const bl_pentode_current up = bl_pentode_at(&bl_el34, 4.0 * grid, plate + h, 300.0);
            const bl_pentode_current down = bl_pentode_at(&bl_el34, 4.0 * grid, plate - h, 300.0);
            assert_near(p.plate_by_plate, (up.plate - down.plate) / (2.0 * h), 1e-8);
        }
    }
}

// Two first-order sections in a chain, driven by a sine, against the bilinear transform's response.
static void test_capacitors_follow_the_bilinear_transform(void **state)
{
    (void)state;
    const double ohms = 10e3, farads = 10e-9;
    const bl_part parts[] = {
        {.kind = BL_PART_RESISTOR, .a = BL_INPUT, .b = 0, .value = ohms},
        {.kind = BL_PART_CAPACITOR, .a = 0, .b = BL_GROUND, .value = farads},
    };
    bl_circuit *c = bl_circuit_create(parts, 2, rate_hz);
    assert_non_null(c);
    bl_circuit_input input = {0};
    assert_true(bl_circuit_settle(c, &input));
    const double hz = 3000.0, warped = 2.0 * rate_hz * tan(pi * hz / rate_hz);
    const double gain = 1.0 / sqrt(1.0 + pow(warped * ohms * farads, 2.0));
    const double lag = atan(warped * ohms * farads);
    double worst = 0.0;
    const int settled = 20000, frames = 21000; // a time constant is 38 samples
    for (int i = 0; i < frames; i++) {
        input.input = sin(2.0 * pi * hz * i / rate_hz);
        assert_true(bl_circuit_step(c, &input));
        const double expected = gain * sin(2.0 * pi * hz * i / rate_hz - lag);
        if (i > settled) {
            worst = fmax(worst, fabs(bl_circuit_voltage(c, 0) - expected));
        }
    }
    bl_circuit_destroy(c);
    assert_near(worst, 0.0, 1e-8);
}

enum { FUNDAMENTAL_HZ = 240, PERIOD = 1600, HARMONICS = 6 };

typedef struct measured {
    double rms, fundamental, harmonics;
} measured;

static measured drive(const char *name, double amplitude)
{
    bl_amp *amp = bl_amp_create(bl_amp_find(name), rate_hz);
    assert_non_null(amp);
    const int start = 30 * PERIOD, frames = 40 * PERIOD;
    double re[HARMONICS + 1] = {0}, im[HARMONICS + 1] = {0}, sum = 0.0;
    for (int i = 0; i < frames; i++) {
        const double phase = 2.0 * pi * i / PERIOD;
        const double y = bl_amp_next(amp, amplitude * sin(phase));
        if (i >= start) {
            sum += y * y;
            for (int k = 1; k <= HARMONICS; k++) {
                re[k] += y * cos(k * phase);
                im[k] += y * sin(k * phase);
            }
        }
    }
    assert_int_equal(bl_amp_failures(amp), 0);
    bl_amp_destroy(amp);
    measured m = {.rms = sqrt(sum / (frames - start)), .fundamental = hypot(re[1], im[1])};
    for (int k = 2; k <= HARMONICS; k++) {
        m.harmonics += re[k] * re[k] + im[k] * im[k];
    }
    m.harmonics = sqrt(m.harmonics) / m.fundamental;
    return m;
}

static void test_each_amplifier_distorts_as_it_is_called(void **state)
{
    (void)state;
    // A light and a firm touch on the string, as parts of full scale.
    const measured light_clean = drive("clean", 0.05), firm_clean = drive("clean", 0.2);
    const measured light_edge = drive("edge", 0.01), firm_edge = drive("edge", 0.2);
    const measured light_crunch = drive("crunch", 0.05);
    const measured light_lead = drive("lead", 0.02), firm_lead = drive("lead", 0.2);
    assert_true(light_clean.harmonics < 0.01 && firm_clean.harmonics < 0.05);
    assert_true(light_edge.harmonics < 0.03 && firm_edge.harmonics > 0.1);
    assert_true(light_crunch.harmonics > 0.1 && light_lead.harmonics > 0.1);
    // The clean one follows the hand, the lead one does not.
    assert_near(firm_clean.rms / light_clean.rms, 4.0, 0.4);
    assert_true(firm_lead.rms / light_lead.rms < 1.5);
}

static void test_silence_is_silent_and_the_rest_is_found_again(void **state)
{
    (void)state;
    for (int d = 0; d < BL_AMP_DESIGNS; d++) {
        bl_amp *amp = bl_amp_create(&bl_amp_designs[d], rate_hz);
        assert_non_null(amp);
        for (int i = 0; i < 2000; i++) {
            assert_near(bl_amp_next(amp, 0.0), 0.0, 1e-6);
        }
        bl_amp_destroy(amp);
    }
    assert_null(bl_amp_find("fuzz"));
}

// A tone that is loud enough for every stage, and high enough that its harmonics pass 24 kHz: what
// is not a harmonic is an alias.
static void test_aliases_stay_low(void **state)
{
    (void)state;
    enum { FRAMES = 9600, FROM = 4800 }; // 4,800 samples: bins of 10 Hz
    float *samples = malloc(FRAMES * sizeof *samples);
    assert_non_null(samples);
    for (int i = 0; i < FRAMES; i++) {
        samples[i] = (float)(0.3 * sin(2.0 * pi * 4990.0 * i / 48000.0));
    }
    bl_audio audio = {.samples = samples, .frames = FRAMES, .sample_rate_hz = 48000.0};
    assert_int_equal(bl_amp_play(bl_amp_find("lead"), &audio, NULL), BL_STATUS_OK);
    assert_int_equal(audio.frames, FRAMES);
    double tone = 0.0, alias = 0.0;
    for (int bin = 2; bin < 1900; bin++) { // up to 19 kHz
        double re = 0.0, im = 0.0;
        for (int i = FROM; i < FRAMES; i++) {
            const double window = 0.5 - 0.5 * cos(2.0 * pi * (i - FROM) / (FRAMES - FROM));
            const double x = window * (double)audio.samples[i];
            re += x * cos(2.0 * pi * 10.0 * bin * i / 48000.0);
            im += x * sin(2.0 * pi * 10.0 * bin * i / 48000.0);
        }
        const int off = bin % 499;
        const double power = re * re + im * im;
        if (off < 4 || off > 495) {
            tone = fmax(tone, power);
        } else if (bin > 20) { // below, the supply settles
            alias = fmax(alias, power);
        }
    }
    bl_audio_finish(&audio);
    printf("aliases at %.1f dB\n", 10.0 * log10(alias / tone));
    assert_true(10.0 * log10(alias / tone) < -60.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tubes_at_points_of_their_data_sheets),
        cmocka_unit_test(test_slopes_are_those_of_the_currents),
        cmocka_unit_test(test_capacitors_follow_the_bilinear_transform),
        cmocka_unit_test(test_each_amplifier_distorts_as_it_is_called),
        cmocka_unit_test(test_silence_is_silent_and_the_rest_is_found_again),
        cmocka_unit_test(test_aliases_stay_low),
    };
    return cmocka_run_group_tests_name("share.amp", tests, NULL, NULL);
}
