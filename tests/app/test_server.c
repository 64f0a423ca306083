// SPDX-License-Identifier: MIT
// The server as a child, with ordinary programs in its place: the command, its words, its end.

#include "server.h"

#include "support/cmocka_all.h"

#include <poll.h>
#include <signal.h>
#include <string.h>

static bl_server_config config_of(const char *command, const char *driver)
{
    return (bl_server_config){command, "stage", driver, 48000, 128};
}

/// The command as one line, words parted by '|'.
static const char *expand(const char *command, const char *driver)
{
    static char words[512];
    const bl_server_config config = config_of(command, driver);
    const int count = bl_server_expand(&config, words, sizeof words);
    char *word = words;
    for (int i = 1; i < count; i++) {
        word += strlen(word);
        *word = '|';
    }
    return count > 0 ? words : NULL;
}

static void test_expand(void **state)
{
    (void)state;
    assert_string_equal(expand(NULL, "dummy"), "jackd|-p|512|-n|stage|-d|dummy|-r|48000|-p|128");
    assert_string_equal(expand(NULL, "alsa:USB"),
                        "jackd|-p|512|-n|stage|-d|alsa|-d|hw:USB|-r|48000|-p|128");
    assert_string_equal(expand(" a  {rate}{rate}\tb{server}c {other} ", "dummy"),
                        "a|4800048000|bstagec|{other}");
    assert_null(expand("", "dummy"));
    assert_null(expand("  ", "dummy"));
    char huge[4096];
    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    assert_null(expand(huge, "dummy"));
}

static bool wait_for_end(bl_server *server)
{
    for (int i = 0; i < 6000; i++) {
        if (!bl_server_is_alive(server)) {
            return true;
        }
        poll(NULL, 0, 10);
    }
    return false;
}

static void test_words(void **state)
{
    (void)state;
    bl_server server;
    bl_error error = {0};
    char quote[128];
    const bl_server_config config =
        config_of("printf jackdmp\\n\\none\\nCopyright\\none\\ntwo\\none\\n", "dummy");
    assert_int_equal(bl_server_start(&server, &config, &error), BL_STATUS_OK);
    assert_true(wait_for_end(&server));
    bl_server_quote(&server, quote, sizeof quote);
    assert_string_equal(quote, "jackdmp; one; Copyright; two"); // banners have more to them
    const bl_server_config silent = config_of("true", "dummy");
    assert_int_equal(bl_server_start(&server, &silent, &error), BL_STATUS_OK);
    assert_true(wait_for_end(&server));
    bl_server_quote(&server, quote, sizeof quote);
    assert_string_equal(quote, "nothing");
}

/// A server that talks without end neither blocks nor overflows, and the end is what counts.
static void test_flood(void **state)
{
    (void)state;
    bl_server server;
    bl_error error = {0};
    const bl_server_config config = config_of("seq 1 200000", "dummy");
    assert_int_equal(bl_server_start(&server, &config, &error), BL_STATUS_OK);
    assert_true(wait_for_end(&server));
    const size_t length = strlen(server.words);
    assert_true(length > 1000 && length < sizeof server.words);
    assert_string_equal(server.words + length - 7, "200000\n");
}

static void test_missing_program(void **state)
{
    (void)state;
    bl_server server;
    bl_error error = {0};
    char quote[128];
    const bl_server_config config = config_of("no-such-program-anywhere", "dummy");
    assert_int_equal(bl_server_start(&server, &config, &error), BL_STATUS_OK);
    assert_true(wait_for_end(&server));
    bl_server_quote(&server, quote, sizeof quote);
    assert_string_equal(quote, "this program cannot be started");
}

static void test_stop(void **state)
{
    (void)state;
    bl_server server;
    bl_error error = {0};
    const bl_server_config config = config_of("sleep 600", "dummy");
    assert_int_equal(bl_server_start(&server, &config, &error), BL_STATUS_OK);
    const pid_t pid = server.pid;
    assert_true(bl_server_is_alive(&server));
    bl_server_stop(&server, 1000);
    assert_int_equal(server.pid, 0);
    assert_int_equal(kill(pid, 0), -1);
    bl_server_stop(&server, 1000); // nothing left to do
    assert_false(bl_server_is_alive(&server));
}

/// One that does not listen is killed.
static void test_stop_stubborn(void **state)
{
    (void)state;
    bl_server server;
    bl_error error = {0};
    const bl_server_config config = config_of("sleep 600", "dummy");
    assert_int_equal(bl_server_start(&server, &config, &error), BL_STATUS_OK);
    const pid_t pid = server.pid;
    assert_int_equal(kill(pid, SIGSTOP), 0); // a stopped process does not take SIGTERM
    bl_server_stop(&server, 50);
    assert_int_equal(kill(pid, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expand), cmocka_unit_test(test_words),
        cmocka_unit_test(test_flood),  cmocka_unit_test(test_missing_program),
        cmocka_unit_test(test_stop),   cmocka_unit_test(test_stop_stubborn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
