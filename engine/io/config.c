// SPDX-License-Identifier: MIT
// Reads configs from YAML events (yaml.org, 1.1 as libyaml reads it): two levels of mappings, no
// more, so that nesting and aliases of a hostile file never build up. Writes them back.

#include "backline/config.h"

#include "backline/file.h"
#include "backline/limits.h"
#include "backline/text.h"
#include "io/config_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { QUOTE_MAX = 48 };

typedef struct config_reader {
    yaml_parser_t parser;
    yaml_event_t event; // the one being looked at; empty before the first
    const char *text, *name;
    size_t size;
    bl_config config;
    yaml_mark_t marks[BL_CONFIG_ROWS_MAX]; // of the value of row i
    bool seen[BL_CONFIG_ROWS_MAX];
    bl_error *error;
} config_reader;

#define FAIL(reader, status, mark, ...) fail_at(reader, status, &(mark), __VA_ARGS__)

static bl_status fail_at(config_reader *reader, bl_status status, const yaml_mark_t *mark,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

static bl_status fail_at(config_reader *reader, bl_status status, const yaml_mark_t *mark,
                         const char *format, ...)
{
    char sentence[BL_ERROR_TEXT_MAX / 2];
    va_list arguments;
    va_start(arguments, format);
    bl_text_format(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    return bl_error_set(reader->error, status, "%s:%zu:%zu: %s", reader->name, mark->line + 1,
                        mark->column + 1, sentence);
}

// Line and column of a byte, for errors of libyaml that name only the byte.
static yaml_mark_t mark_of_offset(const config_reader *reader, size_t offset)
{
    yaml_mark_t mark = {0, 0, 0};
    for (size_t i = 0; i < offset && i < reader->size; i++) {
        const unsigned char c = (unsigned char)reader->text[i];
        if (c == '\n') {
            mark.line++;
            mark.column = 0;
        } else if ((c & 0xC0) != 0x80) { // not the inside of a UTF-8 character
            mark.column++;
        }
    }
    return mark;
}

// True, and the place, if the marked line or the one before has a tab in its indentation: the
// usual cause of libyaml's least helpful messages.
static bool find_tab(const config_reader *reader, yaml_mark_t *mark)
{
    size_t line = 0, column = 0;
    bool indent = true;
    for (size_t i = 0; i < reader->size && line <= mark->line; i++) {
        const char c = reader->text[i];
        if (c == '\t' && indent && line + 1 >= mark->line) {
            *mark = (yaml_mark_t){i, line, column};
            return true;
        }
        indent = c == '\n' || (indent && c == ' ');
        line += c == '\n';
        column = c == '\n' ? 0 : column + 1;
    }
    return false;
}

static bl_status fail_as_yaml(config_reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    yaml_mark_t mark = parser->problem_mark;
    const char *problem = parser->problem != NULL ? parser->problem : "a mistake";
    switch (parser->error) {
    case YAML_MEMORY_ERROR:
        return bl_error_set(reader->error, BL_STATUS_NO_MEMORY, "%s: not enough memory to read it",
                            reader->name);
    case YAML_READER_ERROR:
        mark = mark_of_offset(reader, parser->problem_offset);
        return FAIL(reader, BL_STATUS_FORMAT, mark,
                    "found a byte that is not text (%s), expected "
                    "YAML in UTF-8",
                    problem);
    default:
        break;
    }
    if (find_tab(reader, &mark)) {
        return FAIL(reader, BL_STATUS_FORMAT, mark,
                    "found a tab, expected spaces; YAML allows no tabs in the indentation");
    }
    return FAIL(reader, BL_STATUS_FORMAT, mark,
                "found a mistake in the YAML (%s), expected lines "
                "of the form \"key: value\"",
                problem);
}

// Takes the next event into reader->event.
static bl_status advance(config_reader *reader)
{
    yaml_event_delete(&reader->event);
    if (!yaml_parser_parse(&reader->parser, &reader->event)) {
        memset(&reader->event, 0, sizeof reader->event);
        return fail_as_yaml(reader);
    }
    return BL_STATUS_OK;
}

// A short, quoted form of what stands at the event, for "found ...".
static void describe_event(const yaml_event_t *event, char text[QUOTE_MAX + 16])
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        if (event->data.scalar.length == 0) {
            strcpy(text, "nothing");
        } else {
            snprintf(text, QUOTE_MAX + 16, "\"%.*s\"%s", QUOTE_MAX,
                     (const char *)event->data.scalar.value,
                     event->data.scalar.length > QUOTE_MAX ? "..." : "");
        }
        break;
    case YAML_SEQUENCE_START_EVENT:
        strcpy(text, "a list");
        break;
    case YAML_MAPPING_START_EVENT:
        strcpy(text, "a group of keys");
        break;
    case YAML_ALIAS_EVENT:
        strcpy(text, "an alias");
        break;
    default:
        strcpy(text, "the end");
        break;
    }
}

static bl_status fail_expected(config_reader *reader, const char *expected)
{
    char found[QUOTE_MAX + 16];
    describe_event(&reader->event, found);
    return FAIL(reader, BL_STATUS_FORMAT, reader->event.start_mark, "found %s, expected %s", found,
                expected);
}

// Appends `word` to a list of names in `text`.
static void append_word(char text[BL_CONFIG_EXPECTED_MAX], const char *word)
{
    const size_t used = strlen(text);
    snprintf(text + used, BL_CONFIG_EXPECTED_MAX - used, "%s%s", used > 0 ? ", " : "", word);
}

// Fails with the keys that would do; section NULL: the names of the sections.
static bl_status fail_unknown_key(config_reader *reader, const char *section)
{
    char known[BL_CONFIG_EXPECTED_MAX] = "", hint[BL_CONFIG_EXPECTED_MAX] = "";
    const char *word = (const char *)reader->event.data.scalar.value;
    bl_text_nearest nearest = {.word = word};
    const char *last = "";
    for (size_t i = 0; i < bl_config_row_count; i++) {
        const bl_config_row *row = &bl_config_rows[i];
        const char *name = section != NULL ? row->key : row->section;
        const bool offered =
            section != NULL ? strcmp(section, row->section) == 0 : strcmp(last, row->section) != 0;
        if (offered) {
            bl_text_consider(&nearest, name);
        }
        if (offered && bl_config_row_applies(row, &reader->config)) {
            append_word(known, name);
        }
        last = row->section;
    }
    if (nearest.best != NULL) {
        snprintf(hint, sizeof hint, "; did you mean \"%s\"?", nearest.best);
    }
    return FAIL(reader, BL_STATUS_FORMAT, reader->event.start_mark,
                "found the unknown key \"%.*s\"%s%s, expected one of: %s%s", QUOTE_MAX, word,
                section != NULL ? " in " : "", section != NULL ? section : "", known, hint);
}

static size_t find_row(const char *section, const char *key)
{
    size_t i = 0;
    while (i < bl_config_row_count && (strcmp(bl_config_rows[i].section, section) != 0 ||
                                       strcmp(bl_config_rows[i].key, key) != 0)) {
        i++;
    }
    return i;
}

// True if the event is a scalar without zero bytes inside, so that it can be read as a C string.
static bool is_word(const yaml_event_t *event)
{
    return event->type == YAML_SCALAR_EVENT &&
           strlen((const char *)event->data.scalar.value) == event->data.scalar.length;
}

static bl_status fail_value(config_reader *reader, const bl_config_row *row, const char *hint)
{
    char found[QUOTE_MAX + 16], expected[BL_CONFIG_EXPECTED_MAX];
    describe_event(&reader->event, found);
    bl_config_row_describe(row, expected);
    return FAIL(reader, BL_STATUS_VALUE, reader->event.start_mark, "found %s for %s, expected %s%s",
                found, row->key, expected, hint);
}

// A list of plain words, joined by commas as bl_config_row_set reads them.
static bl_status read_list(config_reader *reader, size_t index)
{
    const bl_config_row *row = &bl_config_rows[index];
    char text[BL_CONFIG_EXPECTED_MAX] = "";
    bl_status status = BL_STATUS_OK;
    if (reader->event.type != YAML_SEQUENCE_START_EVENT) {
        return fail_value(reader, row, "");
    }
    reader->marks[index] = reader->event.start_mark;
    while ((status = advance(reader)) == BL_STATUS_OK &&
           reader->event.type != YAML_SEQUENCE_END_EVENT) {
        const yaml_event_t *event = &reader->event;
        const bool plain = is_word(event) && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        const size_t length = plain ? event->data.scalar.length : sizeof text;
        if (strlen(text) + length + sizeof ", " > sizeof text) {
            return fail_value(reader, row, "");
        }
        append_word(text, (const char *)event->data.scalar.value);
        // What has been read so far must be good, so that the place of a mistake is known.
        if (!bl_config_row_set(row, &reader->config, text)) {
            return fail_value(reader, row, "");
        }
    }
    if (status == BL_STATUS_OK && text[0] == '\0') {
        return fail_value(reader, row, "");
    }
    reader->seen[index] = status == BL_STATUS_OK;
    return status;
}

static bl_status read_value(config_reader *reader, size_t index)
{
    const bl_config_row *row = &bl_config_rows[index];
    const yaml_event_t *event = &reader->event;
    if (row->kind == BL_CONFIG_KIND_LIST) {
        return read_list(reader, index);
    }
    // Quoted text is a string in YAML: fine for a choice, wrong for a number.
    const bool usable = is_word(event) && (row->kind == BL_CONFIG_KIND_CHOICE ||
                                           event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
    if (usable && bl_config_row_set(row, &reader->config, (const char *)event->data.scalar.value)) {
        reader->seen[index] = true;
        reader->marks[index] = event->start_mark;
        return BL_STATUS_OK;
    }
    return fail_value(reader, row, is_word(event) && !usable ? " without quotation marks" : "");
}

static bl_status read_section(config_reader *reader, const char *section)
{
    bl_status status = BL_STATUS_OK;
    if (reader->event.type != YAML_MAPPING_START_EVENT) {
        return fail_expected(reader, "indented lines of the form \"key: value\"");
    }
    while ((status = advance(reader)) == BL_STATUS_OK &&
           reader->event.type != YAML_MAPPING_END_EVENT) {
        if (!is_word(&reader->event)) {
            return fail_expected(reader, "a key");
        }
        const size_t index = find_row(section, (const char *)reader->event.data.scalar.value);
        if (index == bl_config_row_count) {
            return fail_unknown_key(reader, section);
        }
        if (reader->seen[index]) {
            return FAIL(reader, BL_STATUS_FORMAT, reader->event.start_mark,
                        "found the key \"%s\" a second time (first in line %zu), expected it once",
                        bl_config_rows[index].key, reader->marks[index].line + 1);
        }
        status = advance(reader);
        if (status == BL_STATUS_OK) {
            status = read_value(reader, index);
        }
        if (status != BL_STATUS_OK) {
            return status;
        }
    }
    return status;
}

// Points at the table's own text for the section, or NULL.
static const char *find_section(const char *name)
{
    for (size_t i = 0; i < bl_config_row_count; i++) {
        if (strcmp(bl_config_rows[i].section, name) == 0) {
            return bl_config_rows[i].section;
        }
    }
    return NULL;
}

static bl_status read_sections(config_reader *reader)
{
    enum { SECTIONS_MAX = 8 };
    const char *done[SECTIONS_MAX];
    size_t count = 0;
    bl_status status = BL_STATUS_OK;
    while ((status = advance(reader)) == BL_STATUS_OK &&
           reader->event.type != YAML_MAPPING_END_EVENT) {
        const char *section = is_word(&reader->event)
                                  ? find_section((const char *)reader->event.data.scalar.value)
                                  : NULL;
        if (section == NULL) {
            return is_word(&reader->event) ? fail_unknown_key(reader, NULL)
                                           : fail_expected(reader, "a key");
        }
        for (size_t i = 0; i < count; i++) {
            if (strcmp(done[i], section) == 0) {
                return FAIL(reader, BL_STATUS_FORMAT, reader->event.start_mark,
                            "found \"%s:\" a second time, expected it once", section);
            }
        }
        done[count++] = section;
        status = advance(reader);
        if (status == BL_STATUS_OK) {
            status = read_section(reader, section);
        }
        if (status != BL_STATUS_OK) {
            return status;
        }
    }
    return status;
}

// Adds one layer to both sums; false once the receptive field is too long. They stop at their
// limits, so nothing overflows.
static bool add_layer(const bl_config_model *model, uint32_t channels, uint64_t dilation,
                      uint64_t *field, uint64_t *weights)
{
    *field += (model->kernel_size - 1) * dilation;
    *weights += channels * ((uint64_t)channels * model->kernel_size + 1);
    return dilation <= BL_LIMIT_DILATION && *field <= BL_LIMIT_RECEPTIVE_FIELD;
}

// Sums up the layers; the number of the first one that is too much, from 1, or 0.
static uint32_t measure_layers(const bl_config_model *model, uint64_t *field, uint64_t *weights)
{
    uint64_t dilation = 1;
    const bool amp = model->type == BL_CONFIG_WAVENET_AMP;
    const uint32_t count = amp ? model->num_layers : model->dilations.count;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t apart = amp ? dilation : model->dilations.values[i];
        if (!add_layer(model, model->channels, apart, field, weights)) {
            return i + 1;
        }
        dilation *= model->dilation_base;
    }
    const bool second = !amp && model->second_channels != 0;
    for (uint32_t i = 0; second && i < model->second_dilations.count; i++) {
        if (!add_layer(model, model->second_channels, model->second_dilations.values[i], field,
                       weights)) {
            return count + i + 1;
        }
    }
    return 0;
}

// RF = 1 + sum over the layers of (k - 1) dilation.
static bl_status check_size(config_reader *reader)
{
    const bl_config_model *model = &reader->config.model;
    if (model->type != BL_CONFIG_WAVENET_AMP && model->type != BL_CONFIG_NAM_WAVENET) {
        return BL_STATUS_OK;
    }
    const size_t row =
        find_row("model", model->type == BL_CONFIG_WAVENET_AMP ? "num_layers" : "dilations");
    uint64_t field = 1, weights = 0;
    const uint32_t layer = measure_layers(model, &field, &weights);
    if (layer != 0) {
        return FAIL(reader, BL_STATUS_LIMIT, reader->marks[row],
                    "found a receptive field of more than %d samples in layer %u, expected "
                    "less; use fewer layers, a smaller kernel or smaller dilations",
                    BL_LIMIT_RECEPTIVE_FIELD, (unsigned)layer);
    }
    if (weights > BL_LIMIT_WEIGHTS) {
        return FAIL(reader, BL_STATUS_LIMIT, reader->marks[row],
                    "found a network of %llu weights, expected at most %d; use fewer channels or "
                    "layers",
                    (unsigned long long)weights, BL_LIMIT_WEIGHTS);
    }
    return BL_STATUS_OK;
}

static bl_status check_widths(config_reader *reader)
{
    const bl_config_list *widths = &reader->config.model.widths;
    for (uint32_t i = 1; i < widths->count; i++) {
        if (widths->values[i] <= widths->values[i - 1]) {
            return FAIL(reader, BL_STATUS_VALUE, reader->marks[find_row("model", "widths")],
                        "found the width %u behind %u, expected ascending ones",
                        (unsigned)widths->values[i], (unsigned)widths->values[i - 1]);
        }
    }
    return BL_STATUS_OK;
}

// The rules that join several keys.
static bl_status check_together(config_reader *reader)
{
    bl_config *config = &reader->config;
    const size_t epochs = find_row("training", "epochs");
    const size_t minutes = find_row("training", "minutes");
    if (reader->seen[epochs] && reader->seen[minutes]) {
        return FAIL(reader, BL_STATUS_FORMAT, reader->marks[minutes],
                    "found minutes beside epochs (line %zu), expected only one of them",
                    reader->marks[epochs].line + 1);
    }
    if (reader->seen[minutes]) {
        config->training.epochs = 0;
    }
    for (size_t i = 0; i < bl_config_row_count; i++) {
        if (reader->seen[i] && !bl_config_row_applies(&bl_config_rows[i], config)) {
            return FAIL(reader, BL_STATUS_FORMAT, reader->marks[i],
                        "found %s, expected none: a network of this type has no such key",
                        bl_config_rows[i].key);
        }
    }
    const bl_status status = check_widths(reader);
    return status == BL_STATUS_OK ? check_size(reader) : status;
}

static bl_status read_document(config_reader *reader)
{
    // Stream start, then the document (or the end of an empty file), then its first node.
    bl_status status = advance(reader);
    for (int i = 0; i < 2 && status == BL_STATUS_OK; i++) {
        if (reader->event.type == YAML_STREAM_END_EVENT) {
            break;
        }
        status = advance(reader);
    }
    if (status != BL_STATUS_OK) {
        return status;
    }
    if (reader->event.type != YAML_MAPPING_START_EVENT) {
        return fail_expected(reader, "the keys model, data and training");
    }
    status = read_sections(reader);
    if (status == BL_STATUS_OK) {
        status = check_together(reader);
    }
    for (int i = 0; i < 2 && status == BL_STATUS_OK; i++) {
        status = advance(reader); // document end, stream end
    }
    if (status == BL_STATUS_OK && reader->event.type != YAML_STREAM_END_EVENT) {
        return FAIL(reader, BL_STATUS_FORMAT, reader->event.start_mark,
                    "found a second document, expected the end of the file");
    }
    return status;
}

bl_config bl_config_default(void)
{
    bl_config config = {0};
    for (size_t i = 0; i < bl_config_row_count; i++) {
        bl_config_row_set(&bl_config_rows[i], &config, bl_config_rows[i].default_text);
    }
    return config;
}

bl_status bl_config_parse(const char *text, size_t size, const char *name, bl_config *config,
                          bl_error *error)
{
    if (size > BL_LIMIT_CONFIG_BYTES) {
        return bl_error_set(error, BL_STATUS_LIMIT,
                            "%s:1:1: found %zu bytes, expected at most %d; is it the right file?",
                            name, size, BL_LIMIT_CONFIG_BYTES);
    }
    config_reader reader = {
        .text = text, .size = size, .name = name, .config = bl_config_default(), .error = error};
    if (!yaml_parser_initialize(&reader.parser)) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory to read it", name);
    }
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, size);
    const bl_status status = read_document(&reader);
    yaml_event_delete(&reader.event);
    yaml_parser_delete(&reader.parser);
    if (status == BL_STATUS_OK) {
        *config = reader.config;
    }
    return status;
}

bl_status bl_config_load(const char *path, bl_config *config, bl_error *error)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    bl_status status = bl_file_read(path, BL_LIMIT_CONFIG_BYTES, &bytes, &size, error);
    if (status == BL_STATUS_OK) {
        status = bl_config_parse((const char *)bytes, size, path, config, error);
        free(bytes);
    }
    return status;
}

bl_status bl_config_write(const bl_config *config, char *text, size_t capacity, bl_error *error)
{
    size_t used = 0;
    const char *section = "";
    for (size_t i = 0; i < bl_config_row_count; i++) {
        const bl_config_row *row = &bl_config_rows[i];
        char value[BL_CONFIG_EXPECTED_MAX];
        bl_config_row_format(row, config, value);
        if (!bl_config_row_applies(row, config) || (strcmp(value, "0") == 0 && row->min > 0)) {
            continue; // another type's, or the unused one of epochs and minutes
        }
        const bool starts = strcmp(section, row->section) != 0;
        const bool list = row->kind == BL_CONFIG_KIND_LIST;
        const int count =
            snprintf(text + used, capacity - used, "%s%s  %s: %s%s%s\n", starts ? row->section : "",
                     starts ? ":\n" : "", row->key, list ? "[" : "", value, list ? "]" : "");
        section = row->section;
        if (count < 0 || (size_t)count >= capacity - used) {
            return bl_error_set(error, BL_STATUS_LIMIT,
                                "the config does not fit into %zu bytes of text", capacity);
        }
        used += (size_t)count;
    }
    return BL_STATUS_OK;
}
