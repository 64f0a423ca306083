// SPDX-License-Identifier: MIT
// A session manager that the test plays, after the published API 1.1.

#ifndef TESTS_SYSTEM_MANAGER_H
#define TESTS_SYSTEM_MANAGER_H

#include "program.h"

#include <lo/lo.h>
#include <stdbool.h>
#include <stdint.h>

/// What it has heard so far.
typedef struct manager {
    lo_server server;
    lo_address client; // of the last announce
    char capabilities[128], executable[128];
    int32_t pid;
    bool refuses;
    bool announced, opened, saved, dirty, clean, failed;
    bool shown, hidden; // the window, in turn
    float progress;
    uint32_t messages;
} manager;

/// Puts its address into the environment.
void manager_start(manager *m);
void manager_stop(manager *m);

/// Listens until `flag` is set; fails the test after the deadline, or when the client ends.
void manager_wait(manager *m, program *client, const bool *flag, const char *what);

/// Waits for the announcement of the client that was started, names the session's folder, and waits
/// until it says that it is open.
void manager_open(manager *m, program *client, const char *folder);

/// Asks it to save and waits until it has, and is clean.
void manager_save(manager *m, program *client);

#endif
