// SPDX-License-Identifier: MIT
// Pedals and knobs do what the map says, in every encoding; the map is learnt, written and read.

#include "midi_map.h"

#include "support/cmocka_all.h"
#include "support/folder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bl_midi_map map;
static double now[BL_PARAMETER_COUNT];

static void load(const char *text)
{
    bl_error error = {0};
    test_folder_write("midi.yaml", text, strlen(text));
    if (bl_midi_map_load(test_folder_file("midi.yaml"), &map, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
}

static int open_map(void **state)
{
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        now[p] = bl_parameter_get((bl_parameter)p)->default_value;
    }
    bl_midi_map_init(&map);
    return test_folder_make(state);
}

/// Sends a value to row 0; false: it did nothing. What it moves moves.
static bool send_to(bl_midi_kind kind, uint8_t channel, uint8_t number, uint8_t value,
                    double *result)
{
    bl_midi_effect effect;
    const bl_midi_event event = {.kind = (uint8_t)kind, channel, number, value, 0};
    if (!bl_midi_map_apply(&map, 0, &event, now, &effect)) {
        return false;
    }
    if (effect.target.action == BL_ACTION_COUNT) {
        now[effect.target.parameter] = effect.value;
    }
    *result = effect.value;
    return true;
}

#define EXPECT(value, expected)                                                                    \
    do {                                                                                           \
        double found = (double)NAN;                                                                \
        assert_true(send_to(BL_MIDI_CONTROL, 0, 7, value, &found));                                \
        if (!(fabs(found - (expected)) < 1e-9)) {                                                  \
            fail_msg("%d gives %g, expected %g", value, found, (double)(expected));                \
        }                                                                                          \
    } while (false)

#define EXPECT_NOTHING(value)                                                                      \
    do {                                                                                           \
        double found = (double)NAN;                                                                \
        assert_false(send_to(BL_MIDI_CONTROL, 0, 7, value, &found));                               \
    } while (false)

#define ROW(text) "version: 1\ncontrols:\n- {cc: 7, " text "}\n"

static void test_absolute(void **state)
{
    (void)state;
    load(ROW("parameter: level_db"));
    EXPECT(0, -60.0);
    EXPECT(127, 12.0);
    load(ROW("parameter: level_db, min: -20, max: 0"));
    EXPECT(0, -20.0);
    EXPECT(127, 0.0);
    load(ROW("parameter: bass, min: 10, max: 0")); // backwards
    EXPECT(0, 10.0);
    EXPECT(127, 0.0);
    load(ROW("parameter: low_cut_hz, min: 20, max: 320")); // by ratios: four octaves
    EXPECT(0, 20.0);
    EXPECT(127, 320.0);
    double middle = 0.0;
    assert_true(send_to(BL_MIDI_CONTROL, 0, 7, 64, &middle));
    assert_true(fabs(log2(middle / 20.0) - 4.0 * 64 / 127) < 1e-9);
    load(ROW("parameter: bass, curve: slow"));
    EXPECT(64, 10.0 * (64.0 / 127) * (64.0 / 127));
    load(ROW("parameter: bass, curve: fast"));
    EXPECT(64, 10.0 * sqrt(64.0 / 127));
    load(ROW("parameter: gate_on"));
    EXPECT(63, 0.0);
    EXPECT(64, 1.0);
}

static void test_relative(void **state)
{
    (void)state;
    static const struct {
        const char *mode;
        uint8_t up, up_five, down, down_five;
    } cases[] = {
        {"relative_twos", 1, 5, 127, 123},
        {"relative_offset", 65, 69, 63, 59},
        {"relative_sign", 1, 5, 65, 69},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128];
        snprintf(text, sizeof text, ROW("parameter: bass, mode: %s"), cases[i].mode);
        load(text);
        now[BL_PARAMETER_BASS] = 5.0;
        EXPECT(cases[i].up, 5.0 + 10.0 / 127);
        EXPECT(cases[i].up_five, 5.0 + 60.0 / 127);
        EXPECT(cases[i].down, 5.0 + 50.0 / 127);
        EXPECT(cases[i].down_five, 5.0);
        for (int k = 0; k < 50; k++) {
            EXPECT(cases[i].up_five, fmin(10.0, 5.0 + (k + 1) * 50.0 / 127));
        }
    }
    EXPECT_NOTHING(0);
    load(ROW("action: mute, mode: relative_twos"));
    EXPECT(1, 1.0);
    EXPECT(127, 0.0);
    load(ROW("action: next, mode: relative_twos")); // only upwards
    EXPECT(1, 0.0);
    EXPECT_NOTHING(127);
}

static void test_switches(void **state)
{
    (void)state;
    load(ROW("action: mute"));
    EXPECT(127, 1.0); // a latching pedal
    EXPECT(0, 0.0);
    load(ROW("action: mute, mode: momentary"));
    EXPECT(127, 1.0);
    EXPECT(0, 0.0);
    load(ROW("action: mute, mode: toggle"));
    EXPECT(127, BL_ACTION_TOGGLE);
    EXPECT_NOTHING(127); // still pressed
    EXPECT_NOTHING(0);
    EXPECT(64, BL_ACTION_TOGGLE);
    load(ROW("parameter: level_db, mode: toggle, min: -6, max: 3")); // a solo boost
    now[BL_PARAMETER_LEVEL] = -6.0;
    EXPECT(127, 3.0);
    EXPECT_NOTHING(0);
    EXPECT(127, -6.0);
    load(ROW("parameter: level_db, mode: momentary, min: 0, max: 3"));
    EXPECT(127, 3.0);
    EXPECT(0, 0.0);
    load(ROW("action: next"));
    EXPECT(127, 0.0);
    EXPECT_NOTHING(0);
    load(ROW("action: part, number: 3"));
    EXPECT(127, 3.0);
    EXPECT_NOTHING(0);
    load(ROW("action: part")); // the value chooses
    EXPECT(0, 1.0);
    EXPECT(4, 5.0);
}

static void test_notes_and_channels(void **state)
{
    (void)state;
    double found = 0.0;
    load("version: 1\nchannel: 5\ncontrols:\n- {note: 60, action: tuner, mode: toggle, channel: "
         "2}\n");
    assert_int_equal(map.channel, 4);
    assert_int_equal(map.rows[0].channel, 1);
    assert_true(send_to(BL_MIDI_NOTE, 1, 60, 1, &found)); // however softly
    assert_false(send_to(BL_MIDI_NOTE, 1, 60, 0, &found));
    assert_false(send_to(BL_MIDI_NOTE, 2, 60, 127, &found));
    assert_false(send_to(BL_MIDI_NOTE, 1, 61, 127, &found));
    assert_false(send_to(BL_MIDI_CONTROL, 1, 60, 127, &found));
    assert_true(send_to(BL_MIDI_NOTE, 1, 60, 127, &found));
}

static bl_midi_wish wish(const char *words)
{
    bl_midi_wish found;
    assert_true(bl_midi_wish_find(words, &found));
    return found;
}

static void test_learning(void **state)
{
    (void)state;
    const bl_midi_event pedal = {.kind = BL_MIDI_CONTROL, .channel = 3, .number = 7, .value = 127};
    const bl_midi_event other = {.kind = BL_MIDI_NOTE, .channel = 3, .number = 7, .value = 1};
    const bl_midi_wish mute = wish("mute"), level = wish("level_db"), part = wish("part 3");
    double found = 0.0;
    assert_true(bl_midi_map_learn(&map, &pedal, &mute));
    assert_false(send_to(BL_MIDI_CONTROL, 3, 7, 127, &found)); // the same press
    assert_false(send_to(BL_MIDI_CONTROL, 3, 7, 0, &found));
    assert_true(send_to(BL_MIDI_CONTROL, 3, 7, 127, &found));
    assert_true(bl_midi_map_learn(&map, &pedal, &level)); // the pedal does but one thing
    assert_int_equal(map.count, 1);
    assert_true(bl_midi_map_learn(&map, &other, &part));
    assert_true(bl_midi_map_learn(&map, &other, &level)); // and one control moves the level
    assert_int_equal(map.count, 1);
    assert_int_equal(map.rows[0].kind, BL_MIDI_NOTE);
    assert_int_equal(map.rows[0].mode, BL_MIDI_MODE_TOGGLE);
    assert_false(bl_midi_map_forget(&map, &mute.target));
    assert_true(bl_midi_map_forget(&map, &level.target));
    assert_int_equal(map.count, 0);

    bl_midi_target target;
    static const char *const wrong[] = {"dance", "", "part 0", "part x", "mute 1", "bass 2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(bl_midi_target_find(wrong[i], &target));
    }
    for (int i = 0; i < BL_MIDI_MAP_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "jump %d", i + 1);
        const bl_midi_wish jump = wish(name);
        const bl_midi_event event = {.channel = (uint8_t)(i / 100), .number = (uint8_t)(i % 100)};
        assert_true(bl_midi_map_learn(&map, &event, &jump));
    }
    assert_false(bl_midi_map_learn(&map, &pedal, &mute)); // full
}

static void test_learning_how(void **state)
{
    (void)state;
    const bl_midi_event knob = {.kind = BL_MIDI_CONTROL, .channel = 0, .number = 9, .value = 65};
    bl_midi_wish learnt = wish("level_db slow -20 0  momentary");
    assert_true(bl_midi_map_learn(&map, &knob, &learnt));
    assert_int_equal(map.rows[0].mode, BL_MIDI_MODE_MOMENTARY);
    assert_int_equal(map.rows[0].curve, BL_MIDI_SLOW);
    assert_true(map.rows[0].min == -20.0 && map.rows[0].max == 0.0);

    learnt = wish("bass 10 0 relative_offset"); // backwards
    double found = 0.0;
    assert_true(bl_midi_map_learn(&map, &knob, &learnt));
    assert_int_equal(map.count, 1);
    now[BL_PARAMETER_BASS] = 5.0;
    assert_true(send_to(BL_MIDI_CONTROL, 0, 9, 65, &found)); // a step
    assert_true(fabs(found - (5.0 - 10.0 / 127.0)) < 1e-9);

    learnt = wish("part 3 momentary");
    assert_int_equal(learnt.target.number, 3);
    assert_int_equal(learnt.mode, BL_MIDI_MODE_MOMENTARY);
    static const char *const wrong[] = {"bass 1",    "bass 1 11", "bass 1 2 3",
                                        "bass loud", "mute slow", "mute 0 1",
                                        "toggle",    "part 3 4",  "level_db -20,5 0"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (bl_midi_wish_find(wrong[i], &learnt)) {
            fail_msg("\"%s\" was understood", wrong[i]);
        }
    }
}

static void test_is_read_back_the_same(void **state)
{
    (void)state;
    load("version: 1\nchannel: 16\ncontrols:\n- {cc: 11, channel: 1, parameter: level_db, min: "
         "-12.5, max: 3, curve: fast}\n- {note: 127, action: part, number: 7, mode: toggle}\n"
         "- {cc: 127, action: mute, mode: momentary}\n- {cc: 1, parameter: bass, mode: "
         "relative_sign}\n");
    const bl_midi_map before = map;
    assert_int_equal(bl_midi_map_save(test_folder_file("midi.yaml"), &map, NULL), BL_STATUS_OK);
    bl_midi_map_init(&map);
    assert_int_equal(bl_midi_map_load(test_folder_file("midi.yaml"), &map, NULL), BL_STATUS_OK);
    assert_int_equal(map.channel, 15);
    assert_int_equal(map.count, before.count);
    for (size_t i = 0; i < map.count; i++) {
        const bl_midi_row *a = &map.rows[i], *b = &before.rows[i];
        assert_int_equal(a->kind, b->kind);
        assert_int_equal(a->channel, b->channel);
        assert_int_equal(a->number, b->number);
        assert_int_equal(a->mode, b->mode);
        assert_int_equal(a->curve, b->curve);
        assert_memory_equal(&a->target, &b->target, sizeof a->target);
        assert_true(a->min == b->min && a->max == b->max);
    }
    assert_int_equal(test_folder_count(), 1); // nothing temporary is left
}

static void test_mistakes_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"version: 1\ncontrol: []\n", ":2:1: found the unknown key \"control\"; did you mean"},
        {"version: 1\ncontrols: {}\n", ":2:11: expected a list"},
        {"version: 1\ncontrols: [x]\n", ":2:12: expected a control"},
        {"version: 1\nchannel: 17\n", ":2:10: found \"17\" for channel, expected a whole"},
        {ROW("action: dance"), ":3:19: there is no action \"dance\""},
        {ROW("action: bass"), ":3:19: there is no action \"bass\""},
        {ROW("parameter: mute"), ":3:22: there is no parameter \"mute\""},
        {ROW("parameter: bass, action: mute"), ":3:3: expected either `action:` or `parameter:`"},
        {ROW("note: 3, action: mute"), ":3:3: expected either `cc:` or `note:`"},
        {ROW("action: mute, mode: sometimes"), ":3:31: found \"sometimes\" for mode, expected one"},
        {ROW("parameter: bass, max: 11"),
         ":3:33: found \"11\" for max, expected a number from 0 to 10"},
        {ROW("parameter: bass, max: nan"), ":3:33: found \"nan\""},
        {"version: 1\ncontrols:\n- {cc: 128, action: mute}\n", ":3:8: found \"128\" for cc"},
        {"version: 1\ncontrols:\n- {cc: 32, action: mute}\n", ":3:8: controllers 0 and 32"},
    };
    load(ROW("action: mute"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bl_error error = {0};
        test_folder_write("midi.yaml", cases[i][0], strlen(cases[i][0]));
        assert_int_not_equal(bl_midi_map_load(test_folder_file("midi.yaml"), &map, &error),
                             BL_STATUS_OK);
        if (strstr(error.text, cases[i][1]) == NULL) {
            fail_msg("case %zu: \"%s\", expected \"%s\"", i, error.text, cases[i][1]);
        }
        assert_int_equal(map.count, 1); // as it was
    }
}

static void test_example(void **state)
{
    (void)state;
    bl_error error = {0};
    if (bl_midi_map_load(BL_SOURCE_DIR "/configs/midi.yaml", &map, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    assert_true(map.count > 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_map, test_folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_absolute),
        TEST(test_relative),
        TEST(test_switches),
        TEST(test_notes_and_channels),
        TEST(test_learning),
        TEST(test_learning_how),
        TEST(test_is_read_back_the_same),
        TEST(test_mistakes_are_refused),
        TEST(test_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
