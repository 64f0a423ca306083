// SPDX-License-Identifier: MIT
// Skipping a test aloud: tests/run.sh shows the reason beside the final count.

#ifndef BACKLINE_TESTS_SKIP_H
#define BACKLINE_TESTS_SKIP_H

#include <stdio.h>

/// Ends the running cmocka test as skipped. Takes a printf format and its arguments.
#define bl_test_skip(...)                                                                          \
    do {                                                                                           \
        fputs("skip: ", stdout);                                                                   \
        printf(__VA_ARGS__);                                                                       \
        putchar('\n');                                                                             \
        skip();                                                                                    \
    } while (0)

#endif
