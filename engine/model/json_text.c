// SPDX-License-Identifier: MIT
// Every byte is looked at once or twice; nothing is read behind the end.

#include "model/json_text.h"

#include "backline/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool bl_json_text_begin(bl_json_text *text)
{
    static const uint8_t byte_order_mark[] = {0xef, 0xbb, 0xbf};
    if (text->size >= sizeof byte_order_mark &&
        memcmp(text->bytes, byte_order_mark, sizeof byte_order_mark) == 0) {
        text->at = sizeof byte_order_mark;
    }
    text->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (text->c_locale == (locale_t)0) {
        return bl_json_text_fail_memory(text);
    }
    text->before = uselocale(text->c_locale);
    return true;
}

void bl_json_text_end(bl_json_text *text)
{
    if (text->c_locale != (locale_t)0) {
        uselocale(text->before);
        freelocale(text->c_locale);
    }
    free(text->pairs.items);
    free(text->numbers.items);
}

// Line and column of the current position, from 1, in bytes.
static void find_place(const bl_json_text *text, size_t *line, size_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < text->at; i++) {
        const bool new_line = text->bytes[i] == '\n';
        *line += new_line;
        *column = new_line ? 1 : *column + 1;
    }
}

bool bl_json_text_fail(bl_json_text *text, const char *expected)
{
    size_t line, column;
    find_place(text, &line, &column);
    char found[16] = "the end";
    if (text->at < text->size) {
        const uint8_t byte = text->bytes[text->at];
        snprintf(found, sizeof found, byte > 0x20 && byte < 0x7f ? "'%c'" : "byte %u", byte);
    }
    bl_load_fail(
        text->load, BL_STATUS_FORMAT,
        "line %zu, column %zu: found %s, expected %s; the file may be cut short or damaged", line,
        column, found, expected);
    return false;
}

bool bl_json_text_fail_memory(bl_json_text *text)
{
    bl_load_fail(text->load, BL_STATUS_NO_MEMORY, "not enough memory to read it");
    return false;
}

bool bl_json_text_fail_limit(bl_json_text *text, const char *what, int limit)
{
    size_t line, column;
    find_place(text, &line, &column);
    bl_load_fail(text->load, BL_STATUS_LIMIT,
                 "line %zu, column %zu: found %s than %d, the most allowed", line, column, what,
                 limit);
    return false;
}

uint8_t bl_json_text_peek(bl_json_text *text)
{
    while (text->at < text->size) {
        const uint8_t byte = text->bytes[text->at];
        if (byte != ' ' && byte != '\n' && byte != '\r' && byte != '\t') {
            return byte;
        }
        text->at++;
    }
    return 0;
}

bool bl_json_text_take(bl_json_text *text, uint8_t byte)
{
    const bool found = bl_json_text_peek(text) == byte && text->at < text->size;
    text->at += found;
    return found;
}

bool bl_json_text_count_node(bl_json_text *text)
{
    return ++text->node_count <= BL_LIMIT_JSON_NODES ||
           bl_json_text_fail_limit(text, "more texts, lists and objects", BL_LIMIT_JSON_NODES);
}

bool bl_json_text_read_word(bl_json_text *text, const char *word)
{
    const size_t size = strlen(word);
    if (text->size - text->at < size || memcmp(text->bytes + text->at, word, size) != 0) {
        return bl_json_text_fail(text, "a value");
    }
    text->at += size;
    return true;
}
