// SPDX-License-Identifier: MIT
// Copying into the session's folder.

#include "session.h"

#include "hash.h"
#include "paths.h"

#include "backline/file.h"
#include "backline/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bl_status write_copy(const char *path, const uint8_t *bytes, size_t size, bl_error *error)
{
    if (access(path, R_OK) == 0) {
        return BL_STATUS_OK; // the name says the content
    }
    if (!bl_path_make_folder(path)) {
        return bl_error_set(error, BL_STATUS_IO, "%s: the folder cannot be made", path);
    }
    return bl_file_write(path, bytes, size, error);
}

/// Replaces `path` by that of its copy.
static bl_status keep_file(const char *folder, char path[BL_RIG_PATH_MAX], bl_error *error)
{
    char copy[BL_RIG_PATH_MAX];
    uint8_t *bytes = NULL;
    size_t size = 0;
    const char *slash = strrchr(path, '/');
    const size_t inside = strlen(folder);
    if (path[0] == '\0' || (strncmp(path, folder, inside) == 0 && path[inside] == '/')) {
        return BL_STATUS_OK;
    }
    bl_status status = bl_file_read(path, BL_LIMIT_FILE_BYTES, &bytes, &size, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    const int length =
        snprintf(copy, sizeof copy, "%s/files/%016" PRIx64 "-%s", folder,
                 bl_hash_add(BL_HASH_BEGIN, bytes, size), slash != NULL ? slash + 1 : path);
    status = length < (int)sizeof copy ? write_copy(copy, bytes, size, error)
                                       : bl_error_set(error, BL_STATUS_LIMIT,
                                                      "%s: the path of its copy is too long", path);
    free(bytes);
    if (status == BL_STATUS_OK) {
        memcpy(path, copy, (size_t)length + 1);
    }
    return status;
}

bl_status bl_session_keep(const char *folder, bl_session_sound *sound, bl_error *error)
{
    bl_status status = keep_file(folder, sound->rig.model, error);
    if (status == BL_STATUS_OK) {
        status = keep_file(folder, sound->rig.cab, error);
    }
    if (status != BL_STATUS_OK || !sound->has_rig) {
        return status;
    }
    char path[BL_RIG_PATH_MAX];
    if (snprintf(path, sizeof path, "%s/rig.yaml", folder) >= (int)sizeof path) {
        return bl_error_set(error, BL_STATUS_LIMIT, "%s: this path is too long", folder);
    }
    if (!bl_path_make_folder(path)) {
        return bl_error_set(error, BL_STATUS_IO, "%s: the folder cannot be made", path);
    }
    return bl_rig_save(path, &sound->rig, error);
}
