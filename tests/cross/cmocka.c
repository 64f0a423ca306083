// SPDX-License-Identifier: MIT
// Runs tests and prints what cmocka prints, as far as tests/count.awk reads it.

#include "cmocka.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

void print_message(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
}

static jmp_buf leave;
enum { PASSED, FAILED, SKIPPED };

_Noreturn void bl_cmocka_skip(void)
{
    longjmp(leave, SKIPPED);
}

_Noreturn void bl_cmocka_fail(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("[  ERROR   ] --- ");
    vprintf(format, arguments);
    printf("\n[   LINE   ] --- %s:%d\n", file, line);
    va_end(arguments);
    longjmp(leave, FAILED);
}

void bl_cmocka_integers(int equal, intmax_t a, intmax_t b, const char *file, int line)
{
    if ((a == b) != (equal != 0)) {
        bl_cmocka_fail(file, line, "%" PRIdMAX " %s %" PRIdMAX, a, equal ? "!=" : "==", b);
    }
}

static int run(const struct CMUnitTest *test, void **group_state)
{
    void *own_state = test->initial_state != NULL ? test->initial_state : *group_state;
    const int ended = setjmp(leave);
    if (ended != PASSED) {
        return ended;
    }
    if (test->setup_func != NULL && test->setup_func(&own_state) != 0) {
        return FAILED;
    }
    test->test_func(&own_state);
    return test->teardown_func != NULL && test->teardown_func(&own_state) != 0 ? FAILED : PASSED;
}

int bl_cmocka_run(const struct CMUnitTest *tests, size_t count, CMFixtureFunction setup,
                  CMFixtureFunction teardown)
{
    static const char *const words[] = {"[       OK ]", "[  FAILED  ]", "[  SKIPPED ]"};
    void *state = NULL;
    int failed = 0;
    if (setup != NULL && setup(&state) != 0) {
        puts("the setup of the group failed");
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        printf("[ RUN      ] %s\n", tests[i].name);
        const int ended = run(&tests[i], &state);
        printf("%s %s\n", words[ended], tests[i].name);
        failed += ended == FAILED;
    }
    if (teardown != NULL && teardown(&state) != 0) {
        puts("the teardown of the group failed");
        failed++;
    }
    return failed;
}
