// SPDX-License-Identifier: MIT
// The words of a JSON text: white space, strings, numbers, and where something is wrong. Functions
// that return bool return false after they have kept a failure.

#ifndef BACKLINE_MODEL_JSON_TEXT_H
#define BACKLINE_MODEL_JSON_TEXT_H

#include "model/json_value.h"

#include <locale.h>

typedef struct bl_json_stack {
    void *items;
    size_t count, capacity;
} bl_json_stack;

/// A text being parsed.
typedef struct bl_json_text {
    bl_load *load;
    bl_store *store; ///< of the document
    const uint8_t *bytes;
    size_t size, at;
    uint32_t depth;
    size_t node_count, number_count;
    bl_json_stack pairs, numbers; ///< items of the lists and objects that are open
    locale_t c_locale, before;    ///< numbers have points, whatever the thread's locale says
} bl_json_text;

/// Steps over a byte order mark and takes the C locale. Ended by bl_json_text_end, also after a
/// failure.
bool bl_json_text_begin(bl_json_text *text);
void bl_json_text_end(bl_json_text *text);

/// Keeps "line 3, column 14: found 'x', expected ..." of the current position; always false.
bool bl_json_text_fail(bl_json_text *text, const char *expected);
bool bl_json_text_fail_memory(bl_json_text *text);
bool bl_json_text_fail_limit(bl_json_text *text, const char *what, int limit);

/// Steps over white space and returns the byte behind it, or 0 at the end.
uint8_t bl_json_text_peek(bl_json_text *text);

/// Steps over white space and, if it comes next, over `byte`.
bool bl_json_text_take(bl_json_text *text, uint8_t byte);

/// One more text, list or object.
bool bl_json_text_count_node(bl_json_text *text);

/// At the first letter of `word`.
bool bl_json_text_read_word(bl_json_text *text, const char *word);

/// At the opening quote.
bool bl_json_text_read_string(bl_json_text *text, bl_json_value *value);

/// At whatever is no other value.
bool bl_json_text_read_number(bl_json_text *text, bl_json_value *value);

#endif
