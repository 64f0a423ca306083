// SPDX-License-Identifier: MIT
// What the app offers a window to choose from: shipped and played models, and levels that tell one
// port from another, measured without a connection of ours and without a trace when nobody looks.

#include "peer.h"
#include "pump.h"
#include "stage.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { RATE_HZ = 48000, FRAMES = RATE_HZ / 2, FACTORY_MODELS = 4 };

static bl_app *app;
static bl_app_state s;
static peer p; // not on the stack: its audio threads outlive a test that fails

static void open_app(const char *model)
{
    bl_app_config config = bl_app_config_default();
    config.model = model;
    assert_int_equal(bl_app_create(&config, &app, NULL), BL_STATUS_OK);
    PUMP_UNTIL(s.phase == BL_APP_PLAYING && s.model_path[0] != '\0');
}

static int open_stage(void **state)
{
    stage_open(state);
    stage_server_start(&(stage_server){.rate_hz = RATE_HZ, .period = 256, .async = true});
    return 0;
}

static int close_stage(void **state)
{
    bl_app_destroy(app);
    app = NULL;
    stage_server_stop();
    return stage_close(state);
}

static const bl_app_model *find_model(const char *path)
{
    size_t count;
    const bl_app_model *models = bl_app_get_models(app, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(models[i].path, path) == 0) {
            return &models[i];
        }
    }
    return NULL;
}

static const bl_app_port *find_port(const char *name)
{
    size_t count;
    const bl_app_port *ports = bl_app_get_ports(app, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(ports[i].name, name) == 0) {
            return &ports[i];
        }
    }
    return NULL;
}

static void test_models_are_shipped_ones_then_those_played(void **state)
{
    (void)state;
    size_t count;
    const char *first = stage_make_model("first.safetensors", 1, true, RATE_HZ);
    const char *second = stage_make_model("second.safetensors", 2, true, RATE_HZ);
    open_app(first);
    const uint64_t serial = s.models_serial;
    bl_app_load_model(app, second);
    PUMP_UNTIL(strcmp(s.model_path, second) == 0);
    assert_true(s.models_serial != serial);
    const bl_app_model *models = bl_app_get_models(app, &count);
    assert_int_equal(count, FACTORY_MODELS + 2);
    assert_true(models[0].shipped);
    assert_non_null(strstr(models[0].path, "/clean.safetensors"));
    assert_string_equal(models[FACTORY_MODELS].path, second);
    assert_string_equal(models[FACTORY_MODELS].name, "second");
    assert_string_equal(models[FACTORY_MODELS + 1].path, first);
    assert_false(models[FACTORY_MODELS].shipped || models[FACTORY_MODELS + 1].shipped);
    // Played, a shipped one stays where it is and has its true name.
    bl_app_load_model(app, models[0].path);
    PUMP_UNTIL(strstr(s.model_path, "clean") != NULL);
    models = bl_app_get_models(app, &count);
    assert_int_equal(count, FACTORY_MODELS + 2);
    assert_true(models[0].shipped);
    assert_string_equal(models[0].name, "clean");
}

static void test_played_models_are_there_next_time(void **state)
{
    (void)state;
    const char *own = stage_make_model("own.safetensors", 1, true, RATE_HZ);
    open_app(own);
    bl_app_destroy(app);
    open_app(NULL);
    assert_string_equal(s.model_path, own);
    assert_non_null(find_model(own));
    assert_string_equal(find_model(own)->name, "own");
}

// Plays a tone from another program into nothing.
static void play_tone(float amplitude)
{
    static float tone[FRAMES], heard[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        tone[i] = amplitude * sinf(0.05F * (float)i);
    }
    peer_run(&p, tone, heard, FRAMES, &(peer_plan){0});
}

static int count_clients_that_listen(void)
{
    int count = 0;
    const char **names = jack_get_ports(p.player, "-levels:", NULL, 0);
    for (; names != NULL && names[count] != NULL; count++) {
    }
    jack_free(names);
    return count;
}

static void test_levels_tell_ports_apart(void **state)
{
    (void)state;
    char source[320], sink[320];
    open_app(NULL);
    peer_open(&p);
    strcpy(source, jack_port_name(p.source));
    strcpy(sink, jack_port_name(p.sink));
    bl_app_watch_levels(app, true);
    PUMP_UNTIL(find_port(source) != NULL && find_port(sink) != NULL);
    PUMP_UNTIL(count_clients_that_listen() > 0);
    // The peers' own connection, which makes the source's tone arrive at the sink.
    assert_int_equal(jack_connect(p.player, source, sink), 0);
    float peak = 0.0F, arrived = 0.0F;
    const long long until = now_ms() + DEADLINE_MS;
    while ((peak < 0.2F || arrived < 0.2F) && now_ms() < until) {
        play_tone(0.25F);
        pump(app, &s);
        bl_app_take_levels(app);
        peak = find_port(source)->peak;
        arrived = find_port(sink)->peak;
    }
    assert_true(fabsf(peak - 0.25F) < 0.01F);
    assert_true(fabsf(arrived - 0.25F) < 0.01F);
    assert_true(find_port("system:capture_1")->peak == 0.0F);
    // Taken is taken.
    bl_app_take_levels(app);
    assert_true(find_port(source)->peak < 0.01F);
    // Neither the listening client nor its connections show anywhere in the app.
    assert_false(find_port(source)->connected[BL_APP_IN]);
    size_t count;
    const bl_app_port *ports = bl_app_get_ports(app, &count);
    for (size_t i = 0; i < count; i++) {
        assert_null(strstr(ports[i].name, "-levels"));
    }
    bl_app_watch_levels(app, false);
    PUMP_UNTIL(count_clients_that_listen() == 0);
    peer_close(&p);
}

// More ports than an eight-channel interface has, and the meters of another Backline among them.
static void test_levels_of_many_ports(void **state)
{
    (void)state;
    enum { MANY = 40 };
    char name[32];
    open_app(NULL);
    peer_open(&p);
    jack_client_t *other = jack_client_open("second-levels", JackNoStartServer, NULL);
    assert_non_null(other);
    jack_port_register(other, "level_1", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "more_%d", i);
        jack_port_register(p.player, name, JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
    }
    jack_port_t *last =
        jack_port_register(p.recorder, "last", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
    bl_app_watch_levels(app, true);
    PUMP_UNTIL(find_port(jack_port_name(last)) != NULL);
    PUMP_UNTIL(count_clients_that_listen() > MANY);
    assert_int_equal(jack_connect(p.player, jack_port_name(p.source), jack_port_name(last)), 0);
    assert_int_equal(jack_connect(p.player, jack_port_name(p.source), jack_port_name(p.sink)), 0);
    float peak = 0.0F;
    const long long until = now_ms() + DEADLINE_MS;
    while (peak < 0.2F && now_ms() < until) {
        play_tone(0.25F);
        pump(app, &s);
        bl_app_take_levels(app);
        peak = find_port(jack_port_name(last))->peak;
    }
    assert_true(fabsf(peak - 0.25F) < 0.01F);
    assert_null(find_port("second-levels:level_1"));
    jack_client_close(other);
    peer_close(&p);
}

/// How many connections the meters have.
static int count_ears(void)
{
    int count = 0;
    const char **names = jack_get_ports(p.player, "-levels:", NULL, 0);
    for (int i = 0; names != NULL && names[i] != NULL; i++) {
        count += jack_port_connected(jack_port_by_name(p.player, names[i])) > 0;
    }
    jack_free(names);
    return count;
}

static bool is_connected(const char *name, bl_app_role role)
{
    const bl_app_port *port = find_port(name);
    return port != NULL && port->connected[role];
}

static void open_many_ports(int count)
{
    char name[32];
    peer_open(&p);
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "more_%d", i);
        jack_port_register(p.player, name, JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
    }
}

// When a server comes back, sound comes first: the player's connections do not wait for meters.
static void test_connections_come_before_levels(void **state)
{
    (void)state;
    enum { MANY = 32 };
    open_app(NULL);
    bl_app_watch_levels(app, true);
    open_many_ports(MANY);
    PUMP_UNTIL(is_connected("system:playback_2", BL_APP_OUT_RIGHT));
    PUMP_UNTIL(count_ears() > MANY);
    peer_close(&p);
    stage_server_signal(SIGKILL);
    PUMP_UNTIL(s.phase == BL_APP_LOOKING);
    stage_server_start(&(stage_server){.rate_hz = RATE_HZ, .period = 256, .async = true});
    const long long from_ms = now_ms();
    open_many_ports(MANY);
    while (!peer_is_connected(&p, "system:capture_1", "backline:in") ||
           !peer_is_connected(&p, "backline:out_left", "system:playback_1") ||
           !peer_is_connected(&p, "backline:out_right", "system:playback_2")) {
        assert_true(now_ms() < from_ms + DEADLINE_MS);
        pump(app, &s);
    }
    const int ears = count_ears();
    printf("the return took %lld ms\n", now_ms() - from_ms);
    assert_true(ears < MANY);
    PUMP_UNTIL(count_ears() > MANY);
    peer_close(&p);
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
#define CHOICE_TEST(test) cmocka_unit_test_setup_teardown(test, open_stage, close_stage)
    const struct CMUnitTest tests[] = {
        CHOICE_TEST(test_models_are_shipped_ones_then_those_played),
        CHOICE_TEST(test_played_models_are_there_next_time),
        CHOICE_TEST(test_levels_tell_ports_apart),
        CHOICE_TEST(test_levels_of_many_ports),
        CHOICE_TEST(test_connections_come_before_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
