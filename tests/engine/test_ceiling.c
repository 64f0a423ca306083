// SPDX-License-Identifier: MIT
// The ceiling's figures: no sample over full scale; the true peak, measured by fourfold
// oversampling, at most 0.5 dB over; not a bit changed below its threshold; back soon after.

#include "rt/ceiling.h"
#include "support/engines.h"
#include "support/stages.h"

#include <math.h>
#include <string.h>

enum { RATE = STAGES_RATE, FRAMES = 3000, HALF = 24 };

#define PI 3.14159265358979323846

static float in[FRAMES], out[FRAMES];

static float limit(uint32_t frames)
{
    bl_ceiling ceiling = bl_ceiling_at_rest(RATE);
    memcpy(out, in, frames * sizeof *out);
    float largest = 0.0F;
    for (uint32_t at = 0; at < frames; at += BL_INNER_FRAMES) {
        float *channels[] = {out + at};
        const uint32_t left = frames - at;
        bl_ceiling_process(&ceiling, channels, 1, left < BL_INNER_FRAMES ? left : BL_INNER_FRAMES);
    }
    for (uint32_t i = 0; i < frames; i++) {
        largest = fmaxf(largest, fabsf(out[i]));
    }
    return largest;
}

// Windowed sinc, 48 samples long.
static double true_peak_db(const float *samples, uint32_t frames)
{
    static double taps[4][2 * HALF];
    for (int p = 0; p < 4; p++) {
        for (int k = 0; k < 2 * HALF; k++) {
            const double t = p / 4.0 - (k - HALF + 1);
            const double sinc = t == 0.0 ? 1.0 : sin(PI * t) / (PI * t);
            taps[p][k] = sinc * (0.5 + 0.5 * cos(PI * t / HALF));
        }
    }
    double peak = 0.0;
    for (uint32_t i = HALF; i + HALF < frames; i++) {
        for (int p = 0; p < 4; p++) {
            double sum = 0.0;
            for (int k = 0; k < 2 * HALF; k++) {
                sum += taps[p][k] * (double)samples[(int)i + k - HALF + 1];
            }
            peak = fmax(peak, fabs(sum));
        }
    }
    return 20.0 * log10(peak);
}

static double check(const char *what)
{
    const float largest = limit(FRAMES);
    const double peak_db = true_peak_db(out, FRAMES);
    if (largest > 1.0F || !(peak_db <= 0.5)) {
        fail_msg("%s: sample peak %g, true peak %+.2f dB", what, (double)largest, peak_db);
    }
    return peak_db;
}

static void test_tones(void **state)
{
    (void)state;
    double worst = -100.0;
    for (int khz = 1; khz <= 20; khz++) {
        for (int phase = 0; phase < 4; phase++) {
            memset(in, 0, sizeof in);
            for (uint32_t i = 500; i < 1500; i++) {
                in[i] = 8.0F * (float)sin(2.0 * PI * khz * 1000.0 / RATE * (i - 500) +
                                          phase * PI / 8.0 + 0.01);
            }
            worst = fmax(worst, check("tone"));
        }
    }
    print_message("tones to 20 kHz, 18 dB over: true peak %+.2f dB\n", worst);
}

static void test_noise_squares_and_a_cab(void **state)
{
    (void)state;
    double worst = -100.0;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        fill_noise(in, FRAMES, seed);
        double once = 0.0, twice = 0.0;
        for (uint32_t i = 0; i < FRAMES; i++) {
            in[i] *= i < 300 ? 0.0F : 8.0F;
        }
        worst = fmax(worst, check("white noise"));
        for (uint32_t i = 0; i < FRAMES; i++) { // what a cab leaves of it
            once += 0.4 * (4.0 * (double)in[i] - once);
            twice += 0.4 * (once - twice);
            in[i] = (float)twice;
        }
        worst = fmax(worst, check("low noise"));
        for (uint32_t i = 0; i < FRAMES; i++) {
            in[i] = i < 300 ? 0.0F : sin(2.0 * PI * 307.0 * (double)seed / RATE * i) > 0.0 ? 8 : -8;
        }
        worst = fmax(worst, check("square"));
    }
    print_message("noise and squares, 18 dB over: true peak %+.2f dB\n", worst);
}

static void test_impossible_levels(void **state)
{
    (void)state;
    fill_noise(in, FRAMES, 3);
    for (uint32_t i = 0; i < FRAMES; i++) {
        in[i] *= i % 97 == 0 ? 3e37F : i % 31 == 0 ? 1e9F : 1.0F;
    }
    assert_true(limit(FRAMES) <= 1.0F);
}

static void test_below_the_threshold_no_bit_changes(void **state)
{
    (void)state;
    fill_noise(in, FRAMES, 4);
    for (uint32_t i = 0; i < FRAMES; i++) {
        in[i] *= BL_CEILING_THRESHOLD / 2.0F; // whatever its spectrum
    }
    limit(FRAMES);
    assert_memory_equal(out, in, sizeof in);
    for (uint32_t i = 0; i < FRAMES; i++) { // a guitar's
        in[i] = 0.69F * (float)sin(2.0 * PI * 440.0 / RATE * i);
    }
    limit(FRAMES);
    assert_memory_equal(out, in, sizeof in);
}

static void test_comes_back(void **state)
{
    (void)state;
    enum { LONG = RATE };
    static float long_in[LONG], long_out[LONG];
    for (uint32_t i = 0; i < LONG; i++) {
        long_in[i] = (i < 1000 ? 1000.0F : 0.5F) * (float)sin(2.0 * PI * 220.0 / RATE * i);
    }
    bl_chain_config config = stages_config();
    bl_chain *chain = stages_chain(&config);
    stages_run(chain, long_in, long_out, LONG, 64);
    const uint32_t back = 1000 + 3 * RATE / 10;
    assert_true(long_out[1100] != long_in[1100]);
    assert_memory_equal(long_out + back, long_in + back, (LONG - back) * sizeof *long_in);
    bl_chain_destroy(chain);
}

static void test_channels_share_the_gain(void **state)
{
    (void)state;
    float left[BL_INNER_FRAMES], right[BL_INNER_FRAMES];
    for (int i = 0; i < BL_INNER_FRAMES; i++) {
        left[i] = 2.0F * (float)sin(0.1 * i + 0.5);
        right[i] = 0.25F * left[i];
    }
    bl_ceiling ceiling = bl_ceiling_at_rest(RATE);
    bl_ceiling_process(&ceiling, (float *[]){left, right}, 2, BL_INNER_FRAMES);
    for (int i = 0; i < BL_INNER_FRAMES; i++) {
        assert_true(fabsf(left[i]) <= BL_CEILING_TOP);
        assert_true(fabsf(right[i] - 0.25F * left[i]) < 1e-7F);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tones),
        cmocka_unit_test(test_noise_squares_and_a_cab),
        cmocka_unit_test(test_impossible_levels),
        cmocka_unit_test(test_below_the_threshold_no_bit_changes),
        cmocka_unit_test(test_comes_back),
        cmocka_unit_test(test_channels_share_the_gain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
