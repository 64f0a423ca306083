// SPDX-License-Identifier: MIT
// What cannot be had is said in one sentence, with the right exit code, and nothing is left behind.

#include "stage.h"
#include "support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const stage_server usual = {.rate_hz = 48000, .period = 256, .async = true};

/// Runs `backline live ARGUMENTS` to its end.
static void expect(const char *const *arguments, int code, const char *text)
{
    program live;
    stage_live_start(&live, arguments);
    const int found = program_wait(&live);
    if (found != code || strstr(live.err, text) == NULL) {
        fail_msg("expected %d and \"%s\", found %d and: %s", code, text, found, live.err);
    }
    // One sentence: the last line, and no other from the program that fails.
    const char *first = strstr(live.err, text);
    assert_null(strstr(first, "\nbackline live:"));
    assert_int_equal(live.err[live.err_size - 1], '\n');
}

static void test_no_server(void **state)
{
    (void)state;
    expect((const char *const[]){NULL}, 1, "no JACK server");
}

static void test_server_command_fails(void **state)
{
    (void)state;
    unsetenv("JACK_NO_START_SERVER");
    stage_write("XDG_CONFIG_HOME/backline/settings.yaml", "version: 1\nserver_command: 'false'\n");
    expect((const char *const[]){"--driver", "dummy", NULL}, 1, "ended at once");
    stage_write("XDG_CONFIG_HOME/backline/settings.yaml",
                "version: 1\nserver_command: 'jackd -n {server} -d none'\n");
    expect((const char *const[]){"--driver", "dummy", NULL}, 1, "it said: Unknown driver \"none\"");
    stage_write("XDG_CONFIG_HOME/backline/settings.yaml",
                "version: 1\nserver_command: no-such-program\n");
    expect((const char *const[]){"--driver", "dummy", NULL}, 1, "cannot be started");
    stage_write("XDG_CONFIG_HOME/backline/settings.yaml", "version: 1\n");
    setenv("JACK_NO_START_SERVER", "1", 1);
}

static void test_model(void **state)
{
    (void)state;
    stage_server_start(&usual);
    expect((const char *const[]){stage_path("missing.nam"), NULL}, 1, "missing.nam");
    stage_write("broken.nam", "{\"version\": \"0.5.4\", \"architecture\": ");
    expect((const char *const[]){stage_path("broken.nam"), NULL}, 1, "broken.nam");
    stage_server_stop();
}

/// No server is started for a model that cannot be read.
static void test_model_is_read_first(void **state)
{
    (void)state;
    char text[512];
    snprintf(text, sizeof text, "version: 1\nserver_command: 'touch %s'\n", stage_path("started"));
    unsetenv("JACK_NO_START_SERVER");
    stage_write("XDG_CONFIG_HOME/backline/settings.yaml", text);
    stage_write("broken.nam", "{\"version\": \"0.5.4\", \"architecture\": ");
    expect((const char *const[]){stage_path("broken.nam"), NULL}, 1, "broken.nam");
    assert_int_not_equal(access(stage_path("started"), F_OK), 0);
    stage_write("XDG_CONFIG_HOME/backline/settings.yaml", "version: 1\n");
    setenv("JACK_NO_START_SERVER", "1", 1);
}

static void test_demo(void **state)
{
    (void)state;
    stage_server_start(&usual);
    const char *model = stage_make_model("m.safetensors", 1, true, 48000.0);
    stage_write("not-audio.wav", "this is no sound\n");
    expect((const char *const[]){model, "--demo", stage_path("not-audio.wav"), NULL}, 1,
           "not-audio.wav");
    expect((const char *const[]){model, "--demo", stage_path("missing.wav"), NULL}, 1,
           "missing.wav");
    stage_server_stop();
}

static void test_ports(void **state)
{
    (void)state;
    stage_server_start(&usual);
    const char *model = stage_make_model("m.safetensors", 1, true, 48000.0);
    expect((const char *const[]){model, "--input", "nobody:home", NULL}, 1,
           "there is no port \"nobody:home\"");
    expect((const char *const[]){model, "--output", "nobody:home", NULL}, 1,
           "there is no port \"nobody:home\"");
    expect((const char *const[]){model, "--input", "system:playback_1", NULL}, 1,
           "a port that gives sound is needed");
    expect((const char *const[]){model, "--output", "backline:in", NULL}, 1, "Backline's own");
    expect((const char *const[]){model, "--output", "backline:midi_in", NULL}, 1, "carries MIDI");
    stage_server_stop();
}

/// A slip of the fingers does not cost the player the connections of yesterday.
static void test_ports_that_are_missing_change_no_memory(void **state)
{
    (void)state;
    program live;
    size_t seen = 0;
    stage_server_start(&usual);
    const char *model = stage_make_model("m.safetensors", 1, true, 48000.0);
    stage_live_start(&live, (const char *const[]){model, NULL});
    json_decref(stage_wait_state(&live, &seen, "playing"));
    assert_true(stage_wait_remembered("system:playback_2", true));
    assert_true(stage_wait_remembered("system:capture_1", true));
    stage_live_stop(&live);
    expect((const char *const[]){model, "--output", "nobody:home", NULL}, 1, "there is no port");
    expect((const char *const[]){model, "--input", "nobody:home", NULL}, 1, "there is no port");
    assert_true(stage_wait_remembered("system:playback_2", true));
    assert_true(stage_wait_remembered("system:capture_1", true));
    stage_server_stop();
}

/// A server may forbid its clients to connect themselves, openly or by doing nothing.
static void test_refused_connection(void **state)
{
    (void)state;
    static const char *const modes[] = {"-aA", "-aa"};
    const char *model = stage_make_model("m.safetensors", 1, true, 48000.0);
    for (int i = 0; i < 2; i++) {
        stage_server_start(
            &(stage_server){.rate_hz = 48000, .period = 256, .async = true, .options = modes[i]});
        expect((const char *const[]){model, "--input", "system:capture_1", NULL}, 1,
               "refuses to connect");
        // Unasked, it is only told.
        program live;
        size_t seen = 0;
        stage_live_start(&live, (const char *const[]){model, NULL});
        stage_wait_message(&live, &seen, "refuses to connect");
        json_decref(stage_wait_state(&live, &seen, "playing"));
        stage_live_stop(&live);
        stage_server_stop();
    }
}

static void test_usage(void **state)
{
    (void)state;
    expect((const char *const[]){"--seconds", "soon", NULL}, 2, "--seconds");
    expect((const char *const[]){"--seconds", "-1", NULL}, 2, "--seconds");
    expect((const char *const[]){"--quality", "2", NULL}, 2, "--quality");
    expect((const char *const[]){"--driver", "oss", NULL}, 2, "expected dummy or alsa:CARD");
    expect((const char *const[]){"--name", "a:b", NULL}, 2, "letters, digits");
    expect((const char *const[]){"--status", "loud", NULL}, 2, "--status");
    expect((const char *const[]){"a.nam", "b.nam", NULL}, 2, "2 arguments");
}

static void test_settings(void **state)
{
    (void)state;
    stage_server_start(&usual);
    stage_write("XDG_CONFIG_HOME/backline/settings.yaml", "version: 1\nserver_command: [\n");
    program live;
    size_t seen = 0;
    stage_live_start(
        &live, (const char *const[]){stage_make_model("m.safetensors", 1, true, 48000.0), NULL});
    stage_wait_message(&live, &seen, "settings.yaml:3:1");
    json_decref(stage_wait_state(&live, &seen, "playing"));
    stage_live_stop(&live);
    stage_write("XDG_CONFIG_HOME/backline/settings.yaml", "version: 1\n");
    stage_server_stop();
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_server),
        cmocka_unit_test(test_server_command_fails),
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_model_is_read_first),
        cmocka_unit_test(test_demo),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_refused_connection),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_ports_that_are_missing_change_no_memory),
    };
    return cmocka_run_group_tests(tests, stage_open, stage_close);
}
