// SPDX-License-Identifier: MIT
// settings.yaml.

#include "settings.h"

#include "paths.h"

#include "backline/text.h"
#include "io/document.h"

#include <string.h>
#include <unistd.h>

static bl_status read_interface(bl_document *document, bl_settings *settings, bl_error *error)
{
    static const char key[] = "interface_input_dbu";
    static const double min = -40.0, max = 40.0;
    char text[64] = "";
    yaml_node_t *root = bl_document_root(document);
    const bl_status status = bl_document_text(document, root, key, text, sizeof text, error);
    if (status != BL_STATUS_OK || text[0] == '\0') {
        return status;
    }
    double *level = &settings->interface_input_dbu;
    if (!bl_text_parse_number(text, level) || *level < min || *level > max) {
        return bl_document_fail(document, bl_document_get(document, root, key), error,
                                "found \"%s\" for %s, expected a number from %g to %g dBu", text,
                                key, min, max);
    }
    settings->has_interface_input = true;
    return BL_STATUS_OK;
}

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
    if (status == BL_STATUS_OK) {
        status = read_interface(&document, settings, error);
    }
    bl_document_finish(&document);
    return status;
}
