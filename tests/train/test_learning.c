// SPDX-License-Identifier: MIT
// Every shipped config learns a hard amplifier: two stages of much gain, polarity turned round. An
// easy one hides a recipe that does not work, and gradients that are wrong only in deep networks.

#include "train/shapes.h"
#include "train/trainer.h"

#include "support/cmocka_all.h"
#include "train/pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double seconds = 12.0;
static const double learnt = 0.5; // ESR: what learns nothing stays at 1

static void negate(bl_audio *audio)
{
    for (uint64_t n = 0; n < audio->frames; n++) {
        audio->samples[n] = -audio->samples[n];
    }
}

static void make_data(const bl_config_data *config, bl_train_data *data)
{
    const pair_amp first = {.drive = 40.0, .bias = 0.3, .highpass_hz = 150.0, .lowpass_hz = 6000.0};
    const pair_amp second = {.drive = 8.0, .bias = -0.2, .highpass_hz = 30.0, .lowpass_hz = 4000.0};
    bl_audio guitar = pair_guitar(seconds, 7);
    bl_audio between = pair_answer(&guitar, &first, 1);
    bl_audio answer = pair_answer(&between, &second, 2);
    bl_audio_finish(&between);
    negate(&answer);
    bl_error error = {0};
    if (bl_train_data_init(data, &guitar, &answer, config, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
}

static bl_config load_config(const char *name)
{
    char path[256];
    bl_config config;
    bl_error error = {0};
    snprintf(path, sizeof path, BL_SOURCE_DIR "/configs/%s.yaml", name);
    assert_int_equal(bl_config_load(path, &config, &error), BL_STATUS_OK);
    config.data.validation_s = 2.0;
    return config;
}

// Takes over `data`.
static double esr_after(const char *name, const bl_config *config, bl_train_data *data,
                        uint64_t steps)
{
    bl_trainer *trainer = NULL;
    bl_error error = {0};
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    assert_int_equal(bl_trainer_create(config, data, NULL, cores > 1 ? 2 : 1, &trainer, &error),
                     BL_STATUS_OK);
    bl_trainer_state *state = bl_trainer_get_state(trainer);
    state->steps = steps;
    bl_trainer_outcome outcome;
    do {
        outcome = bl_trainer_run_epoch(trainer, NULL, NULL);
    } while (outcome == BL_TRAINER_EPOCH);
    assert_int_equal(outcome, BL_TRAINER_FINISHED);
    const double esr = state->best_esr;
    print_message("%s: %.3f\n", name, esr);
    bl_trainer_destroy(trainer);
    bl_train_data_finish(data);
    return esr;
}

static void every_config_learns(void **state)
{
    (void)state;
    static const char *const names[] = {"config",       "config_realtime", "config_stage",
                                        "nam_standard", "nam_lite",        "nam_feather",
                                        "nam_nano",     "nam_a2"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bl_config config = load_config(names[i]);
        bl_train_data data;
        config.data.segment_frames = 1024; // more steps
        make_data(&config.data, &data);
        assert_true(esr_after(names[i], &config, &data, 150) < learnt);
    }
}

static void recurrent_config_learns(void **state)
{
    (void)state;
    const bl_config config = load_config("lstm");
    bl_train_data data;
    make_data(&config.data, &data);
    assert_true(esr_after("lstm", &config, &data, 800) < learnt);
}

// A minute of `name`, a recording that does not belong to the project.
static bl_audio load_recording(const char *shared, const char *name)
{
    char path[512];
    bl_audio audio;
    bl_error error = {0};
    snprintf(path, sizeof path, "%s/data/%s.flac", shared, name);
    if (bl_audio_load(path, 0, &audio, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    const uint64_t from = (uint64_t)(7.0 * audio.sample_rate_hz);
    const uint64_t frames = (uint64_t)(60.0 * audio.sample_rate_hz);
    assert_true(audio.frames >= from + frames);
    memmove(audio.samples, audio.samples + from, (size_t)frames * sizeof *audio.samples);
    audio.frames = frames;
    return audio;
}

// A real one is harder: its filters leave hardly a part of the answer that follows the guitar at
// once, and a recurrent network with too coarse steps never finds the rest.
static void recurrent_config_learns_a_recording(void **state)
{
    (void)state;
    const char *shared = getenv("BL_SHARED");
    shared = shared != NULL ? shared : BL_SOURCE_DIR "/../shared";
    char folder[512];
    snprintf(folder, sizeof folder, "%s/data", shared);
    if (access(folder, R_OK) != 0) {
        print_message("skipped: %s is not there\n", folder);
        skip();
    }
    const bl_config config = load_config("lstm");
    bl_audio input = load_recording(shared, "di");
    bl_audio target = load_recording(shared, "amp-6505-highgain");
    bl_train_data data;
    assert_int_equal(bl_train_data_init(&data, &input, &target, &config.data, NULL), BL_STATUS_OK);
    assert_true(esr_after("lstm", &config, &data, 2000) < 0.8);
}

// Who stops playing before the recording does is not judged by what hisses behind: it is left out.
static void a_silent_end_is_left_out(void **state)
{
    (void)state;
    enum { RATE = 8000, PLAYED = 4 * RATE, ALL = 12 * RATE };
    bl_audio pair[2];
    uint32_t seed = 5;
    for (int p = 0; p < 2; p++) {
        pair[p] = (bl_audio){.samples = calloc(ALL, sizeof(float)),
                             .frames = ALL,
                             .sample_rate_hz = RATE,
                             .file_channels = 1};
        assert_non_null(pair[p].samples);
        for (size_t n = 0; n < ALL; n++) {
            pair[p].samples[n] = (n < PLAYED ? 0.3f : 1e-4f) * shape_random(&seed);
        }
    }
    bl_config config = bl_config_default();
    config.data.sample_rate_hz = RATE;
    config.data.validation_s = 0.5;
    bl_train_data data;
    assert_int_equal(bl_train_data_init(&data, &pair[0], &pair[1], &config.data, NULL),
                     BL_STATUS_OK);
    assert_true(data.input.frames >= PLAYED && data.input.frames <= PLAYED + RATE / 4);
    assert_int_equal(data.target.frames, data.input.frames);
    assert_int_equal(data.input.frames - data.train_frames, RATE / 2);
    bl_train_data_finish(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_end_is_left_out),
        cmocka_unit_test(every_config_learns),
        cmocka_unit_test(recurrent_config_learns),
        cmocka_unit_test(recurrent_config_learns_a_recording),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
