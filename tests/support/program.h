// SPDX-License-Identifier: MIT
// Runs the built `backline` and keeps what it printed.

#ifndef TESTS_SUPPORT_PROGRAM_H
#define TESTS_SUPPORT_PROGRAM_H

enum { PROGRAM_OUT_MAX = 1 << 17, PROGRAM_ERR_MAX = 1 << 14 };

typedef struct program_result {
    int code; ///< exit code, or 128 + signal
    char out[PROGRAM_OUT_MAX], err[PROGRAM_ERR_MAX];
} program_result;

/// Runs `path` with the arguments (the last one NULL) and waits. The result is valid until the next
/// call. Ends the test program if nothing can be started.
const program_result *program_run(const char *path, const char *const *arguments);

/// program_run of the built program: PROGRAM("info", "--json", file).
#define PROGRAM(...) program_run(BL_PROGRAM, (const char *const[]){BL_PROGRAM, __VA_ARGS__, NULL})

/// Fails the cmocka test unless the program said one line on stderr that starts with `command`, has
/// `words` in it, said nothing on stdout, and ended with `code`.
void program_assert_failed(const program_result *result, int code, const char *command,
                           const char *words);

#endif
