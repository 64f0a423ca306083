// SPDX-License-Identifier: MIT
// settings.yaml.

#include "settings.h"

#include "paths.h"

#include "backline/text.h"
#include "io/document.h"

#include <string.h>
#include <unistd.h>

static const char *const keys[] = {"version", "server_command", "interface_input_dbu"};

static const char *name_key(int index)
{
    return keys[index];
}

static bl_status read_server(bl_document *document, bl_settings *settings, bl_error *error)
{
    return bl_document_text(document, bl_document_root(document), "server_command",
                            settings->server_command, sizeof settings->server_command, error);
}

static bl_status read_interface(bl_document *document, bl_settings *settings, bl_error *error)
{
    static const char key[] = "interface_input_dbu";
    static const bl_document_range range = {-40.0, 40.0, "dBu"};
    yaml_node_t *root = bl_document_root(document);
    const bl_status status =
        bl_document_number(document, root, key, &range, &settings->interface_input_dbu, error);
    settings->has_interface_input =
        status == BL_STATUS_OK && bl_document_get(document, root, key) != NULL;
    return status;
}

/// What is wrong is told, the first of it, and the rest is taken as it stands.
static bl_status read_keys(bl_document *document, bl_settings *settings, bl_error *error)
{
    bl_error faults[3] = {{0}};
    bl_document_check_keys(document, bl_document_root(document), sizeof keys / sizeof *keys,
                           name_key, &faults[0]);
    read_server(document, settings, &faults[1]);
    read_interface(document, settings, &faults[2]);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (faults[i].status != BL_STATUS_OK) {
            return bl_error_set(error, faults[i].status, "%.900s (the rest of the file is used)",
                                faults[i].text);
        }
    }
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
    status = read_keys(&document, settings, error);
    bl_document_finish(&document);
    return status;
}
