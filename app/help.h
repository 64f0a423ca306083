// SPDX-License-Identifier: MIT
// Help, manual page and shell completion, all from the commands' tables.

#ifndef BACKLINE_APP_HELP_H
#define BACKLINE_APP_HELP_H

#include "command.h"

#include <stdio.h>

/// Prints the page of one command as text of 80 columns. Thread: MAIN.
void bl_help_print(FILE *stream, const bl_command *command);

/// Prints the page of `backline` itself; `commands` ends with NULL. Thread: MAIN.
void bl_help_print_program(FILE *stream, const bl_command *const *commands);

/// Prints backline(1), all commands in one page, for man. Thread: MAIN.
void bl_help_print_man(FILE *stream, const bl_command *const *commands);

/// Prints a completion script for bash. Thread: MAIN.
void bl_help_print_completion(FILE *stream, const bl_command *const *commands);

#endif
