// SPDX-License-Identifier: MIT
// Stands in for libFuzzer where there is none: every file of the given folders whole, those of the
// first also cut off at every byte and with one byte changed at every place.

#include "fuzz.h"
#include "support/random.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 16 };

// A copy of exactly this size, so that a sanitizer sees every byte read behind it.
static void run(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_mutations(uint8_t *bytes, size_t size)
{
    static const uint8_t likely[] = "0123456789-.eE\"[]{}:, \n\x00\xff";
    random_source random = {size};
    for (size_t at = 0; at < size; at++) {
        const uint8_t before = bytes[at];
        bytes[at] = likely[random_below(&random, sizeof likely - 1)];
        run(bytes, size);
        bytes[at] = before;
        run(bytes, at);
    }
}

static int run_file(const char *path, bool mutate)
{
    static uint8_t bytes[FILE_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    run(bytes, size);
    if (mutate) {
        run_mutations(bytes, size);
    }
    return 0;
}

static int run_folder(const char *folder, bool mutate)
{
    DIR *listing = opendir(folder);
    if (listing == NULL) {
        perror(folder);
        return 1;
    }
    int failures = 0, count = 0;
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        char path[1024];
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            failures += run_file(path, mutate);
            count++;
        }
    }
    closedir(listing);
    printf("%s: %d files%s\n", folder, count, mutate ? " and their mutations" : "");
    return failures + (count == 0);
}

int main(int argc, char **argv)
{
    int failures = argc < 2;
    for (int i = 1; i < argc; i++) {
        failures += run_folder(argv[i], i == 1); // good files first, then what fuzzing kept
    }
    return failures > 0;
}
