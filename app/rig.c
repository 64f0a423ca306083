// SPDX-License-Identifier: MIT
// Reading and writing rigs. The parameters follow the one table of backline/parameter.h.

#include "rig.h"

#include "backline/text.h"
#include "io/document.h"
#include "paths.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { VALUE_MAX = 64 };

static const char *const rig_keys[] = {"version",        "name",  "model",     "cab",
                                       "match_loudness", "spill", "parameters"};
enum { RIG_KEYS = sizeof rig_keys / sizeof *rig_keys };

bl_rig bl_rig_default(void)
{
    bl_rig rig = {.match_loudness = true};
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        rig.parameters[p] = bl_parameter_get((bl_parameter)p)->default_value;
    }
    return rig;
}

bool bl_rig_same_parameters(const double *a, const double *b)
{
    bool same = true;
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        same = same && a[p] == b[p];
    }
    return same;
}

static const char *rig_key(int index)
{
    return rig_keys[index];
}

static const char *parameter_key(int index)
{
    return bl_parameter_get((bl_parameter)index)->key;
}

static bool parse_switch(const char *text, bool *on)
{
    *on = strcmp(text, "true") == 0;
    return *on || strcmp(text, "false") == 0;
}

/// A missing key leaves `on` as it is.
static bl_status read_switch(bl_document *document, yaml_node_t *mapping, const char *key, bool *on,
                             bl_error *error)
{
    char text[VALUE_MAX];
    snprintf(text, sizeof text, "%s", *on ? "true" : "false"); // if the key is not there
    const bl_status status = bl_document_text(document, mapping, key, text, sizeof text, error);
    if (status == BL_STATUS_OK && !parse_switch(text, on)) {
        return bl_document_fail(document, bl_document_get(document, mapping, key), error,
                                "found \"%s\" for %s, expected true or false", text, key);
    }
    return status;
}

static bl_status read_parameter(bl_document *document, yaml_node_t *mapping,
                                const bl_parameter_info *info, double *value, bl_error *error)
{
    if (info->curve == BL_CURVE_SWITCH) {
        bool on = *value != 0.0;
        const bl_status status = read_switch(document, mapping, info->key, &on, error);
        *value = on ? 1.0 : 0.0;
        return status;
    }
    const bl_document_range range = {info->min, info->max, info->unit};
    return bl_document_number(document, mapping, info->key, &range, value, error);
}

static bl_status read_parameters(bl_document *document, yaml_node_t *mapping, bl_rig *rig,
                                 bl_error *error)
{
    if (mapping == NULL) {
        return BL_STATUS_OK;
    }
    if (mapping->type != YAML_MAPPING_NODE) {
        return bl_document_fail(document, mapping, error,
                                "expected keys with values under \"parameters\"");
    }
    bl_status status =
        bl_document_check_keys(document, mapping, BL_PARAMETER_COUNT, parameter_key, error);
    for (int p = 0; p < BL_PARAMETER_COUNT && status == BL_STATUS_OK; p++) {
        status = read_parameter(document, mapping, bl_parameter_get((bl_parameter)p),
                                &rig->parameters[p], error);
    }
    return status;
}

/// The shipped model of this name; false if it is a path, or none ships.
static bool find_shipped(const char *name, char path[BL_PATH_MAX])
{
    char file[BL_PATH_MAX];
    return name[0] != '\0' && strchr(name, '/') == NULL &&
           (size_t)snprintf(file, sizeof file, "models/%s", name) < sizeof file &&
           bl_path_share(file, path);
}

static bl_status read_model(bl_document *document, bl_rig *rig, bl_error *error)
{
    char name[BL_PATH_MAX] = "", shipped[BL_PATH_MAX];
    bl_error missing = {0};
    yaml_node_t *root = bl_document_root(document);
    const bl_status status =
        bl_document_file(document, root, "model", rig->model, sizeof rig->model, &missing);
    if (status == BL_STATUS_OK) {
        return BL_STATUS_OK;
    }
    if (bl_document_text(document, root, "model", name, sizeof name, NULL) == BL_STATUS_OK &&
        find_shipped(name, shipped) && strlen(shipped) < sizeof rig->model) {
        strcpy(rig->model, shipped);
        return BL_STATUS_OK;
    }
    return bl_error_set(error, status, "%s", missing.text);
}

bl_status bl_rig_load(const char *path, bl_rig *rig, bl_error *error)
{
    bl_document document;
    *rig = bl_rig_default();
    bl_status status = bl_document_load(path, &document, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    yaml_node_t *root = bl_document_root(&document);
    status = bl_document_check_keys(&document, root, RIG_KEYS, rig_key, error);
    if (status == BL_STATUS_OK) {
        status = bl_document_text(&document, root, "name", rig->name, sizeof rig->name, error);
    }
    if (status == BL_STATUS_OK) {
        status =
            read_parameters(&document, bl_document_get(&document, root, "parameters"), rig, error);
    }
    if (status == BL_STATUS_OK) {
        status = read_switch(&document, root, "match_loudness", &rig->match_loudness, error);
    }
    if (status == BL_STATUS_OK) {
        status = read_switch(&document, root, "spill", &rig->spill, error);
    }
    if (status == BL_STATUS_OK) {
        status = read_model(&document, rig, error);
    }
    if (status == BL_STATUS_OK) {
        status = bl_document_file(&document, root, "cab", rig->cab, sizeof rig->cab, error);
    }
    bl_document_finish(&document);
    return status;
}

static void put_parameters(bl_document_writer *writer, const bl_rig *rig)
{
    bl_document_put_text(writer, "parameters");
    bl_document_open_mapping(writer);
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        const bl_parameter_info *info = bl_parameter_get((bl_parameter)p);
        const double value = bl_parameter_clamp((bl_parameter)p, rig->parameters[p]);
        char text[BL_TEXT_NUMBER_MAX];
        bl_text_format_number(value, text);
        bl_document_put_text(writer, info->key);
        bl_document_put_text(writer, info->curve != BL_CURVE_SWITCH ? text
                                     : value >= 0.5                 ? "true"
                                                                    : "false");
    }
    bl_document_close_mapping(writer);
}

static bl_status put_model(bl_document_writer *writer, const char *path, const bl_rig *rig,
                           bl_error *error)
{
    const char *slash = strrchr(rig->model, '/');
    const char *name = slash != NULL ? slash + 1 : rig->model;
    char shipped[BL_PATH_MAX];
    struct stat own, other;
    if (find_shipped(name, shipped) && stat(rig->model, &own) == 0 && stat(shipped, &other) == 0 &&
        own.st_dev == other.st_dev && own.st_ino == other.st_ino) {
        bl_document_put_text(writer, "model");
        bl_document_put_text(writer, name); // wherever the program is installed
        return BL_STATUS_OK;
    }
    return bl_document_put_file(writer, path, "model", rig->model, error);
}

bl_status bl_rig_save(const char *path, const bl_rig *rig, bl_error *error)
{
    bl_document_writer writer;
    bl_document_writer_init(&writer);
    bl_document_put_text(&writer, "name");
    bl_document_put_text(&writer, rig->name);
    bl_status status = put_model(&writer, path, rig, error);
    if (status == BL_STATUS_OK) {
        status = bl_document_put_file(&writer, path, "cab", rig->cab, error);
    }
    bl_document_put_text(&writer, "match_loudness");
    bl_document_put_text(&writer, rig->match_loudness ? "true" : "false");
    bl_document_put_text(&writer, "spill");
    bl_document_put_text(&writer, rig->spill ? "true" : "false");
    put_parameters(&writer, rig);
    const bl_status saved =
        bl_document_writer_save(&writer, status == BL_STATUS_OK ? path : NULL, error);
    return status == BL_STATUS_OK ? saved : status;
}
