// SPDX-License-Identifier: MIT
// What Backline's comments say of jackd's library, with nothing of Backline in it: while a client
// hangs in jack_client_close, jack_client_open hangs too, whatever server it asks for.

#include "stage.h"
#include "support/cmocka_all.h"

#include <jack/jack.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

static jack_client_t *client;
static atomic_bool closed; // closing thread -> test
static atomic_bool opened; // opening thread -> test

static void ignore_text(const char *text)
{
    (void)text;
}

static void *close_client(void *nothing)
{
    jack_client_close(client);
    atomic_store(&closed, true);
    return nothing;
}

/// Of a server that is not there, which is answered at once.
static void *open_another(void *nothing)
{
    jack_client_open("another", JackNoStartServer | JackServerName, NULL, "bl-nowhere");
    atomic_store(&opened, true);
    return nothing;
}

/// Whether an attempt to open is not answered while ten in other processes are.
static bool open_hangs(pthread_t *thread)
{
    atomic_store(&opened, false);
    assert_int_equal(pthread_create(thread, NULL, open_another, NULL), 0);
    setenv("JACK_DEFAULT_SERVER", "bl-nowhere", 1);
    for (int i = 0; i < 10; i++) {
        assert_false(stage_server_runs());
    }
    if (atomic_load(&opened)) {
        pthread_join(*thread, NULL); // the other thread has not come to the close yet
        return false;
    }
    return true;
}

static void test_open_waits_for_a_close_that_hangs(void **state)
{
    (void)state;
    pthread_t closing;
    pthread_t opening;
    const long long until = now_ms() + DEADLINE_MS;
    jack_set_error_function(ignore_text);
    jack_set_info_function(ignore_text);
    stage_server_start(&(stage_server){.rate_hz = 48000, .period = 256, .async = true});
    client = jack_client_open("hangs", JackNoStartServer, NULL);
    assert_non_null(client);
    assert_int_equal(jack_activate(client), 0);
    stage_server_signal(SIGSTOP);
    assert_int_equal(pthread_create(&closing, NULL, close_client, NULL), 0);
    while (!open_hangs(&opening)) {
        assert_true(now_ms() < until);
    }
    assert_false(atomic_load(&closed));
    stage_server_signal(SIGCONT);
    pthread_join(closing, NULL);
    pthread_join(opening, NULL);
    stage_server_stop();
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_waits_for_a_close_that_hangs),
    };
    return cmocka_run_group_tests(tests, stage_open, stage_close);
}
