// SPDX-License-Identifier: MIT
// Finds the command and runs it. Each command is a file cmd_<name>.c with its own help text.

#include "cli.h"

#include "command.h"

#include <stdio.h>
#include <string.h>

static const bl_command *const commands[] = {
    NULL,
};

static void print_help(FILE *stream)
{
    fputs("Usage: backline COMMAND [ARGUMENT...]\n\nCommands:\n", stream);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(stream, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    }
    fputs("\n`backline COMMAND --help` explains one command.\n", stream);
}

int bl_cli_run(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(argc < 2 ? stderr : stdout);
        return argc < 2 ? BL_EXIT_USAGE : BL_EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("backline " BL_VERSION);
        return BL_EXIT_DONE;
    }
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(argv[1], commands[i]->name) == 0) {
            return commands[i]->run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "backline: there is no command \"%s\"; `backline --help` lists them\n",
            argv[1]);
    return BL_EXIT_USAGE;
}
