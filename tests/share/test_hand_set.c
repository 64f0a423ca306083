// SPDX-License-Identifier: MIT
// The shipped hand-set overdrive: says what it is, stays silent in silence, and overdrives softly.

#include "hand_set.h"
#include "riff.h"

#include "backline/voice.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double pi = 3.14159265358979323846;
static const double rate_hz = 48000.0;

static bl_model *model;

// Through a fresh voice, in the engine's own block size.
static void run(const float *in, float *out, uint64_t frames)
{
    bl_voice *voice;
    assert_int_equal(bl_voice_create(model, NULL, &voice, NULL), BL_STATUS_OK);
    for (uint64_t i = 0; i < frames; i += BL_INNER_FRAMES) {
        const uint64_t left = frames - i;
        const uint32_t now = left < BL_INNER_FRAMES ? (uint32_t)left : BL_INNER_FRAMES;
        bl_voice_process(voice, in + i, out + i, now);
    }
    bl_voice_destroy(voice);
}

static double rms(const float *samples, uint64_t frames)
{
    double sum = 0.0;
    for (uint64_t i = 0; i < frames; i++) {
        sum += (double)samples[i] * (double)samples[i];
    }
    return sqrt(sum / (double)frames);
}

static void test_says_what_it_is(void **state)
{
    (void)state;
    const bl_model_info *info = bl_model_get_info(model);
    assert_string_equal(info->name, "Hand-set overdrive (not trained)");
    assert_string_equal(info->architecture, "wavenet_amp");
    assert_int_equal(info->parameters, 4753);
    assert_int_equal(info->receptive_field_samples, 127);
    assert_int_equal(info->added_latency_samples, 0);
    assert_true(info->causal && info->sample_rate_known && !info->has_esr);
    assert_true(info->sample_rate_hz == rate_hz);
}

static void test_silence_in_is_silence_out(void **state)
{
    (void)state;
    float in[4096] = {0}, out[4096];
    run(in, out, 4096);
    for (int i = 0; i < 4096; i++) {
        assert_true(fabs((double)out[i]) < 3e-6);
    }
}

enum { TONE_FRAMES = 9600, HARMONICS = 7 };

// Amplitudes of the harmonics of a 200 Hz sine of that amplitude; [0] is the mean.
static void play_sine(double amplitude, double harmonics[HARMONICS])
{
    static float in[2 * TONE_FRAMES], out[2 * TONE_FRAMES];
    const double hz = 200.0;
    for (int i = 0; i < 2 * TONE_FRAMES; i++) {
        in[i] = (float)(amplitude * sin(2.0 * pi * hz * i / rate_hz));
    }
    run(in, out, 2 * TONE_FRAMES);
    for (int h = 0; h < HARMONICS; h++) {
        double re = 0.0, im = 0.0;
        for (int i = TONE_FRAMES; i < 2 * TONE_FRAMES; i++) {
            re += (double)out[i] * cos(2.0 * pi * hz * h * i / rate_hz);
            im += (double)out[i] * sin(2.0 * pi * hz * h * i / rate_hz);
        }
        harmonics[h] = hypot(re, im) * (h == 0 ? 1.0 : 2.0) / TONE_FRAMES;
    }
}

static double distortion(const double harmonics[HARMONICS])
{
    double sum = 0.0;
    for (int h = 2; h < HARMONICS; h++) {
        sum += harmonics[h] * harmonics[h];
    }
    return sqrt(sum) / harmonics[1];
}

static void test_harder_playing_is_more_distorted_and_compressed(void **state)
{
    (void)state;
    double soft[HARMONICS], medium[HARMONICS], hard[HARMONICS];
    play_sine(0.01, soft);
    play_sine(0.1, medium);
    play_sine(0.5, hard);
    assert_true(distortion(soft) < 0.01);
    assert_true(distortion(medium) > 5.0 * distortion(soft));
    assert_true(distortion(hard) > 2.0 * distortion(medium) && distortion(hard) < 0.5);
    // Both odd and even, as from a stage that is not symmetric.
    assert_true(hard[2] > 0.01 * hard[1] && hard[3] > 0.1 * hard[1]);
    // 14 dB more in, less than 7 dB more out.
    assert_true(hard[1] < 2.24 * medium[1] && hard[1] > medium[1]);
}

static void test_riff_keeps_its_level(void **state)
{
    (void)state;
    bl_audio riff;
    assert_int_equal(bl_riff_play(&riff, NULL), BL_STATUS_OK);
    float *out = malloc(riff.frames * sizeof *out);
    assert_non_null(out);
    run(riff.samples, out, riff.frames);
    double peak = 0.0, sum = 0.0;
    for (uint64_t i = 0; i < riff.frames; i++) {
        peak = fmax(peak, fabs((double)out[i]));
        sum += (double)out[i];
    }
    assert_true(peak > 0.2 && peak < 0.6);
    assert_true(fabs(sum / (double)riff.frames) < 3e-3);
    const double change_db = 20.0 * log10(rms(out, riff.frames) / rms(riff.samples, riff.frames));
    assert_true(fabs(change_db) < 3.0);
    // Rests stay rests: the noise of the pickup is not blown up into hiss.
    const uint64_t rest = (uint64_t)(23.4 * rate_hz), length = (uint64_t)(0.5 * rate_hz);
    assert_true(20.0 * log10(rms(out + rest, length)) < -75.0);
    free(out);
    bl_audio_finish(&riff);
}

static void test_highs_fall_as_in_a_speaker(void **state)
{
    (void)state;
    static float in[9600], out[9600];
    const double hz[] = {800.0, 6000.0};
    double level[2];
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 9600; i++) {
            in[i] = (float)(0.001 * sin(2.0 * pi * hz[k] * i / rate_hz));
        }
        run(in, out, 9600);
        level[k] = rms(out + 4800, 4800);
    }
    assert_true(level[1] < 0.1 * level[0]);
}

static int set_up(void **state)
{
    (void)state;
    return bl_model_load(BL_SHARE_DIR "/models/hand-set-overdrive.safetensors", NULL, &model,
                         NULL) != BL_STATUS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    bl_model_release(model);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_what_it_is),
        cmocka_unit_test(test_silence_in_is_silence_out),
        cmocka_unit_test(test_harder_playing_is_more_distorted_and_compressed),
        cmocka_unit_test(test_riff_keeps_its_level),
        cmocka_unit_test(test_highs_fall_as_in_a_speaker),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
