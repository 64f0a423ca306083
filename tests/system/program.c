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

static void make_pipe(int ends[2])
{
    assert_int_equal(pipe(ends), 0);
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

void program_start(program *p, const char *const *argv)
{
    int out[2];
    int err[2];
    memset(p, 0, sizeof *p);
    make_pipe(out);
    make_pipe(err);
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (p->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        char *copy[ARGUMENTS_MAX] = {NULL}; // exec's type has less const
        for (size_t i = 0; i < ARGUMENTS_MAX - 1 && argv[i] != NULL; i++) {
            memcpy(&copy[i], &argv[i], sizeof copy[i]);
        }
        execvp(argv[0], copy);
        fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    close(out[1]);
    close(err[1]);
    p->out_fd = out[0];
    p->err_fd = err[0];
}

/// Reads what is there; false at the end of the stream.
static bool drain(int descriptor, char *text, size_t *size)
{
    for (;;) {
        char piece[4096];
        const ssize_t n = read(descriptor, piece, sizeof piece);
        if (n <= 0) {
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        }
        // What does not fit is dropped: tests look at the first few hundred lines.
        size_t room = PROGRAM_TEXT_MAX - 1 - *size;
        room = room < (size_t)n ? room : (size_t)n;
        memcpy(text + *size, piece, room);
        *size += room;
        text[*size] = '\0';
    }
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
    struct pollfd wait[] = {{p->out_fd, POLLIN, 0}, {p->err_fd, POLLIN, 0}};
    poll(wait, 2, ms);
    const bool out = drain(p->out_fd, p->out, &p->out_size);
    const bool err = drain(p->err_fd, p->err, &p->err_size);
    int status = 0;
    if (waitpid(p->pid, &status, WNOHANG) == p->pid) {
        reap(p, status);
        return false;
    }
    if (!out || !err) {
        poll(NULL, 0, 2); // a closed stream is always ready
    }
    return true;
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
