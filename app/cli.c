// SPDX-License-Identifier: MIT
// Finds the command and runs it. Each command is a bl_command in a file cmd_<name>.c.

#include "cli.h"

#include "command.h"
#include "help.h"

#include "backline/text.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const bl_command *const commands[] = {
    &bl_command_live,   &bl_command_render, &bl_command_info,
    &bl_command_bench,  &bl_command_check,  &bl_command_train,
    &bl_command_export, &bl_command_ports,  NULL,
};

static const bl_command *find_command(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(name, commands[i]->name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

// `backline help [COMMAND]`, and the forms that the build makes its documents with.
static int run_help(int argc, char **argv)
{
    const bl_command *command = argc > 1 ? find_command(argv[1]) : NULL;
    if (command != NULL) {
        bl_help_print(stdout, command);
    } else if (argc > 1 && strcmp(argv[1], "--man") == 0) {
        bl_help_print_man(stdout, commands);
    } else if (argc > 1 && strcmp(argv[1], "--completion") == 0) {
        bl_help_print_completion(stdout, commands);
    } else {
        bl_help_print_program(stdout, commands);
    }
    return BL_EXIT_DONE;
}

static int fail_unknown(const char *word)
{
    bl_text_nearest nearest = {.word = word};
    for (size_t i = 0; commands[i] != NULL; i++) {
        bl_text_consider(&nearest, commands[i]->name);
    }
    bl_error error = {0};
    if (nearest.best != NULL) {
        bl_error_set(&error, BL_STATUS_USAGE,
                     "there is no command \"%.100s\"; did you mean \"%s\"? `backline --help` lists "
                     "the commands",
                     word, nearest.best);
    } else {
        bl_error_set(&error, BL_STATUS_USAGE,
                     "there is no command \"%.100s\"; `backline --help` lists the commands", word);
    }
    fprintf(stderr, "backline: %s\n", error.text);
    return BL_EXIT_USAGE;
}

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && value[0] != '\0';
}

// Becomes the window program if it lies beside this one; returns only if it does not.
static void start_window(char **argv)
{
    static const char name[] = "backline-gtk";
    char path[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof name);
    if (length <= 0) {
        return;
    }
    path[length] = '\0';
    char *base = strrchr(path, '/');
    if (base != NULL) {
        strcpy(base + 1, name);
        execv(path, argv);
        if (errno != ENOENT) {
            fprintf(stderr, "backline: %s cannot be started: %s; playing without a window\n", path,
                    strerror(errno));
        }
    }
}

static int run_default(char **argv)
{
    if (is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")) {
        start_window(argv);
    }
    char name[] = "live";
    char *arguments[] = {name, NULL};
    return bl_command_live.run(1, arguments);
}

static int run_named(int argc, char **argv)
{
    if (argc < 2) {
        return run_default(argv);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        return run_help(1, argv);
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("backline " BL_VERSION);
        return BL_EXIT_DONE;
    }
    if (strcmp(argv[1], "help") == 0) {
        return run_help(argc - 1, argv + 1);
    }
    const bl_command *command = find_command(argv[1]);
    return command != NULL ? command->run(argc - 1, argv + 1) : fail_unknown(argv[1]);
}

int bl_cli_run(int argc, char **argv)
{
    const int code = run_named(argc, argv);
    // What was printed may be a document that somebody relies on.
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == BL_EXIT_DONE) {
        fprintf(stderr, "backline: standard output cannot be written: %s\n", strerror(errno));
        return BL_EXIT_FAILED;
    }
    return code;
}
