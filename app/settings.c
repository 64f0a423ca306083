// SPDX-License-Identifier: MIT
// settings.yaml.

#include "settings.h"

#include "paths.h"

#include "io/document.h"

#include <string.h>
#include <unistd.h>

bl_status bl_settings_load(bl_settings *settings, bl_error *error)
{
    char path[BL_PATH_MAX];
    bl_document document;
    memset(settings, 0, sizeof *settings);
    if (!bl_path_user(BL_PATH_CONFIG, "settings.yaml", path) || access(path, F_OK) != 0) {
        return BL_STATUS_OK;
    }
    bl_status status = bl_document_load(path, &document, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    status = bl_document_text(&document, bl_document_root(&document), "server_command",
                              settings->server_command, sizeof settings->server_command, error);
    bl_document_finish(&document);
    return status;
}
