// SPDX-License-Identifier: MIT
// Reading and writing midi.yaml.

#include "midi_map.h"

#include "backline/text.h"
#include "io/document.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 64 };

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static const char *const map_keys[] = {"version", "channel", "controls"};
static const char *const row_keys[] = {"cc",        "note", "channel", "action", "number",
                                       "parameter", "mode", "min",     "max",    "curve"};
static const char *map_key(int index)
{
    return map_keys[index];
}

static const char *row_key(int index)
{
    return row_keys[index];
}

typedef struct reader {
    bl_document document;
    bl_error *error;
} reader;

/// A channel, 1..16 or "any".
static bl_status read_channel(reader *r, yaml_node_t *node, int *channel)
{
    char text[TEXT_MAX] = "any";
    int number = 0;
    bl_status status = bl_document_text(&r->document, node, "channel", text, sizeof text, r->error);
    if (status == BL_STATUS_OK && strcmp(text, "any") != 0) {
        status = bl_document_count(&r->document, node, "channel", 1, BL_MIDI_CHANNELS, &number,
                                   r->error);
    }
    *channel = number > 0 ? number - 1 : BL_MIDI_ANY_CHANNEL;
    return status;
}

static bl_status read_word(reader *r, yaml_node_t *node, const char *key, const char *const *words,
                           int count, int *index)
{
    char text[TEXT_MAX] = "", known[TEXT_MAX * 4] = "";
    const yaml_node_t *at = bl_document_get(&r->document, node, key);
    const bl_status status = bl_document_text(&r->document, node, key, text, sizeof text, r->error);
    if (status != BL_STATUS_OK || at == NULL) {
        return status;
    }
    for (int i = 0; i < count; i++) {
        const size_t used = strlen(known);
        if (strcmp(text, words[i]) == 0) {
            *index = i;
            return BL_STATUS_OK;
        }
        snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", words[i]);
    }
    return bl_document_fail(&r->document, at, r->error, "found \"%s\" for %s, expected one of: %s",
                            text, key, known);
}

static bl_status read_limit(reader *r, yaml_node_t *node, const char *key,
                            const bl_parameter_info *info, double *value)
{
    const bl_document_range range = {info->min, info->max, info->unit};
    return bl_document_number(&r->document, node, key, &range, value, r->error);
}

/// Either a controller or a note.
static bl_status read_source(reader *r, yaml_node_t *node, bl_midi_row *row)
{
    const bool is_cc = bl_document_get(&r->document, node, "cc") != NULL;
    const bool is_note = bl_document_get(&r->document, node, "note") != NULL;
    int number = 0;
    if (is_cc == is_note) {
        return bl_document_fail(&r->document, node, r->error,
                                "expected either `cc:` or `note:` and a number from 0 to 127");
    }
    row->kind = is_cc ? BL_MIDI_CONTROL : BL_MIDI_NOTE;
    const bl_status status = bl_document_count(&r->document, node, is_cc ? "cc" : "note", 0,
                                               BL_MIDI_NUMBERS - 1, &number, r->error);
    if (status == BL_STATUS_OK && is_cc && (number == 0 || number == 32)) {
        return bl_document_fail(&r->document, bl_document_get(&r->document, node, "cc"), r->error,
                                "controllers 0 and 32 select the bank; take another one");
    }
    row->number = (uint8_t)number;
    return status != BL_STATUS_OK ? status : read_channel(r, node, &row->channel);
}

/// Either an action or a parameter.
static bl_status read_target(reader *r, yaml_node_t *node, bl_midi_row *row)
{
    char text[TEXT_MAX] = "";
    const yaml_node_t *action = bl_document_get(&r->document, node, "action");
    const yaml_node_t *parameter = bl_document_get(&r->document, node, "parameter");
    if ((action == NULL) == (parameter == NULL)) {
        return bl_document_fail(&r->document, node, r->error,
                                "expected either `action:` or `parameter:` and its name");
    }
    const bl_status status = bl_document_text(
        &r->document, node, action != NULL ? "action" : "parameter", text, sizeof text, r->error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    const bool found = bl_midi_target_find(text, &row->target) &&
                       (row->target.action != BL_ACTION_COUNT) == (action != NULL) &&
                       row->target.number == 0;
    if (!found) {
        return bl_document_fail(&r->document, action != NULL ? action : parameter, r->error,
                                "there is no %s \"%s\"", action != NULL ? "action" : "parameter",
                                text);
    }
    return bl_document_count(&r->document, node, "number", 1, 1024, &row->target.number, r->error);
}

static bl_status read_row(reader *r, yaml_node_t *node, bl_midi_row *row)
{
    int mode = BL_MIDI_MODE_ABSOLUTE, curve = BL_MIDI_EVEN;
    *row = (bl_midi_row){.channel = BL_MIDI_ANY_CHANNEL};
    bl_status status =
        node->type != YAML_MAPPING_NODE
            ? bl_document_fail(&r->document, node, r->error,
                               "expected a control: `cc:` and `action:` or `parameter:`")
            : bl_document_check_keys(&r->document, node, COUNT(row_keys), row_key, r->error);
    if (status == BL_STATUS_OK) {
        status = read_source(r, node, row);
    }
    if (status == BL_STATUS_OK) {
        status = read_target(r, node, row);
    }
    if (status == BL_STATUS_OK) {
        status = read_word(r, node, "mode", bl_midi_modes, BL_MIDI_MODES, &mode);
    }
    if (status == BL_STATUS_OK) {
        status = read_word(r, node, "curve", bl_midi_curves, BL_MIDI_CURVES, &curve);
    }
    row->mode = (bl_midi_mode)mode;
    row->curve = (bl_midi_curve)curve;
    if (status != BL_STATUS_OK || row->target.action != BL_ACTION_COUNT) {
        return status;
    }
    const bl_parameter_info *info = bl_parameter_get(row->target.parameter);
    row->min = info->min;
    row->max = info->max;
    status = read_limit(r, node, "min", info, &row->min);
    return status != BL_STATUS_OK ? status : read_limit(r, node, "max", info, &row->max);
}

static bl_status read_rows(reader *r, yaml_node_t *list, bl_midi_map *map)
{
    for (size_t i = 0;; i++) {
        yaml_node_t *node = bl_document_at(&r->document, list, i);
        if (node == NULL) {
            return BL_STATUS_OK;
        }
        if (i == BL_MIDI_MAP_MAX) {
            return bl_document_fail(&r->document, node, r->error,
                                    "found more than %d controls; take out what you do not use",
                                    BL_MIDI_MAP_MAX);
        }
        const bl_status status = read_row(r, node, &map->rows[i]);
        if (status != BL_STATUS_OK) {
            return status;
        }
        map->count = i + 1;
    }
}

bl_status bl_midi_map_load(const char *path, bl_midi_map *map, bl_error *error)
{
    reader r = {.error = error};
    bl_midi_map fresh;
    bl_midi_map_init(&fresh);
    bl_status status = bl_document_load(path, &r.document, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    yaml_node_t *root = bl_document_root(&r.document);
    yaml_node_t *controls = bl_document_get(&r.document, root, "controls");
    status = bl_document_check_keys(&r.document, root, COUNT(map_keys), map_key, error);
    if (status == BL_STATUS_OK) {
        status = read_channel(&r, root, &fresh.channel);
    }
    if (status == BL_STATUS_OK && controls != NULL && controls->type != YAML_SEQUENCE_NODE) {
        status = bl_document_fail(&r.document, controls, error, "expected a list of controls");
    }
    if (status == BL_STATUS_OK) {
        status = read_rows(&r, controls, &fresh);
    }
    bl_document_finish(&r.document);
    if (status == BL_STATUS_OK) {
        *map = fresh;
    }
    return status;
}

static void put_number(bl_document_writer *writer, const char *key, double value)
{
    char text[BL_TEXT_NUMBER_MAX];
    bl_text_format_number(value, text);
    bl_document_put_text(writer, key);
    bl_document_put_text(writer, text);
}

static void put_channel(bl_document_writer *writer, int channel)
{
    if (channel != BL_MIDI_ANY_CHANNEL) {
        put_number(writer, "channel", channel + 1);
    }
}

static void put_row(bl_document_writer *writer, const bl_midi_row *row)
{
    const bool is_action = row->target.action != BL_ACTION_COUNT;
    bl_document_open_mapping(writer);
    put_number(writer, row->kind == BL_MIDI_CONTROL ? "cc" : "note", row->number);
    put_channel(writer, row->channel);
    bl_document_put_text(writer, is_action ? "action" : "parameter");
    bl_document_put_text(writer, is_action ? bl_action_get(row->target.action)->name
                                           : bl_parameter_get(row->target.parameter)->key);
    if (row->target.number > 0) {
        put_number(writer, "number", row->target.number);
    }
    bl_document_put_text(writer, "mode");
    bl_document_put_text(writer, bl_midi_modes[row->mode]);
    if (!is_action) {
        put_number(writer, "min", row->min);
        put_number(writer, "max", row->max);
        bl_document_put_text(writer, "curve");
        bl_document_put_text(writer, bl_midi_curves[row->curve]);
    }
    bl_document_close_mapping(writer);
}

bl_status bl_midi_map_save(const char *path, const bl_midi_map *map, bl_error *error)
{
    bl_document_writer writer;
    bl_document_writer_init(&writer);
    put_channel(&writer, map->channel);
    bl_document_put_text(&writer, "controls");
    bl_document_open_sequence(&writer);
    for (size_t i = 0; i < map->count; i++) {
        put_row(&writer, &map->rows[i]);
    }
    bl_document_close_sequence(&writer);
    return bl_document_writer_save(&writer, path, error);
}
