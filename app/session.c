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

static bool is_inside(const char *folder, const char *path)
{
    const size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && path[length] == '/';
}

/// Replaces `path` by that of its copy.
static bl_status keep_file(const char *folder, char path[BL_RIG_PATH_MAX], bl_error *error)
{
    char copy[BL_RIG_PATH_MAX];
    uint8_t *bytes = NULL;
    size_t size = 0;
    const char *slash = strrchr(path, '/');
    if (path[0] == '\0' || is_inside(folder, path)) {
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

/// A rig of the set list as it is now, and the files it needs. One that cannot be read is not ours
/// to keep.
static bl_status keep_rig(const char *folder, bl_setlist_rig *rig, bl_error *error)
{
    const char *slash = strrchr(rig->path, '/');
    const char *file = slash != NULL ? slash + 1 : rig->path;
    const bl_rig before = rig->rig;
    char copy[BL_RIG_PATH_MAX];
    if (rig->error.status != BL_STATUS_OK) {
        return BL_STATUS_OK;
    }
    bl_status status = keep_file(folder, rig->rig.model, error);
    if (status == BL_STATUS_OK) {
        status = keep_file(folder, rig->rig.cab, error);
    }
    const bool same = strcmp(before.model, rig->rig.model) == 0 &&
                      strcmp(before.cab, rig->rig.cab) == 0 &&
                      bl_rig_same_parameters(rig->as_read, rig->rig.parameters);
    if (status != BL_STATUS_OK || (same && is_inside(folder, rig->path))) {
        return status;
    }
    if (rig->rig.name[0] == '\0') { // it was called after its file
        snprintf(rig->rig.name, sizeof rig->rig.name, "%.*s", (int)strcspn(file, "."), file);
    }
    const int length =
        is_inside(folder, rig->path)
            ? snprintf(copy, sizeof copy, "%s", rig->path)
            : snprintf(copy, sizeof copy, "%s/%016" PRIx64 "-%s", folder,
                       bl_hash_add(BL_HASH_BEGIN, rig->path, strlen(rig->path)), file);
    if (length >= (int)sizeof copy) {
        return bl_error_set(error, BL_STATUS_LIMIT, "%s: the path of its copy is too long",
                            rig->path);
    }
    memcpy(rig->path, copy, (size_t)length + 1);
    return bl_rig_save(copy, &rig->rig, error);
}

/// The rigs first, so that the list never names one that is not there.
static bl_status keep_setlist(const char *folder, bl_session_sound *sound, bl_error *error)
{
    char path[BL_RIG_PATH_MAX];
    bl_status status = BL_STATUS_OK;
    if (snprintf(path, sizeof path, "%s/setlist.yaml", folder) >= (int)sizeof path) {
        return bl_error_set(error, BL_STATUS_LIMIT, "%s: this path is too long", folder);
    }
    if (!bl_path_make_folder(path)) {
        return bl_error_set(error, BL_STATUS_IO, "%s: the folder cannot be made", path);
    }
    bool same = strcmp(path, sound->setlist_path) == 0;
    for (size_t i = 0; i < sound->setlist.rig_count && status == BL_STATUS_OK; i++) {
        same = same && is_inside(folder, sound->setlist.rigs[i].path);
        status = keep_rig(folder, &sound->setlist.rigs[i], error);
    }
    if (status == BL_STATUS_OK && !same) {
        status = bl_setlist_save(path, &sound->setlist, error);
        memcpy(sound->setlist_path, path, sizeof path);
    }
    return status;
}

bl_status bl_session_keep(const char *folder, bl_session_sound *sound, bl_error *error)
{
    bl_status status = keep_file(folder, sound->rig.model, error);
    if (status == BL_STATUS_OK) {
        status = keep_file(folder, sound->rig.cab, error);
    }
    if (status == BL_STATUS_OK && sound->setlist.part_count > 0) {
        return keep_setlist(folder, sound, error);
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
