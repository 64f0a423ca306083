// SPDX-License-Identifier: MIT
// `backline check`, and what `backline train` does with its findings, through the built program.

#include "support/cmocka_all.h"
#include "support/folder.h"
#include "support/program.h"
#include "train/pair.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const pair_amp crunch = {
    .drive = 15.0, .bias = 0.1, .highpass_hz = 60.0, .lowpass_hz = 7000.0, .noise = 1e-5};

static char di[256], amp[256], late[256], other[256], config[256], folder[256];

static void save(char path[256], const char *name, const bl_audio *audio)
{
    bl_error error = {0};
    snprintf(path, 256, "%s", test_folder_file(name));
    assert_int_equal(bl_audio_save(path, audio, BL_AUDIO_FLOAT_32, &error), BL_STATUS_OK);
}

// Into `run`. Not at idle priority: that waits for whatever else the machine does.
#define TRAIN(...)                                                                                 \
    PROGRAM("train", "-t", amp, "-c", config, "-o", run, "--priority", "normal", "-i", __VA_ARGS__)

static int set_up(void **state)
{
    static const char text[] = "model: {type: wavenet_amp, causal: true, channels: 2, "
                               "num_layers: 2}\ndata: {validation_seconds: 1}\n"
                               "training: {epochs: 1}\n";
    if (test_folder_make(state) != 0) {
        return 1;
    }
    bl_audio guitar = pair_guitar(21.0, 3), unlike = pair_guitar(21.0, 4);
    bl_audio answer = pair_answer(&guitar, &crunch, 5);
    bl_audio moved = pair_delayed(&answer, 123.25, 0.0);
    save(di, "di.wav", &guitar);
    save(amp, "amp.wav", &answer);
    save(late, "late.wav", &moved);
    save(other, "other.wav", &unlike);
    test_folder_write("config.yaml", text, strlen(text));
    snprintf(config, sizeof config, "%s", test_folder_file("config.yaml"));
    snprintf(folder, sizeof folder, "%s", test_folder_path());
    bl_audio_finish(&guitar);
    bl_audio_finish(&unlike);
    bl_audio_finish(&answer);
    bl_audio_finish(&moved);
    return 0;
}

static void a_good_pair_is_praised(void **state)
{
    (void)state;
    const program_result *r = PROGRAM("check", "-i", di, "-t", amp);
    assert_int_equal(r->code, 0);
    assert_non_null(strstr(r->out, "nothing is wrong"));
    assert_string_equal(r->err, "");
}

static void json_says_the_same(void **state)
{
    (void)state;
    const program_result *r = PROGRAM("check", "-i", di, "-t", late, "--json");
    assert_int_equal(r->code, 0);
    json_t *document = json_loads(r->out, 0, NULL);
    assert_non_null(document);
    assert_true(json_is_true(json_object_get(document, "usable")));
    const json_t *alignment = json_object_get(document, "alignment");
    const double delay = json_number_value(json_object_get(alignment, "delay_frames"));
    assert_true(fabs(delay - 123.25) < 0.1);
    const json_t *findings = json_object_get(document, "findings");
    bool named = false;
    for (size_t i = 0; i < json_array_size(findings); i++) {
        const json_t *f = json_array_get(findings, i);
        named = named || strcmp(json_string_value(json_object_get(f, "kind")), "delay") == 0;
        assert_true(json_is_number(json_object_get(f, "from_s")));
        assert_true(strlen(json_string_value(json_object_get(f, "text"))) > 20);
    }
    assert_true(named);
    json_decref(document);
}

static void faults_fail(void **state)
{
    (void)state;
    const program_result *r = PROGRAM("check", "-i", other, "-t", amp);
    assert_int_equal(r->code, 1);
    assert_non_null(strstr(r->err, "backline check: the two recordings are not of the same"));
    program_assert_failed(PROGRAM("check", "-i", di, "-t", "/none.wav"), 1, "check", "/none.wav");
    program_assert_failed(PROGRAM("check", "-i", di), 2, "check", "--target");
    program_assert_failed(PROGRAM("check", "-i", di, "-t", amp, "--channel", "2"), 1, "check",
                          "channel 2");
}

static void training_refuses_unless_forced(void **state)
{
    (void)state;
    char run[300];
    snprintf(run, sizeof run, "%s/forced", folder);
    program_assert_failed(TRAIN(other), 1, "train", "--force");
    const program_result *r = TRAIN(other, "--force");
    assert_int_equal(r->code, 0);
    assert_non_null(strstr(r->out, "fault: not_the_same_performance"));
}

static void another_pair_validates(void **state)
{
    (void)state;
    char run[300];
    snprintf(run, sizeof run, "%s/judged", folder);
    const program_result *r = TRAIN(di, "--validation", di, late);
    assert_int_equal(r->code, 0);
    assert_non_null(strstr(r->out, "validation: note: delay"));
    program_assert_failed(TRAIN(di, "--validation", di), 2, "train", "--validation DI AMP");
}

static int tear_down(void **state)
{
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s/forced' '%s/judged'", folder, folder);
    (void)!system(command);
    return test_folder_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_pair_is_praised),
        cmocka_unit_test(json_says_the_same),
        cmocka_unit_test(faults_fail),
        cmocka_unit_test(training_refuses_unless_forced),
        cmocka_unit_test(another_pair_validates),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
