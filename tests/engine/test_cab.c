// SPDX-License-Identifier: MIT
// Cabs: files of every kind made fit to play, the sound against direct convolution in double, mono
// and stereo, alone and in the engine, and whole chains replayed over recent input.

#include "backline/audio.h"
#include "backline/cab.h"
#include "backline/engine.h"

#include "support/chains.h"
#include "support/engines.h"
#include "support/folder.h"
#include "support/models.h"
#include "support/stages.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = STAGES_RATE, FRAMES = 8 * RATE };

#define PI 3.14159265358979323846

static float in[FRAMES], out[FRAMES], right_out[FRAMES], expected[FRAMES];

// A response that decays by 60 dB over its length, over `lead` frames of silence.
static float *response_new(uint32_t lead, uint32_t frames, uint64_t seed)
{
    float *taps = calloc(lead + frames, sizeof *taps);
    assert_non_null(taps);
    random_source random = {seed};
    for (uint32_t i = 0; i < frames; i++) {
        taps[lead + i] = random_float(&random, -0.5F, 0.5F) * (float)exp(-6.9 * i / frames);
    }
    taps[lead] = 0.7F;
    return taps;
}

static void put(FILE *file, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        fputc((int)(value >> (8 * i) & 255), file);
    }
}

// A stereo WAV of 32-bit floats.
static void save_stereo(const char *path, const float *left, const float *right, uint32_t frames)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs("RIFF", file);
    put(file, 36 + 8 * frames, 4);
    fputs("WAVEfmt ", file);
    put(file, 16, 4);
    put(file, 3 | 2 << 16, 4); // float, two channels
    put(file, RATE, 4);
    put(file, RATE * 8, 4);
    put(file, 8 | 32 << 16, 4);
    fputs("data", file);
    put(file, 8 * frames, 4);
    for (uint32_t i = 0; i < frames; i++) {
        fwrite(&left[i], sizeof(float), 1, file);
        fwrite(&right[i], sizeof(float), 1, file);
    }
    assert_int_equal(fclose(file), 0);
}

static void save_mono(const char *path, float *taps, uint32_t frames, double rate_hz)
{
    const bl_audio audio = {.samples = taps, .frames = frames, .sample_rate_hz = rate_hz};
    assert_int_equal(bl_audio_save(path, &audio, BL_AUDIO_FLOAT_32, NULL), BL_STATUS_OK);
}

static bl_cab load(const char *path, double rate_hz)
{
    bl_cab cab;
    bl_error error = {0};
    if (bl_cab_load(path, rate_hz, &cab, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return cab;
}

static bl_chain *cab_chain(const bl_cab *cab, uint64_t generation)
{
    bl_chain_config config = stages_config();
    config.cab = cab;
    config.generation = generation;
    config.parameters[BL_PARAMETER_INPUT_TRIM] = -20.0; // below the ceiling
    return stages_chain(&config);
}

static double power_at(const bl_cab *cab, uint32_t channel, double hz)
{
    double re = 0.0, im = 0.0;
    for (uint32_t i = 0; i < cab->frames; i++) {
        re += (double)cab->taps[channel][i] * cos(2.0 * PI * hz / cab->sample_rate_hz * i);
        im -= (double)cab->taps[channel][i] * sin(2.0 * PI * hz / cab->sample_rate_hz * i);
    }
    return re * re + im * im;
}

static double mean_power(const bl_cab *cab)
{
    double sum = 0.0;
    for (int p = 0; p < 60; p++) {
        for (uint32_t c = 0; c < cab->channels; c++) {
            sum += power_at(cab, c, 80.0 * pow(5000.0 / 80.0, p / 59.0)) / cab->channels;
        }
    }
    return sum / 60.0;
}

static void test_files_are_made_fit(void **state)
{
    (void)state;
    const char *path = test_folder_file("cab.wav");
    float *taps = response_new(300, 9000, 1);
    save_mono(path, taps, 9300, RATE);
    bl_cab cab = load(path, RATE);
    assert_int_equal(cab.channels, 1);
    assert_in_range(cab.frames, 8900, 9000);
    for (uint32_t i = 1; i < cab.frames; i++) { // no silence before it, its shape as it was
        assert_true(fabsf(cab.taps[0][i] / cab.taps[0][0] - taps[300 + i] / taps[300]) < 1e-5F);
    }
    assert_true(fabs(mean_power(&cab) - 1.0) < 0.2); // other points, so not exactly
    bl_cab_finish(&cab);

    cab = load(path, 96000.0);
    assert_in_range(cab.frames, 17600, 18400);
    assert_true(fabs(mean_power(&cab) - 1.0) < 0.2);
    bl_cab_finish(&cab);
    free(taps);

    taps = response_new(0, 5 * RATE, 2); // too long by far
    save_mono(path, taps, 5 * RATE, RATE);
    cab = load(path, RATE);
    assert_int_equal(cab.frames, 2 * RATE);
    const float scale = cab.taps[0][0] / taps[0];
    assert_true(cab.taps[0][2 * RATE - 1] == 0.0F);
    assert_true(fabsf(cab.taps[0][RATE] - scale * taps[RATE]) < 1e-6F);
    assert_true(fabsf(cab.taps[0][2 * RATE - 100]) < 0.01F * scale);
    bl_cab_finish(&cab);
    free(taps);
}

static void test_refuses_what_is_no_cab(void **state)
{
    (void)state;
    const char *path = test_folder_file("silent.wav");
    float zeros[100] = {0.0F};
    save_mono(path, zeros, 100, RATE);
    bl_cab cab;
    bl_error error = {0};
    assert_int_equal(bl_cab_load(path, RATE, &cab, &error), BL_STATUS_VALUE);
    assert_non_null(strstr(error.text, "silent.wav: found nothing but silence"));
    bl_error_clear(&error);
    assert_int_not_equal(bl_cab_load("no-such-file.wav", RATE, &cab, &error), BL_STATUS_OK);
    assert_non_null(strstr(error.text, "no-such-file.wav"));
    bl_cab_finish(&cab);

    float *taps = response_new(0, 100, 3);
    const bl_cab other = {.taps = {taps}, .channels = 1, .frames = 100, .sample_rate_hz = 44100.0};
    bl_chain_config config = stages_config();
    config.cab = &other;
    bl_chain *chain = NULL;
    bl_error_clear(&error);
    assert_int_equal(bl_chain_create(&config, &chain, &error), BL_STATUS_VALUE);
    assert_non_null(strstr(error.text, "the cab is at 44100 Hz, expected 48000 Hz"));
    free(taps);
}

// Sparse points in time, each summed directly.
static void check_convolution(const bl_cab *cab, uint32_t channel, const float *sound)
{
    for (uint32_t t = 0; t < FRAMES; t += t < 4096 ? 61 : 9973) {
        double sum = 0.0;
        for (uint32_t i = 0; i < cab->frames && i <= t; i++) {
            sum += (double)cab->taps[channel][i] * 0.1 * (double)in[t - i];
        }
        if (!(fabs((double)sound[t] - sum) <= 1e-5)) {
            fail_msg("%u taps, frame %u: %g, expected %g", cab->frames, t, (double)sound[t], sum);
        }
    }
}

static void test_sound_is_the_convolution(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {1, 700, 2048, 24000, 96000};
    fill_noise(in, FRAMES, 4);
    for (uint32_t i = 0; i < FRAMES; i++) {
        in[i] *= 0.05F;
    }
    for (size_t n = 0; n < sizeof lengths / sizeof *lengths; n++) {
        float *taps = response_new(0, lengths[n], n + 5);
        const bl_cab cab = {
            .taps = {taps}, .channels = 1, .frames = lengths[n], .sample_rate_hz = RATE};
        bl_chain *chain = cab_chain(&cab, 1);
        stages_run(chain, in, out, FRAMES, 64);
        check_convolution(&cab, 0, out);
        bl_chain_reset(chain);
        stages_run(chain, in, expected, FRAMES, 23);
        for (uint32_t i = 0; i < FRAMES; i++) {
            assert_true(fabsf(out[i] - expected[i]) <= 1e-6F);
        }
        bl_chain_set_parameter(chain, BL_PARAMETER_CAB_ON, 0.0);
        bl_chain_set_parameter(chain, BL_PARAMETER_INPUT_TRIM, 0.0);
        stages_run(chain, in, out, FRAMES, 64);
        assert_memory_equal(out + 1000, in + 1000, (FRAMES - 1000) * sizeof *in); // off: no bit
        bl_chain_destroy(chain);
        free(taps);
    }
}

static void test_stereo(void **state)
{
    (void)state;
    const char *path = test_folder_file("stereo.wav");
    float *left = response_new(10, 3000, 11), *right = response_new(30, 2980, 12);
    save_stereo(path, left, right, 3010);
    bl_cab cab = load(path, RATE);
    assert_int_equal(cab.channels, 2);
    for (uint32_t i = 0; i < 20; i++) {
        assert_true(cab.taps[1][i] == 0.0F); // what is between the sides stays
    }
    fill_noise(in, FRAMES, 13);
    for (uint32_t i = 0; i < FRAMES; i++) {
        in[i] *= 0.05F;
    }
    bl_engine *engine = engine_of(bare_config());
    bl_engine_swap(engine, cab_chain(&cab, 1));
    random_source random = {1};
    for (uint32_t at = 0; at < FRAMES;) {
        const uint32_t period = random_period(&random), left_over = FRAMES - at;
        const uint32_t now = period < left_over ? period : left_over;
        bl_engine_process_stereo(engine, in + at, out + at, right_out + at, now);
        at += now;
    }
    check_convolution(&cab, 0, out);
    check_convolution(&cab, 1, right_out);

    // From stereo to mono and the other way both sides join.
    bl_engine_swap(engine, gain_chain(2, 0.0));
    bl_engine_process_stereo(engine, in, out, right_out, 8192);
    assert_memory_equal(out + 1000, in + 1000, 7000 * sizeof *in);
    assert_memory_equal(right_out + 1000, in + 1000, 7000 * sizeof *in);
    bl_engine_destroy(engine);

    engine = engine_of(bare_config());
    bl_engine_swap(engine, cab_chain(&cab, 1));
    bl_engine_process(engine, in, expected, 8192);
    bl_engine_destroy(engine);
    engine = engine_of(bare_config());
    bl_engine_swap(engine, cab_chain(&cab, 1));
    bl_engine_process_stereo(engine, in, out, right_out, 8192);
    bl_engine_destroy(engine);
    for (uint32_t i = 0; i < 8192; i++) {
        assert_true(fabsf(expected[i] - 0.5F * (out[i] + right_out[i])) < 1e-7F);
    }
    bl_cab_finish(&cab);
    free(left);
    free(right);
}

// With the same response on both sides, the sides never differ, whatever joins what.
static void test_sides_stay_alike_in_swaps(void **state)
{
    (void)state;
    float *taps = response_new(0, 500, 14);
    const bl_cab cab = {.taps = {taps, taps}, .channels = 2, .frames = 500, .sample_rate_hz = RATE};
    fill_noise(in, FRAMES, 15);
    bl_engine *engine = engine_of(bare_config());
    for (uint64_t n = 1; n <= 6; n++) {
        bl_engine_swap(engine, n % 2 == 0 ? cab_chain(&cab, n) : gain_chain(n, -6.0));
        send_control(engine, BL_CONTROL_BYPASS, n == 4 ? 1.0 : 0.0);
        for (uint32_t at = 0; at < 2000; at += 100) {
            bl_engine_process_stereo(engine, in + at, out, right_out, 100);
            assert_memory_equal(out, right_out, 100 * sizeof *out);
        }
        bl_chain_destroy(bl_engine_take_retired(engine));
    }
    bl_engine_destroy(engine);
    free(taps);
}

static void test_reset_is_as_after_creation(void **state)
{
    (void)state;
    enum { SHORT = 20000 };
    float *taps = response_new(0, 3000, 16);
    const bl_cab cab = {.taps = {taps}, .channels = 1, .frames = 3000, .sample_rate_hz = RATE};
    bl_chain_config config = stages_config();
    config.cab = &cab;
    config.parameters[BL_PARAMETER_GATE_ON] = 1.0;
    config.parameters[BL_PARAMETER_TREBLE] = 9.0;
    config.parameters[BL_PARAMETER_LOW_CUT] = 50.0;
    config.parameters[BL_PARAMETER_HIGH_CUT] = 3000.0;
    bl_chain *chain = stages_chain(&config);
    fill_noise(in, SHORT, 17);
    stages_run(chain, in, expected, SHORT, 64);
    stages_run(chain, in, out, 777, 7);
    bl_chain_reset(chain);
    stages_run(chain, in, out, SHORT, 64);
    assert_memory_equal(out, expected, SHORT * sizeof *out);
    bl_chain_destroy(chain);
    free(taps);
}

// A guitar: plucks that decay, silence, hiss.
static void fill_guitar(void)
{
    fill_noise(in, FRAMES, 21);
    for (uint32_t i = 0; i < FRAMES; i++) {
        const double t = (double)(i % 70000) / RATE;
        const double tone = t < 1.0 ? 0.5 * exp(-5.0 * t) * sin(2.0 * PI * 110.0 * t) : 0.0;
        in[i] = in[i] * 3e-4F + (float)tone;
    }
}

// Reset and run over its memory only, whatever came before that: the same sound.
static void test_replay_is_exact(void **state)
{
    (void)state;
    float *taps = response_new(0, 20000, 22);
    const bl_cab cab = {.taps = {taps}, .channels = 1, .frames = 20000, .sample_rate_hz = RATE};
    fill_guitar();
    for (int m = 0; m < ANY_MODELS; m++) {
        bl_model *model = any_model(m);
        bl_chain_config config = stages_config();
        config.model = model;
        config.cab = &cab;
        config.parameters[BL_PARAMETER_GATE_ON] = 1.0;
        config.parameters[BL_PARAMETER_GATE_THRESHOLD] = -55.0;
        config.parameters[BL_PARAMETER_GATE_RELEASE] = 1000.0;
        config.parameters[BL_PARAMETER_BASS] = 9.0;
        config.parameters[BL_PARAMETER_TREBLE] = 2.0;
        config.parameters[BL_PARAMETER_LOW_CUT] = 70.0;
        config.parameters[BL_PARAMETER_HIGH_CUT] = 7000.0;
        config.parameters[BL_PARAMETER_LEVEL] = 12.0;
        bl_chain *chain = stages_chain(&config);
        const uint32_t memory = bl_chain_memory_frames(chain);
        assert_in_range(memory, 4 * RATE + 20000, 6 * RATE);
        stages_run(chain, in, expected, FRAMES, 64);
        bl_chain_reset(chain);
        const uint32_t late = FRAMES - memory - 2 * RATE;
        const uint32_t from = late - late % bl_chain_grid_frames(chain), heard = from + memory;
        stages_run(chain, in + from, out + from, FRAMES - from, 64);
        double largest = 0.0, difference = 0.0;
        for (uint32_t i = heard; i < FRAMES; i++) {
            largest = fmax(largest, fabs((double)expected[i]));
            difference = fmax(difference, fabs((double)(out[i] - expected[i])));
        }
        print_message("model %d: difference %.2g of %.2g\n", m, difference, largest);
        assert_true(largest > 1e-3 && difference <= 1e-5 * fmax(1.0, largest));
        bl_chain_destroy(chain);
        bl_model_release(model);
    }
    free(taps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_files_are_made_fit, test_folder_make,
                                        test_folder_remove),
        cmocka_unit_test_setup_teardown(test_refuses_what_is_no_cab, test_folder_make,
                                        test_folder_remove),
        cmocka_unit_test(test_sound_is_the_convolution),
        cmocka_unit_test_setup_teardown(test_stereo, test_folder_make, test_folder_remove),
        cmocka_unit_test(test_sides_stay_alike_in_swaps),
        cmocka_unit_test(test_reset_is_as_after_creation),
        cmocka_unit_test(test_replay_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
