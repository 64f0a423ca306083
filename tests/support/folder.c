// SPDX-License-Identifier: MIT
// A folder of a test's own under /tmp.

#include "support/folder.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATHS = 4, PATH_BYTES = 256 };

static char folder[64];

int test_folder_make(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/backline-test-XXXXXX");
    return mkdtemp(folder) == NULL;
}

// Counts the entries, and removes them if `empty`.
static uint32_t walk(const char *path, bool empty)
{
    uint32_t count = 0;
    DIR *listing = opendir(path);
    for (const struct dirent *entry; listing != NULL && (entry = readdir(listing)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char inside[PATH_BYTES * 2];
            snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
            count++;
            if (empty && unlink(inside) != 0) {
                walk(inside, true);
                rmdir(inside);
            }
        }
    }
    if (listing != NULL) {
        closedir(listing);
    }
    return count;
}

int test_folder_remove(void **state)
{
    (void)state;
    walk(folder, true);
    return rmdir(folder);
}

const char *test_folder_path(void)
{
    return folder;
}

const char *test_folder_file(const char *name)
{
    static char paths[PATHS][PATH_BYTES];
    static unsigned next;
    char *path = paths[next++ % PATHS];
    snprintf(path, PATH_BYTES, "%s/%.180s", folder, name);
    return path;
}

uint32_t test_folder_count(void)
{
    return walk(folder, false);
}

void test_folder_write(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(test_folder_file(name), "wb");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        perror(name);
        abort();
    }
}
