// SPDX-License-Identifier: MIT
// Fewer random cases where every instruction is emulated or checked.

#ifndef BACKLINE_TESTS_EFFORT_H
#define BACKLINE_TESTS_EFFORT_H

#include <stdint.h>
#include <stdlib.h>

/// How many of `count` like cases to run: all of them; a quarter, at least 8, with
/// BL_TEST_EFFORT=low in the environment, as tests/run.sh sets it for emulated processors and
/// AddressSanitizer.
static inline uint32_t bl_test_some(uint32_t count)
{
    if (getenv("BL_TEST_EFFORT") == NULL) {
        return count;
    }
    return count / 4 > 8 ? count / 4 : count < 8 ? count : 8;
}

#endif
