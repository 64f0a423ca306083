// SPDX-License-Identifier: MIT
// What a command is: its words for the help, its option table, its function. One constant
// bl_command per cmd_<name>.c; the list of them is in cli.c.

#ifndef BACKLINE_APP_COMMAND_H
#define BACKLINE_APP_COMMAND_H

#include "cli.h"
#include "options.h"

#include "backline/status.h"

#include <stdint.h>

typedef struct bl_command {
    const char *name;                    ///< the word after `backline`
    const char *sign;                    ///< what its errors begin with; NULL: "backline NAME"
    const char *summary;                 ///< half a sentence, lower case, no full stop
    const char *synopsis;                ///< what follows `backline NAME`
    const char *description;             ///< paragraphs, an empty line between them
    const bl_option *options;            ///< ended by a row without name; --help is added by itself
    uint32_t operands_min, operands_max; ///< arguments that are no options
    const char *examples;                ///< pairs of lines: a command line, then what it does
    /// argv[0] is the command's name. Returns an exit code of cli.h. Thread: MAIN.
    int (*run)(int argc, char **argv);
} bl_command;

/// Reads `argv` by the command's table into `settings`, a struct of the command's own that holds
/// the defaults. The arguments that are no options end up in `argv`, from `*operands` on.
/// Returns BL_OPTIONS_RUN, or the exit code to end with: --help was printed, or a mistake was
/// explained on stderr. Thread: MAIN.
int bl_options_parse(const bl_command *command, int argc, char **argv, void *settings,
                     const char *const **operands, uint32_t *operand_count);

/// Prints "backline NAME: ...", or the command's own sign, on stderr and returns BL_EXIT_FAILED.
/// Thread: MAIN.
int bl_command_fail(const bl_command *command, const bl_error *error);

/// The same for wrong usage: adds where the help is, returns BL_EXIT_USAGE. Thread: MAIN.
int bl_command_fail_usage(const bl_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

extern const bl_command bl_command_bench, bl_command_check, bl_command_export, bl_command_info,
    bl_command_live, bl_command_ports;
extern const bl_command bl_command_render, bl_command_train;

#endif
