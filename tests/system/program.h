// SPDX-License-Identifier: MIT
// Child processes of a test: started, listened to, waited for with a deadline, never left behind.

#ifndef TESTS_SYSTEM_PROGRAM_H
#define TESTS_SYSTEM_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PROGRAM_TEXT_MAX = 256 * 1024 };

/// What is waited for takes milliseconds; this is how long a machine on its knees may take.
enum { DEADLINE_MS = 60000 };

typedef struct program {
    pid_t pid; ///< 0: not running
    int out_fd, err_fd;
    char out[PROGRAM_TEXT_MAX], err[PROGRAM_TEXT_MAX]; ///< what it has written so far
    size_t out_size, err_size;
    int code; ///< exit code once it has ended; 128 + signal if killed
} program;

/// Starts argv[0] (looked up in PATH), argv ends with NULL. Fails the test if that cannot be done.
/// The kernel ends it if the test dies.
void program_start(program *p, const char *const *argv);

/// Reads what it wrote, waits at most `ms` for more. False once it has ended.
bool program_listen(program *p, int ms);

/// Waits for the end and returns the exit code; kills it and fails the test after DEADLINE_MS.
int program_wait(program *p);

/// Sends a signal.
void program_signal(program *p, int number);

/// Ends it if it still runs, and forgets it.
void program_end(program *p);

/// start + wait.
int program_run(program *p, const char *const *argv);

/// Milliseconds of a clock that only goes forward.
long long now_ms(void);

#endif
