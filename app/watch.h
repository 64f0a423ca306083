// SPDX-License-Identifier: MIT
// Tells when one of a few files is written or replaced (inotify on their folders, since editors
// replace files). Never waits for a disk. MAIN's.

#ifndef BACKLINE_APP_WATCH_H
#define BACKLINE_APP_WATCH_H

#include <stdbool.h>
#include <stddef.h>

enum { BL_WATCH_FILES_MAX = 160, BL_WATCH_NAME_MAX = 256 };

typedef struct bl_watched {
    int folder; ///< inotify's number of it
    char name[BL_WATCH_NAME_MAX];
} bl_watched;

typedef struct bl_watch {
    int fd; ///< readable when something has happened; -1: nothing can be watched
    bl_watched files[BL_WATCH_FILES_MAX];
    size_t count;
} bl_watch;

/// Opens without any file. Ends with bl_watch_close.
void bl_watch_open(bl_watch *watch);
void bl_watch_close(bl_watch *watch);

/// Adds a file, which need not be there yet. What cannot be watched is passed over.
void bl_watch_add(bl_watch *watch, const char *path);

/// Forgets all files.
void bl_watch_clear(bl_watch *watch);

/// Whether a file has changed since the last call.
bool bl_watch_take(bl_watch *watch);

#endif
