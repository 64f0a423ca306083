// SPDX-License-Identifier: MIT
// MIDI bytes become events, and a flood of them loses nothing that counts.

#include "midi.h"

#include "action.h"
#include "keys.h"

#include "support/cmocka_all.h"
#include "support/random.h"

#include <string.h>

static bl_midi_intake intake;

static int open_intake(void **state)
{
    (void)state;
    return bl_midi_intake_init(&intake) ? 0 : -1;
}

static int close_intake(void **state)
{
    (void)state;
    bl_midi_intake_finish(&intake);
    return 0;
}

/// Feeds bytes and expects these events, five numbers each: kind, channel, number, value, bank.
static void expect(const uint8_t *bytes, size_t size, const unsigned (*events)[5], size_t count)
{
    bl_midi_parser parser = {0};
    bl_midi_event e;
    size_t found = 0;
    for (size_t i = 0; i < size; i++) {
        if (!bl_midi_parse(&parser, bytes[i], &e)) {
            continue;
        }
        assert_true(found < count);
        const unsigned got[5] = {e.kind, e.channel, e.number, e.value, e.bank};
        for (int k = 0; k < 5; k++) {
            assert_int_equal(got[k], events[found][k]);
        }
        found++;
    }
    assert_int_equal(found, count);
}

#define EXPECT(bytes, ...)                                                                         \
    do {                                                                                           \
        static const unsigned events[][5] = {__VA_ARGS__};                                         \
        expect((const uint8_t *)(bytes), sizeof(bytes) - 1, events,                                \
               sizeof events / sizeof *events);                                                    \
    } while (false)

static void test_messages(void **state)
{
    (void)state;
    EXPECT("\xB3\x0B\x40", {BL_MIDI_CONTROL, 3, 11, 64, 0});
    EXPECT("\x9F\x3C\x7F\x8F\x3C\x40", {BL_MIDI_NOTE, 15, 60, 127, 0},
           {BL_MIDI_NOTE, 15, 60, 0, 0});
    EXPECT("\x90\x3C\x7F\x3C\x00", {BL_MIDI_NOTE, 0, 60, 127, 0}, {BL_MIDI_NOTE, 0, 60, 0, 0});
    EXPECT("\xC2\x05\x06", {BL_MIDI_PROGRAM, 2, 5, 0, 0}, {BL_MIDI_PROGRAM, 2, 6, 0, 0});
    // Banks belong to their channel; the fine half stays when the coarse one changes.
    EXPECT("\xB0\x20\x03\xB0\x00\x02\xC0\x05\xC1\x05", {BL_MIDI_PROGRAM, 0, 5, 0, 259},
           {BL_MIDI_PROGRAM, 1, 5, 0, 0});
    // Real-time bytes inside a message, and what is not for us: pressure, bends, system exclusive,
    // which ends the running status; data bytes without a status.
    EXPECT(
        "\x01\x02\xB0\xF8\x07\xFE\x08\xD0\x10\xE0\x11\x12\xA0\x13\x14\xB0\x01\x02\xF0\x7E\x09\xF7"
        "\x03\x04\xF2\x05\x06\xB1\x05\x06",
        {BL_MIDI_CONTROL, 0, 7, 8, 0}, {BL_MIDI_CONTROL, 0, 1, 2, 0},
        {BL_MIDI_CONTROL, 1, 5, 6, 0});
    // A message that is cut off by another one.
    EXPECT("\xB0\x07\xC0\x01\xB0\x07\xB0\x07\x09", {BL_MIDI_PROGRAM, 0, 1, 0, 0},
           {BL_MIDI_CONTROL, 0, 7, 9, 0});
}

static void put(uint8_t status, uint8_t a, uint8_t b)
{
    bl_midi_intake_put(&intake, (const uint8_t[]){status, a, b}, 3);
}

static void test_few_come_one_by_one(void **state)
{
    (void)state;
    bl_midi_event e;
    for (int i = 0; i < BL_MIDI_SINGLES; i++) {
        put(0xB0, 7, (uint8_t)i); // a press and its release in one period both count
    }
    assert_false(bl_midi_intake_end(&intake, &e));
    for (int i = 0; i < BL_MIDI_SINGLES; i++) {
        assert_true(bl_midi_intake_take(&intake, &e));
        assert_int_equal(e.value, i);
    }
    assert_false(bl_midi_intake_take(&intake, &e));
    assert_int_equal(atomic_load(&intake.merged), 0);
}

/// Of a flood every controller ends at its last value, and every event is accounted for.
static void test_flood(void **state)
{
    (void)state;
    enum { PERIODS = 500, EACH = 300 };
    uint8_t expected[16][128] = {{0}}, found[16][128] = {{0}};
    uint64_t taken = 0, sent = 0;
    random_source random = {7};
    bl_midi_event e;
    for (int p = 0; p < PERIODS; p++) {
        for (int i = 0; i < EACH; i++) {
            const uint8_t channel = (uint8_t)random_below(&random, 16);
            const uint8_t number = (uint8_t)(33 + random_below(&random, 90));
            const uint8_t value = (uint8_t)random_below(&random, 128);
            put((uint8_t)(0xB0 | channel), number, value);
            expected[channel][number] = value;
            sent++;
        }
        bl_midi_intake_end(&intake, &e);
        // MAIN is slow: it comes every third period, and then takes all there is.
        while (p % 3 == 0 && bl_midi_intake_take(&intake, &e)) {
            found[e.channel][e.number] = e.value;
            taken++;
        }
    }
    for (int p = 0; p < 100; p++) { // the flood is over; what waits comes
        bl_midi_intake_end(&intake, &e);
        while (bl_midi_intake_take(&intake, &e)) {
            found[e.channel][e.number] = e.value;
            taken++;
        }
    }
    assert_memory_equal(found, expected, sizeof found);
    assert_int_equal(atomic_load(&intake.heard), sent);
    assert_int_equal(atomic_load(&intake.merged) + atomic_load(&intake.lost) + taken, sent);
    assert_int_equal(atomic_load(&intake.lost), 0);
    assert_true(taken < sent / 2);
}

static void test_notes_are_dropped_and_counted(void **state)
{
    (void)state;
    bl_midi_event e;
    for (int i = 0; i < 100; i++) {
        put(0x90, 60, 1);
    }
    bl_midi_intake_end(&intake, &e);
    assert_int_equal(atomic_load(&intake.lost), 100 - BL_MIDI_SINGLES);
    put(0x90, 60, 0); // the next period has room again
    bl_midi_intake_end(&intake, &e);
    assert_int_equal(atomic_load(&intake.lost), 100 - BL_MIDI_SINGLES);
}

static void test_last_program_counts(void **state)
{
    (void)state;
    bl_midi_event e;
    for (uint8_t i = 0; i < 100; i++) {
        put(0xB0, 9, i);
        bl_midi_intake_put(&intake, (const uint8_t[]){0xC0, i}, 2);
    }
    assert_true(bl_midi_intake_end(&intake, &e));
    assert_int_equal(e.number, 99);
    assert_int_equal(atomic_load(&intake.lost), 99);
    assert_false(bl_midi_intake_end(&intake, &e));
}

static void test_channel(void **state)
{
    (void)state;
    bl_midi_event e;
    atomic_store(&intake.channel, 4);
    put(0xB3, 7, 1);
    put(0xB4, 7, 2);
    bl_midi_intake_put(&intake, (const uint8_t[]){0xC3, 1}, 2);
    assert_false(bl_midi_intake_end(&intake, &e));
    assert_true(bl_midi_intake_take(&intake, &e));
    assert_int_equal(e.value, 2);
    assert_false(bl_midi_intake_take(&intake, &e));
}

// Keys ----------------------------------------------------------------------------------------

static void test_keys(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"mt5 ", "mt5 "},
        {"\r\n", "nn"},
        {"\033[C\033[D\033OA\033OB", "nppn"},
        {"\033[6~\033[5~", "np"},
        {"\033[3~\033[15~m\033[1;5Cm", "mm"}, // Delete, F5, Ctrl+right: no keys of ours
        {"\033mb", "b"},                      // Alt+m
        {"\033\033[Cb", "nb"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bl_key_decoder decoder = {.count = 0};
        char found[16] = "";
        size_t count = 0;
        for (const char *byte = cases[i][0]; *byte != '\0'; byte++) {
            const char key = bl_key_decode(&decoder, *byte);
            if (key != 0) {
                found[count++] = key;
            }
        }
        assert_string_equal(found, cases[i][1]);
    }
}

static void test_actions(void **state)
{
    (void)state;
    int value = 0;
    assert_int_equal(bl_action_of_key('n', &value), BL_ACTION_NEXT);
    assert_int_equal(bl_action_of_key(' ', &value), BL_ACTION_NEXT);
    assert_int_equal(bl_action_of_key('7', &value), BL_ACTION_PART);
    assert_int_equal(value, 7);
    assert_int_equal(bl_action_of_key('m', &value), BL_ACTION_MUTE);
    assert_int_equal(value, BL_ACTION_TOGGLE);
    assert_int_equal(bl_action_of_key('\0', &value), BL_ACTION_COUNT);
    assert_int_equal(bl_action_of_key('~', &value), BL_ACTION_COUNT);
    for (int a = 0; a < BL_ACTION_COUNT; a++) {
        assert_int_equal(bl_action_find(bl_action_get((bl_action)a)->name), a);
        for (const char *key = bl_action_get((bl_action)a)->keys; *key != '\0'; key++) {
            assert_int_equal(bl_action_of_key(*key, &value), a); // no key has two actions
        }
    }
    assert_int_equal(bl_action_find("dance"), BL_ACTION_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test_setup_teardown(test_few_come_one_by_one, open_intake, close_intake),
        cmocka_unit_test_setup_teardown(test_flood, open_intake, close_intake),
        cmocka_unit_test_setup_teardown(test_notes_are_dropped_and_counted, open_intake,
                                        close_intake),
        cmocka_unit_test_setup_teardown(test_last_program_counts, open_intake, close_intake),
        cmocka_unit_test_setup_teardown(test_channel, open_intake, close_intake),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_actions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
