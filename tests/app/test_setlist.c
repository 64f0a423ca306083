// SPDX-License-Identifier: MIT
// Set lists are read as written, and their mistakes told with line and column.

#include "setlist.h"

#include "support/cmocka_all.h"
#include "support/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bl_setlist list;

static void write_text(const char *name, const char *text)
{
    test_folder_write(name, text, strlen(text));
}

static void load(const char *text)
{
    bl_error error = {0};
    write_text("list.yaml", text);
    if (bl_setlist_load(test_folder_file("list.yaml"), &list, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
}

static int open_folder(void **state)
{
    test_folder_make(state);
    write_text("a.yaml", "version: 1\nname: A\nparameters:\n  bass: 7\n");
    write_text("b.yaml", "version: 1\n");
    return 0;
}

static int close_folder(void **state)
{
    bl_setlist_finish(&list);
    return test_folder_remove(state);
}

static void test_is_read(void **state)
{
    (void)state;
    load("version: 1\nname: \"Ä: #1\"\nsongs:\n"
         "- name: One\n  parts:\n  - {name: Verse, rig: a.yaml}\n  - {name: Solo, rig: b.yaml}\n"
         "- name: Two\n  rig: a.yaml\n");
    assert_string_equal(list.name, "Ä: #1");
    assert_int_equal(list.song_count, 2);
    assert_int_equal(list.part_count, 3);
    assert_int_equal(list.rig_count, 2); // the first is shared
    assert_string_equal(list.songs[1].name, "Two");
    assert_int_equal(list.songs[0].count, 2);
    assert_int_equal(list.songs[1].first, 2);
    assert_string_equal(list.parts[1].name, "Solo");
    assert_string_equal(list.parts[2].name, "Two"); // of a song with one part
    assert_int_equal(list.parts[2].song, 1);
    assert_int_equal(list.parts[0].rig, list.parts[2].rig);
    assert_string_equal(list.rigs[0].rig.name, "A");
    assert_true(list.rigs[0].rig.parameters[BL_PARAMETER_BASS] == 7.0);
}

static void test_programs(void **state)
{
    (void)state;
    char text[8192] = "version: 1\nsongs:\n";
    for (int i = 0; i < 130; i++) {
        strcat(text, "- {name: x, rig: a.yaml}\n");
    }
    load(text); // by position
    assert_int_equal(bl_setlist_find_program(&list, 0, 127), 127);
    assert_int_equal(bl_setlist_find_program(&list, 1, 1), 129);
    assert_int_equal(bl_setlist_find_program(&list, 1, 2), BL_SETLIST_NONE);
    bl_setlist_finish(&list);

    load("version: 1\nsongs:\n- {name: x, rig: a.yaml, program: 5}\n- {name: y, rig: a.yaml}\n"
         "- {name: z, rig: b.yaml, program: 5, bank: 16383}\n");
    assert_int_equal(bl_setlist_find_program(&list, 0, 5), 0);
    assert_int_equal(bl_setlist_find_program(&list, 16383, 5), 2);
    assert_int_equal(bl_setlist_find_program(&list, 0, 1), BL_SETLIST_NONE); // says none, has none
    assert_int_equal(bl_setlist_find_program(&list, 0, -1), 1);
}

static void test_goes_on_where_it_was(void **state)
{
    (void)state;
    load(
        "version: 1\nsongs:\n- name: One\n  parts:\n  - {name: a, rig: a.yaml}\n  - {name: b, rig: "
        "a.yaml}\n  - {name: a, rig: b.yaml}\n- {name: Two, rig: b.yaml}\n");
    assert_int_equal(bl_setlist_resume(&list, "One", "b", 0), 1);   // it moved
    assert_int_equal(bl_setlist_resume(&list, "One", "a", 2), 2);   // of two, the one that was it
    assert_int_equal(bl_setlist_resume(&list, "One", "a", 9), 0);   // of two, the first
    assert_int_equal(bl_setlist_resume(&list, "Gone", "b", 2), 2);  // the same place
    assert_int_equal(bl_setlist_resume(&list, "Gone", "b", 99), 3); // the last one
}

static void test_broken_rigs_fail_alone(void **state)
{
    (void)state;
    write_text("broken.yaml", "version: 1\nparameters:\n  bass: 11\n");
    load("version: 1\nsongs:\n- {name: x, rig: a.yaml}\n- {name: y, rig: gone.yaml}\n- {name: z, "
         "rig: broken.yaml}\n");
    assert_int_equal(list.rigs[0].error.status, BL_STATUS_OK);
    assert_non_null(strstr(list.rigs[1].error.text, "list.yaml:4:18: the rig "));
    assert_non_null(strstr(list.rigs[2].error.text, "broken.yaml:3:9: found \"11\" for bass"));
}

static void test_mistakes_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"version: 1\n", ":1:1: expected a list of songs"},
        {"version: 1\nsongs: []\n", ":2:8: expected a list of songs"},
        {"version: 1\nsongs: a.yaml\n", ":2:8: expected a list of songs"},
        {"version: 1\nsogns: []\n",
         ":2:1: found the unknown key \"sogns\"; did you mean \"songs\"?"},
        {"version: 1\nsongs:\n- hello\n", ":3:3: expected a song"},
        {"version: 1\nsongs:\n- name: x\n", ":3:3: this part has no rig"},
        {"version: 1\nsongs:\n- {name: x, rig: ''}\n", ":3:18: this rig has no name"},
        {"version: 1\nsongs:\n- {name: x, rig: [a]}\n", ":3:18: expected a text"},
        {"version: 1\nsongs:\n- {name: x, part: []}\n", ":3:13: found the unknown key \"part\""},
        {"version: 1\nsongs:\n- {name: x, parts: []}\n", ":3:20: expected a list of parts"},
        {"version: 1\nsongs:\n- {name: x, parts: [y]}\n", ":3:21: expected a part"},
        {"version: 1\nsongs:\n- {name: x, parts: [{rig: a.yaml, x: 1}]}\n", ":3:35: found the unk"},
        {"version: 1\nsongs:\n- {name: x, parts: [{rig: a.yaml}], rig: a.yaml}\n",
         ":3:3: this song has parts"},
        {"version: 1\nsongs:\n- {name: x, rig: a.yaml, program: 128}\n",
         ":3:35: found \"128\" for program, expected a whole number from 0 to 127"},
        {"version: 1\nsongs:\n- {name: x, rig: a.yaml, program: -1}\n", ":3:35: found \"-1\""},
        {"version: 1\nsongs:\n- {name: x, rig: a.yaml, bank: 16384}\n", ":3:32: found \"16384\""},
        {"version: 1\nsongs:\n- {name: x, rig: a.yaml, program: 3}\n- {name: y, rig: b.yaml, "
         "program: 3}\n",
         ":4:35: program 3 of bank 0 already chooses \"x\", \"x\""},
        {"version: 2\nsongs: []\n", "found version 2"},
        {"version: 1\nsongs:\n- {name: x\n", "not YAML"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bl_error error = {0};
        write_text("list.yaml", cases[i][0]);
        assert_int_not_equal(bl_setlist_load(test_folder_file("list.yaml"), &list, &error),
                             BL_STATUS_OK);
        if (strstr(error.text, cases[i][1]) == NULL) {
            fail_msg("case %zu: \"%s\", expected \"%s\"", i, error.text, cases[i][1]);
        }
        bl_setlist_finish(&list);
    }
}

/// Repeats `before`, a number, `after`, and expects a refusal.
static void expect_too_many(const char *head, const char *before, const char *after, int count,
                            const char *words)
{
    enum { LINE = 64 };
    char *text = calloc((size_t)count + 4, LINE);
    assert_non_null(text);
    size_t used = (size_t)sprintf(text, "%s", head);
    for (int i = 0; i < count; i++) {
        used += (size_t)snprintf(text + used, LINE, "%s%d%s\n", before, i, after);
    }
    bl_error error = {0};
    write_text("list.yaml", text);
    free(text);
    assert_int_not_equal(bl_setlist_load(test_folder_file("list.yaml"), &list, &error),
                         BL_STATUS_OK);
    if (strstr(error.text, words) == NULL) {
        fail_msg("\"%s\", expected \"%s\"", error.text, words);
    }
    bl_setlist_finish(&list);
}

static void test_limits(void **state)
{
    (void)state;
    expect_too_many("version: 1\nsongs:\n", "- {name: s", ", rig: a.yaml}", 257,
                    ":259:3: found more than 256 songs; make two set lists of it");
    expect_too_many("version: 1\nsongs:\n- name: x\n  parts:\n", "  - {name: p", ", rig: a.yaml}",
                    1025, ":1029:5: found more than 1024 parts; make two set lists of it");
    expect_too_many("version: 1\nsongs:\n", "- {name: s, rig: gone-", ".yaml}", 129,
                    ":131:18: found more than 128 different rigs; make two set lists of it");
}

static void test_example(void **state)
{
    (void)state;
    bl_error error = {0};
    if (bl_setlist_load(BL_SOURCE_DIR "/configs/setlists/setlist.yaml", &list, &error) !=
        BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(list.part_count, 3);
    for (size_t i = 0; i < list.rig_count; i++) {
        assert_int_equal(list.rigs[i].error.status, BL_STATUS_OK);
    }
}

static void test_is_written_as_it_is_read(void **state)
{
    (void)state;
    static bl_setlist again;
    load("version: 1\nname: \"Ä: #1\"\nsongs:\n"
         "- name: \"- One\"\n  tempo: 96.5\n  parts:\n  - {name: Verse, rig: a.yaml, program: 7, "
         "bank: 130}\n"
         "  - {name: Solo, rig: nowhere.yaml}\n- {name: Two, rig: b.yaml}\n");
    assert_int_equal(bl_setlist_save(test_folder_file("again.yaml"), &list, NULL), BL_STATUS_OK);
    assert_int_equal(bl_setlist_load(test_folder_file("again.yaml"), &again, NULL), BL_STATUS_OK);
    assert_string_equal(again.name, list.name);
    assert_int_equal(again.song_count, 2);
    assert_int_equal(again.part_count, 3);
    for (size_t i = 0; i < list.part_count; i++) {
        const bl_setlist_part *was = &list.parts[i], *is = &again.parts[i];
        assert_string_equal(is->name, was->name);
        assert_string_equal(again.songs[is->song].name, list.songs[was->song].name);
        assert_string_equal(again.rigs[is->rig].path, list.rigs[was->rig].path);
        assert_int_equal(is->program, was->program);
        assert_int_equal(is->bank, was->bank);
    }
    assert_true(again.songs[0].tempo_bpm == 96.5 && again.songs[1].tempo_bpm == 0.0);
    bl_setlist_finish(&again);
    // A part that has no program gets none by being copied.
    assert_true(bl_setlist_copy(&list, &again));
    assert_int_equal(again.parts[1].program, -1);
    again.rigs[0].rig.parameters[0] += 1.0; // turned, and the file is as it was
    assert_true(bl_setlist_same(&list, &again));
    again.rigs[0].as_read[0] += 1.0;
    assert_false(bl_setlist_same(&list, &again));
    again.rigs[0].as_read[0] -= 1.0;
    again.parts[2].program = 3;
    assert_false(bl_setlist_same(&list, &again));
    bl_setlist_finish(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_is_read, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(test_programs, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(test_goes_on_where_it_was, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(test_broken_rigs_fail_alone, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(test_mistakes_are_refused, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(test_limits, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(test_example, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(test_is_written_as_it_is_read, open_folder, close_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
