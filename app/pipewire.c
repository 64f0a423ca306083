// SPDX-License-Identifier: MIT
// PipeWire: its socket, and pw-jack.

#include "pipewire.h"

#include "jack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/// Set for the second start, so that there is no third.
#define MARK "BACKLINE_UNDER_PW_JACK"

enum { ARGUMENTS_MAX = 256 };

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/// The socket's path as PipeWire's own clients find it.
static bool socket_path(char *path, size_t capacity)
{
    static const char *const folders[] = {"PIPEWIRE_RUNTIME_DIR", "XDG_RUNTIME_DIR"};
    const char *name = getenv("PIPEWIRE_REMOTE");
    name = is_set(name) ? name : "pipewire-0";
    if (name[0] == '/') {
        return (size_t)snprintf(path, capacity, "%s", name) < capacity;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        const char *folder = getenv(folders[i]);
        if (is_set(folder)) {
            return (size_t)snprintf(path, capacity, "%s/%s", folder, name) < capacity;
        }
    }
    return false;
}

bool bl_pipewire_runs(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!socket_path(address.sun_path, sizeof address.sun_path)) {
        return false;
    }
    const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) {
        return false;
    }
    const int code = connect(descriptor, (const struct sockaddr *)&address, sizeof address);
    close(descriptor);
    return code == 0;
}

/// Becomes `pw-jack PROGRAM ARGUMENTS...`; returns only if that fails, with errno.
static void become(char *program, char **arguments)
{
    char name[] = "pw-jack";
    char *all[ARGUMENTS_MAX + 3] = {name, program};
    size_t count = 0;
    while (count < ARGUMENTS_MAX && arguments[count] != NULL) {
        all[2 + count] = arguments[count];
        count++;
    }
    setenv(MARK, "1", 1);
    execvp(name, all);
}

bl_status bl_pipewire_join(const char *server, char **arguments, bl_error *error)
{
    char program[4096];
    if (is_set(server) || is_set(getenv(MARK)) || bl_jack_is_pipewire() || !bl_pipewire_runs() ||
        bl_jack_probe(NULL)) {
        return BL_STATUS_OK;
    }
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length > 0) {
        program[length] = '\0';
        become(program, arguments);
        unsetenv(MARK);
    }
    return bl_error_set(error, BL_STATUS_NOT_FOUND,
                        "PipeWire runs, but pw-jack cannot be started: %s; install the package "
                        "pipewire-jack",
                        strerror(errno));
}
