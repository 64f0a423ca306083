// SPDX-License-Identifier: MIT
// A server that is there and stands still before anybody has joined it: that is said, nothing hangs
// for ever, and what waits plays when the server moves, or on a server of its own when that one is
// ended.

#include "stage.h"
#include "support/cmocka_all.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const stage_server usual = {.rate_hz = 48000, .period = 256, .async = true};

// Not on the stack: it outlives a test that fails.
static program live;
static size_t seen;

static int open_stage(void **state)
{
    stage_open(state);
    unsetenv("JACK_NO_START_SERVER");
    stage_write("XDG_CONFIG_HOME/backline/settings.yaml",
                "version: 1\nserver_command: 'jackd -r -p 128 -n {server} -d {driver}'\n");
    return 0;
}

static int open_scene(void **state)
{
    stage_rename_server(state);
    stage_server_start(&usual);
    stage_server_signal(SIGSTOP);
    seen = 0;
    return 0;
}

static int close_scene(void **state)
{
    (void)state;
    program_end(&live);
    stage_server_kill();
    return 0;
}

/// Returns when it has been said that the server does not answer.
static void start_live(void)
{
    const char *model = stage_make_model("m.safetensors", 1, true, 48000.0);
    stage_live_start(&live, (const char *const[]){model, "--driver", "dummy", NULL});
    json_decref(stage_wait_state(&live, &seen, "server frozen"));
    size_t from = 0;
    stage_wait_message(&live, &from, "is there but does not answer");
    assert_non_null(strstr(live.out, getenv("JACK_DEFAULT_SERVER")));
}

static void test_plays_when_it_moves(void **state)
{
    (void)state;
    start_live();
    stage_server_signal(SIGCONT);
    json_decref(stage_wait_state(&live, &seen, "playing"));
    stage_live_stop(&live);
}

static void test_plays_on_its_own(void **state)
{
    (void)state;
    start_live();
    stage_server_kill();
    stage_wait_message(&live, &seen, "Backline started a JACK server");
    json_decref(stage_wait_state(&live, &seen, "playing"));
    stage_live_stop(&live);
}

static void test_nothing_hangs(void **state)
{
    (void)state;
    program list;
    start_live();
    stage_live_stop(&live);
    assert_int_equal(program_run(&list, (const char *const[]){BL_PROGRAM, "ports", NULL}), 1);
    assert_non_null(strstr(list.err, "is there but does not answer"));
    assert_string_equal(list.out, "");
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
#define FROZEN_TEST(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)
    const struct CMUnitTest tests[] = {
        FROZEN_TEST(test_plays_when_it_moves),
        FROZEN_TEST(test_plays_on_its_own),
        FROZEN_TEST(test_nothing_hangs),
    };
    return cmocka_run_group_tests(tests, open_stage, stage_close);
}
