// SPDX-License-Identifier: MIT
// A set list on stage: program changes over real MIDI, keys of a terminal, files edited while it
// plays, and where it was after a crash.

#include "pedal.h"
#include "skip.h"
#include "stage.h"
#include "support/cmocka_all.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

static program live;
static size_t seen;
static pedal foot;

static const char list_text[] = "version: 1\nname: Test\nsongs:\n"
                                "- name: One\n  parts:\n"
                                "  - {name: Verse, rig: a.yaml, program: 20}\n"
                                "  - {name: Solo, rig: b.yaml, program: 21, bank: 130}\n"
                                "- {name: Two, rig: c.yaml}\n";

/// The next status whose place has this number.
static json_t *wait_place(json_int_t number)
{
    for (;;) {
        json_t *line = stage_wait_state(&live, &seen, "playing");
        json_t *place = json_object_get(line, "place");
        if (json_integer_value(json_object_get(place, "number")) == number) {
            return line;
        }
        json_decref(line);
    }
}

static void expect_place(json_int_t number, const char *model)
{
    json_t *line = wait_place(number);
    while (strcmp(json_string_value(json_object_get(line, "model")), model) != 0) {
        json_decref(line);
        line = wait_place(number);
    }
    json_decref(line);
}

/// Whether a status with this place comes soon.
static bool comes_to(json_int_t number)
{
    const long long until = now_ms() + 500;
    while (now_ms() < until) {
        program_listen(&live, 20);
        const char *end = strrchr(live.out, '\n');
        const char *line = live.out + seen;
        while (end != NULL && line < end) {
            const char *next = strchr(line, '\n') + 1;
            json_t *object = json_loadb(line, (size_t)(next - line), 0, NULL);
            const json_t *place = json_object_get(object, "place");
            const bool there = json_integer_value(json_object_get(place, "number")) == number;
            json_decref(object);
            if (there) {
                return true; // the line stays to be read
            }
            seen = (size_t)(next - live.out);
            line = next;
        }
    }
    return false;
}

/// Chooses a program until it has been heard: a server that is late loses a period now and then,
/// and one that has just connected two ports does so first at its next turn.
static void choose(uint8_t channel, int bank, uint8_t number, json_int_t place)
{
    const long long until = now_ms() + DEADLINE_MS;
    do {
        assert_true(now_ms() < until);
        pedal_send(&foot, 0xB0 | channel, 0, (uint8_t)(bank / 128));
        pedal_send(&foot, 0xB0 | channel, 32, (uint8_t)(bank % 128));
        pedal_send(&foot, 0xC0 | channel, number, 0);
    } while (!comes_to(place));
}

static void write_files(void)
{
    static const char *const rigs[] = {"a", "b", "c"};
    char name[32], text[64];
    for (size_t i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s.safetensors", rigs[i]);
        stage_make_model(name, i + 1, true, 48000.0);
        snprintf(text, sizeof text, "version: 1\nname: Rig %s\nmodel: %s\n", rigs[i], name);
        snprintf(name, sizeof name, "%s.yaml", rigs[i]);
        stage_write(name, text);
    }
    stage_write("list.yaml", list_text);
}

static void start(void)
{
    seen = 0;
    stage_live_start(&live, (const char *const[]){"--setlist", stage_path("list.yaml"), NULL});
}

static int open_stage(void **state)
{
    (void)state;
    write_files();
    stage_server_start(&(stage_server){.rate_hz = 48000, .period = 128, .async = true});
    pedal_open(&foot);
    return 0;
}

static int close_stage(void **state)
{
    program_end(&live);
    pedal_close(&foot);
    stage_server_stop();
    unlink(stage_path("XDG_STATE_HOME/backline/state.yaml"));
    return stage_rename_server(state);
}

static void plug_in(void)
{
    const long long until = now_ms() + DEADLINE_MS;
    while (jack_connect(foot.client, "pedal:out", "backline:midi_in") != 0) {
        assert_true(now_ms() < until);
        poll(NULL, 0, 10);
    }
}

static void test_programs_choose_parts(void **state)
{
    (void)state;
    start();
    expect_place(1, "a");
    plug_in();
    choose(0, 130, 21, 2);
    json_t *line = wait_place(2);
    const json_t *place = json_object_get(line, "place");
    assert_string_equal(json_string_value(json_object_get(place, "song")), "One");
    assert_string_equal(json_string_value(json_object_get(place, "part")), "Solo");
    assert_string_equal(json_string_value(json_object_get(place, "rig")), "Rig b");
    assert_string_equal(json_string_value(json_object_get(place, "next_song")), "Two");
    assert_int_equal(json_integer_value(json_object_get(place, "bank")), 130);
    assert_int_equal(json_integer_value(json_object_get(place, "program")), 21);
    json_decref(line);
    expect_place(2, "b");
    choose(5, 0, 20, 1); // any channel; a bank belongs to its own
    expect_place(1, "a");
    while (strstr(live.err, "no part has program 21 in bank 0, but in bank 130; what ") == NULL) {
        pedal_send(&foot, 0xC5, 21, 0);
        assert_true(program_listen(&live, 100));
    }
    line = wait_place(1);
    while (json_integer_value(json_object_get(json_object_get(line, "midi"), "unknown_programs")) ==
           0) {
        json_decref(line);
        line = wait_place(1);
    }
    json_decref(line);
    assert_true(stage_wait_remembered("part: Verse", true));
    stage_live_stop(&live);
}

/// The power goes; next time it goes on where it was, without being told which list.
static void test_goes_on_after_a_crash(void **state)
{
    (void)state;
    start();
    expect_place(1, "a");
    plug_in();
    choose(0, 130, 21, 2);
    assert_true(stage_wait_remembered("part: Solo", true));
    program_signal(&live, SIGKILL);
    program_wait(&live);
    seen = 0;
    stage_live_start(&live, (const char *const[]){NULL});
    expect_place(2, "b");
    stage_live_stop(&live);
}

/// What is edited is read again; a mistake is told with its place, and the old list plays on.
static void test_edits_live(void **state)
{
    (void)state;
    start();
    expect_place(1, "a");
    stage_write("list.yaml", "version: 1\nsongs:\n- {name: x, rgi: a.yaml}\n");
    stage_wait_message(
        &live, &seen,
        "list.yaml:3:13: found the unknown key \"rgi\", expected one of: name, tempo, "
        "parts, rig, program, bank; the list plays on as it was");
    json_decref(wait_place(1));
    stage_write("b.yaml", "version: 1\nparameters: {bass: 11}\n");
    stage_wait_message(&live, &seen, "list.yaml:3:13"); // the list is still wrong
    stage_write("list.yaml", "version: 1\nsongs:\n- {name: Zero, rig: c.yaml}\n- name: One\n  "
                             "parts: [{name: Verse, rig: a.yaml}, {name: Solo, rig: b.yaml}]\n");
    stage_wait_message(&live, &seen,
                       "b.yaml:2:20: found \"11\" for bass, expected a number from 0 to 10; "
                       "it plays on as it was");
    expect_place(2, "a"); // where the verse stands now
    stage_write("a.yaml", "version: 1\nmodel: c.safetensors\n");
    expect_place(2, "c"); // the rig that plays was edited
    stage_live_stop(&live);
}

/// A rig that is missing keeps no others from playing.
static void test_a_rig_is_missing(void **state)
{
    (void)state;
    stage_write("list.yaml", "version: 1\nsongs:\n- {name: One, rig: a.yaml}\n- {name: Two, rig: "
                             "gone.yaml}\n- {name: Three, rig: b.yaml}\n");
    start();
    stage_wait_message(&live, &seen, "gone.yaml is missing");
    expect_place(1, "a");
    plug_in();
    choose(0, 0, 1, 2);
    expect_place(2, "a");
    assert_non_null(strstr(live.err, "gone.yaml is missing or cannot be read; the old sound"));
    choose(0, 0, 2, 3);
    expect_place(3, "b");
    stage_live_stop(&live);
}

// Pedals --------------------------------------------------------------------------------------

/// Sends a message until the status tells this.
static void send_until(uint8_t status, uint8_t number, uint8_t value, const char *text)
{
    const long long until = now_ms() + DEADLINE_MS;
    const char *from = live.out + live.out_size;
    do {
        assert_true(now_ms() < until);
        pedal_send(&foot, status, number, value);
        for (int i = 0; i < 10 && strstr(from, text) == NULL; i++) {
            program_listen(&live, 30);
        }
    } while (strstr(from, text) == NULL);
}

/// What is learnt acts, is kept, and a pedal that is plugged in again is connected again.
static void test_pedals(void **state)
{
    (void)state;
    stage_write("XDG_CONFIG_HOME/backline/midi.yaml",
                "version: 1\ncontrols:\n- {cc: 80, action: mute}\n");
    start();
    expect_place(1, "a");
    plug_in();
    send_until(0xB0, 80, 127, "\"state\":\"muted\"");
    stage_write("XDG_CONFIG_HOME/backline/midi.yaml",
                "version: 1\ncontrols:\n- {cc: 80, action: dance}\n");
    stage_wait_message(&live, &seen, "midi.yaml:3:20: there is no action \"dance\"; the map stays");
    const long long until = now_ms() + DEADLINE_MS;
    pedal_close(&foot);
    pedal_open(&foot);
    while (jack_port_connected_to(foot.port, "backline:midi_in") == 0) {
        assert_true(now_ms() < until);
        program_listen(&live, 10);
    }
    send_until(0xB0, 80, 0, "\"state\":\"playing\"");
    stage_live_stop(&live);
    unlink(stage_path("XDG_CONFIG_HOME/backline/midi.yaml"));
}

/// 100,000 messages a second: programs still choose, every message is accounted for, and the sound
/// has no gap.
static void test_flood(void **state)
{
    (void)state;
    bl_audio sound;
    stage_make_sound("demo.wav", 1.0, &sound);
    seen = 0;
    stage_live_start(&live, (const char *const[]){"--setlist", stage_path("list.yaml"), "--demo",
                                                  stage_path("demo.wav"), NULL});
    expect_place(1, "a");
    plug_in();
    foot.flood = 100000;
    long long until = now_ms() + DEADLINE_MS;
    for (uint64_t turn = 0; turn < 20; turn++) { // what it writes is all kept, and that has an end
        const bool odd = turn % 2 != 0;
        choose(0, odd ? 0 : 130, odd ? 20 : 21, odd ? 1 : 2);
        while (foot.sent < (turn + 1) * 10000) {
            assert_true(now_ms() < until);
            poll(NULL, 0, 1);
        }
    }
    foot.flood = 0;
    until = now_ms() + DEADLINE_MS;
    choose(0, 130, 21, 2);
    expect_place(2, "b");
    json_t *line = wait_place(2);
    const json_t *midi = json_object_get(line, "midi");
    const json_int_t heard = json_integer_value(json_object_get(midi, "heard"));
    assert_true(heard > 10000); // a server that is late passes on less than was sent
    assert_true(json_integer_value(json_object_get(midi, "merged")) > heard / 10);
    assert_int_equal(json_integer_value(json_object_get(line, "not_finite_blocks")), 0);
    while (json_real_value(json_object_get(line, "out_db")) < -60.0) { // a late demo is silent
        assert_true(now_ms() < until);
        json_decref(line);
        line = wait_place(2);
    }
    json_decref(line);
    stage_live_stop(&live);
    bl_audio_finish(&sound);
}

/// The tuner hears the input, and nothing else is heard.
static void test_tuner(void **state)
{
    (void)state;
    enum { FRAMES = 48000 };
    float *samples = calloc(FRAMES, sizeof *samples);
    assert_non_null(samples);
    for (int i = 0; i < FRAMES; i++) { // 110 whole turns: no step where it begins again
        samples[i] = 0.3F * sinf(2.0F * 3.14159265F * (float)(110 * i % FRAMES) / FRAMES);
    }
    const bl_audio tone = {.samples = samples, .frames = FRAMES, .sample_rate_hz = 48000.0};
    assert_int_equal(bl_audio_save(stage_path("a2.wav"), &tone, BL_AUDIO_FLOAT_32, NULL),
                     BL_STATUS_OK);
    stage_write("XDG_CONFIG_HOME/backline/midi.yaml",
                "version: 1\ncontrols:\n- {note: 36, action: tuner}\n");
    seen = 0;
    stage_live_start(&live, (const char *const[]){"--setlist", stage_path("list.yaml"), "--demo",
                                                  stage_path("a2.wav"), NULL});
    expect_place(1, "a");
    plug_in();
    send_until(0x90, 36, 100, "\"state\":\"tuning\"");
    for (bool found = false; !found;) {
        json_t *line = stage_wait_state(&live, &seen, "tuning");
        const json_t *tuner = json_object_get(line, "tuner");
        const char *note = json_string_value(json_object_get(tuner, "note"));
        const double cents = json_real_value(json_object_get(tuner, "cents"));
        found = note != NULL && strcmp(note, "A2") == 0 && cents > -1.0 && cents < 1.0 &&
                json_real_value(json_object_get(line, "out_db")) <= -119.0;
        json_decref(line);
    }
    stage_live_stop(&live);
    unlink(stage_path("XDG_CONFIG_HOME/backline/midi.yaml"));
    free(samples);
}

/// Where the system lets little be locked in memory it plays, and says so.
static void test_memory_that_cannot_be_locked(void **state)
{
    (void)state;
#ifdef BL_SANITIZED
    bl_test_skip("a sanitizer lets the program believe that all is locked");
#endif
    const struct rlimit little = {1 << 16, 1 << 16};
    prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK, 0, 0, 0); // root's children are not above limits any more
    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &little), 0);
    start();
    stage_wait_message(&live, &seen, "the system lets only 0.0 of 0.");
    expect_place(1, "a");
    json_t *line = wait_place(1);
    const json_t *stage = json_object_get(line, "stage");
    assert_true(json_integer_value(json_object_get(stage, "locked_bytes")) <= 1 << 16);
    json_decref(line);
    stage_live_stop(&live);
}

// A terminal ----------------------------------------------------------------------------------

static int terminal;

static void open_terminal(void)
{
    terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
}

/// Starts it like program_start, with a terminal of its own as input and for its messages.
static void start_on_terminal(struct termios *before)
{
    char line[512];
    open_terminal();
    assert_int_equal(tcgetattr(terminal, before), 0);
    seen = 0;
    // setsid's --ctty makes its standard input the terminal of the new session.
    snprintf(line, sizeof line, "exec setsid --ctty --wait %s live --status json --setlist %s <%s",
             BL_PROGRAM, stage_path("list.yaml"), ptsname(terminal));
    program_start(&live, (const char *const[]){"sh", "-c", line, NULL});
}

static void press(const char *keys)
{
    assert_int_equal(write(terminal, keys, strlen(keys)), strlen(keys));
}

static void test_keys(void **state)
{
    (void)state;
    struct termios before, now;
    start_on_terminal(&before);
    expect_place(1, "a");
    press("n");
    expect_place(2, "b");
    press(" ");
    expect_place(3, "c");
    press("n"); // the last one
    press("p");
    expect_place(2, "b");
    press("\033[5~");
    expect_place(1, "a");
    press("2");
    expect_place(2, "b");
    press("j3\n");
    expect_place(3, "c");
    press("r");
    expect_place(2, "b");
    press("P");
    press("N");
    expect_place(3, "c");
    press("m");
    json_decref(stage_wait_state(&live, &seen, "muted"));
    press("mb");
    json_decref(stage_wait_state(&live, &seen, "bypassed"));
    press("b");
    press("cpart 1\n");
    stage_wait_message(&live, &seen, "that shall do \"part 1\"");
    plug_in();
    while (strstr(live.err, "controller 90 of channel 3 does \"part 1\" now") == NULL) {
        pedal_send(&foot, 0xB2, 90, 127);
        pedal_send(&foot, 0xB2, 90, 0);
        program_listen(&live, 100);
    }
    press("l?");
    while (strstr(live.err, "    2   130    21  One: Solo (Rig b)") == NULL ||
           strstr(live.err, "  part 1               CC 90, channel 3\n") == NULL ||
           strstr(live.err, "Next part") == NULL) {
        assert_true(program_listen(&live, 100));
    }
    press("x");
    json_decref(stage_wait_state(&live, &seen, "muted"));
    assert_int_equal(tcgetattr(terminal, &now), 0);
    assert_int_equal(now.c_lflag & (ICANON | ECHO), 0);
    press("\003"); // Ctrl-C
    assert_int_equal(program_wait(&live), 0);
    assert_int_equal(tcgetattr(terminal, &now), 0);
    assert_int_equal(now.c_lflag, before.c_lflag); // as it was
    close(terminal);
}

/// On a terminal that is narrower than the line, each status takes the place of the one before.
static void test_narrow_terminal(void **state)
{
    (void)state;
    enum { COLUMNS = 60 };
    static char shown[65536];
    const struct winsize size = {.ws_row = 24, .ws_col = COLUMNS};
    char command[512];
    size_t used = 0;
    open_terminal();
    const char *name = ptsname(terminal), *begin = NULL, *up = NULL;
    const int other = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC); // keeps it while nobody has it
    assert_true(other >= 0 && ioctl(terminal, TIOCSWINSZ, &size) == 0);
    snprintf(command, sizeof command, "exec setsid --ctty --wait %s live --setlist %s <%s >%s",
             BL_PROGRAM, stage_path("list.yaml"), name, name);
    program_start(&live, (const char *const[]){"sh", "-c", command, NULL});
    const long long until = now_ms() + DEADLINE_MS;
    while (up == NULL) {
        struct pollfd wait = {terminal, POLLIN, 0};
        assert_true(now_ms() < until && used + 1 < sizeof shown);
        if (poll(&wait, 1, 100) > 0) {
            used += (size_t)read(terminal, shown + used, sizeof shown - 1 - used);
            shown[used] = '\0';
        }
        begin = strstr(shown, "\033[J1/3 One: Verse");
        up = begin != NULL ? strstr(begin + 3, "A\r\033[J") : NULL;
    }
    const char *end = strstr(begin + 1, "\033[");
    const long length = end - begin - 3; // no letter takes more than a byte here
    assert_true(length > COLUMNS);
    assert_int_equal(strtol(end + 2, NULL, 10), (length - 1) / COLUMNS);
    close(other);
    press("\003");
    assert_int_equal(program_wait(&live), 0);
    close(terminal);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_programs_choose_parts, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(test_goes_on_after_a_crash, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(test_edits_live, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(test_a_rig_is_missing, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(test_pedals, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(test_flood, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(test_tuner, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(test_keys, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(test_narrow_terminal, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(test_memory_that_cannot_be_locked, open_stage, close_stage),
    };
    stage_isolate(argc, argv);
    return cmocka_run_group_tests(tests, stage_open, stage_close);
}
