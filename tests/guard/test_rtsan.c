// SPDX-License-Identifier: MIT
// RealtimeSanitizer looks at all engine tests of its build; here it is shown a net that allocates
// and one that sleeps inside the process call, which must end the program that does it.

#include "backline/engine.h"

#include "support/chains.h"
#include "support/cmocka_all.h"
#include "support/engines.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// The compiler would refuse what is planted here.
#pragma clang diagnostic ignored "-Wfunction-effects"

static void *volatile memory; // kept from the compiler

static void net_that_allocates(bl_net *net, const float *in, float *out, uint32_t frames)
{
    test_net_process(net, in, out, frames);
    memory = malloc(10);
}

static void net_that_sleeps(bl_net *net, const float *in, float *out, uint32_t frames)
{
    test_net_process(net, in, out, frames);
    nanosleep(&(struct timespec){.tv_nsec = 1}, NULL);
}

static void play(void (*process)(bl_net *, const float *, float *, uint32_t))
{
    bl_engine *engine = engine_of(bare_config());
    bl_chain *chain = net_chain(1, 1.0F, 0);
    if (process != NULL) {
        net_of(chain)->base.process = process;
    }
    bl_engine_swap(engine, chain);
    float samples[64] = {0.0F};
    bl_engine_process(engine, samples, samples, 64);
    bl_engine_destroy(engine);
}

// Plays in a child. Returns how it ended; `said` gets what it wrote to stderr.
static int status_of(void (*process)(bl_net *, const float *, float *, uint32_t), char *said,
                     size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        play(process);
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t n = 1; n > 0 && length<size - 1; length += n> 0 ? (size_t)n : 0) {
        n = read(ends[0], said + length, size - 1 - length);
    }
    said[length] = '\0';
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_planted_calls_are_caught(void **state)
{
    (void)state;
    char said[8192];
    assert_int_not_equal(status_of(net_that_allocates, said, sizeof said), 0);
    assert_non_null(strstr(said, "RealtimeSanitizer"));
    assert_non_null(strstr(said, "malloc"));
    assert_int_not_equal(status_of(net_that_sleeps, said, sizeof said), 0);
    assert_non_null(strstr(said, "RealtimeSanitizer"));
    assert_non_null(strstr(said, "nanosleep"));
}

static void test_an_honest_net_is_not(void **state)
{
    (void)state;
    char said[8192];
    assert_int_equal(status_of(NULL, said, sizeof said), 0);
    assert_string_equal(said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_planted_calls_are_caught),
        cmocka_unit_test(test_an_honest_net_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
