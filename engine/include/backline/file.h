// SPDX-License-Identifier: MIT
// Whole files: bounded reading, and writing that never leaves a half-written file.

#ifndef BACKLINE_FILE_H
#define BACKLINE_FILE_H

#include "backline/status.h"

#include <stddef.h>
#include <stdint.h>

/// Opens a regular file for reading; folders, pipes and devices are refused without waiting.
/// Thread: any but RT. Owns: the caller, who closes `*descriptor`.
bl_status bl_file_open(const char *path, int *descriptor, uint64_t *size, bl_error *error);

/// Reads a whole regular file of at most `limit` bytes into malloc'd memory with one zero byte
/// behind it. Thread: any but RT. Owns: the caller, who frees `*bytes`.
bl_status bl_file_read(const char *path, size_t limit, uint8_t **bytes, size_t *size,
                       bl_error *error);

/// Writes a whole file or nothing, as bl_file_writer does. Thread: any but RT.
bl_status bl_file_write(const char *path, const void *bytes, size_t size, bl_error *error);

/// A file being written beside its final place.
typedef struct bl_file_writer {
    char path[4096];      ///< final path
    char temporary[4128]; ///< what is written now, in the same folder; empty while it has no name
    int descriptor;       ///< open for writing; -1 when ended
} bl_file_writer;

/// Opens a temporary file beside `path`. Ends with commit or abort. Thread: any but RT.
bl_status bl_file_writer_open(bl_file_writer *writer, const char *path, bl_error *error);

/// Appends bytes; on failure the writer must still be aborted. Thread: any but RT.
bl_status bl_file_writer_write(bl_file_writer *writer, const void *bytes, size_t size,
                               bl_error *error);

/// fsync, rename over the final path, fsync of the folder. On failure the temporary is removed and
/// an older file at `path` is untouched. Thread: any but RT.
bl_status bl_file_writer_commit(bl_file_writer *writer, bl_error *error);

/// Removes the temporary. Allowed after commit (does nothing). Thread: any but RT.
void bl_file_writer_abort(bl_file_writer *writer);

#endif
