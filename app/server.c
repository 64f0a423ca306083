// SPDX-License-Identifier: MIT
// The JACK server as our child. Between fork and exec only async-signal-safe calls are made.

#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORDS_BYTES = 2048, WORDS_COUNT = 64, EXIT_NO_EXEC = 127, OUTPUT_BYTES = 1024 * 1024 };

void bl_server_init(bl_server *server)
{
    memset(server, 0, sizeof *server);
    server->output_fd = -1;
    atomic_store(&server->process_fd, -1);
}

/// Replaces the placeholders of the template; false if the result does not fit.
static bool fill_in(const bl_server_config *config, char *line, size_t capacity)
{
    char driver[80] = "dummy";
    if (strncmp(config->driver, "alsa:", 5) == 0) {
        snprintf(driver, sizeof driver, "alsa -d hw:%s", config->driver + 5);
    }
    char rate[16];
    char period[16];
    snprintf(rate, sizeof rate, "%u", config->rate_hz);
    snprintf(period, sizeof period, "%u", config->period_frames);
    const struct {
        const char *key, *value;
    } table[] = {
        {"{server}", config->name}, {"{driver}", driver}, {"{rate}", rate}, {"{period}", period}};
    const char *from = config->command != NULL ? config->command : BL_SERVER_COMMAND;
    size_t used = 0;
    while (*from != '\0') {
        const char *value = NULL;
        size_t skip = 1;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
            if (strncmp(from, table[i].key, strlen(table[i].key)) == 0) {
                value = table[i].value;
                skip = strlen(table[i].key);
            }
        }
        const size_t length = value != NULL ? strlen(value) : 1;
        if (used + length + 1 > capacity) {
            return false;
        }
        memcpy(line + used, value != NULL ? value : from, length);
        used += length;
        from += skip;
    }
    line[used] = '\0';
    return true;
}

int bl_server_expand(const bl_server_config *config, char *words, size_t capacity)
{
    char line[WORDS_BYTES];
    if (!fill_in(config, line, sizeof line)) {
        return 0;
    }
    int count = 0;
    size_t used = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " \t\n", &rest); word != NULL;
         word = strtok_r(NULL, " \t\n", &rest)) {
        const size_t length = strlen(word) + 1;
        if (used + length > capacity) {
            return 0;
        }
        memcpy(words + used, word, length);
        used += length;
        count++;
    }
    return count;
}

/// The child, until it becomes the server.
static _Noreturn void become_server(const char *name, char **arguments, int output_fd, pid_t parent)
{
    // Its own group: Ctrl-C at the terminal is for us, we end the server ourselves.
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) {
        _exit(EXIT_NO_EXEC); // the parent died before the line above
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    const int null_fd = open("/dev/null", O_RDONLY);
    if (null_fd >= 0) {
        dup2(null_fd, STDIN_FILENO);
    }
    dup2(output_fd, STDOUT_FILENO);
    dup2(output_fd, STDERR_FILENO);
    execvp(name, arguments);
    const char text[] = "this program cannot be started\n";
    const ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written;
    _exit(EXIT_NO_EXEC);
}

bl_status bl_server_start(bl_server *server, const bl_server_config *config, bl_error *error)
{
    char words[WORDS_BYTES];
    char *arguments[WORDS_COUNT + 1] = {NULL};
    const int count = bl_server_expand(config, words, sizeof words);
    if (count == 0 || count > WORDS_COUNT) {
        return bl_error_set(error, BL_STATUS_VALUE,
                            "the setting server_command is empty or too long; the usual one is: %s",
                            BL_SERVER_COMMAND);
    }
    char *word = words;
    for (int i = 0; i < count; i++) {
        arguments[i] = word;
        word += strlen(word) + 1;
    }
    // Not a pipe: a server that nobody has time to listen to must not be held up by it.
    const int output_fd = memfd_create("backline-server", MFD_CLOEXEC);
    if (output_fd < 0 || fcntl(output_fd, F_SETFL, O_APPEND) != 0) {
        return bl_error_set(error, BL_STATUS_IO, "no memory for the JACK server's words: %s",
                            strerror(errno));
    }
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) {
        become_server(words, arguments, output_fd, parent);
    }
    if (pid < 0) {
        close(output_fd);
        return bl_error_set(error, BL_STATUS_IO, "cannot start \"%s\": %s", words, strerror(errno));
    }
    bl_server_init(server);
    server->pid = pid;
    server->output_fd = output_fd;
    atomic_store(&server->process_fd, (int)syscall(SYS_pidfd_open, pid, 0));
    snprintf(server->driver, sizeof server->driver, "%s", config->driver);
    return BL_STATUS_OK;
}

/// Keeps the end of what the server says, and the file from growing for ever.
static void listen_to(bl_server *server)
{
    const off_t size = server->output_fd < 0 ? 0 : lseek(server->output_fd, 0, SEEK_END);
    if (size <= 0) {
        return;
    }
    const off_t room = sizeof server->words - 1;
    const ssize_t n =
        pread(server->output_fd, server->words, (size_t)room, size > room ? size - room : 0);
    server->words[n > 0 ? n : 0] = '\0';
    if (size > OUTPUT_BYTES && ftruncate(server->output_fd, 0) != 0) {
        return; // then it grows
    }
}

static void forget(bl_server *server)
{
    listen_to(server);
    if (server->output_fd >= 0) {
        close(server->output_fd);
    }
    server->output_fd = -1;
    const int process_fd = atomic_exchange(&server->process_fd, -1);
    if (process_fd >= 0) {
        close(process_fd);
    }
    server->pid = 0;
}

void bl_server_kill(bl_server *server)
{
    // Not by its number, which may be another process's by now.
    syscall(SYS_pidfd_send_signal, atomic_load(&server->process_fd), SIGKILL, NULL, 0);
}

bool bl_server_is_alive(bl_server *server)
{
    if (server->pid == 0) {
        return false;
    }
    listen_to(server);
    if (waitpid(server->pid, NULL, WNOHANG) == 0) {
        return true;
    }
    forget(server);
    return false;
}

/// What every jackd says at every start, and what says nothing after the cause is known.
static bool is_banner(const char *line)
{
    static const char *const banner[] = {
        "jackdmp ",
        "Copyright ",
        "jackdmp comes with",
        "This is free software",
        "under certain",
        "JACK server starting",
        "no message buffer",
        "JackServer::Open failed",
        "Failed to open server",
        "self-connect-mode",
        "creating alsa driver",
        "JackPosixProcessSync",
        "Cannot lock down",
        "Cannot use real-time",
        "JackDriver: Driver stopped",
    };
    for (size_t i = 0; i < sizeof banner / sizeof banner[0]; i++) {
        if (strncmp(line, banner[i], strlen(banner[i])) == 0) {
            return true;
        }
    }
    return false;
}

void bl_server_quote(const bl_server *server, char *text, size_t capacity)
{
    enum { LINES_MAX = 64 };
    const char *said[LINES_MAX];
    char copy[BL_SERVER_WORDS_MAX];
    memcpy(copy, server->words, sizeof copy);
    size_t count = 0;
    size_t used = 0;
    text[0] = '\0';
    char *rest = NULL;
    for (char *line = strtok_r(copy, "\n", &rest); line != NULL && count < LINES_MAX;
         line = strtok_r(NULL, "\n", &rest)) {
        bool skip = is_banner(line);
        for (size_t i = 0; i < count; i++) { // it tries a card several times
            skip = skip || strcmp(line, said[i]) == 0;
        }
        if (skip) {
            continue;
        }
        said[count++] = line;
        const int more = snprintf(text + used, capacity - used, "%s%s", used > 0 ? "; " : "", line);
        if (more < 0 || (size_t)more >= capacity - used) {
            return; // snprintf has cut it
        }
        used += (size_t)more;
    }
    if (used == 0) {
        snprintf(text, capacity, "nothing");
    }
}

void bl_server_stop(bl_server *server, int patience_ms)
{
    if (server->pid == 0) {
        return;
    }
    const struct timespec pause = {0, 5000000};
    kill(server->pid, SIGTERM);
    for (int waited = 0; waited < patience_ms; waited += 5) {
        if (!bl_server_is_alive(server)) {
            return;
        }
        nanosleep(&pause, NULL);
    }
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    forget(server);
}
