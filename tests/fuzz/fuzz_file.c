// SPDX-License-Identifier: MIT
// A folder in memory where there is one: a fuzzer writes thousands of files a second.

#include "fuzz_file.h"

#include <string.h>
#include <unistd.h>

enum { FILES_MAX = 4 };

static char folder[64];
static struct {
    char name[32], path[128];
} files[FILES_MAX];

static void leave(void)
{
    for (int i = 0; i < FILES_MAX && files[i].name[0] != '\0'; i++) {
        unlink(files[i].path);
    }
    rmdir(folder);
}

static void enter(void)
{
    strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/backline-fuzz-XXXXXX"
                                                 : "/tmp/backline-fuzz-XXXXXX");
    PROMISE(mkdtemp(folder) != NULL);
    PROMISE(atexit(leave) == 0);
}

const char *fuzz_file(const char *name)
{
    int at = 0;
    if (folder[0] == '\0') {
        enter();
    }
    while (files[at].name[0] != '\0' && strcmp(files[at].name, name) != 0) {
        at++;
        PROMISE(at < FILES_MAX);
    }
    snprintf(files[at].name, sizeof files[at].name, "%s", name);
    snprintf(files[at].path, sizeof files[at].path, "%s/%s", folder, name);
    return files[at].path;
}

const char *fuzz_file_write(const char *name, const void *bytes, size_t size)
{
    const char *path = fuzz_file(name);
    FILE *file = fopen(path, "wb");
    PROMISE(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
    return path;
}
