// SPDX-License-Identifier: MIT
// Rigs: what is written is read back the same, paths are relative to the file, and every mistake is
// refused with its line and column.

#include "rig.h"

#include "backline/audio.h"
#include "backline/cab.h"
#include "backline/chain.h"

#include "support/cmocka_all.h"
#include "support/folder.h"
#include "support/program.h"
#include "support/random.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void test_is_read_back_the_same(void **state)
{
    (void)state;
    char path[256]; // of its own: the folder's are reused
    snprintf(path, sizeof path, "%s", test_folder_file("a.yaml"));
    test_folder_write("my model.nam", "x", 1);
    test_folder_write("cab.wav", "x", 1);
    bl_rig rig = bl_rig_default(), got;
    snprintf(rig.name, sizeof rig.name, "Crunch: \"loud\" # Gitarre \xc3\xa4");
    snprintf(rig.model, sizeof rig.model, "%s", test_folder_file("my model.nam"));
    snprintf(rig.cab, sizeof rig.cab, "%s", test_folder_file("cab.wav"));
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        const bl_parameter_info *info = bl_parameter_get((bl_parameter)p);
        rig.parameters[p] = info->curve == BL_CURVE_SWITCH
                                ? 1.0 - info->default_value
                                : info->min + (info->max - info->min) / 3;
    }
    assert_int_equal(bl_rig_save(path, &rig, NULL), BL_STATUS_OK);
    bl_error error = {0};
    if (bl_rig_load(path, &got, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    assert_string_equal(got.name, rig.name);
    assert_string_equal(got.model, rig.model);
    assert_string_equal(got.cab, rig.cab);
    assert_memory_equal(got.parameters, rig.parameters, sizeof got.parameters);
    assert_int_equal(test_folder_count(), 3); // nothing temporary is left

    char text[4096] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    assert_non_null(strstr(text, "model: my model.nam\n"));
}

static void test_what_is_not_said_is_default(void **state)
{
    (void)state;
    static const char text[] = "version: 1\nparameters:\n  bass: 7.5\n  gate_on: true\n";
    test_folder_write("short.yaml", text, sizeof text - 1);
    bl_rig rig, expected = bl_rig_default();
    expected.parameters[BL_PARAMETER_BASS] = 7.5;
    expected.parameters[BL_PARAMETER_GATE_ON] = 1.0;
    assert_int_equal(bl_rig_load(test_folder_file("short.yaml"), &rig, NULL), BL_STATUS_OK);
    assert_memory_equal(rig.parameters, expected.parameters, sizeof rig.parameters);
    assert_string_equal(rig.model, "");
}

static void test_mistakes_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"version: 1\nmodle: x\n",
         ":2:1: found the unknown key \"modle\"; did you mean \"model\"?"},
        {"version: 1\nzebra: x\n",
         ":2:1: found the unknown key \"zebra\", expected one of: version"},
        {"version: 1\nparameters:\n  trebel: 3\n",
         ":3:3: found the unknown key \"trebel\"; did you"},
        {"version: 1\nparameters:\n  bass: 11\n",
         ":3:9: found \"11\" for bass, expected a number from 0 to 10"},
        {"version: 1\nparameters:\n  level_db: loud\n",
         ":3:13: found \"loud\" for level_db, expected a number from -60 to 12 dB"},
        {"version: 1\nparameters:\n  bass: nan\n", ":3:9: found \"nan\" for bass"},
        {"version: 1\nparameters:\n  gate_on: 1\n",
         ":3:12: found \"1\" for gate_on, expected true"},
        {"version: 1\nparameters:\n  bass: 1\n  bass: 2\n",
         ":4:3: found the key \"bass\" a second"},
        {"version: 1\nparameters: [1]\n", ":2:13: expected keys with values"},
        {"version: 1\nparameters:\n  bass: [1]\n",
         ":3:9: found no number for bass, expected one from"},
        {"version: 1\nmatch_loudness: loud\n",
         ":2:17: found \"loud\" for match_loudness, expected true or false"},
        {"version: 2\n", "found version 2"},
        {"version: 1\n[1]: 2\n", ":2:1: found the unknown key"},
        {"version: 1\nmodel: gone.nam\n", ":2:8: the model "},
        {"version: 1\ncab: gone.wav\n", "gone.wav is missing or cannot be read"},
        {"version: 1\nname: \"a\n", "not YAML"},
        {"", ":1:1: expected keys"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_folder_write("bad.yaml", cases[i][0], strlen(cases[i][0]));
        bl_rig rig;
        bl_error error = {0};
        assert_int_not_equal(bl_rig_load(test_folder_file("bad.yaml"), &rig, &error), BL_STATUS_OK);
        if (strstr(error.text, cases[i][1]) == NULL) {
            fail_msg("case %zu: \"%s\", expected \"%s\"", i, error.text, cases[i][1]);
        }
    }
}

static void test_examples_are_rigs(void **state)
{
    (void)state;
    static const char *const names[] = {"rig", "rhythm", "lead"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/configs/rigs/%s.yaml", BL_SOURCE_DIR, names[i]);
        bl_rig rig;
        bl_error error = {0};
        if (bl_rig_load(path, &rig, &error) != BL_STATUS_OK) {
            fail_msg("%s", error.text);
        }
        assert_int_equal(access(rig.model, R_OK), 0);
        const bl_rig expected = bl_rig_default();
        // The first one says the defaults, the others do not.
        assert_int_equal(memcmp(rig.parameters, expected.parameters, sizeof rig.parameters) == 0,
                         i == 0);
    }
}

// The name alone of a model that ships, unless a file beside the rig has it; and it is written so.
static void test_shipped_models_go_by_name(void **state)
{
    (void)state;
    static const char text[] = "version: 1\nmodel: lead.nam\n";
    char path[256], folder[256];
    snprintf(path, sizeof path, "%s", test_folder_file("shipped.yaml"));
    snprintf(folder, sizeof folder, "%s", test_folder_path());
    test_folder_write("shipped.yaml", text, sizeof text - 1);
    bl_rig rig;
    assert_int_equal(bl_rig_load(path, &rig, NULL), BL_STATUS_OK);
    assert_non_null(strstr(rig.model, "/share/backline/models/lead.nam"));
    assert_int_equal(access(rig.model, R_OK), 0);

    assert_int_equal(bl_rig_save(path, &rig, NULL), BL_STATUS_OK);
    char written[64] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (strncmp(written, "model:", 6) != 0 && fgets(written, sizeof written, file) != NULL) {
    }
    fclose(file);
    assert_string_equal(written, "model: lead.nam\n");

    test_folder_write("lead.nam", "x", 1);
    assert_int_equal(bl_rig_load(path, &rig, NULL), BL_STATUS_OK);
    assert_int_equal(strncmp(rig.model, folder, strlen(folder)), 0);
}

enum { FRAMES = 24000 };

// `backline render --rig`: the file through the rig's chain, sample by sample.
static void test_render_plays_the_rig(void **state)
{
    (void)state;
    static float in[FRAMES], taps[500];
    random_source random = {1};
    for (int i = 0; i < FRAMES; i++) {
        in[i] = random_float(&random, -0.2F, 0.2F);
    }
    for (int i = 0; i < 500; i++) {
        taps[i] = random_float(&random, -1.0F, 1.0F) * expf(-0.01F * (float)i);
    }
    char rig_path[256], in_path[256], out_path[256], cab_path[256];
    snprintf(rig_path, sizeof rig_path, "%s", test_folder_file("r.yaml"));
    snprintf(in_path, sizeof in_path, "%s", test_folder_file("in.wav"));
    snprintf(out_path, sizeof out_path, "%s", test_folder_file("out.wav"));
    snprintf(cab_path, sizeof cab_path, "%s", test_folder_file("cab.wav"));
    const bl_audio dry = {.samples = in, .frames = FRAMES, .sample_rate_hz = 48000.0};
    const bl_audio response = {.samples = taps, .frames = 500, .sample_rate_hz = 48000.0};
    assert_int_equal(bl_audio_save(in_path, &dry, BL_AUDIO_FLOAT_32, NULL), BL_STATUS_OK);
    assert_int_equal(bl_audio_save(cab_path, &response, BL_AUDIO_FLOAT_32, NULL), BL_STATUS_OK);
    static const char text[] = "version: 1\ncab: cab.wav\nmatch_loudness: false\nparameters:\n  "
                               "treble: 8\n  level_db: -12\n";
    test_folder_write("r.yaml", text, sizeof text - 1);

    const program_result *result = PROGRAM("render", in_path, out_path, "--rig", rig_path);
    if (result->code != 0) {
        fail_msg("%s", result->err);
    }
    bl_audio rendered = {0};
    assert_int_equal(bl_audio_load(out_path, 0, &rendered, NULL), BL_STATUS_OK);
    assert_int_equal(rendered.frames, FRAMES);

    bl_cab cab;
    assert_int_equal(bl_cab_load(cab_path, 48000.0, &cab, NULL), BL_STATUS_OK);
    bl_chain_config config = bl_chain_config_default();
    config.stages = true;
    config.cab = &cab;
    config.parameters[BL_PARAMETER_TREBLE] = 8.0;
    config.parameters[BL_PARAMETER_LEVEL] = -12.0;
    bl_chain *chain = NULL;
    assert_int_equal(bl_chain_create(&config, &chain, NULL), BL_STATUS_OK);
    for (int at = 0; at < FRAMES; at += 50) {
        bl_chain_process(chain, in + at, (float *[]){in + at}, 50);
    }
    for (int i = 0; i < FRAMES; i++) {
        assert_true(fabsf(in[i] - rendered.samples[i]) <= 1e-6F);
    }
    bl_chain_destroy(chain);
    bl_cab_finish(&cab);
    bl_audio_finish(&rendered);
}

// A stereo cab writes both sides, each as if a mono cab had played it.
static void test_render_writes_both_sides(void **state)
{
    (void)state;
    static float in[FRAMES], left[300], right[300];
    random_source random = {2};
    for (int i = 0; i < FRAMES; i++) {
        in[i] = random_float(&random, -0.1F, 0.1F);
    }
    for (int i = 0; i < 300; i++) {
        left[i] = random_float(&random, -1.0F, 1.0F) * expf(-0.02F * (float)i);
        right[i] = random_float(&random, -1.0F, 1.0F) * expf(-0.03F * (float)i);
    }
    const bl_audio dry = {.samples = in, .frames = FRAMES, .sample_rate_hz = 48000.0};
    const bl_audio both = {
        .samples = left, .right = right, .frames = 300, .sample_rate_hz = 48000.0};
    static const char text[] =
        "version: 1\ncab: cab.wav\nmatch_loudness: false\nparameters:\n  level_db: -6\n";
    char paths[4][256];
    static const char *const names[] = {"in.wav", "out.wav", "cab.wav", "r.yaml"};
    for (int i = 0; i < 4; i++) {
        snprintf(paths[i], sizeof paths[i], "%s", test_folder_file(names[i]));
    }
    assert_int_equal(bl_audio_save(paths[0], &dry, BL_AUDIO_FLOAT_32, NULL), BL_STATUS_OK);
    assert_int_equal(bl_audio_save(paths[2], &both, BL_AUDIO_FLOAT_32, NULL), BL_STATUS_OK);
    test_folder_write("r.yaml", text, sizeof text - 1);
    const program_result *result = PROGRAM("render", paths[0], paths[1], "--rig", paths[3]);
    if (result->code != 0) {
        fail_msg("%s", result->err);
    }
    bl_cab cab;
    assert_int_equal(bl_cab_load(paths[2], 48000.0, &cab, NULL), BL_STATUS_OK);
    assert_int_equal(cab.channels, 2);
    for (uint32_t side = 0; side < 2; side++) {
        bl_audio rendered = {0};
        assert_int_equal(bl_audio_load(paths[1], side, &rendered, NULL), BL_STATUS_OK);
        assert_int_equal(rendered.file_channels, 2);
        assert_int_equal(rendered.frames, FRAMES);
        for (uint32_t i = 0; i < 2000; i++) { // by the definition of a convolution
            double sum = 0.0;
            for (uint32_t k = 0; k <= i && k < cab.frames; k++) {
                sum += (double)cab.taps[side][k] * (double)in[i - k];
            }
            assert_true(fabs(sum * pow(10.0, -6.0 / 20.0) - (double)rendered.samples[i]) < 1e-5);
        }
        bl_audio_finish(&rendered);
    }
    bl_cab_finish(&cab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_is_read_back_the_same, test_folder_make,
                                        test_folder_remove),
        cmocka_unit_test_setup_teardown(test_what_is_not_said_is_default, test_folder_make,
                                        test_folder_remove),
        cmocka_unit_test(test_examples_are_rigs),
        cmocka_unit_test_setup_teardown(test_shipped_models_go_by_name, test_folder_make,
                                        test_folder_remove),
        cmocka_unit_test_setup_teardown(test_render_plays_the_rig, test_folder_make,
                                        test_folder_remove),
        cmocka_unit_test_setup_teardown(test_render_writes_both_sides, test_folder_make,
                                        test_folder_remove),
        cmocka_unit_test_setup_teardown(test_mistakes_are_refused, test_folder_make,
                                        test_folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
