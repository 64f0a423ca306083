// SPDX-License-Identifier: MIT
// The command line: one function per command, chosen by name from one table in cli.c.

#ifndef BACKLINE_APP_CLI_H
#define BACKLINE_APP_CLI_H

/// Exit codes of every command.
enum { BL_EXIT_DONE = 0, BL_EXIT_FAILED = 1, BL_EXIT_USAGE = 2 };

/// Runs the command that `argv` names and returns its exit code. Thread: MAIN.
int bl_cli_run(int argc, char **argv);

#endif
