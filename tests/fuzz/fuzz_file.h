// SPDX-License-Identifier: MIT
// Bytes as a file, for readers that want a path.

#ifndef TESTS_FUZZ_FUZZ_FILE_H
#define TESTS_FUZZ_FUZZ_FILE_H

#include "fuzz.h"

/// Path of a file of this name in a folder of the process's own, removed at the end. One buffer a
/// name of the first four.
const char *fuzz_file(const char *name);

/// The same, with these bytes written to it.
const char *fuzz_file_write(const char *name, const void *bytes, size_t size);

#endif
