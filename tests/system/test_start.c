// SPDX-License-Identifier: MIT
// No server runs: Backline starts one, says so, and it ends with the program, however that ends.
// Also the plain life of `live`: demo, --seconds, signals, what is remembered.

#include "peer.h"
#include "stage.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void set_command(const char *command)
{
    char text[512];
    snprintf(text, sizeof text, "version: 1\nserver_command: '%s'\n", command);
    stage_write("XDG_CONFIG_HOME/backline/settings.yaml", text);
}

/// Not in sync mode: there a server waits for a dead client as long as -t says.
static int open_stage(void **state)
{
    stage_open(state);
    unsetenv("JACK_NO_START_SERVER");
    set_command("jackd -r -p 128 -n {server} -d {driver} -r {rate} -p {period}");
    return 0;
}

static void wait_for_no_server(void)
{
    const long long until = now_ms() + DEADLINE_MS;
    while (stage_server_runs()) {
        assert_true(now_ms() < until);
        poll(NULL, 0, 20);
    }
}

/// Starts with nothing there; returns when it plays.
static void start_alone(program *live, size_t *seen, const char *const *arguments)
{
    assert_false(stage_server_runs());
    stage_live_start(live, arguments);
    stage_wait_message(live, seen, "Backline started a JACK server");
    json_t *line = stage_wait_state(live, seen, "playing");
    assert_true(json_is_true(json_object_get(line, "own_server")));
    assert_int_equal(json_integer_value(json_object_get(line, "period_frames")), 128);
    assert_int_equal(json_integer_value(json_object_get(line, "sample_rate_hz")), 48000);
    json_decref(line);
    assert_true(stage_server_runs());
}

static void test_ends_with_the_program(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGINT};
    const char *model = stage_make_model("m.safetensors", 1, true, 48000.0);
    for (int i = 0; i < 2; i++) {
        program live;
        size_t seen = 0;
        start_alone(&live, &seen, (const char *const[]){model, "--driver", "dummy", NULL});
        program_signal(&live, signals[i]);
        assert_int_equal(program_wait(&live), 0);
        assert_false(stage_server_runs());
    }
}

static void test_ends_when_killed(void **state)
{
    (void)state;
    program live;
    size_t seen = 0;
    start_alone(&live, &seen,
                (const char *const[]){stage_make_model("m.safetensors", 1, true, 48000.0),
                                      "--driver", "dummy", NULL});
    program_signal(&live, SIGKILL);
    assert_int_equal(program_wait(&live), 128 + SIGKILL);
    wait_for_no_server();
}

/// A card that is not there: jackd's own words, exit 1.
static void test_bad_card(void **state)
{
    (void)state;
    program live;
    const char *model = stage_make_model("m.safetensors", 1, true, 48000.0);
    stage_live_start(&live, (const char *const[]){model, "--driver", "alsa:NoSuchCard", NULL});
    assert_int_equal(program_wait(&live), 1);
    assert_non_null(strstr(live.err, "NoSuchCard"));
    assert_non_null(strstr(live.err, "ended at once; it said:"));
    assert_null(strstr(live.err, "it said: nothing"));
}

/// Without a card it plays on the dummy driver, and since nobody can plug in there, the riff.
static void test_demo_is_heard(void **state)
{
    (void)state;
    bl_audio sound;
    program live;
    size_t seen = 0;
    const char *model = stage_make_model("m.safetensors", 1, true, 48000.0);
    stage_make_sound("demo.wav", 1.0, &sound);
    start_alone(&live, &seen,
                (const char *const[]){model, "--driver", "dummy", "--demo", stage_path("demo.wav"),
                                      "--seconds", "2.5", NULL});
    double loudest = -200.0;
    while (program_listen(&live, 50)) {
    }
    assert_int_equal(live.code, 0);
    for (const char *at = live.out; (at = strstr(at, "\"out_db\":")) != NULL; at++) {
        loudest = fmax(loudest, atof(at + strlen("\"out_db\":")));
    }
    assert_true(loudest > -60.0);
    assert_false(stage_server_runs());
    bl_audio_finish(&sound);
}

/// A second start without MODEL plays the last one; a second name has a memory of its own.
static void test_remembers_the_model(void **state)
{
    (void)state;
    program live;
    size_t seen = 0;
    const char *model = stage_make_model("remembered.safetensors", 3, true, 48000.0);
    stage_server_start(&(stage_server){.rate_hz = 48000, .period = 256});
    stage_live_start(&live, (const char *const[]){model, NULL});
    json_decref(stage_wait_state(&live, &seen, "playing"));
    stage_live_stop(&live);
    seen = 0;
    stage_live_start(&live, (const char *const[]){NULL});
    json_t *line = stage_wait_state(&live, &seen, "playing");
    assert_string_equal(json_string_value(json_object_get(line, "model_path")), model);
    json_decref(line);
    program other;
    size_t other_seen = 0;
    stage_live_start(&other, (const char *const[]){"--name", "second", NULL});
    line = stage_wait_state(&other, &other_seen, "playing");
    assert_string_not_equal(json_string_value(json_object_get(line, "model_path")), model);
    json_decref(line);
    stage_live_stop(&other);
    stage_live_stop(&live);
    stage_server_stop();
}

/// PipeWire runs, and what would join it is not installed: the package is named, and a server of
/// our own plays meanwhile.
static void test_pipewire_without_pw_jack(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    program live, find;
    size_t seen = 0;
    char *const usual = strdup(getenv("PATH"));
    const int daemon = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s",
             stage_path("XDG_RUNTIME_DIR/pipewire-0"));
    assert_int_equal(bind(daemon, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(daemon, 8), 0);
    program_run(&find, (const char *const[]){"sh", "-c", "command -v jackd", NULL});
    find.out[strcspn(find.out, "\n")] = '\0';
    stage_write("programs/readme", "jackd and nothing else\n");
    assert_int_equal(symlink(find.out, stage_path("programs/jackd")), 0);
    setenv("PATH", stage_path("programs"), 1);
    const char *model = stage_make_model("m.safetensors", 1, true, 48000.0);
    stage_live_start(&live, (const char *const[]){model, NULL});
    stage_wait_message(&live, &seen, "install the package pipewire-jack");
    json_decref(stage_wait_state(&live, &seen, "playing"));
    stage_live_stop(&live);
    setenv("PATH", usual, 1);
    free(usual);
    close(daemon);
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_ends_with_the_program, stage_rename_server),
        cmocka_unit_test_setup(test_ends_when_killed, stage_rename_server),
        cmocka_unit_test_setup(test_bad_card, stage_rename_server),
        cmocka_unit_test_setup(test_demo_is_heard, stage_rename_server),
        cmocka_unit_test_setup(test_remembers_the_model, stage_rename_server),
        cmocka_unit_test_setup(test_pipewire_without_pw_jack, stage_rename_server),
    };
    return cmocka_run_group_tests(tests, open_stage, stage_close);
}
