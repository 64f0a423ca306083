// SPDX-License-Identifier: MIT
// XDG base directories and the shipped files.

#include "paths.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool print_path(char path[BL_PATH_MAX], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool print_path(char path[BL_PATH_MAX], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(path, BL_PATH_MAX, format, arguments);
    va_end(arguments);
    return length > 0 && length < BL_PATH_MAX;
}

static char session[BL_PATH_MAX]; ///< "": none

void bl_path_set_session(const char *folder)
{
    print_path(session, "%s", folder);
}

bool bl_path_user(bl_path_kind kind, const char *file, char path[BL_PATH_MAX])
{
    static const struct {
        const char *variable, *below_home;
    } table[] = {
        [BL_PATH_CONFIG] = {"XDG_CONFIG_HOME", ".config"},
        [BL_PATH_STATE] = {"XDG_STATE_HOME", ".local/state"},
        [BL_PATH_DATA] = {"XDG_DATA_HOME", ".local/share"},
        [BL_PATH_CACHE] = {"XDG_CACHE_HOME", ".cache"},
    };
    if (kind == BL_PATH_STATE && session[0] != '\0') {
        return print_path(path, "%s/state.yaml", session);
    }
    const char *base = getenv(table[kind].variable);
    if (base != NULL && base[0] == '/') { // the standard ignores relative ones
        return print_path(path, "%s/backline/%s", base, file);
    }
    const char *home = getenv("HOME");
    return home != NULL && home[0] == '/' &&
           print_path(path, "%s/%s/backline/%s", home, table[kind].below_home, file);
}

bool bl_path_make_folder(const char *path)
{
    char folder[BL_PATH_MAX];
    if (!print_path(folder, "%s", path)) {
        return false;
    }
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
            return false;
        }
        *slash = '/';
    }
    return true;
}

bool bl_path_share(const char *file, char path[BL_PATH_MAX])
{
    char program[BL_PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length > 0) {
        program[length] = '\0';
        *strrchr(program, '/') = '\0';
        if (print_path(path, "%s/../share/backline/%s", program, file) && access(path, R_OK) == 0) {
            return true;
        }
    }
    return print_path(path, "%s/share/backline/%s", BL_PREFIX, file) && access(path, R_OK) == 0;
}

void bl_path_absolute(const char *path, char absolute[BL_PATH_MAX])
{
    if (path[0] == '/' || realpath(path, absolute) == NULL) {
        snprintf(absolute, BL_PATH_MAX, "%s", path);
    }
}

static int is_model(const struct dirent *entry)
{
    const char *end = strrchr(entry->d_name, '.');
    return end != NULL && strcmp(end, ".safetensors") == 0; // the .nam beside it is the same
}

size_t bl_path_list_models(char (*paths)[BL_PATH_MAX], size_t max)
{
    char folder[BL_PATH_MAX];
    struct dirent **entries = NULL;
    size_t count = 0;
    if (!bl_path_share("models", folder)) {
        return 0;
    }
    const int found = scandir(folder, &entries, is_model, alphasort);
    for (int i = 0; i < found; i++) {
        if (count < max && print_path(paths[count], "%s/%s", folder, entries[i]->d_name)) {
            count++;
        }
        free(entries[i]);
    }
    free(entries);
    return count;
}

bool bl_path_factory_model(char path[BL_PATH_MAX])
{
    char first[1][BL_PATH_MAX];
    if (bl_path_list_models(first, 1) == 0) {
        return false;
    }
    memcpy(path, first[0], BL_PATH_MAX);
    return true;
}
