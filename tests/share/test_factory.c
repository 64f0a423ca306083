// SPDX-License-Identifier: MIT
// The factory models are what they say: the stage shape, trained from the simulated amplifiers, the
// same in both forms, silent in silence, each with more gain than the one before.

#include "amp.h"
#include "riff.h"

#include "backline/voice.h"
#include "train/align.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MODELS = 4, RATE_HZ = 48000 };

static const char *const names[MODELS] = {"clean", "edge", "crunch", "lead"};
static const double esr_max[MODELS] = {0.001, 0.003, 0.01, 0.05}; // on music that none has learnt

// Frames that training took off, since a filter's delay is not worth learning.
static const double taken_off[MODELS] = {1.0, 0.611513298, -3.0, -1.0};

static bl_model *models[MODELS], *nams[MODELS];

// Through a fresh voice. Owns: the caller.
static float *play(bl_model *model, const float *in, uint64_t frames)
{
    bl_voice *voice;
    float *out = malloc((size_t)frames * sizeof *out);
    assert_non_null(out);
    assert_int_equal(bl_voice_create(model, NULL, &voice, NULL), BL_STATUS_OK);
    for (uint64_t i = 0; i < frames; i += BL_INNER_FRAMES) {
        const uint64_t left = frames - i;
        bl_voice_process(voice, in + i, out + i,
                         left < BL_INNER_FRAMES ? (uint32_t)left : BL_INNER_FRAMES);
    }
    bl_voice_destroy(voice);
    return out;
}

static void test_say_what_they_are(void **state)
{
    (void)state;
    for (int m = 0; m < MODELS; m++) {
        const bl_model_info *info = bl_model_get_info(models[m]);
        assert_string_equal(info->name, names[m]);
        assert_true(info->sample_rate_known && info->sample_rate_hz == RATE_HZ);
        assert_true(info->causal && info->added_latency_samples == 0);
        assert_int_equal(info->mac_per_sample, 6352);
        assert_true(info->has_loudness && info->has_esr);
        assert_true(info->esr > 0.0 && info->esr < esr_max[m]);
    }
}

static void test_both_forms_are_one_model(void **state)
{
    (void)state;
    bl_audio riff;
    assert_int_equal(bl_riff_play(&riff, NULL), BL_STATUS_OK);
    const uint64_t frames = 4 * RATE_HZ;
    for (int m = 0; m < MODELS; m++) {
        float *native = play(models[m], riff.samples + RATE_HZ, frames);
        float *nam = play(nams[m], riff.samples + RATE_HZ, frames);
        double peak = 1.0, most = 0.0;
        for (uint64_t i = 0; i < frames; i++) {
            peak = fmax(peak, fabs((double)native[i]));
            most = fmax(most, fabs((double)native[i] - (double)nam[i]));
        }
        assert_true(most <= 1e-5 * peak);
        assert_true(peak < 2.0);
        free(native);
        free(nam);
    }
    bl_audio_finish(&riff);
}

// The riff is not among what they have learnt; the circuit says what they should make of it.
static void test_answer_as_their_circuits_do(void **state)
{
    (void)state;
    enum { FRAMES = RATE_HZ };
    for (int m = 0; m < MODELS; m++) {
        bl_audio riff;
        assert_int_equal(bl_riff_play(&riff, NULL), BL_STATUS_OK);
        riff.frames = FRAMES;
        float *answer = play(models[m], riff.samples, FRAMES);
        assert_int_equal(bl_amp_play(bl_amp_find(names[m]), &riff, NULL), BL_STATUS_OK);
        assert_int_equal(bl_align_apply(&riff, taken_off[m], 0.0, NULL), BL_STATUS_OK);
        double off = 0.0, all = 0.0;
        for (int i = 0; i < FRAMES; i++) {
            const double d = (double)answer[i] - (double)riff.samples[i];
            off += d * d;
            all += (double)riff.samples[i] * (double)riff.samples[i];
        }
        printf("%s: ESR %.4f on a part of the riff\n", names[m], off / all);
        assert_true(off < esr_max[m] * all);
        free(answer);
        bl_audio_finish(&riff);
    }
}

static void test_silence_stays_silence(void **state)
{
    (void)state;
    static const float silence[RATE_HZ / 4];
    for (int m = 0; m < MODELS; m++) {
        float *out = play(models[m], silence, RATE_HZ / 4);
        for (int i = RATE_HZ / 8; i < RATE_HZ / 4; i++) { // more DC would thump at a switch
            assert_true(fabs((double)out[i]) < 5e-3);
        }
        free(out);
    }
}

// Part of the power of a soft 220 Hz sine's answer that is not its fundamental.
static double distortion(bl_model *model)
{
    static float in[RATE_HZ / 2];
    const double pi = 3.14159265358979323846, turn = 2.0 * pi * 220.0 / RATE_HZ;
    for (int i = 0; i < RATE_HZ / 2; i++) {
        in[i] = (float)(0.05 * sin(turn * i));
    }
    float *out = play(model, in, RATE_HZ / 2);
    double re = 0.0, im = 0.0, all = 0.0, mean = 0.0;
    const int count = RATE_HZ / 4; // 55 whole turns
    for (int i = RATE_HZ / 4; i < RATE_HZ / 2; i++) {
        re += (double)out[i] * cos(turn * i);
        im += (double)out[i] * sin(turn * i);
        all += (double)out[i] * (double)out[i];
        mean += (double)out[i];
    }
    free(out);
    all -= mean * mean / count;
    return 1.0 - 2.0 * (re * re + im * im) / count / all;
}

static void test_each_has_more_gain(void **state)
{
    (void)state;
    double before = 0.0;
    for (int m = 0; m < MODELS; m++) {
        const double now = distortion(models[m]);
        printf("%s: %.4f of the power is distortion\n", names[m], now);
        assert_true(now > before);
        before = now;
    }
}

static int load(void **state)
{
    (void)state;
    for (int m = 0; m < MODELS; m++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/models/%s.safetensors", BL_SHARE_DIR, names[m]);
        assert_int_equal(bl_model_load(path, NULL, &models[m], NULL), BL_STATUS_OK);
        snprintf(path, sizeof path, "%s/models/%s.nam", BL_SHARE_DIR, names[m]);
        assert_int_equal(bl_model_load(path, NULL, &nams[m], NULL), BL_STATUS_OK);
    }
    return 0;
}

static int release(void **state)
{
    (void)state;
    for (int m = 0; m < MODELS; m++) {
        bl_model_release(models[m]);
        bl_model_release(nams[m]);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_say_what_they_are),
        cmocka_unit_test(test_both_forms_are_one_model),
        cmocka_unit_test(test_answer_as_their_circuits_do),
        cmocka_unit_test(test_silence_stays_silence),
        cmocka_unit_test(test_each_has_more_gain),
    };
    return cmocka_run_group_tests(tests, load, release);
}
