// SPDX-License-Identifier: MIT
// A folder of a test's own under /tmp. One at a time; setup and teardown fit cmocka.

#ifndef TESTS_SUPPORT_FOLDER_H
#define TESTS_SUPPORT_FOLDER_H

#include <stddef.h>
#include <stdint.h>

/// Makes the folder. `state` is not used.
int test_folder_make(void **state);

/// Removes it with all that is in it.
int test_folder_remove(void **state);

const char *test_folder_path(void);

/// The path of `name` inside, valid until four calls later.
const char *test_folder_file(const char *name);

/// How many files it holds, hidden ones too.
uint32_t test_folder_count(void);

/// Writes a file inside; ends the program if that fails.
void test_folder_write(const char *name, const void *bytes, size_t size);

#endif
