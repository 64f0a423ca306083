// SPDX-License-Identifier: MIT
// Watching files by inotify.

#include "watch.h"

#include <limits.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { BUFFER_BYTES = 4096 };

void bl_watch_open(bl_watch *watch)
{
    memset(watch, 0, sizeof *watch);
    watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}

void bl_watch_close(bl_watch *watch)
{
    if (watch->fd >= 0) {
        close(watch->fd);
    }
    watch->fd = -1;
}

void bl_watch_add(bl_watch *watch, const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const int length = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
    if (watch->fd < 0 || watch->count == BL_WATCH_FILES_MAX || length >= PATH_MAX ||
        strlen(name) >= BL_WATCH_NAME_MAX) {
        return;
    }
    snprintf(folder, sizeof folder, "%.*s", length, slash != NULL ? path : ".");
    bl_watched *file = &watch->files[watch->count];
    file->folder = inotify_add_watch(watch->fd, folder, IN_CLOSE_WRITE | IN_MOVED_TO);
    snprintf(file->name, sizeof file->name, "%s", name);
    watch->count += file->folder >= 0;
}

void bl_watch_clear(bl_watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        inotify_rm_watch(watch->fd, watch->files[i].folder); // again for the same one is harmless
    }
    watch->count = 0;
}

static bool is_ours(const bl_watch *watch, const struct inotify_event *event)
{
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->files[i].folder == event->wd && event->len > 0 &&
            strcmp(watch->files[i].name, event->name) == 0) {
            return true;
        }
    }
    return (event->mask & IN_Q_OVERFLOW) != 0;
}

bool bl_watch_take(bl_watch *watch)
{
    alignas(struct inotify_event) char buffer[BUFFER_BYTES];
    bool changed = false;
    ssize_t got = watch->fd >= 0 ? read(watch->fd, buffer, sizeof buffer) : 0;
    while (got > 0) {
        for (ssize_t at = 0; at < got;) {
            struct inotify_event event;
            const void *here = buffer + at;
            memcpy(&event, here, sizeof event);
            changed = changed || is_ours(watch, here);
            at += (ssize_t)(sizeof event + event.len);
        }
        got = read(watch->fd, buffer, sizeof buffer);
    }
    return changed;
}
