// SPDX-License-Identifier: MIT
// The app as a user interface drives it, in this process: models change while it plays, nothing
// forbidden happens in the callback (this program runs under the RT guard where there is one).

#include "pump.h"
#include "skip.h"
#include "stage.h"
#include "support/cmocka_all.h"

#include <jack/jack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEAVY_CHANNELS = 256 };

static bl_app *app;

static void open_app(const char *model, const char *demo)
{
    bl_app_state s;
    bl_app_config config = bl_app_config_default();
    bl_error error = {0};
    config.model = model;
    config.demo = demo;
    config.strict = true;
    stage_server_start(&(stage_server){.rate_hz = 48000, .period = 128, .async = true});
    assert_int_equal(bl_app_create(&config, &app, &error), BL_STATUS_OK);
    PUMP_UNTIL(s.phase == BL_APP_PLAYING);
}

static void close_app(void)
{
    bl_app_destroy(app);
    app = NULL;
    stage_server_stop();
}

static void test_models_change(void **state)
{
    (void)state;
    enum { CHANGES = 60 };
    bl_app_state s;
    bl_audio sound;
    char models[3][256];
    for (int i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "model-%d.safetensors", i);
        snprintf(models[i], sizeof models[i], "%s",
                 stage_make_model(name, (uint64_t)i, i != 2, 48000.0));
    }
    stage_make_sound("demo.wav", 1.0, &sound);
    open_app(models[0], stage_path("demo.wav"));
    PUMP_UNTIL(s.swaps == 1);
    for (uint64_t i = 1; i <= CHANGES; i++) {
        bl_app_load_model(app, models[i % 3]);
        PUMP_UNTIL(s.swaps == i + 1 && strcmp(s.model_path, models[i % 3]) == 0);
    }
    PUMP_UNTIL(s.out_peak > 0.0F);
    assert_int_equal(s.not_finite_blocks, 0);
    close_app();
    bl_audio_finish(&sound);
}

/// Of many in a row the last one wins, and nothing that came too late is heard afterwards.
static void test_hasty_player(void **state)
{
    (void)state;
    bl_app_state s;
    char models[2][256];
    snprintf(models[0], sizeof models[0], "%s", stage_make_model("a.safetensors", 1, true, 48000));
    snprintf(models[1], sizeof models[1], "%s", stage_make_model("b.safetensors", 2, true, 48000));
    open_app(models[0], NULL);
    for (int i = 0; i < 100; i++) {
        bl_app_load_model(app, models[i % 2]);
        if (i % 7 == 0) {
            pump(app, &s);
        }
    }
    PUMP_UNTIL(!s.loading);
    assert_string_equal(s.model_path, models[1]);
    assert_string_equal(s.model.name, "b");
    close_app();
}

/// Of a model that does not fit, the width that does plays, and it is said.
static void test_heavy_model(void **state)
{
    (void)state;
#ifdef BL_SANITIZED
    bl_test_skip("a sanitizer makes every model too heavy");
#endif
    bl_app_state s = {.model_load = 0.0};
    open_app(stage_make_model("a.safetensors", 1, true, 48000), NULL);
    PUMP_UNTIL(s.model_load > 0.0);
    const char *path = stage_make_heavy_model("heavy.safetensors", HEAVY_CHANNELS);
    bl_app_load_model(app, path);
    PUMP_UNTIL(strcmp(s.model_path, path) == 0);
    bl_app_message message = {.text = ""};
    while (strstr(message.text, "\"heavy\" would need") == NULL) {
        assert_true(bl_app_take_message(app, &message));
    }
    assert_int_equal(message.severity, BL_APP_WARNING);
    assert_non_null(strstr(message.text, "of a period of 128 frames at 48000 Hz"));
    assert_non_null(strstr(message.text, "it plays at a smaller width"));
    assert_true(s.model_load > 0.0 && s.model_load <= 0.7);

    jack_client_t *wheel = jack_client_open("wheel", JackNoStartServer, NULL);
    assert_non_null(wheel);
    assert_int_equal(jack_set_freewheel(wheel, 1), 0);
    PUMP_UNTIL(s.model_load > 0.7); // nothing is late there: the whole width
    if (bl_app_take_message(app, &message) && message.severity != BL_APP_INFO) {
        fail_msg("%s", message.text);
    }
    assert_int_equal(jack_set_freewheel(wheel, 0), 0);
    PUMP_UNTIL(s.model_load <= 0.7);
    jack_client_close(wheel);
    close_app();
}

/// A model that cannot be loaded is told, the old one plays on.
static void test_bad_model(void **state)
{
    (void)state;
    bl_app_state s;
    open_app(stage_make_model("a.safetensors", 1, true, 48000), NULL);
    bl_app_load_model(app, stage_path("missing.nam"));
    PUMP_UNTIL(strstr(s.message.text, "missing.nam") != NULL);
    assert_int_equal(s.phase, BL_APP_PLAYING);
    assert_int_equal(s.message.severity, BL_APP_ERROR);
    assert_false(s.loading);
    assert_string_equal(s.model.name, "a");
    close_app();
}

static void test_mute_and_bypass(void **state)
{
    (void)state;
    bl_app_state s;
    bl_audio sound;
    stage_make_sound("demo.wav", 1.0, &sound);
    open_app(stage_make_model("a.safetensors", 1, true, 48000), stage_path("demo.wav"));
    PUMP_UNTIL(s.out_peak > 0.01F);
    assert_string_equal(s.word, "playing");
    bl_app_set_mute(app, true);
    PUMP_UNTIL(s.in_peak > 0.01F && s.out_peak == 0.0F);
    assert_string_equal(s.word, "muted");
    bl_app_set_mute(app, false);
    bl_app_set_bypass(app, true);
    PUMP_UNTIL(s.in_peak > 0.01F && s.out_peak == s.in_peak);
    assert_string_equal(s.word, "bypassed");
    bl_app_set_bypass(app, false);
    bl_app_set_parameter(app, BL_PARAMETER_LEVEL, -1000.0);
    PUMP_UNTIL(s.in_peak > 0.01F && s.out_peak < 0.003F);
    assert_true(s.parameters[BL_PARAMETER_LEVEL] == bl_parameter_get(BL_PARAMETER_LEVEL)->min);
    bl_app_set_demo(app, NULL);
    PUMP_UNTIL(s.in_peak == 0.0F && s.demo[0] == '\0');
    close_app();
    bl_audio_finish(&sound);
}

static const bl_app_port *find_port(const char *name)
{
    size_t count = 0;
    const bl_app_port *ports = bl_app_get_ports(app, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(ports[i].name, name) == 0) {
            return &ports[i];
        }
    }
    return NULL;
}

static bool is_connected(const char *name, bl_app_role role)
{
    const bl_app_port *port = find_port(name);
    return port != NULL && port->connected[role];
}

/// The usual connections, then others, as a window would choose them.
static void test_choosing_ports(void **state)
{
    (void)state;
    bl_app_state s;
    open_app(stage_make_model("a.safetensors", 1, true, 48000), NULL);
    PUMP_UNTIL(is_connected("system:capture_1", BL_APP_IN) &&
               is_connected("system:playback_1", BL_APP_OUT_LEFT) &&
               is_connected("system:playback_2", BL_APP_OUT_RIGHT));
    assert_true(find_port("system:capture_1")->gives);
    assert_true(find_port("system:capture_1")->physical);
    assert_null(find_port("backline:in"));
    bl_app_connect(app, BL_APP_IN, "system:capture_1", false);
    bl_app_connect(app, BL_APP_IN, "system:capture_2", true);
    PUMP_UNTIL(!is_connected("system:capture_1", BL_APP_IN) &&
               is_connected("system:capture_2", BL_APP_IN));
    close_app();
    open_app(NULL, NULL); // remembered
    PUMP_UNTIL(is_connected("system:capture_2", BL_APP_IN));
    assert_false(is_connected("system:capture_1", BL_APP_IN));
    assert_true(is_connected("system:playback_1", BL_APP_OUT_LEFT));
    close_app();
}

#ifdef BL_RT_GUARD
/// Once more, with the guard in every process callback.
static void run_under_guard(char **argv)
{
    if (getenv("LD_PRELOAD") == NULL) {
        setenv("LD_PRELOAD", BL_RT_GUARD, 1);
        execv("/proc/self/exe", argv);
    }
}
#endif

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
#ifdef BL_RT_GUARD
    run_under_guard(argv);
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_change),   cmocka_unit_test(test_hasty_player),
        cmocka_unit_test(test_heavy_model),     cmocka_unit_test(test_bad_model),
        cmocka_unit_test(test_mute_and_bypass), cmocka_unit_test(test_choosing_ports),
    };
    return cmocka_run_group_tests(tests, stage_open, stage_close);
}
