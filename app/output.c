// SPDX-License-Identifier: MIT
// An ending is a promise and a file's first bytes are a fact; both must fit what is written.

#include "output.h"

#include "backline/file.h"
#include "backline/model.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

// Of files that people have beside their recordings and models.
enum { OTHER_KIND = -1 };

static const struct {
    const char *ending;
    int kind;
} endings[] = {
    {".wav", BL_OUTPUT_WAV},
    {".nam", BL_OUTPUT_NAM},
    {".aidax", BL_OUTPUT_AIDAX},
    {".json", BL_OUTPUT_AIDAX},
    {".safetensors", BL_OUTPUT_SAFETENSORS},
    {".flac", OTHER_KIND},
    {".mp3", OTHER_KIND},
    {".ogg", OTHER_KIND},
    {".opus", OTHER_KIND},
    {".m4a", OTHER_KIND},
    {".aif", OTHER_KIND},
    {".aiff", OTHER_KIND},
    {".yaml", OTHER_KIND},
    {".yml", OTHER_KIND},
};

enum { ENDINGS = sizeof endings / sizeof endings[0] };

static const char *const names[] = {[BL_OUTPUT_WAV] = "WAV",
                                    [BL_OUTPUT_NAM] = ".nam",
                                    [BL_OUTPUT_AIDAX] = ".aidax",
                                    [BL_OUTPUT_SAFETENSORS] = ".safetensors"};

// The row of endings that `path` ends with, or ENDINGS.
static size_t find_ending(const char *path)
{
    const char *dot = strrchr(path, '.');
    size_t i = 0;
    while (i < ENDINGS && (dot == NULL || strcasecmp(dot, endings[i].ending) != 0)) {
        i++;
    }
    return i;
}

bool bl_output_model_kind(const char *path, bl_output_kind *kind)
{
    const size_t row = find_ending(path);
    if (row == ENDINGS || endings[row].kind == OTHER_KIND || endings[row].kind == BL_OUTPUT_WAV) {
        return false;
    }
    *kind = (bl_output_kind)endings[row].kind;
    return true;
}

// By the first bytes of RIFF (and of RF64, EBU Tech 3306).
static bool is_wav(const char *path)
{
    uint8_t head[12] = {0};
    int descriptor = -1;
    uint64_t size = 0;
    if (bl_file_open(path, &descriptor, &size, NULL) != BL_STATUS_OK) {
        return false;
    }
    const bool whole = read(descriptor, head, sizeof head) == (ssize_t)sizeof head;
    close(descriptor);
    return whole && (memcmp(head, "RIFF", 4) == 0 || memcmp(head, "RF64", 4) == 0) &&
           memcmp(head + 8, "WAVE", 4) == 0;
}

// By what reading it makes of it: all JSON looks alike.
static bool is_model(const char *path, bl_output_kind kind)
{
    bl_model *model = NULL;
    if (bl_model_load(path, NULL, &model, NULL) != BL_STATUS_OK) {
        return false;
    }
    const char *format = bl_model_get_info(model)->format;
    const bool nam = strncmp(format, "nam", 3) == 0;
    const bool native = strncmp(format, "backline", 8) == 0 || strcmp(format, "safetensors") == 0;
    bl_model_release(model);
    return kind == BL_OUTPUT_NAM ? nam : kind == BL_OUTPUT_SAFETENSORS ? native : !nam && !native;
}

bl_status bl_output_check_kind(const char *path, bl_output_kind kind, bl_error *error)
{
    const size_t row = find_ending(path);
    if (row < ENDINGS && endings[row].kind != (int)kind) {
        const char *dot = strrchr(path, '.');
        return bl_error_set(error, BL_STATUS_VALUE, "%s: a %s file is written, expected %.*s%s",
                            path, names[kind], (int)(dot - path), path,
                            kind == BL_OUTPUT_WAV ? ".wav" : names[kind]);
    }
    struct stat facts;
    if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_size == 0) {
        return BL_STATUS_OK; // what is no file is told where it is opened
    }
    if (kind == BL_OUTPUT_WAV ? is_wav(path) : is_model(path, kind)) {
        return BL_STATUS_OK;
    }
    return bl_error_set(error, BL_STATUS_REFUSED,
                        "%s: found a file that is no %s file, which is not overwritten; choose "
                        "another name",
                        path, names[kind]);
}

bl_status bl_output_check_inputs(const char *path, const char *const *inputs, size_t count,
                                 bl_error *error)
{
    struct stat out, in;
    if (stat(path, &out) != 0) {
        return BL_STATUS_OK;
    }
    for (size_t i = 0; i < count; i++) {
        if (inputs[i] != NULL && inputs[i][0] != '\0' && stat(inputs[i], &in) == 0 &&
            in.st_dev == out.st_dev && in.st_ino == out.st_ino && S_ISREG(out.st_mode)) {
            return bl_error_set(error, BL_STATUS_REFUSED,
                                "%s: is what is read from, and is not overwritten; choose another "
                                "name for what is written",
                                path);
        }
    }
    return BL_STATUS_OK;
}
