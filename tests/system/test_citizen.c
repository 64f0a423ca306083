// SPDX-License-Identifier: MIT
// What other programs on the server see: names, latencies, metadata, connections left alone.

#include "app.h"
#include "peer.h"
#include "stage.h"
#include "support/cmocka_all.h"

#include <jack/metadata.h>
#include <jack/uuid.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const stage_server usual = {.rate_hz = 48000, .period = 128, .async = true};
// Not on the stack: they outlive a test that fails.
static peer p;
static program live, second;
static bl_app *app;

static int end_test(void **state)
{
    (void)state;
    bl_app_destroy(app);
    app = NULL;
    program_end(&live);
    program_end(&second);
    if (p.player != NULL) {
        peer_close(&p);
    }
    return 0;
}

static uint32_t latency(const char *port, jack_latency_callback_mode_t mode)
{
    jack_latency_range_t range = {0, 0};
    jack_port_t *found = jack_port_by_name(p.player, port);
    assert_non_null(found);
    jack_port_get_latency_range(found, mode, &range);
    assert_int_equal(range.min, range.max);
    return range.max;
}

/// Waits until the program's own delay shows on both sides.
static void wait_latency(uint32_t own)
{
    const long long until = now_ms() + DEADLINE_MS;
    uint32_t capture = 0;
    uint32_t playback = 0;
    do {
        poll(NULL, 0, 5);
        capture = latency("backline:out_left", JackCaptureLatency) -
                  latency("system:capture_1", JackCaptureLatency);
        playback = latency("backline:in", JackPlaybackLatency) -
                   latency("system:playback_1", JackPlaybackLatency);
        if (now_ms() > until) {
            fail_msg("expected %u frames of delay, the server has %u and %u", own, capture,
                     playback);
        }
    } while (capture != own || playback != own);
    assert_int_equal(latency("backline:out_right", JackCaptureLatency),
                     latency("backline:out_left", JackCaptureLatency));
}

/// The server's view and the program's own are the same.
static void check_own_ms(size_t *seen, double frames)
{
    double own_ms = -1.0;
    bool known = false;
    const long long until = now_ms() + DEADLINE_MS;
    while (!known || own_ms < 0.0 || own_ms * 48.0 - frames > 0.01 ||
           frames - own_ms * 48.0 > 0.01) {
        assert_true(now_ms() < until);
        json_t *line = stage_wait_state(&live, seen, "playing");
        json_t *parts = json_object_get(line, "latency");
        own_ms = json_real_value(json_object_get(parts, "own_ms"));
        known = json_is_real(json_object_get(parts, "total_ms"));
        json_decref(line);
    }
}

static void with_model(bool causal, double rate_hz, uint32_t own)
{
    size_t seen = 0;
    const char *model = stage_make_model("model.safetensors", 1, causal, rate_hz);
    stage_server_start(&usual);
    stage_live_start(&live, (const char *const[]){model, NULL});
    json_decref(stage_wait_state(&live, &seen, "playing"));
    peer_open(&p);
    assert_true(peer_wait_connected(&p, "backline:out_right", "system:playback_2", true));
    wait_latency(own);
    check_own_ms(&seen, own);
    stage_live_stop(&live);
    peer_close(&p);
    stage_server_stop();
}

/// A receptive field of 127 samples is no latency.
static void test_latency_causal(void **state)
{
    (void)state;
    with_model(true, 48000.0, 0);
}

/// A centred one hears 63 samples ahead, and those are.
static void test_latency_centred(void **state)
{
    (void)state;
    with_model(false, 48000.0, 63);
}

/// A model of another rate is resampled, which takes a time that the server learns too.
static void test_latency_resampled(void **state)
{
    (void)state;
    size_t seen = 0;
    stage_server_start(&usual);
    const char *model = stage_make_model("model.safetensors", 1, true, 44100.0);
    stage_live_start(&live, (const char *const[]){model, NULL});
    json_int_t own = 0;
    for (int i = 0; i < 10 && own == 0; i++) {
        json_t *line = stage_wait_state(&live, &seen, "playing");
        own = json_integer_value(json_object_get(line, "own_latency_frames"));
        json_decref(line);
    }
    assert_in_range(own, 38, 92); // 0.8 to 1.9 ms
    peer_open(&p);
    assert_true(peer_wait_connected(&p, "backline:out_right", "system:playback_2", true));
    wait_latency((uint32_t)own);
    stage_live_stop(&live);
    peer_close(&p);
    stage_server_stop();
}

static jack_port_t *keys_out;

static void tell_keys_latency(jack_latency_callback_mode_t mode, void *argument)
{
    (void)argument;
    jack_latency_range_t range = {7, 9};
    if (mode == JackCaptureLatency) {
        jack_port_set_latency_range(keys_out, mode, &range);
    }
}

static bool is_range(const char *port, jack_latency_callback_mode_t mode, uint32_t min,
                     uint32_t max)
{
    jack_latency_range_t range = {0, 0};
    jack_port_get_latency_range(jack_port_by_name(p.player, port), mode, &range);
    return range.min == min && range.max == max;
}

/// What comes over MIDI acts at once or through the chain; what goes out is as old as what came.
static void test_latency_of_midi(void **state)
{
    (void)state;
    const char *model = stage_make_model("model.safetensors", 1, false, 48000);
    size_t seen = 0;
    stage_server_start(&usual);
    stage_live_start(&live, (const char *const[]){model, NULL});
    json_decref(stage_wait_state(&live, &seen, "playing"));
    peer_open(&p);
    assert_true(peer_wait_connected(&p, "backline:out_right", "system:playback_2", true));
    jack_client_t *keys = jack_client_open("keys", JackNoStartServer, NULL);
    assert_non_null(keys);
    keys_out = jack_port_register(keys, "out", JACK_DEFAULT_MIDI_TYPE, JackPortIsOutput, 0);
    // jackd asks only those for latencies that it finds on a way from its driver.
    jack_port_register(keys, "in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
    jack_set_latency_callback(keys, tell_keys_latency, NULL);
    assert_int_equal(jack_activate(keys), 0);
    assert_int_equal(jack_connect(keys, "system:capture_1", "keys:in"), 0);
    assert_int_equal(jack_connect(keys, "keys:out", "backline:midi_in"), 0);
    wait_latency(63);
    const uint32_t out = latency("system:playback_1", JackPlaybackLatency);
    const long long until = now_ms() + DEADLINE_MS;
    while (!is_range("backline:midi_in", JackPlaybackLatency, out, out + 63) ||
           !is_range("backline:midi_out", JackCaptureLatency, 7, 9)) {
        if (now_ms() > until) {
            jack_latency_range_t in = {0, 0}, back = {0, 0};
            jack_port_get_latency_range(jack_port_by_name(p.player, "backline:midi_in"),
                                        JackPlaybackLatency, &in);
            jack_port_get_latency_range(jack_port_by_name(p.player, "backline:midi_out"),
                                        JackCaptureLatency, &back);
            fail_msg("midi_in is %u to %u frames from the ear, expected %u to %u; midi_out is %u "
                     "to %u old, expected 7 to 9",
                     in.min, in.max, out, out + 63, back.min, back.max);
        }
        poll(NULL, 0, 5);
    }
    jack_client_close(keys);
    stage_live_stop(&live);
    peer_close(&p);
    stage_server_stop();
}

/// It changes with the model, while it plays.
static void test_latency_changes(void **state)
{
    (void)state;
    char models[2][256];
    bl_app_state s;
    bl_app_config config = bl_app_config_default();
    snprintf(models[0], sizeof models[0], "%s", stage_make_model("a.safetensors", 1, true, 48000));
    snprintf(models[1], sizeof models[1], "%s", stage_make_model("b.safetensors", 2, false, 48000));
    config.model = models[0];
    stage_server_start(&usual);
    assert_int_equal(bl_app_create(&config, &app, NULL), BL_STATUS_OK);
    peer_open(&p);
    for (int i = 0; i < 4; i++) {
        const uint32_t own = i % 2 == 0 ? 0 : 63;
        const long long until = now_ms() + DEADLINE_MS;
        if (i > 0) {
            bl_app_load_model(app, models[i % 2]);
        }
        do {
            if (now_ms() > until) {
                fail_msg("phase %d, own %u frames, the server has %u after %u", (int)s.phase,
                         s.own_latency_frames, latency("backline:in", JackPlaybackLatency),
                         latency("system:playback_1", JackPlaybackLatency));
            }
            poll(NULL, 0, 5);
            bl_app_dispatch(app);
            bl_app_get_state(app, &s);
        } while (s.phase != BL_APP_PLAYING || s.own_latency_frames != own ||
                 jack_port_by_name(p.player, "backline:in") == NULL ||
                 latency("backline:in", JackPlaybackLatency) !=
                     latency("system:playback_1", JackPlaybackLatency) + own);
    }
    bl_app_destroy(app);
    app = NULL;
    peer_close(&p);
    stage_server_stop();
}

static char *property(const char *port, const char *key)
{
    static char text[256];
    char *value = NULL;
    char *type = NULL;
    jack_port_t *found = jack_port_by_name(p.player, port);
    assert_non_null(found);
    if (jack_get_property(jack_port_uuid(found), key, &value, &type) != 0) {
        return NULL;
    }
    snprintf(text, sizeof text, "%s (%s)", value, type != NULL ? type : "");
    jack_free(value);
    jack_free(type);
    return text;
}

/// Two that end in the same moment do not lock each other, or the server, out of the metadata.
static void test_two_end_together(void **state)
{
    (void)state;
    const char *model = stage_make_model("a.safetensors", 1, true, 48000);
    stage_server_start(&usual);
    for (int round = 0; round < 6; round++) {
        size_t seen[2] = {0, 0};
        stage_live_start(&live, (const char *const[]){model, "--name", "one", NULL});
        stage_live_start(&second, (const char *const[]){model, "--name", "two", NULL});
        json_decref(stage_wait_state(&live, &seen[0], "playing"));
        json_decref(stage_wait_state(&second, &seen[1], "playing"));
        program_signal(&live, SIGTERM);
        program_signal(&second, SIGTERM);
        assert_int_equal(program_wait(&live), 0);
        assert_int_equal(program_wait(&second), 0);
    }
    peer_open(&p); // the server answers, and so does the database
    const jack_uuid_t uuid = jack_port_uuid(p.source);
    assert_int_equal(jack_set_property(p.player, uuid, JACK_METADATA_PRETTY_NAME, "Name", NULL), 0);
    assert_non_null(property(jack_port_name(p.source), JACK_METADATA_PRETTY_NAME));
    assert_int_equal(jack_remove_property(p.player, uuid, JACK_METADATA_PRETTY_NAME), 0);
    peer_close(&p);
    stage_server_stop();
}

/// Pretty names and order are there while it runs; a name that somebody gave meanwhile stays his;
/// nothing is left behind.
static void test_metadata(void **state)
{
    (void)state;
    static const char *const ports[] = {"in",   "return",  "out_left", "out_right",
                                        "send", "midi_in", "midi_out"};
    enum { PORTS = sizeof ports / sizeof ports[0] };
    jack_uuid_t uuids[PORTS];
    size_t seen = 0;
    char name[64];
    stage_server_start(&usual);
    stage_live_start(
        &live, (const char *const[]){stage_make_model("a.safetensors", 1, true, 48000), NULL});
    json_decref(stage_wait_state(&live, &seen, "playing"));
    peer_open(&p);
    for (int i = 0; i < PORTS; i++) {
        snprintf(name, sizeof name, "backline:%s", ports[i]);
        uuids[i] = jack_port_uuid(jack_port_by_name(p.player, name));
        assert_non_null(property(name, JACK_METADATA_PRETTY_NAME));
        assert_non_null(property(name, JACK_METADATA_PORT_GROUP));
        char order[64];
        snprintf(order, sizeof order, "%d (http://www.w3.org/2001/XMLSchema#int)", i);
        assert_string_equal(property(name, JACK_METADATA_ORDER), order);
    }
    assert_string_equal(property("backline:in", JACK_METADATA_PRETTY_NAME), "Guitar (text/plain)");
    assert_int_equal(
        jack_set_property(p.player, uuids[0], JACK_METADATA_PRETTY_NAME, "Les Paul", "text/plain"),
        0);
    json_decref(stage_wait_state(&live, &seen, "playing"));
    json_decref(stage_wait_state(&live, &seen, "playing"));
    assert_string_equal(property("backline:in", JACK_METADATA_PRETTY_NAME),
                        "Les Paul (text/plain)");
    // Of a program that lives on: what is left afterwards is still to be read.
    const jack_uuid_t other = jack_port_uuid(p.source);
    assert_int_equal(
        jack_set_property(p.player, other, JACK_METADATA_PRETTY_NAME, "Tape", "text/plain"), 0);
    stage_live_stop(&live);
    assert_string_equal(property(jack_port_name(p.source), JACK_METADATA_PRETTY_NAME),
                        "Tape (text/plain)");
    for (int i = 0; i < PORTS; i++) {
        char *value = NULL;
        char *type = NULL;
        assert_int_not_equal(jack_get_property(uuids[i], JACK_METADATA_PRETTY_NAME, &value, &type),
                             0);
    }
    peer_close(&p);
    stage_server_stop();
}

/// A second one of the same name gets another from the server, says so, and plays.
static void test_name_clash(void **state)
{
    (void)state;
    size_t seen[2] = {0, 0};
    const char *model = stage_make_model("a.safetensors", 1, true, 48000);
    stage_server_start(&usual);
    stage_live_start(&live, (const char *const[]){model, NULL});
    json_decref(stage_wait_state(&live, &seen[0], "playing"));
    stage_live_start(&second, (const char *const[]){model, NULL});
    stage_wait_message(&second, &seen[1], "begin with \"backline-01:\"");
    json_t *line = stage_wait_state(&second, &seen[1], "playing");
    assert_string_equal(json_string_value(json_object_get(line, "client")), "backline-01");
    json_decref(line);
    peer_open(&p);
    assert_true(peer_wait_connected(&p, "backline:out_left", "system:playback_1", true));
    assert_true(peer_wait_connected(&p, "backline-01:out_left", "system:playback_1", true));
    stage_live_stop(&second);
    stage_live_stop(&live);
    peer_close(&p);
    stage_server_stop();
}

/// Of two under the same name the first one remembers. When it is gone, however, the next one does.
static void test_one_remembers(void **state)
{
    (void)state;
    size_t seen[2] = {0, 0};
    char first[256], next[256];
    snprintf(first, sizeof first, "%s", stage_make_model("first.safetensors", 1, true, 48000));
    snprintf(next, sizeof next, "%s", stage_make_model("next.safetensors", 2, true, 48000));
    stage_server_start(&usual);
    stage_live_start(&live, (const char *const[]){first, NULL});
    json_decref(stage_wait_state(&live, &seen[0], "playing"));
    assert_true(stage_wait_remembered("first.safetensors", true));
    stage_live_start(&second, (const char *const[]){next, NULL});
    stage_wait_message(&second, &seen[1], "with --name and another name");
    json_decref(stage_wait_state(&second, &seen[1], "playing"));
    stage_live_stop(&second); // after what it had to save
    assert_true(stage_wait_remembered("first.safetensors", true));
    assert_true(stage_wait_remembered("next.safetensors", false));
    program_signal(&live, SIGKILL);
    program_wait(&live);
    seen[1] = 0;
    stage_live_start(&second, (const char *const[]){next, NULL});
    json_decref(stage_wait_state(&second, &seen[1], "playing"));
    assert_true(stage_wait_remembered("next.safetensors", true));
    stage_live_stop(&second);
    stage_server_stop();
}

/// What the player undoes in a patchbay stays undone, what he makes there is made again, and what
/// others have connected is left alone: over a restart of the program and of the server.
static void test_patchbay_rules(void **state)
{
    (void)state;
    char model[256];
    size_t seen = 0;
    snprintf(model, sizeof model, "%s", stage_make_model("a.safetensors", 1, true, 48000));
    stage_server_start(&usual);
    peer_open(&p);
    const char *const others = jack_port_name(p.source);
    assert_int_equal(jack_connect(p.player, others, "system:playback_1"), 0);
    stage_live_start(&live, (const char *const[]){model, NULL});
    json_decref(stage_wait_state(&live, &seen, "playing"));
    assert_true(peer_wait_connected(&p, "backline:out_right", "system:playback_2", true));
    assert_true(stage_wait_remembered("system:playback_2", true));
    for (int i = 0; i < 2; i++) { // a player is not so quick as to undo what is just being made
        json_decref(stage_wait_state(&live, &seen, "playing"));
    }
    assert_int_equal(jack_disconnect(p.player, "backline:out_right", "system:playback_2"), 0);
    assert_int_equal(jack_connect(p.player, "system:capture_2", "backline:in"), 0);
    assert_true(stage_wait_remembered("system:playback_2", false));
    assert_true(stage_wait_remembered("system:capture_2", true));
    stage_live_stop(&live);

    seen = 0;
    stage_live_start(&live, (const char *const[]){model, NULL});
    json_decref(stage_wait_state(&live, &seen, "playing"));
    assert_true(peer_wait_connected(&p, "system:capture_2", "backline:in", true));
    assert_true(peer_wait_connected(&p, "backline:out_left", "system:playback_1", true));
    assert_false(peer_is_connected(&p, "backline:out_right", "system:playback_2"));
    assert_true(peer_is_connected(&p, others, "system:playback_1"));

    peer_close(&p);
    stage_server_signal(SIGKILL);
    stage_wait_message(&live, &seen, "the JACK server has gone");
    stage_server_start(&usual);
    peer_open(&p);
    assert_true(peer_wait_connected(&p, "system:capture_2", "backline:in", true));
    assert_true(peer_wait_connected(&p, "backline:out_left", "system:playback_1", true));
    assert_false(peer_is_connected(&p, "backline:out_right", "system:playback_2"));
    stage_live_stop(&live);
    peer_close(&p);
    stage_server_stop();
}

/// Another program that shows its ports a while before it runs: until then the server refuses to
/// connect them, and that is no word to the player.
static void test_slow_client(void **state)
{
    (void)state;
    size_t seen = 0;
    stage_server_start(&usual);
    peer_open(&p);
    stage_live_start(
        &live, (const char *const[]){stage_make_model("a.safetensors", 1, true, 48000), NULL});
    json_decref(stage_wait_state(&live, &seen, "playing"));
    for (int i = 0; i < 2; i++) {
        jack_client_t *slow = jack_client_open("slow", JackNoStartServer, NULL);
        jack_port_register(slow, "in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
        poll(NULL, 0, i * 600); // it is slow
        assert_int_equal(jack_activate(slow), 0);
        if (i == 0) {
            assert_int_equal(jack_connect(p.player, "backline:out_left", "slow:in"), 0);
            assert_true(stage_wait_remembered("slow:in", true));
        }
        assert_true(peer_wait_connected(&p, "backline:out_left", "slow:in", true));
        jack_client_close(slow);
    }
    stage_live_stop(&live);
    assert_null(strstr(live.err, "refuses"));
    peer_close(&p);
    stage_server_stop();
}

/// jackd takes the hardware's connections away in freewheel and puts them back afterwards: nobody
/// has undone them, and they are remembered all the while.
static void test_freewheel_undoes_nothing(void **state)
{
    (void)state;
    size_t seen = 0;
    stage_server_start(&(stage_server){.rate_hz = 48000, .period = 1024, .async = true});
    peer_open(&p);
    stage_live_start(
        &live, (const char *const[]){stage_make_model("a.safetensors", 1, true, 48000), NULL});
    json_decref(stage_wait_state(&live, &seen, "playing"));
    assert_true(peer_wait_connected(&p, "system:capture_1", "backline:in", true));
    for (int i = 0; i < 2; i++) { // until it has seen what stands
        json_decref(stage_wait_state(&live, &seen, "playing"));
    }
    assert_int_equal(jack_set_freewheel(p.player, 1), 0);
    assert_true(peer_wait_connected(&p, "system:capture_1", "backline:in", false));
    static const char *const names[] = {"one", "two", "three"};
    for (int i = 0; i < 3; i++) { // each lets it look at the ports again
        jack_port_register(p.player, names[i], JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
        poll(NULL, 0, 400);
    }
    assert_true(stage_wait_remembered("system:capture_1", true));
    assert_int_equal(jack_set_freewheel(p.player, 0), 0);
    assert_true(peer_wait_connected(&p, "system:capture_1", "backline:in", true));
    for (int i = 0; i < 2; i++) {
        json_decref(stage_wait_state(&live, &seen, "playing"));
    }
    assert_true(stage_wait_remembered("system:capture_1", true));
    stage_live_stop(&live);
    peer_close(&p);
    stage_server_stop();
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
#define CITIZEN_TEST(test) cmocka_unit_test_setup_teardown(test, stage_rename_server, end_test)
    const struct CMUnitTest tests[] = {
        CITIZEN_TEST(test_latency_causal),    CITIZEN_TEST(test_latency_centred),
        CITIZEN_TEST(test_latency_resampled), CITIZEN_TEST(test_latency_of_midi),
        CITIZEN_TEST(test_latency_changes),   CITIZEN_TEST(test_metadata),
        CITIZEN_TEST(test_two_end_together),  CITIZEN_TEST(test_name_clash),
        CITIZEN_TEST(test_one_remembers),     CITIZEN_TEST(test_patchbay_rules),
        CITIZEN_TEST(test_slow_client),       CITIZEN_TEST(test_freewheel_undoes_nothing),
    };
    return cmocka_run_group_tests(tests, stage_open, stage_close);
}
