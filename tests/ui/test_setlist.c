// SPDX-License-Identifier: MIT
// A set list in the window: opened, gone through by key, click and pedal, edited, left for a model
// that is not in it; what is shown follows. The tuner.

#include "desk.h"
#include "system/pedal.h"
#include "system/stage.h"

#include "backline/audio.h"

#include "support/cmocka_all.h"

#include <gdk/gdkkeysyms.h>
#include <glib.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE_HZ = 48000 };

static const stage_server server = {.rate_hz = RATE_HZ, .period = 256, .async = true};
static program window;

static void write_list(const char *solo, const char *last_rig)
{
    char text[512];
    snprintf(text, sizeof text,
             "version: 1\nname: \"Freitag, Kulturhof\"\nsongs:\n"
             "- name: Paper Tigers\n  tempo: 96\n  parts:\n"
             "  - {name: Verse, rig: a.yaml, program: 20}\n"
             "  - {name: %s, rig: b.yaml, program: 21}\n"
             "- {name: Slow Train, rig: %s, program: 22}\n",
             solo, last_rig);
    stage_write("list.yaml", text);
}

static int open_window(void **state)
{
    stage_open(state);
    stage_server_start(&server);
    for (int c = 'a'; c <= 'c'; c++) {
        char name[32], text[128];
        snprintf(name, sizeof name, "%c.safetensors", c);
        stage_make_model(name, (uint64_t)c, true, RATE_HZ);
        snprintf(text, sizeof text,
                 "version: 1\nname: Northbank 50 Crunch %c\nmodel: %s\nmatch_loudness: %s\n", c,
                 name, c == 'c' ? "true" : "false");
        snprintf(name, sizeof name, "%c.yaml", c);
        stage_write(name, text);
    }
    write_list("Solo", "c.yaml");
    desk_start(&window, (const char *const[]){stage_path("c.safetensors"), NULL});
    desk_wait_text("status-state", "Playing");
    return 0;
}

static int close_window(void **state)
{
    if (window.pid > 0) {
        desk_stop(&window);
    }
    program_end(&window);
    stage_server_stop();
    return stage_close(state);
}

static void type(const char *text)
{
    for (; *text != '\0'; text++) {
        desk_key((unsigned char)*text, 0); // the keysyms of ASCII are ASCII
    }
}

// By the keyboard alone, as a player without a mouse does.
static void open_list(void)
{
    desk_wait_is("no-setlist", DESK_SHOWING, true);
    desk_key(GDK_KEY_O, GDK_KEY_Control_L);
    desk_wait_is("setlist-dialog", DESK_SHOWING, true);
    desk_take_keyboard();
    type(stage_path("list.yaml"));
    desk_key(GDK_KEY_Return, 0);
    desk_wait_gone("setlist-dialog");
    desk_take_keyboard();
    desk_wait_text("part-1", "Verse: Northbank 50 Crunch a, ready");
    desk_wait_is("part-1", DESK_CHECKED, true);
    desk_wait_text("model-name", "a");
    desk_wait_text("model-trim", "as it is");
}

static void wait_for_file(const char *name, const char *part)
{
    const long long until = now_ms() + DEADLINE_MS;
    for (bool found = false; !found; poll(NULL, 0, 10)) {
        char *text = NULL;
        assert_true(now_ms() < until);
        found =
            g_file_get_contents(stage_path(name), &text, NULL, NULL) && strstr(text, part) != NULL;
        g_free(text);
    }
}

static void test_is_gone_through(void **state)
{
    (void)state;
    open_list();
    desk_wait_text("next-part", "Next: Solo");
    desk_wait_text("rigs", "3 of 3 rigs ready");
    desk_wait_text("tempo", "96 bpm");
    desk_click("rig-save");
    wait_for_file("a.yaml", "parameters");
    desk_key(GDK_KEY_Page_Down, 0);
    desk_wait_is("part-2", DESK_CHECKED, true);
    desk_wait_is("part-1", DESK_CHECKED, false);
    desk_wait_text("next-part", "Next: Slow Train");
    desk_wait_text("model-name", "b");
    desk_click("part-1");
    desk_wait_is("part-1", DESK_CHECKED, true);
    desk_wait_text("model-name", "a");
    desk_click("song-next");
    desk_wait_text("part-1", "Slow Train: Northbank 50 Crunch c");
    desk_wait_gone("part-2");
    desk_wait_text("next-part", "Last part");
    desk_wait_text("model-trim", " dB, measured"); // it has not waited for that
    desk_key(GDK_KEY_Page_Up, GDK_KEY_Control_L);
    desk_wait_text("part-2", "Solo");
    desk_key(GDK_KEY_2, 0);
    desk_wait_is("part-2", DESK_CHECKED, true);
    desk_key(GDK_KEY_s, GDK_KEY_Control_L);
    wait_for_file("b.yaml", "parameters");
    desk_key(GDK_KEY_r, 0); // back to where it was
    desk_wait_is("part-1", DESK_CHECKED, true);
}

static pedal foot;

static void plug_in(void)
{
    pedal_open(&foot);
    const long long until = now_ms() + DEADLINE_MS;
    while (jack_connect(foot.client, "pedal:out", "backline:midi_in") != 0) {
        assert_true(now_ms() < until);
        poll(NULL, 0, 10);
    }
}

// Presses a pedal until a control says this: what comes at once behind a connection may be lost.
static void press_until(uint8_t number, const char *id, const char *text)
{
    const long long until = now_ms() + DEADLINE_MS;
    while (strstr(desk_text(id), text) == NULL) {
        assert_true(now_ms() < until);
        pedal_send(&foot, 0xB3, number, 127);
        pedal_send(&foot, 0xB3, number, 0);
        poll(NULL, 0, 100);
    }
}

static void test_pedals_are_learnt(void **state)
{
    (void)state;
    enum { MUTE_ROW = 15, BASS_ROW = 26, STEPS_BY_ONE = 4, SLOW = 1 };
    open_list();
    plug_in();
    desk_key(GDK_KEY_m, GDK_KEY_Control_L);
    desk_wait_is("pedal-dialog", DESK_SHOWING, true);
    desk_wait_text("programs", "Programs of 3 parts");
    desk_wait_text("control-mute", "Mute, \u2013");
    desk_select("controls", MUTE_ROW);
    desk_click("pedal-learn");
    desk_wait_text("control-mute", "Mute, move it now");
    desk_wait_text("pedal-hint", "Move the pedal, knob or key that shall do");
    press_until(50, "control-mute", "Mute, CC 50, channel 4, toggle");
    press_until(50, "status-state", "Muted");
    desk_picture("pedals");
    desk_click("pedal-forget");
    desk_wait_text("control-mute", "Mute, \u2013");
    desk_wait_is("pedal-from", DESK_SENSITIVE, false); // an action has no range

    desk_select("controls", BASS_ROW);
    desk_wait_is("pedal-from", DESK_SENSITIVE, true);
    desk_select("pedal-mode", STEPS_BY_ONE);
    desk_select("pedal-curve", SLOW);
    desk_click("pedal-learn");
    press_until(51, "control-bass", "Bass, CC 51, channel 4, relative_twos, slow");
    desk_picture("pedals");
    desk_click("pedal-close");
    desk_wait_gone("pedal-dialog");
    pedal_close(&foot);
}

static void test_follows_pedals_and_edits(void **state)
{
    (void)state;
    open_list();
    plug_in();
    const long long until = now_ms() + DEADLINE_MS;
    while (strcmp(desk_text("next-part"), "Last part") != 0) { // the first may come too early
        assert_true(now_ms() < until);
        pedal_send(&foot, 0xC0, 22, 0);
        poll(NULL, 0, 50);
    }
    pedal_close(&foot);
    desk_click("song-previous");
    write_list("Outro", "nowhere.yaml");
    desk_wait_text("part-2", "Outro");
    desk_wait_text("rigs", "1 part cannot be played");
    desk_key(GDK_KEY_Page_Down, GDK_KEY_Control_L);
    desk_wait_text("part-1", "cannot be played");
    desk_picture("setlist-failed");
}

static void test_says_which_model_is_not_in_it(void **state)
{
    (void)state;
    program second;
    open_list();
    assert_int_equal(desk_start_again(&second, stage_path("c.safetensors")), 0);
    desk_wait_text("model-name", "c");
    desk_wait_is("other-model", DESK_SHOWING, true);
    desk_click("part-1"); // once more: as it is in the list
    desk_wait_gone("other-model");
    desk_wait_text("model-name", "a");
    desk_wait_is("part-1", DESK_CHECKED, true);
}

static void test_is_there_again_and_can_be_closed(void **state)
{
    (void)state;
    open_list();
    desk_key(GDK_KEY_Page_Down, 0);
    desk_wait_is("part-2", DESK_CHECKED, true);
    desk_stop(&window);
    desk_start(&window, (const char *const[]){NULL});
    desk_wait_is("part-2", DESK_CHECKED, true);
    desk_wait_text("model-name", "b");
    desk_key(GDK_KEY_W, GDK_KEY_Control_L);
    desk_wait_is("no-setlist", DESK_SHOWING, true);
    desk_wait_text("model-name", "b");  // its rig plays on
    for (int tap = 0; tap < 3; tap++) { // of no song
        desk_key(GDK_KEY_T, GDK_KEY_Shift_L);
        poll(NULL, 0, 400);
    }
    desk_key(GDK_KEY_m, 0); // comes after them
    desk_wait_text("status-state", "Muted");
    assert_null(strstr(desk_text("tempo"), "bpm"));
    desk_click("setlist-menu");
    desk_key(GDK_KEY_Down, 0); // from "Open" to the last one
    desk_key(GDK_KEY_Return, 0);
    desk_wait_is("part-2", DESK_SHOWING, true);
}

// A string of 110 Hz, for as long as it is asked for.
static void write_string(void)
{
    enum { FRAMES = RATE_HZ };
    static float samples[FRAMES];
    for (int i = 0; i < FRAMES; i++) { // whole turns: no step where it begins again
        samples[i] = 0.3F * sinf(2.0F * 3.14159265F * (float)(110 * i % FRAMES) / FRAMES);
    }
    const bl_audio tone = {.samples = samples, .frames = FRAMES, .sample_rate_hz = RATE_HZ};
    assert_int_equal(bl_audio_save(stage_path("a2.wav"), &tone, BL_AUDIO_FLOAT_32, NULL),
                     BL_STATUS_OK);
}

static void test_tunes(void **state)
{
    (void)state;
    desk_stop(&window);
    write_string();
    desk_start(&window, (const char *const[]){"--demo", stage_path("a2.wav"), NULL});
    desk_wait_text("status-state", "Playing");
    desk_wait_gone("tuner-note");
    desk_key(GDK_KEY_t, 0);
    desk_wait_text("tuner-note", "A2");
    desk_wait_text("tuner-cents", "In tune");
    desk_wait_text("tuner-frequency", "110");
    desk_wait_text("status-state", "Tuning, silent");
    desk_wait_is("tuner", DESK_CHECKED, true);
    desk_picture("tuner");
    desk_click("tuner");
    desk_wait_text("status-state", "Playing");
    desk_wait_gone("tuner-note");
    desk_key(GDK_KEY_x, 0); // panic
    desk_wait_text("status-state", "Muted");
}

static void test_everything_is_on_the_screen(void **state)
{
    (void)state;
    char text[4096] = "version: 1\nname: Freitag, Kulturhof\nsongs:\n"
                      "- name: Der lange Weg nach Hause durch den strömenden Regen\n  parts:\n"
                      "  - {name: Verse, rig: a.yaml}\n";
    for (int i = 2; i <= 9; i++) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used,
                 "  - {name: Zwischenspiel mit Gitarrensolo %d, rig: %c.yaml}\n", i, 'a' + i % 3);
    }
    stage_write("list.yaml", text);
    open_list();
    const char *screen = getenv("DESK_SCREEN");
    const int width = screen != NULL ? atoi(screen) : 1280;
    const int height = screen != NULL ? atoi(strchr(screen, 'x') + 1) : 800;
    const char *const ids[] = {"mute",   "win-close", "rig-save",    "part-1",
                               "part-8", "rig-next",  "rigs",        "setlist-menu",
                               "song",   "in-1",      "status-xruns"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        int right, bottom;
        desk_corner(ids[i], &right, &bottom);
        if (right > width || bottom > height) {
            fail_msg("\"%s\" ends at %d, %d", ids[i], right, bottom);
        }
    }
    char name[64];
    snprintf(name, sizeof name, "setlist-%dx%d", width, height);
    desk_picture(name);
    desk_wait_text("part-8", "8/9 Zwischenspiel");
    desk_key(GDK_KEY_9, 0); // the others come with it
    desk_wait_text("part-1", "9/9 Zwischenspiel");
    desk_wait_is("part-1", DESK_CHECKED, true);
    desk_wait_gone("part-2");
}

int main(int argc, char **argv)
{
    desk_enter(argc, argv);
    stage_isolate(argc, argv);
#define WINDOW_TEST(test) cmocka_unit_test_setup_teardown(test, open_window, close_window)
    const struct CMUnitTest tests[] = {
        WINDOW_TEST(test_everything_is_on_the_screen),
        WINDOW_TEST(test_tunes),
        WINDOW_TEST(test_is_gone_through),
        WINDOW_TEST(test_pedals_are_learnt),
        WINDOW_TEST(test_follows_pedals_and_edits),
        WINDOW_TEST(test_says_which_model_is_not_in_it),
        WINDOW_TEST(test_is_there_again_and_can_be_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
