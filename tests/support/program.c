// SPDX-License-Identifier: MIT
// Runs the built program. Its output goes through unnamed files, which never block it.

#include "support/program.h"

#include "support/cmocka_all.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void read_back(FILE *file, char *text, size_t size)
{
    rewind(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
}

const program_result *program_run(const char *path, const char *const *arguments)
{
    static program_result result;
    FILE *out = tmpfile(), *err = tmpfile();
    posix_spawn_file_actions_t actions;
    pid_t child = -1;
    int status = 0;
    // posix_spawn's prototype is older than const; it changes nothing.
    char *copies[256] = {0};
    for (size_t i = 0; arguments[i] != NULL && i + 1 < 256; i++) {
        copies[i] = strdup(arguments[i]);
    }
    if (out == NULL || err == NULL || posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, fileno(out), 1) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, fileno(err), 2) != 0 ||
        posix_spawn(&child, path, &actions, NULL, copies, environ) != 0 ||
        waitpid(child, &status, 0) != child) {
        perror(path);
        abort();
    }
    posix_spawn_file_actions_destroy(&actions);
    for (size_t i = 0; copies[i] != NULL; i++) {
        free(copies[i]);
    }
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    read_back(out, result.out, sizeof result.out);
    read_back(err, result.err, sizeof result.err);
    return &result;
}

void program_assert_failed(const program_result *result, int code, const char *command,
                           const char *words)
{
    char start[64];
    snprintf(start, sizeof start, "backline %s: ", command);
    const char *end = strchr(result->err, '\n');
    if (result->code != code || result->out[0] != '\0' || end == NULL || end[1] != '\0' ||
        strncmp(result->err, start, strlen(start)) != 0 || strstr(result->err, words) == NULL) {
        fail_msg("expected exit code %d and one line \"%s...%s...\", found code %d, stdout:\n%s\n"
                 "stderr:\n%s",
                 code, start, words, result->code, result->out, result->err);
    }
}
