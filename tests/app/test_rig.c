// SPDX-License-Identifier: MIT
// Rigs: what is written is read back the same, paths are relative to the file, and every mistake is
// refused with its line and column.

#include "rig.h"

#include "support/cmocka_all.h"
#include "support/folder.h"
#include "support/program.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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
        {"version: 1\nparameters:\n  bass: [1]\n", ":3:9: expected a text"},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_is_read_back_the_same, test_folder_make,
                                        test_folder_remove),
        cmocka_unit_test_setup_teardown(test_what_is_not_said_is_default, test_folder_make,
                                        test_folder_remove),
        cmocka_unit_test_setup_teardown(test_mistakes_are_refused, test_folder_make,
                                        test_folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
