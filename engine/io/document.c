// SPDX-License-Identifier: MIT
// YAML by libyaml's document reader and event writer.

#include "io/document.h"

#include "backline/file.h"
#include "backline/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIMIT_BYTES = 1024 * 1024, KEY_MAX = 64, KNOWN_MAX = 400, PATH_TEXT_MAX = 4096 };

bl_status bl_document_fail(const bl_document *document, const yaml_node_t *node, bl_error *error,
                           const char *format, ...)
{
    char what[BL_ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    bl_text_format(what, sizeof what, format, arguments);
    va_end(arguments);
    return bl_error_set(error, BL_STATUS_FORMAT, "%s:%zu:%zu: %s", document->path,
                        node->start_mark.line + 1, node->start_mark.column + 1, what);
}

static bl_status fail_at(const bl_document *document, const yaml_node_t *node, const char *what,
                         bl_error *error)
{
    return bl_document_fail(document, node, error, "%s; correct or delete the file", what);
}

static bl_status check_version(bl_document *document, bl_error *error)
{
    yaml_node_t *root = bl_document_root(document);
    if (root == NULL || root->type != YAML_MAPPING_NODE) {
        return bl_error_set(error, BL_STATUS_FORMAT,
                            "%s:1:1: expected keys with values; correct or delete the file",
                            document->path);
    }
    char version[16] = "missing";
    const bl_status status =
        bl_document_text(document, root, "version", version, sizeof version, error);
    if (status != BL_STATUS_OK || strcmp(version, "1") == 0) {
        return status;
    }
    uint64_t number = 0;
    if (bl_text_parse_count(version, &number)) {
        return bl_error_set(error, BL_STATUS_UNSUPPORTED,
                            "%s: found version %s, expected 1; it needs another Backline",
                            document->path, version);
    }
    return bl_error_set(error, BL_STATUS_FORMAT,
                        "%s: found version %s, expected 1; is this another kind of file?",
                        document->path, version);
}

bl_status bl_document_load(const char *path, bl_document *document, bl_error *error)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    bl_status status = bl_file_read(path, LIMIT_BYTES, &bytes, &size, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    document->path = path;
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        free(bytes);
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory", path);
    }
    yaml_parser_set_input_string(&parser, bytes, size);
    if (yaml_parser_load(&parser, &document->yaml)) {
        status = check_version(document, error);
        if (status != BL_STATUS_OK) {
            bl_document_finish(document);
        }
    } else {
        status = bl_error_set(error, BL_STATUS_FORMAT,
                              "%s:%zu:%zu: not YAML: %s; correct or delete the file", path,
                              parser.problem_mark.line + 1, parser.problem_mark.column + 1,
                              parser.problem != NULL ? parser.problem : "unreadable");
    }
    yaml_parser_delete(&parser);
    free(bytes);
    return status;
}

void bl_document_finish(bl_document *document)
{
    yaml_document_delete(&document->yaml);
}

yaml_node_t *bl_document_root(bl_document *document)
{
    return yaml_document_get_root_node(&document->yaml);
}

yaml_node_t *bl_document_get(bl_document *document, yaml_node_t *mapping, const char *key)
{
    if (mapping == NULL || mapping->type != YAML_MAPPING_NODE) {
        return NULL;
    }
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *k = yaml_document_get_node(&document->yaml, pair->key);
        if (k != NULL && k->type == YAML_SCALAR_NODE && k->data.scalar.length == strlen(key) &&
            memcmp(k->data.scalar.value, key, strlen(key)) == 0) {
            return yaml_document_get_node(&document->yaml, pair->value);
        }
    }
    return NULL;
}

static const yaml_node_pair_t *pair_at(const yaml_node_t *mapping, size_t index)
{
    if (mapping == NULL || mapping->type != YAML_MAPPING_NODE) {
        return NULL;
    }
    const yaml_node_pair_t *pairs = mapping->data.mapping.pairs.start;
    return index < (size_t)(mapping->data.mapping.pairs.top - pairs) ? &pairs[index] : NULL;
}

bool bl_document_key(bl_document *document, yaml_node_t *mapping, size_t index, yaml_node_t **node,
                     char *text, size_t capacity)
{
    const yaml_node_pair_t *pair = pair_at(mapping, index);
    if (pair == NULL) {
        return false;
    }
    *node = yaml_document_get_node(&document->yaml, pair->key);
    const bool is_text = (*node)->type == YAML_SCALAR_NODE;
    snprintf(text, capacity, "%s", is_text ? (const char *)(*node)->data.scalar.value : "");
    return true;
}

yaml_node_t *bl_document_value(bl_document *document, yaml_node_t *mapping, size_t index)
{
    const yaml_node_pair_t *pair = pair_at(mapping, index);
    return pair != NULL ? yaml_document_get_node(&document->yaml, pair->value) : NULL;
}

yaml_node_t *bl_document_at(bl_document *document, yaml_node_t *sequence, size_t index)
{
    if (sequence == NULL || sequence->type != YAML_SEQUENCE_NODE) {
        return NULL;
    }
    const yaml_node_item_t *items = sequence->data.sequence.items.start;
    const size_t count = (size_t)(sequence->data.sequence.items.top - items);
    return index < count ? yaml_document_get_node(&document->yaml, items[index]) : NULL;
}

bl_status bl_document_text(bl_document *document, yaml_node_t *mapping, const char *key, char *text,
                           size_t capacity, bl_error *error)
{
    const yaml_node_t *node = bl_document_get(document, mapping, key);
    if (node == NULL) {
        return BL_STATUS_OK;
    }
    if (node->type != YAML_SCALAR_NODE) {
        return bl_document_fail(document, node, error, "expected a text here, found %s",
                                node->type == YAML_MAPPING_NODE ? "keys" : "a list");
    }
    if (node->data.scalar.length >= capacity ||
        memchr(node->data.scalar.value, '\0', node->data.scalar.length) != NULL) {
        return fail_at(document, node, "this text is too long or holds a zero byte", error);
    }
    memcpy(text, node->data.scalar.value, node->data.scalar.length);
    text[node->data.scalar.length] = '\0';
    return BL_STATUS_OK;
}

/// The key is one of those known, and there once.
static bl_status check_key(bl_document *document, yaml_node_t *mapping, size_t at, int count,
                           const char *(*name)(int index), bl_error *error)
{
    yaml_node_t *node = NULL;
    char key[KEY_MAX] = "", known[KNOWN_MAX] = "";
    bl_document_key(document, mapping, at, &node, key, sizeof key);
    bl_text_nearest nearest = {.word = key};
    bool found = false;
    for (int k = 0; k < count; k++) {
        const size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", k > 0 ? ", " : "", name(k));
        bl_text_consider(&nearest, name(k));
        found = found || strcmp(name(k), key) == 0;
    }
    if (!found && nearest.best != NULL) {
        return bl_document_fail(document, node, error,
                                "found the unknown key \"%s\"; did you mean \"%s\"?", key,
                                nearest.best);
    }
    if (!found) {
        return bl_document_fail(document, node, error,
                                "found the unknown key \"%s\", expected one of: %s", key, known);
    }
    if (bl_document_get(document, mapping, key) != bl_document_value(document, mapping, at)) {
        return bl_document_fail(document, node, error,
                                "found the key \"%s\" a second time; remove one", key);
    }
    return BL_STATUS_OK;
}

bl_status bl_document_count(bl_document *document, yaml_node_t *mapping, const char *key, int min,
                            int max, int *value, bl_error *error)
{
    char text[KEY_MAX] = "";
    uint64_t number = 0;
    const yaml_node_t *at = bl_document_get(document, mapping, key);
    const bl_status status = bl_document_text(document, mapping, key, text, sizeof text, error);
    if (status != BL_STATUS_OK || at == NULL) {
        return status;
    }
    if (!bl_text_parse_count(text, &number) || number < (uint64_t)min || number > (uint64_t)max) {
        return bl_document_fail(document, at, error,
                                "found \"%s\" for %s, expected a whole number from %d to %d", text,
                                key, min, max);
    }
    *value = (int)number;
    return BL_STATUS_OK;
}

bl_status bl_document_number(bl_document *document, yaml_node_t *mapping, const char *key,
                             const bl_document_range *range, double *value, bl_error *error)
{
    char text[KEY_MAX] = "", expected[KEY_MAX];
    double number = 0.0;
    const yaml_node_t *at = bl_document_get(document, mapping, key);
    if (at == NULL) {
        return BL_STATUS_OK;
    }
    snprintf(expected, sizeof expected, "from %g to %g%s%s", range->min, range->max,
             range->unit[0] != '\0' ? " " : "", range->unit);
    if (bl_document_text(document, mapping, key, text, sizeof text, NULL) != BL_STATUS_OK) {
        return bl_document_fail(document, at, error, "found no number for %s, expected one %s", key,
                                expected);
    }
    if (!bl_text_parse_number(text, &number) || number < range->min || number > range->max) {
        return bl_document_fail(document, at, error, "found \"%s\" for %s, expected a number %s",
                                text, key, expected);
    }
    *value = number;
    return BL_STATUS_OK;
}

bl_status bl_document_check_keys(bl_document *document, yaml_node_t *mapping, int count,
                                 const char *(*name)(int index), bl_error *error)
{
    bl_status status = BL_STATUS_OK;
    for (size_t i = 0; status == BL_STATUS_OK && pair_at(mapping, i) != NULL; i++) {
        status = check_key(document, mapping, i, count, name, error);
    }
    return status;
}

bl_status bl_document_file(bl_document *document, yaml_node_t *mapping, const char *key, char *path,
                           size_t capacity, bl_error *error)
{
    char text[PATH_TEXT_MAX] = "";
    const bl_status status = bl_document_text(document, mapping, key, text, sizeof text, error);
    if (status != BL_STATUS_OK || text[0] == '\0') {
        return status;
    }
    const yaml_node_t *node = bl_document_get(document, mapping, key);
    const char *slash = text[0] == '/' ? NULL : strrchr(document->path, '/');
    const size_t folder = slash != NULL ? (size_t)(slash - document->path) + 1 : 0;
    if (folder + strlen(text) >= capacity) {
        return bl_document_fail(document, node, error, "this path is too long");
    }
    memcpy(path, document->path, folder);
    memcpy(path + folder, text, strlen(text) + 1);
    if (access(path, R_OK) != 0) {
        return bl_document_fail(document, node, error, "the %s %s is missing or cannot be read",
                                key, path);
    }
    return BL_STATUS_OK;
}

static int append(void *data, unsigned char *bytes, size_t size)
{
    bl_document_writer *writer = data;
    if (writer->size + size > writer->capacity) {
        const size_t capacity = 2 * (writer->size + size);
        unsigned char *more = realloc(writer->bytes, capacity);
        if (more == NULL) {
            return 0;
        }
        writer->bytes = more;
        writer->capacity = capacity;
    }
    memcpy(writer->bytes + writer->size, bytes, size);
    writer->size += size;
    return 1;
}

/// Consumes the event. After the first failure events are only thrown away.
static void emit(bl_document_writer *writer, yaml_event_t *event, int made)
{
    if (made && writer->failed) {
        yaml_event_delete(event);
    }
    writer->failed = writer->failed || !made || !yaml_emitter_emit(&writer->emitter, event);
}

void bl_document_writer_init(bl_document_writer *writer)
{
    memset(writer, 0, sizeof *writer);
    yaml_event_t event;
    writer->failed = !yaml_emitter_initialize(&writer->emitter);
    if (writer->failed) {
        return;
    }
    yaml_emitter_set_output(&writer->emitter, append, writer);
    yaml_emitter_set_unicode(&writer->emitter, 1);
    yaml_emitter_set_width(&writer->emitter, -1);
    emit(writer, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(writer, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    bl_document_open_mapping(writer);
    bl_document_put_text(writer, "version");
    bl_document_put_text(writer, "1");
}

void bl_document_put_text(bl_document_writer *writer, const char *text)
{
    yaml_event_t event;
    unsigned char copy[4096 + 1];
    const size_t length = strlen(text);
    if (length >= sizeof copy) {
        writer->failed = true;
        return;
    }
    memcpy(copy, text, length + 1);
    emit(writer, &event,
         yaml_scalar_event_initialize(&event, NULL, NULL, copy, (int)length, 1, 1,
                                      YAML_ANY_SCALAR_STYLE));
}

bl_status bl_document_put_file(bl_document_writer *writer, const char *document, const char *key,
                               const char *path, bl_error *error)
{
    const char *slash = strrchr(document, '/');
    const size_t folder = slash != NULL ? (size_t)(slash - document) + 1 : 0;
    const bool inside = strncmp(path, document, folder) == 0 && (folder > 0 || path[0] != '/');
    if (path[0] == '\0') {
        return BL_STATUS_OK;
    }
    if (!inside && path[0] != '/') {
        return bl_error_set(error, BL_STATUS_VALUE,
                            "%s: the %s %s is not in the file's folder, expected a path from / on",
                            document, key, path);
    }
    bl_document_put_text(writer, key);
    bl_document_put_text(writer, path + (inside ? folder : 0));
    return BL_STATUS_OK;
}

void bl_document_open_mapping(bl_document_writer *writer)
{
    yaml_event_t event;
    emit(writer, &event,
         yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
}

void bl_document_close_mapping(bl_document_writer *writer)
{
    yaml_event_t event;
    emit(writer, &event, yaml_mapping_end_event_initialize(&event));
}

void bl_document_open_sequence(bl_document_writer *writer)
{
    yaml_event_t event;
    emit(writer, &event,
         yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE));
}

void bl_document_close_sequence(bl_document_writer *writer)
{
    yaml_event_t event;
    emit(writer, &event, yaml_sequence_end_event_initialize(&event));
}

bl_status bl_document_writer_save(bl_document_writer *writer, const char *path, bl_error *error)
{
    yaml_event_t event;
    bl_status status = BL_STATUS_OK;
    if (path == NULL) {
        goto done;
    }
    bl_document_close_mapping(writer);
    emit(writer, &event, yaml_document_end_event_initialize(&event, 1));
    emit(writer, &event, yaml_stream_end_event_initialize(&event));
    if (writer->failed) {
        // Names that are not UTF-8 end here too.
        status =
            bl_error_set(error, BL_STATUS_FORMAT, "%s: a text cannot be written as YAML", path);
        goto done;
    }
    status = bl_file_write(path, writer->bytes, writer->size, error);
done:
    yaml_emitter_delete(&writer->emitter);
    free(writer->bytes);
    return status;
}
