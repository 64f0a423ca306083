// SPDX-License-Identifier: MIT
// Clients that hang in being closed, by a JACK library of the test's: each holds the search for a
// server up for its own patience, whatever becomes of those before it.

#include "jack_parts.h"
#include "link_parts.h"

#include "support/cmocka_all.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { CLIENTS = 2 + BL_LINK_LEFT_MAX };

/// What stands for a client of the library.
typedef struct fake {
    atomic_bool let_go; ///< test -> closing thread
} fake;

static fake fakes[CLIENTS];
static int opened; ///< attempts to join a server

// The linker gives these names.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
int __wrap_jack_client_close(jack_client_t *client);
bl_status __wrap_bl_jack_open(const bl_jack_config *config, bl_jack **jack, bl_error *error);
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

int __wrap_jack_client_close(jack_client_t *client)
{
    const fake *f = (void *)client;
    while (!atomic_load(&f->let_go)) {
        sched_yield();
    }
    return 0;
}

bl_status __wrap_bl_jack_open(const bl_jack_config *config, bl_jack **jack, bl_error *error)
{
    (void)config;
    (void)jack;
    opened++;
    return bl_error_set(error, BL_STATUS_SERVER, "no server");
}

static bl_link make_link(void)
{
    opened = 0;
    bl_link link = {.told = true};
    bl_server_init(&link.server);
    return link;
}

/// Begins to close client `index`, which hangs until it is let go.
static void close_client(int index)
{
    bl_jack *jack = calloc(1, sizeof *jack);
    assert_non_null(jack);
    atomic_store(&fakes[index].let_go, false);
    jack->client = (void *)&fakes[index];
    bl_jack_close(jack, 0);
}

static void end(int index)
{
    const int count = bl_jack_count_closing(0);
    atomic_store(&fakes[index].let_go, true);
    while (bl_jack_count_closing(0) == count) {
        sched_yield();
    }
}

/// One look for a server; whether it went as far as to ask for one.
static bool looks(bl_link *link)
{
    const int before = opened;
    bl_link_search(link);
    return opened > before;
}

static void pass_patience(bl_link *link)
{
    assert_true(link->closing_ms != 0);
    link->closing_ms -= BL_LINK_CLOSING_MS + 1;
}

static void test_one_that_closes_is_waited_for(void **state)
{
    (void)state;
    bl_link link = make_link();
    assert_true(looks(&link));
    close_client(0);
    assert_false(looks(&link));
    end(0);
    assert_true(looks(&link));
}

// The first one is let go of while the second one has just begun.
static void test_the_second_is_not_taken_for_the_first(void **state)
{
    (void)state;
    bl_link link = make_link();
    close_client(0);
    assert_false(looks(&link));
    pass_patience(&link);
    assert_true(looks(&link)); // left behind
    close_client(1);
    assert_false(looks(&link));
    end(0);
    assert_false(looks(&link));
    pass_patience(&link);
    assert_true(looks(&link));
    end(1);
    assert_true(looks(&link));
}

// The mailbox is not looked at: the sentence counts as told.
static void test_so_many_are_left_behind(void **state)
{
    (void)state;
    bl_link link = make_link();
    link.stuck_told = true;
    for (int i = 0; i <= BL_LINK_LEFT_MAX; i++) {
        close_client(i);
        assert_false(looks(&link));
        pass_patience(&link);
        assert_int_equal(looks(&link), i < BL_LINK_LEFT_MAX);
    }
    end(3); // any of them makes room
    assert_true(looks(&link));
    for (int i = 0; i <= BL_LINK_LEFT_MAX; i++) {
        if (i != 3) {
            end(i);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_that_closes_is_waited_for),
        cmocka_unit_test(test_the_second_is_not_taken_for_the_first),
        cmocka_unit_test(test_so_many_are_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
