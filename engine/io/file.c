// SPDX-License-Identifier: MIT
// Whole files. A file being written lies in the folder of its final path, so that the rename that
// ends it stays inside one file system and readers see the old file or the new one. Until then it
// has no name where the file system can do that, so that not even SIGKILL leaves it behind.

#include "backline/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_TRIES = 100 };

static bl_status status_of_errno(int number)
{
    return number == ENOENT || number == ENOTDIR ? BL_STATUS_NOT_FOUND : BL_STATUS_IO;
}

// Fills `bytes` up to `size` or the end of the file; the count read, or -1 with errno.
static ssize_t read_fully(int descriptor, uint8_t *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t count = read(descriptor, bytes + done, size - done);
        if (count == 0) {
            break;
        }
        if (count < 0 && errno != EINTR) {
            return -1;
        }
        done += count > 0 ? (size_t)count : 0;
    }
    return (ssize_t)done;
}

bl_status bl_file_open(const char *path, int *descriptor, uint64_t *size, bl_error *error)
{
    // O_NONBLOCK: opening a pipe must fail below, not wait for its writer.
    const int opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (opened < 0) {
        return bl_error_set(error, status_of_errno(errno), "%s: cannot be opened: %s", path,
                            strerror(errno));
    }
    struct stat facts;
    if (fstat(opened, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        close(opened);
        return bl_error_set(error, BL_STATUS_IO, "%s: found a %s", path,
                            S_ISDIR(facts.st_mode) ? "folder, expected a file; name one in it"
                                                   : "device or pipe, expected a file");
    }
    *descriptor = opened;
    *size = (uint64_t)facts.st_size;
    return BL_STATUS_OK;
}

bl_status bl_file_read(const char *path, size_t limit, uint8_t **bytes, size_t *size,
                       bl_error *error)
{
    int descriptor = -1;
    uint64_t found = 0;
    uint8_t *read_bytes = NULL;
    ssize_t count = 0;
    bl_status status = bl_file_open(path, &descriptor, &found, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    if (found > limit) {
        status = bl_error_set(error, BL_STATUS_LIMIT,
                              "%s: found %llu bytes, expected at most %llu; is it the right file?",
                              path, (unsigned long long)found, (unsigned long long)limit);
        goto fail;
    }
    read_bytes = malloc((size_t)found + 1);
    if (read_bytes == NULL) {
        status = bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory to read it", path);
        goto fail;
    }
    count = read_fully(descriptor, read_bytes, (size_t)found);
    if (count < 0) {
        status = bl_error_set(error, BL_STATUS_IO, "%s: cannot be read: %s", path, strerror(errno));
        goto fail;
    }
    close(descriptor);
    read_bytes[count] = 0;
    *bytes = read_bytes;
    *size = (size_t)count;
    return BL_STATUS_OK;

fail:
    free(read_bytes);
    close(descriptor);
    return status;
}

// The folder of `path` as text that open() takes; `buffer` is as large as bl_file_writer.path.
static const char *folder_of(const char *path, char *buffer)
{
    strcpy(buffer, path);
    return dirname(buffer);
}

// Puts the final path into the writer: where a symbolic link points, so that the link survives.
static bl_status resolve_path(bl_file_writer *writer, const char *path, bl_error *error)
{
    struct stat facts;
    char *target = NULL;
    if (lstat(path, &facts) == 0 && S_ISLNK(facts.st_mode)) {
        target = realpath(path, NULL);
    }
    const char *final = target != NULL ? target : path;
    bl_status status = BL_STATUS_OK;
    if (strlen(final) >= sizeof writer->path || final[0] == '\0') {
        status = bl_error_set(error, BL_STATUS_IO, "%.200s: the path is %s", path,
                              final[0] == '\0' ? "empty" : "too long");
    } else {
        strcpy(writer->path, final);
    }
    free(target);
    // A rename over a folder fails late, one over a device would replace the device.
    if (status == BL_STATUS_OK && stat(writer->path, &facts) == 0 && !S_ISREG(facts.st_mode)) {
        status = bl_error_set(error, BL_STATUS_IO, "%s: found a %s where a file is to be written",
                              path, S_ISDIR(facts.st_mode) ? "folder" : "device or pipe");
    }
    return status;
}

// Makes a hidden name beside the final path that nobody uses, calling `attempt` until it does not
// say that the name exists. Returns what `attempt` returned last: -1 with errno on failure.
static int try_names(bl_file_writer *writer, int (*attempt)(const bl_file_writer *writer))
{
    static _Atomic unsigned counter; // any thread -> any thread, only unique
    char buffer[sizeof writer->path];
    const char *folder = folder_of(writer->path, buffer);
    int result = -1;
    for (int i = 0; i < NAME_TRIES && result < 0; i++) {
        snprintf(writer->temporary, sizeof writer->temporary, "%.4050s/.backline-%ld-%u.tmp",
                 folder, (long)getpid(), atomic_fetch_add(&counter, 1));
        result = attempt(writer);
        if (result < 0 && errno != EEXIST) {
            break;
        }
    }
    return result;
}

static int open_named(const bl_file_writer *writer)
{
    return open(writer->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

// Where the kernel shows an open file, so that it can be given a name.
static void format_proc_path(const bl_file_writer *writer, char path[32])
{
    snprintf(path, 32, "/proc/self/fd/%d", writer->descriptor);
}

static int link_unnamed(const bl_file_writer *writer)
{
    char path[32];
    format_proc_path(writer, path);
    return linkat(AT_FDCWD, path, AT_FDCWD, writer->temporary, AT_SYMLINK_FOLLOW);
}

// A file without a name, or -1 where there is no such thing or no way to name it later.
static int open_unnamed(bl_file_writer *writer)
{
    char buffer[sizeof writer->path], path[32];
    writer->temporary[0] = '\0';
    writer->descriptor =
        open(folder_of(writer->path, buffer), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    format_proc_path(writer, path);
    if (writer->descriptor >= 0 && access(path, F_OK) != 0) {
        close(writer->descriptor);
        writer->descriptor = -1;
    }
    return writer->descriptor;
}

bl_status bl_file_writer_open(bl_file_writer *writer, const char *path, bl_error *error)
{
    writer->descriptor = -1;
    const bl_status status = resolve_path(writer, path, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    if (open_unnamed(writer) < 0) {
        writer->descriptor = try_names(writer, open_named);
    }
    if (writer->descriptor < 0) {
        return bl_error_set(error, status_of_errno(errno), "%s: cannot be written: %s", path,
                            strerror(errno));
    }
    return BL_STATUS_OK;
}

bl_status bl_file_writer_write(bl_file_writer *writer, const void *bytes, size_t size,
                               bl_error *error)
{
    const uint8_t *next = bytes;
    while (size > 0) {
        const ssize_t count = write(writer->descriptor, next, size);
        if (count < 0 && errno != EINTR) {
            return bl_error_set(error, BL_STATUS_IO, "%s: cannot be written: %s", writer->path,
                                strerror(errno));
        }
        next += count > 0 ? count : 0;
        size -= count > 0 ? (size_t)count : 0;
    }
    return BL_STATUS_OK;
}

// Makes the rename last through a power cut. Some file systems refuse this; the data is safe then
// too, only the name may be the old one, so that is no failure.
static void sync_folder(const bl_file_writer *writer)
{
    char buffer[sizeof writer->path];
    const int folder = open(folder_of(writer->path, buffer), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
}

bl_status bl_file_writer_commit(bl_file_writer *writer, bl_error *error)
{
    bool done = fsync(writer->descriptor) == 0;
    bool named = writer->temporary[0] != '\0';
    if (done && !named) {
        done = named = try_names(writer, link_unnamed) == 0;
    }
    int cause = errno;
    if (close(writer->descriptor) != 0 && done) {
        done = false;
        cause = errno;
    }
    writer->descriptor = -1;
    if (done && rename(writer->temporary, writer->path) != 0) {
        done = false;
        cause = errno;
    }
    if (!done) {
        if (named) {
            unlink(writer->temporary);
        }
        return bl_error_set(error, BL_STATUS_IO, "%s: cannot be written: %s", writer->path,
                            strerror(cause));
    }
    sync_folder(writer);
    return BL_STATUS_OK;
}

void bl_file_writer_abort(bl_file_writer *writer)
{
    if (writer->descriptor >= 0) {
        close(writer->descriptor);
        writer->descriptor = -1;
        if (writer->temporary[0] != '\0') {
            unlink(writer->temporary);
        }
    }
}

bl_status bl_file_write(const char *path, const void *bytes, size_t size, bl_error *error)
{
    bl_file_writer writer;
    bl_status status = bl_file_writer_open(&writer, path, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    status = bl_file_writer_write(&writer, bytes, size, error);
    if (status == BL_STATUS_OK) {
        status = bl_file_writer_commit(&writer, error);
    }
    bl_file_writer_abort(&writer);
    return status;
}
