// SPDX-License-Identifier: MIT
// What lasts from one start to the next, what comes while the app runs, and what must stay as it
// is: the last rig, a device that appears late, --no-connect, the caller's descriptors.

#include "peer.h"
#include "pump.h"
#include "skip.h"
#include "stage.h"
#include "support/cmocka_all.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RATE_HZ = 48000 };

static bl_app *app;
static bl_app_state s;
static peer p;                // not on the stack: its audio threads outlive a test that fails
static jack_client_t *device; // one whose ports are physical

static void open_app(bl_app_config config)
{
    bl_error error = {0};
    s = (bl_app_state){.phase = BL_APP_LOOKING};
    if (bl_app_create(&config, &app, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    PUMP_UNTIL(s.phase == BL_APP_PLAYING && !s.loading && s.model_path[0] != '\0');
}

static void close_app(void)
{
    bl_app_destroy(app);
    app = NULL;
}

static void start_server(bool no_ports)
{
    stage_server_start(
        &(stage_server){.rate_hz = RATE_HZ, .period = 256, .async = true, .no_ports = no_ports});
}

static int open_test(void **state)
{
    stage_open(state);
    return stage_rename_server(state);
}

static int close_test(void **state)
{
    close_app();
    if (device != NULL) {
        jack_client_close(device);
        device = NULL;
    }
    if (p.player != NULL) {
        peer_close(&p);
    }
    stage_server_stop();
    return stage_close(state);
}

static bool is_connected(const char *name, bl_app_role role)
{
    size_t count = 0;
    const bl_app_port *ports = bl_app_get_ports(app, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(ports[i].name, name) == 0) {
            return ports[i].connected[role];
        }
    }
    return false;
}

static bool has_message(const char *text)
{
    bl_app_message message;
    while (bl_app_take_message(app, &message)) {
        if (strstr(message.text, text) != NULL) {
            return true;
        }
    }
    return false;
}

/// The last rig plays again, stages and all, also when it was named from another folder; a model
/// that is named plays alone again.
static void test_last_rig(void **state)
{
    (void)state;
    char *const folder = getcwd(NULL, 0);
    const char *model = stage_make_model("own.safetensors", 1, true, RATE_HZ);
    const double usual = bl_parameter_get(BL_PARAMETER_LEVEL)->default_value;
    bl_app_config config = bl_app_config_default();
    stage_write("rig.yaml", "version: 1\nmodel: own.safetensors\nparameters:\n  level_db: -7.5\n");
    start_server(false);
    assert_int_equal(chdir(stage_path(".")), 0);
    config.rig = "rig.yaml";
    open_app(config);
    assert_true(s.parameters[BL_PARAMETER_LEVEL] == -7.5);
    close_app();
    assert_int_equal(chdir(folder), 0);
    free(folder);
    open_app(bl_app_config_default());
    assert_string_equal(s.model_path, model);
    assert_true(s.parameters[BL_PARAMETER_LEVEL] == -7.5);
    close_app();
    assert_int_equal(unlink(stage_path("rig.yaml")), 0);
    open_app(bl_app_config_default());
    assert_true(has_message("rig.yaml"));
    assert_string_equal(s.model_path, model);
    assert_true(s.parameters[BL_PARAMETER_LEVEL] == usual);
    close_app();
    stage_write("rig.yaml", "version: 1\nmodel: own.safetensors\nparameters:\n  level_db: -7.5\n");
    config.rig = stage_path("rig.yaml");
    open_app(config);
    close_app();
    config.rig = NULL;
    config.model = model;
    open_app(config);
    assert_true(s.parameters[BL_PARAMETER_LEVEL] == usual);
    close_app();
    open_app(bl_app_config_default());
    assert_true(s.parameters[BL_PARAMETER_LEVEL] == usual);
}

/// A model named from its own folder is found from any other.
static void test_relative_model(void **state)
{
    (void)state;
    char *const folder = getcwd(NULL, 0);
    const char *model = stage_make_model("own.safetensors", 1, true, RATE_HZ);
    bl_app_config config = bl_app_config_default();
    start_server(false);
    assert_int_equal(chdir(stage_path(".")), 0);
    config.model = "own.safetensors";
    open_app(config);
    stage_make_model("other.safetensors", 2, true, RATE_HZ);
    bl_app_load_model(app, "other.safetensors");
    PUMP_UNTIL(strstr(s.model_path, "other.safetensors") != NULL && !s.loading);
    assert_true(s.model_path[0] == '/');
    bl_app_load_model(app, "./own.safetensors");
    PUMP_UNTIL(strstr(s.model_path, "own.safetensors") != NULL && !s.loading);
    close_app();
    assert_int_equal(chdir(folder), 0);
    free(folder);
    open_app(bl_app_config_default());
    assert_string_equal(s.model_path, model);
    size_t count = 0;
    const bl_app_model *models = bl_app_get_models(app, &count);
    for (size_t i = 0; i < count; i++) {
        assert_true(models[i].path[0] == '/');
    }
}

static jack_port_t *add_port(const char *name, unsigned long flags)
{
    jack_port_t *port = jack_port_register(device, name, JACK_DEFAULT_AUDIO_TYPE,
                                           flags | JackPortIsPhysical | JackPortIsTerminal, 0);
    assert_non_null(port);
    return port;
}

static void open_device(void)
{
    device = jack_client_open("usb", JackNoStartServer, NULL);
    assert_non_null(device);
    assert_int_equal(jack_activate(device), 0);
}

static void add_device(void)
{
    open_device();
    add_port("capture_1", JackPortIsOutput);
    add_port("capture_2", JackPortIsOutput);
    add_port("playback_1", JackPortIsInput);
    add_port("playback_2", JackPortIsInput);
}

/// A sound card that is plugged in while the server runs already without any.
static void test_device_appears_late(void **state)
{
    (void)state;
    bl_app_config config = bl_app_config_default();
    config.model = stage_make_model("own.safetensors", 1, true, RATE_HZ);
    start_server(true);
    open_app(config);
    PUMP_UNTIL(s.demo[0] != '\0');
    assert_string_equal(s.device, "");
    add_device();
    PUMP_UNTIL(is_connected("usb:capture_1", BL_APP_IN) &&
               is_connected("usb:playback_1", BL_APP_OUT_LEFT) &&
               is_connected("usb:playback_2", BL_APP_OUT_RIGHT));
    assert_string_equal(s.device, "usb");
    PUMP_UNTIL(s.demo[0] == '\0');
    bl_app_connect(app, BL_APP_IN, "usb:capture_1", false);
    bl_app_connect(app, BL_APP_IN, "usb:capture_2", true);
    PUMP_UNTIL(!is_connected("usb:capture_1", BL_APP_IN) &&
               is_connected("usb:capture_2", BL_APP_IN));
    assert_true(stage_wait_remembered("usb:capture_2", true));
    close_app();
    jack_client_close(device);
    device = NULL;
    // The next start is before the device again, which has its own connections remembered.
    open_app(config);
    PUMP_UNTIL(s.demo[0] != '\0');
    add_device();
    PUMP_UNTIL(is_connected("usb:capture_2", BL_APP_IN) &&
               is_connected("usb:playback_1", BL_APP_OUT_LEFT));
    assert_false(is_connected("usb:capture_1", BL_APP_IN));
}

/// The connections of a card that Backline's own server had are made on a server that is joined.
static void test_card_of_another_server(void **state)
{
    (void)state;
    bl_app_config config = bl_app_config_default();
    config.model = stage_make_model("own.safetensors", 1, true, RATE_HZ);
    stage_write("XDG_STATE_HOME/backline/state.yaml",
                "version: 1\ndevices:\n- device: alsa:USB\n  connections:\n"
                "  - ours: in\n    theirs: usb:capture_2\n");
    start_server(true);
    add_device();
    jack_port_t *first = jack_port_by_name(device, "usb:capture_1");
    assert_int_equal(jack_port_set_alias(first, "alsa_pcm:hw:USB,0:out1"), 0);
    open_app(config);
    PUMP_UNTIL(is_connected("usb:capture_2", BL_APP_IN));
    assert_string_equal(s.device, "alsa:USB");
    assert_false(is_connected("usb:capture_1", BL_APP_IN));
}

/// Hardware that reports no latency has one all the same; another program that says so has none.
static void test_latency_that_is_not_reported(void **state)
{
    (void)state;
    bl_app_config config = bl_app_config_default();
    config.model = stage_make_model("own.safetensors", 1, true, RATE_HZ);
    start_server(true);
    open_device();
    add_port("capture_1", JackPortIsOutput);
    assert_non_null(
        jack_port_register(device, "player", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0));
    open_app(config);
    PUMP_UNTIL(is_connected("usb:capture_1", BL_APP_IN));
    assert_false(s.latency.in_known || s.latency.out_known);
    assert_true(s.latency.period_ms == 256 * 1e3 / RATE_HZ); // that much is sure
    assert_true(s.latency.total_ms == s.latency.period_ms);
    bl_app_connect(app, BL_APP_IN, "usb:capture_1", false);
    PUMP_UNTIL(!is_connected("usb:capture_1", BL_APP_IN));
    assert_false(s.latency.in_known);
    bl_app_connect(app, BL_APP_IN, "usb:player", true);
    PUMP_UNTIL(s.latency.in_known);
    assert_true(s.latency.driver_in_ms == 0.0 && s.latency.period_ms == 0.0);
}

/// A program that ends and starts again before anybody looks has its connection back. What the
/// player undoes stays undone, although ports of others come and go.
static void test_port_comes_anew(void **state)
{
    (void)state;
    bl_app_config config = bl_app_config_default();
    config.model = stage_make_model("own.safetensors", 1, true, RATE_HZ);
    start_server(true);
    open_device();
    jack_port_t *port = add_port("capture_1", JackPortIsOutput);
    open_app(config);
    PUMP_UNTIL(is_connected("usb:capture_1", BL_APP_IN));
    assert_int_equal(jack_port_unregister(device, port), 0);
    add_port("capture_1", JackPortIsOutput);
    PUMP_UNTIL(!is_connected("usb:capture_1", BL_APP_IN));
    PUMP_UNTIL(is_connected("usb:capture_1", BL_APP_IN));
    assert_int_equal(jack_disconnect(device, "usb:capture_1", "backline:in"), 0);
    port = add_port("other", JackPortIsOutput);
    PUMP_UNTIL(!is_connected("usb:capture_1", BL_APP_IN));
    assert_int_equal(jack_port_unregister(device, port), 0);
    assert_true(stage_wait_remembered("usb:capture_1", true));
    const long long end = now_ms() + DEADLINE_MS;
    bool remembered = true;
    while (remembered && now_ms() < end) { // until it is sure that the player meant it
        pump(app, &s);
        remembered = stage_remembers("usb:capture_1");
    }
    assert_false(remembered);
    assert_false(is_connected("usb:capture_1", BL_APP_IN));
}

/// What others connect stays theirs: it is neither remembered nor made anew. What the player
/// chooses in Backline is made anew, in this run.
static void test_no_connect(void **state)
{
    (void)state;
    bl_app_config config = bl_app_config_default();
    config.model = stage_make_model("own.safetensors", 1, true, RATE_HZ);
    config.no_connect = true;
    start_server(false);
    open_app(config);
    peer_open(&p);
    assert_int_equal(jack_connect(p.player, "system:capture_1", "backline:in"), 0);
    PUMP_UNTIL(is_connected("system:capture_1", BL_APP_IN));
    bl_app_connect(app, BL_APP_OUT_LEFT, "system:playback_1", true);
    PUMP_UNTIL(is_connected("system:playback_1", BL_APP_OUT_LEFT));
    peer_close(&p);
    p.player = NULL;
    stage_server_signal(SIGKILL);
    PUMP_UNTIL(s.phase == BL_APP_LOOKING);
    start_server(false);
    PUMP_UNTIL(s.phase == BL_APP_PLAYING && is_connected("system:playback_1", BL_APP_OUT_LEFT));
    peer_open(&p); // new ports are one more reason to survey
    for (int i = 0; i < 20; i++) {
        pump(app, &s);
    }
    assert_false(is_connected("system:capture_1", BL_APP_IN));
    assert_false(peer_is_connected(&p, "system:capture_1", "backline:in"));
    close_app();
    assert_true(stage_wait_remembered("system:", false));
}

/// What the caller has open stays open when nothing comes of the app.
static void test_bad_rig_leaves_descriptors(void **state)
{
    (void)state;
    bl_app_config config = bl_app_config_default();
    bl_error error = {0};
    if (fcntl(STDIN_FILENO, F_GETFD) < 0) {
        assert_int_equal(open("/dev/null", O_RDONLY), STDIN_FILENO);
    }
    config.rig = stage_path("missing.yaml");
    assert_int_not_equal(bl_app_create(&config, &app, &error), BL_STATUS_OK);
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
    app = NULL;
}

/// Nobody is told that all is there while a demo is still being read.
static void test_demo_is_loading(void **state)
{
    (void)state;
    bl_app_config config = bl_app_config_default();
    bl_audio sound;
    stage_make_sound("demo.wav", 1.0, &sound);
    bl_audio_finish(&sound);
    config.model = stage_make_model("own.safetensors", 1, true, RATE_HZ);
    start_server(false);
    open_app(config);
    assert_string_equal(s.demo, "");
    bl_app_set_demo(app, stage_path("demo.wav"));
    bl_app_get_state(app, &s);
    assert_true(s.loading);
    PUMP_UNTIL(!s.loading);
    assert_non_null(strstr(s.demo, "demo.wav"));
    s.out_peak = 0.0F;
    PUMP_UNTIL(s.out_peak > 0.0F);
}

/// What was chosen while the server stands still is remembered, although the app cannot end it.
static void test_choice_in_a_frozen_server(void **state)
{
    (void)state;
#ifdef BL_SANITIZED
    bl_test_skip("what a hung thread uses is left behind, and the sanitizer calls that a leak");
#endif
    bl_app_config config = bl_app_config_default();
    config.model = stage_make_model("own.safetensors", 1, true, RATE_HZ);
    start_server(false);
    open_app(config);
    PUMP_UNTIL(is_connected("system:playback_1", BL_APP_OUT_LEFT));
    assert_true(stage_wait_remembered("out_left\n    theirs: system:playback_1", true));
    stage_server_signal(SIGSTOP);
    PUMP_UNTIL(s.phase == BL_APP_FROZEN);
    bl_app_connect(app, BL_APP_OUT_LEFT, "system:playback_2", true);
    close_app();
    const bool remembered = stage_wait_remembered("out_left\n    theirs: system:playback_2", true);
    stage_server_signal(SIGKILL);
    assert_true(remembered);
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
#define LASTING_TEST(test) cmocka_unit_test_setup_teardown(test, open_test, close_test)
    const struct CMUnitTest tests[] = {
        LASTING_TEST(test_last_rig),
        LASTING_TEST(test_relative_model),
        LASTING_TEST(test_device_appears_late),
        LASTING_TEST(test_card_of_another_server),
        LASTING_TEST(test_latency_that_is_not_reported),
        LASTING_TEST(test_port_comes_anew),
        LASTING_TEST(test_no_connect),
        LASTING_TEST(test_bad_rig_leaves_descriptors),
        LASTING_TEST(test_demo_is_loading),
        LASTING_TEST(test_choice_in_a_frozen_server), // last: the library hangs for a while
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
