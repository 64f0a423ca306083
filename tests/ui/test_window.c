// SPDX-License-Identifier: MIT
// The window end to end, through the accessibility tree and the keyboard: what it shows is true,
// what is chosen is heard, and the audio goes on whatever becomes of the window or the server.

#include "desk.h"
#include "system/peer.h"
#include "system/stage.h"

#include "backline/voice.h"
#include "support/cmocka_all.h"

#include <gdk/gdkkeysyms.h>
#include <glib.h>
#include <jack/metadata.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE_HZ = 48000, PERIOD = 256, FRAMES = 256 * 64 };

static const stage_server server = {.rate_hz = RATE_HZ, .period = PERIOD};
static program window;
static peer p; // not on the stack: its audio threads outlive a test that fails
static bool joined;
static const char *own_model;

// Other programs on the server: one that plays, one that records.
static void join(void)
{
    peer_open(&p);
    joined = true;
}

static void leave(void)
{
    if (joined) {
        peer_close(&p);
    }
    joined = false;
}

// A test that changes nothing says so at its end, and the next one has the same window.
static bool as_found, kept;

static int open_window(void **state)
{
    if (kept) {
        kept = as_found = false;
        return 0;
    }
    program_end(&window);
    stage_open(state); // a player without a past
    stage_server_start(&server);
    own_model = stage_make_model("own.safetensors", 11, true, RATE_HZ);
    const char *const arguments[] = {own_model, NULL};
    desk_start(&window, arguments);
    desk_wait_text("status-state", "Playing");
    desk_wait_text("model-name", "own");
    desk_wait_is("in-1", DESK_CHECKED, true);
    desk_wait_is("out-1", DESK_CHECKED, true);
    return 0;
}

static int close_window(void **state)
{
    kept = as_found;
    if (kept) {
        leave();
        return 0;
    }
    if (window.pid > 0) {
        desk_stop(&window);
    }
    program_end(&window);
    leave();
    stage_server_stop(); // one that is killed keeps its place among the eight there can be
    return stage_close(state);
}

// What a model makes of the sound, by the engine's own voice.
static void expect(const char *model_path, const float *in, float *out)
{
    bl_model *model;
    bl_voice *voice;
    assert_int_equal(bl_model_load(model_path, NULL, &model, NULL), BL_STATUS_OK);
    assert_int_equal(bl_voice_create(model, NULL, &voice, NULL), BL_STATUS_OK);
    for (int i = 0; i < FRAMES; i += BL_INNER_FRAMES) {
        bl_voice_process(voice, in + i, out + i, BL_INNER_FRAMES);
    }
    bl_voice_destroy(voice);
    bl_model_release(model);
}

// Plays some of the riff from `source` into the window's program and compares what comes out.
static void hear(const char *model_path)
{
    static float expected[FRAMES], found[FRAMES];
    static bl_audio riff;
    if (riff.frames == 0) {
        stage_make_sound("riff.wav", 1.0, &riff);
    }
    memset(found, 0, sizeof found);
    peer_run(&p, riff.samples, found, FRAMES, &(peer_plan){0});
    expect(model_path, riff.samples, expected);
    const double difference = stage_difference(expected, found, FRAMES);
    if (!(difference >= 0.0 && difference < 1e-5)) {
        fail_msg("what is heard differs from %s by %g", model_path, difference);
    }
}

// Every control, in the order of the screen. `stop`: Tab must get there.
static const struct {
    const char *id;
    bool stop;
} controls[] = {
    {"tuner", true},
    {"bypass", true},
    {"mute", true},
    {"menu-main", true},
    {"win-close", true},
    {"model-name", false},
    {"model-kind", false},
    {"model-rate", false},
    {"model-cost", false},
    {"model-added-latency", false},
    {"model-previous", true},
    {"model-change", true},
    {"model-next", true},
    {"library-list", false},
    {"in-1", true},
    {"meter-in-1", true},
    {"in-2", true},
    {"meter-in-2", true},
    {"out-1", true},
    {"meter-out-1", true},
    {"no-setlist", false},
    {"setlist-menu", true},
    {"latency-total", false},
    {"latency-remark", false},
    {"latency-bar", false},
    {"latency-own", false},
    {"latency-receptive-field", false},
    {"status-state", false},
    {"status-server", false},
    {"status-latency", false},
    {"status-receptive-field", false},
    {"status-load", false},
    {"status-xruns", false},
    {"model-1", false},
    {"model-5", true}, // behind the factory models
};

enum { CONTROLS = sizeof controls / sizeof controls[0], TABS_MAX = 60 };

static void test_every_control_has_a_name_and_a_keyboard_way(void **state)
{
    (void)state;
    bool reached[CONTROLS] = {false};
    for (int i = 0; i < CONTROLS; i++) {
        if (desk_text(controls[i].id)[0] == '\0') {
            fail_msg("\"%s\" has no name", controls[i].id);
        }
    }
    bool all = false;
    for (int tab = 0; tab < TABS_MAX && !all; tab++) {
        const char *focus = desk_focus();
        all = true;
        for (int i = 0; i < CONTROLS; i++) {
            reached[i] = reached[i] || strcmp(controls[i].id, focus) == 0;
            all = all && (reached[i] || !controls[i].stop);
        }
        desk_key(GDK_KEY_Tab, 0);
    }
    for (int i = 0; i < CONTROLS; i++) {
        if (controls[i].stop && !reached[i]) {
            fail_msg("Tab does not get to \"%s\"", controls[i].id);
        }
    }
    as_found = true;
}

// Presses Tab until the control with that id, which has a name, has the keyboard.
static void tab_to(const char *id)
{
    if (desk_text(id)[0] == '\0') {
        fail_msg("\"%s\" has no name", id);
    }
    for (int tab = 0; strcmp(desk_focus(), id) != 0; tab++) {
        if (tab == TABS_MAX) {
            fail_msg("Tab does not get to \"%s\"", id);
        }
        desk_key(GDK_KEY_Tab, 0);
    }
}

// The menu and what it opens, without a mouse.
static void test_menu_and_dialogs_by_keyboard(void **state)
{
    (void)state;
    tab_to("menu-main");
    desk_key(GDK_KEY_space, 0);
    desk_wait_is("menu-main", DESK_CHECKED, true);
    bool found = false;
    for (int down = 0; down < TABS_MAX && !found; down++) {
        desk_key(GDK_KEY_Down, 0);
        found = strcmp(desk_focus_name(), "Open a model file…") == 0;
    }
    assert_true(found);
    desk_key(GDK_KEY_Return, 0);
    desk_wait_is("model-dialog", DESK_SHOWING, true);
    assert_string_equal(desk_text("model-dialog"), "Open a model file");
    desk_take_keyboard();
    desk_key(GDK_KEY_Escape, 0);
    desk_wait_gone("model-dialog");
    desk_take_keyboard();
    desk_wait_is("menu-main", DESK_CHECKED, false);
    as_found = true;
}

// "Latency 8.0 ms = driver in 0.0 + period 2.7 + Backline 0.0 + driver out 5.3", in any locale.
static void check_latency_is_a_sum(const char *sentence)
{
    char text[256];
    double figures[5] = {0};
    int count = 0;
    snprintf(text, sizeof text, "%s", sentence);
    for (char *at = strpbrk(text, "0123456789"); at != NULL && count < 5;
         at = strpbrk(at, "0123456789")) {
        at[strcspn(at, ",. ")] = '.';
        figures[count++] = g_ascii_strtod(at, &at);
    }
    // As the locale writes it, and no other way.
    const char other = *localeconv()->decimal_point == ',' ? '.' : ',';
    assert_null(strchr(sentence, other));
    const char *const parts[] = {"in ", "period ", "out "};
    for (int i = 0; i < 3; i++) {
        assert_non_null(strstr(sentence, parts[i]));
    }
    assert_int_equal(count, 5);
    assert_true(figures[0] > 5.0); // a period of 256 frames is waited for, and one plays
    assert_true(fabs(figures[0] - figures[1] - figures[2] - figures[3] - figures[4]) < 0.25);
}

static void test_shows_what_the_server_and_the_model_are(void **state)
{
    (void)state;
    assert_non_null(strstr(desk_text("status-server"), "48 kHz, 256 frames"));
    check_latency_is_a_sum(desk_text("status-latency"));
    // 127 samples at 48 kHz: what the model remembers, and not a part of the latency.
    assert_non_null(strstr(desk_text("model-receptive-field"), "127 samples"));
    assert_non_null(strstr(desk_text("model-receptive-field"), "no delay"));
    assert_non_null(strstr(desk_text("status-receptive-field"), "no delay"));
    assert_string_equal(desk_text("model-added-latency"), "0 samples");
    assert_non_null(strstr(desk_text("status-load"), "%"));
    assert_non_null(strstr(desk_text("status-xruns"), "xrun"));
    as_found = true;
}

static void test_switches_by_key_and_click(void **state)
{
    (void)state;
    desk_key(GDK_KEY_m, 0);
    desk_wait_text("status-state", "Muted");
    desk_wait_is("mute", DESK_CHECKED, true);
    desk_click("mute");
    desk_wait_text("status-state", "Playing");
    desk_wait_is("mute", DESK_CHECKED, false);
    desk_key(GDK_KEY_b, 0);
    desk_wait_text("status-state", "Bypassed");
    desk_key(GDK_KEY_b, 0);
    desk_wait_text("status-state", "Playing");
    as_found = true;
}

static void test_arrow_keys_try_models_at_once(void **state)
{
    (void)state;
    for (int tab = 0; tab < TABS_MAX && strcmp(desk_focus(), "model-5") != 0; tab++) {
        desk_key(GDK_KEY_Tab, 0);
    }
    desk_key(GDK_KEY_Up, 0);
    desk_wait_text("model-name", "lead");
    desk_key(GDK_KEY_Down, 0);
    desk_wait_text("model-name", "own");
    as_found = true;
}

static void test_model_that_is_chosen_is_heard(void **state)
{
    (void)state;
    join();
    assert_true(peer_connect(&p, "backline:in", "backline:out_left"));
    hear(own_model);
    desk_select("library-list", 0);
    desk_wait_text("model-name", "clean");
    hear(BL_SHARE_DIR "/models/clean.safetensors");
    desk_key(GDK_KEY_Right, GDK_KEY_Alt_L);
    desk_wait_text("model-name", "crunch");
    hear(BL_SHARE_DIR "/models/crunch.safetensors");
}

static void test_ports_that_are_chosen_are_connected(void **state)
{
    (void)state;
    join();
    const char *source = jack_port_name(p.source);
    assert_true(peer_wait_connected(&p, "system:capture_1", "backline:in", true));
    desk_wait_text("in-3", source); // another program's port, by its name; the list is whole
    desk_wait_is("in-1", DESK_CHECKED, true);
    desk_click("in-1");
    assert_true(peer_wait_connected(&p, "system:capture_1", "backline:in", false));
    desk_click("in-3");
    assert_true(peer_wait_connected(&p, source, "backline:in", true));
    desk_wait_is("in-1", DESK_CHECKED, false);
    desk_wait_is("in-3", DESK_CHECKED, true);
    desk_click("out-1");
    assert_true(peer_wait_connected(&p, "backline:out_left", "system:playback_1", false));
    assert_true(peer_wait_connected(&p, "backline:out_right", "system:playback_2", false));
    desk_wait_text("status-latency", "out ?"); // to nowhere
    desk_wait_text("latency-total", "≥ ");
    desk_wait_text("latency-remark", "not all");
    desk_wait_is("out-1", DESK_CHECKED, false);
    desk_click("out-1");
    assert_true(peer_wait_connected(&p, "backline:out_left", "system:playback_1", true));
    assert_true(peer_wait_connected(&p, "backline:out_right", "system:playback_2", true));
}

static void test_meters_of_all_ports_move(void **state)
{
    (void)state;
    join();
    desk_wait("meter-in-3");
    static float tone[FRAMES], heard[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        tone[i] = 0.25F * sinf(0.05F * (float)i);
    }
    // Not connected to Backline, and yet its meter says how loud it is: -12 dB.
    double level = -60.0;
    const long long until = now_ms() + DEADLINE_MS;
    while (level < -20.0 && now_ms() < until) {
        peer_run(&p, tone, heard, FRAMES, &(peer_plan){0});
        level = desk_value("meter-in-3");
    }
    assert_true(fabs(level + 12.0) < 1.5);
    assert_true(desk_value("meter-in-1") <= -60.0);
    as_found = true;
}

static void test_a_model_that_does_not_fit_can_be_sent_back(void **state)
{
    (void)state;
    join();
    assert_true(peer_connect(&p, "backline:in", "backline:out_left"));
    program second;
    const char *heavy = stage_make_heavy_model("heavy.safetensors", 256);
    assert_int_equal(desk_start_again(&second, heavy), 0);
    desk_wait_is("info-bar", DESK_SHOWING, true);
    desk_wait_text("info-bar-text", "of a period");
    desk_wait_text("model-name", "heavy");
    desk_picture("heavy-model");
    tab_to("info-bar-action-1");
    desk_key(GDK_KEY_space, 0);
    desk_wait_gone("info-bar");
    desk_wait_text("model-name", "own");
    hear(own_model);
}

static void test_a_broken_model_is_told_and_the_old_one_plays_on(void **state)
{
    (void)state;
    join();
    assert_true(peer_connect(&p, "backline:in", "backline:out_left"));
    stage_write("broken.nam", "{\"version\": \"0.5.4\", \"architecture\": ");
    program second;
    assert_int_equal(desk_start_again(&second, stage_path("broken.nam")), 0);
    desk_wait_is("info-bar", DESK_SHOWING, true);
    desk_wait_text("info-bar-text", "broken.nam");
    desk_picture("broken-model");
    hear(own_model);
    assert_string_equal(desk_text("info-bar"), "Error");
    tab_to("info-bar-action-2");
    desk_key(GDK_KEY_space, 0);
    desk_wait_gone("info-bar");
    assert_string_equal(desk_text("model-name"), "own");
}

static void test_a_broken_model_at_the_start_is_told(void **state)
{
    (void)state;
    desk_stop(&window);
    stage_write("broken.nam", "{\"version\": \"0.5.4\", \"architecture\": ");
    desk_start(&window, (const char *const[]){stage_path("broken.nam"), NULL});
    desk_wait_is("info-bar", DESK_SHOWING, true);
    desk_wait_text("info-bar-text", "broken.nam");
    desk_wait_text("status-state", "Playing");
    desk_wait_text("info-bar-text", "broken.nam"); // it stays
}

static void test_titles_follow_pretty_names(void **state)
{
    (void)state;
    join();
    desk_wait_text("in-3", jack_port_name(p.source));
    const jack_uuid_t uuid = jack_port_uuid(p.source);
    assert_int_equal(
        jack_set_property(p.player, uuid, JACK_METADATA_PRETTY_NAME, "Les Paul", "text/plain"), 0);
    desk_wait_text("in-3", "Les Paul");
}

static void type(const char *text)
{
    for (; *text != '\0'; text++) {
        desk_key((unsigned char)*text, 0); // the keysyms of ASCII are ASCII
    }
}

static void test_a_file_is_opened_while_the_guitar_plays(void **state)
{
    (void)state;
    const char *other = stage_make_model("other.safetensors", 12, true, RATE_HZ);
    join();
    assert_true(peer_connect(&p, "backline:in", "backline:out_left"));
    desk_key(GDK_KEY_o, GDK_KEY_Control_L);
    desk_wait_is("model-dialog", DESK_SHOWING, true);
    desk_take_keyboard();
    hear(own_model);
    type(other);
    desk_key(GDK_KEY_Return, 0);
    desk_wait_text("model-name", "other");
    desk_wait_gone("model-dialog");
    hear(other);
}

static void test_window_outlives_the_server(void **state)
{
    (void)state;
    stage_server_signal(SIGKILL);
    desk_wait_text("status-state", "No sound");
    desk_wait_text("info-bar-text", "server");
    desk_wait_text("info-bar-text", "stays loaded");
    desk_key(GDK_KEY_m, 0);
    desk_wait_is("mute", DESK_CHECKED, true);
    desk_picture("no-server");
    stage_server_start(&server);
    desk_wait_text("status-state", "Muted");
    desk_click("mute");
    desk_wait_text("status-state", "Playing");
    desk_wait_gone("info-bar");
    join();
    assert_true(peer_wait_connected(&p, "system:capture_1", "backline:in", true));
    assert_true(peer_connect(&p, "backline:in", "backline:out_left"));
    hear(own_model);
}

static void test_audio_outlives_the_window(void **state)
{
    (void)state;
    join();
    assert_true(peer_connect(&p, "backline:in", "backline:out_left"));
    desk_click("win-close");
    desk_wait_gone("page-amp");
    hear(own_model);
    // A second start shows the first one's window, and ends.
    program second;
    assert_int_equal(desk_start_again(&second, NULL), 0);
    desk_wait_is("page-amp", DESK_SHOWING, true);
    hear(own_model);
}

/// Where nothing could bring the window back, it asks before the sound ends.
static void test_sound_does_not_end_unasked(void **state)
{
    (void)state;
    desk_stop(&window);
    char *bus = g_strdup(getenv("DBUS_SESSION_BUS_ADDRESS"));
    setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:", 1);
    desk_start(&window, (const char *const[]){own_model, NULL});
    setenv("DBUS_SESSION_BUS_ADDRESS", bus, 1);
    g_free(bus);
    desk_wait_text("status-state", "Playing");
    desk_wait_text("win-close", "end the sound");
    join();
    assert_true(peer_connect(&p, "backline:in", "backline:out_left"));
    desk_click("win-close");
    desk_wait_is("close-dialog", DESK_SHOWING, true);
    desk_wait_text("close-dialog", "The sound ends with this window");
    desk_picture("close");
    hear(own_model); // while it asks
    desk_take_keyboard();
    desk_key(GDK_KEY_Return, 0);
    desk_wait_gone("close-dialog");
    desk_wait_is("page-amp", DESK_SHOWING, true);
    desk_click("win-close");
    desk_wait_is("close-dialog", DESK_SHOWING, true);
    desk_take_keyboard();
    tab_to("close-play-on");
    tab_to("close-end");
    desk_key(GDK_KEY_space, 0);
    assert_int_equal(program_wait(&window), 0);
}

static void test_everything_is_on_the_screen(void **state)
{
    (void)state;
    const char *screen = getenv("DESK_SCREEN");
    const int width = screen != NULL ? atoi(screen) : 1280;
    const int height = screen != NULL ? atoi(strchr(screen, 'x') + 1) : 800;
    const char *const ids[] = {"mute",  "win-close",    "model-next",  "in-1",
                               "out-1", "status-state", "status-xruns"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        int right, bottom;
        desk_corner(ids[i], &right, &bottom);
        if (right > width || bottom > height) {
            fail_msg("\"%s\" ends at %d, %d", ids[i], right, bottom);
        }
    }
    const unsigned accent = 0x3FD2C7, panel = 0x1E1C19;
    char name[64];
    snprintf(name, sizeof name, "window-%dx%d", width, height);
    desk_picture(name);
    assert_true(desk_count(accent) > 300);
    assert_true(desk_count(panel) > width * height / 10);
    as_found = true;
}

int main(int argc, char **argv)
{
    desk_enter(argc, argv);
    stage_isolate(argc, argv);
#define WINDOW_TEST(test) cmocka_unit_test_setup_teardown(test, open_window, close_window)
    const struct CMUnitTest tests[] = {
        WINDOW_TEST(test_shows_what_the_server_and_the_model_are),
        WINDOW_TEST(test_everything_is_on_the_screen),
        WINDOW_TEST(test_every_control_has_a_name_and_a_keyboard_way),
        WINDOW_TEST(test_menu_and_dialogs_by_keyboard),
        WINDOW_TEST(test_switches_by_key_and_click),
        WINDOW_TEST(test_arrow_keys_try_models_at_once),
        WINDOW_TEST(test_meters_of_all_ports_move),
        WINDOW_TEST(test_model_that_is_chosen_is_heard),
        WINDOW_TEST(test_ports_that_are_chosen_are_connected),
        WINDOW_TEST(test_a_file_is_opened_while_the_guitar_plays),
        WINDOW_TEST(test_a_model_that_does_not_fit_can_be_sent_back),
        WINDOW_TEST(test_a_broken_model_is_told_and_the_old_one_plays_on),
        WINDOW_TEST(test_a_broken_model_at_the_start_is_told),
        WINDOW_TEST(test_titles_follow_pretty_names),
        WINDOW_TEST(test_window_outlives_the_server),
        WINDOW_TEST(test_audio_outlives_the_window),
        WINDOW_TEST(test_sound_does_not_end_unasked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
