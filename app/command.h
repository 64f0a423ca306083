// SPDX-License-Identifier: MIT
// What a command is, and the list of them.

#ifndef BACKLINE_APP_COMMAND_H
#define BACKLINE_APP_COMMAND_H

typedef struct bl_command {
    const char *name;
    const char *summary; ///< one line for `backline --help`
    /// argv[0] is the command's name. Returns an exit code of cli.h.
    int (*run)(int argc, char **argv);
} bl_command;

#endif
