// SPDX-License-Identifier: MIT
// Child processes of a test.

#include "program.h"

#include "support/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 64 };

long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/// A file without a name. Not a pipe: a server that nobody listens to must not be held up.
static int make_file(void)
{
    char path[] = "/tmp/backline-output-XXXXXX";
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    unlink(path);
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    fcntl(descriptor, F_SETFL, O_APPEND);
    return descriptor;
}

void program_start(program *p, const char *const *argv)
{
    memset(p, 0, sizeof *p);
    p->out_fd = make_file();
    p->err_fd = make_file();
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (p->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(p->out_fd, STDOUT_FILENO);
        dup2(p->err_fd, STDERR_FILENO);
        char *copy[ARGUMENTS_MAX] = {NULL}; // exec's type has less const
        for (size_t i = 0; i < ARGUMENTS_MAX - 1 && argv[i] != NULL; i++) {
            memcpy(&copy[i], &argv[i], sizeof copy[i]);
        }
        execvp(argv[0], copy);
        fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
}

/// Reads what is new; true if anything is. What does not fit is not read: tests look at the first
/// few hundred lines.
static bool drain(int descriptor, char *text, size_t *size)
{
    const ssize_t n = pread(descriptor, text + *size, PROGRAM_TEXT_MAX - 1 - *size, (off_t)*size);
    if (n <= 0) {
        return false;
    }
    *size += (size_t)n;
    text[*size] = '\0';
    return true;
}

static void reap(program *p, int status)
{
    drain(p->out_fd, p->out, &p->out_size);
    drain(p->err_fd, p->err, &p->err_size);
    close(p->out_fd);
    close(p->err_fd);
    p->pid = 0;
    p->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool program_listen(program *p, int ms)
{
    if (p->pid == 0) {
        return false;
    }
    const long long until = now_ms() + ms;
    for (;;) {
        int status = 0;
        if (waitpid(p->pid, &status, WNOHANG) == p->pid) {
            reap(p, status);
            return false;
        }
        const bool out = drain(p->out_fd, p->out, &p->out_size);
        const bool err = drain(p->err_fd, p->err, &p->err_size);
        if (out || err || now_ms() >= until) {
            return true;
        }
        poll(NULL, 0, 2);
    }
}

int program_wait(program *p)
{
    const long long until = now_ms() + DEADLINE_MS;
    while (program_listen(p, 50)) {
        if (now_ms() > until) {
            program_end(p);
            fail_msg("the program did not end; it wrote: %s%s", p->out, p->err);
        }
    }
    return p->code;
}

void program_signal(program *p, int number)
{
    assert_true(p->pid > 0);
    assert_int_equal(kill(p->pid, number), 0);
}

void program_end(program *p)
{
    if (p->pid > 0) {
        int status = 0;
        kill(p->pid, SIGKILL);
        waitpid(p->pid, &status, 0);
        reap(p, status);
    }
}

int program_run(program *p, const char *const *argv)
{
    program_start(p, argv);
    return program_wait(p);
}
