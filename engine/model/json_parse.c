// SPDX-License-Identifier: MIT
// Recursive descent, no deeper than BL_LIMIT_JSON_DEPTH. Open lists and objects wait on two stacks,
// one of pairs and one of bare numbers; what closes moves into the document's memory in one piece.

#include "backline/limits.h"
#include "model/json_text.h"
#include "model/json_value.h"

#include <stdlib.h>
#include <string.h>

static bool parse_value(bl_json_text *text, bl_json_value *value);

// Room for one more item on a stack.
static bool reserve(bl_json_text *text, bl_json_stack *stack, size_t item_bytes)
{
    if (stack->count < stack->capacity) {
        return true;
    }
    const size_t capacity = stack->capacity > 0 ? 2 * stack->capacity : 64;
    void *items = realloc(stack->items, capacity * item_bytes);
    if (items == NULL) {
        return bl_json_text_fail_memory(text);
    }
    stack->items = items;
    stack->capacity = capacity;
    return true;
}

static bool push_pair(bl_json_text *text, const char *key, bl_json_value value)
{
    if (!reserve(text, &text->pairs, sizeof(bl_json_pair))) {
        return false;
    }
    bl_json_pair *pairs = text->pairs.items;
    pairs[text->pairs.count++] = (bl_json_pair){key, value};
    return true;
}

static bool push_number(bl_json_text *text, double number)
{
    if (!reserve(text, &text->numbers, sizeof number)) {
        return false;
    }
    double *numbers = text->numbers.items;
    numbers[text->numbers.count++] = number;
    return true;
}

// Takes the items from `base` on off the stack, into the document.
static const void *close_stack(bl_json_text *text, bl_json_stack *stack, size_t base,
                               size_t item_bytes, bl_json_value *value)
{
    const size_t count = stack->count - base;
    void *items = bl_store_take(text->store, count, item_bytes);
    if (items == NULL) {
        bl_json_text_fail_memory(text);
        return NULL;
    }
    if (count > 0) {
        memcpy(items, (const char *)stack->items + base * item_bytes, count * item_bytes);
    }
    stack->count = base;
    value->count = (uint32_t)count;
    return items;
}

// The numbers so far become pairs, because something else stands among them.
static bool spill_numbers(bl_json_text *text, size_t base)
{
    for (size_t i = base; i < text->numbers.count; i++) {
        const double number = ((const double *)text->numbers.items)[i];
        if (!push_pair(text, NULL, (bl_json_value){.kind = BL_JSON_NUMBER, .u.number = number})) {
            return false;
        }
    }
    text->numbers.count = base;
    return true;
}

// Elements up to the closing bracket; `only_numbers` says on which stack they are.
static bool parse_elements(bl_json_text *text, size_t number_base, bool *only_numbers)
{
    do {
        bl_json_value element = {.kind = BL_JSON_ABSENT};
        if (!parse_value(text, &element)) {
            return false;
        }
        if (*only_numbers && element.kind == BL_JSON_NUMBER) {
            if (!push_number(text, element.u.number)) {
                return false;
            }
            continue;
        }
        if (*only_numbers && !spill_numbers(text, number_base)) {
            return false;
        }
        *only_numbers = false;
        if (!push_pair(text, NULL, element)) {
            return false;
        }
    } while (bl_json_text_take(text, ','));
    return bl_json_text_take(text, ']') || bl_json_text_fail(text, "a comma or ]");
}

static bool parse_list(bl_json_text *text, bl_json_value *value)
{
    const size_t pair_base = text->pairs.count, number_base = text->numbers.count;
    *value = (bl_json_value){.kind = BL_JSON_LIST};
    if (bl_json_text_take(text, ']')) {
        return true;
    }
    bool only_numbers = true;
    if (!parse_elements(text, number_base, &only_numbers)) {
        return false;
    }
    if (only_numbers) {
        value->kind = BL_JSON_NUMBERS;
        value->u.numbers = close_stack(text, &text->numbers, number_base, sizeof(double), value);
        return value->u.numbers != NULL;
    }
    value->u.pairs = close_stack(text, &text->pairs, pair_base, sizeof(bl_json_pair), value);
    return value->u.pairs != NULL;
}

static bool parse_object(bl_json_text *text, bl_json_value *value)
{
    const size_t base = text->pairs.count;
    *value = (bl_json_value){.kind = BL_JSON_OBJECT};
    if (bl_json_text_take(text, '}')) {
        return true;
    }
    do {
        bl_json_value key = {.kind = BL_JSON_ABSENT}, member = key;
        if (bl_json_text_peek(text) != '"') {
            return bl_json_text_fail(text, "a key in quotes");
        }
        if (!parse_value(text, &key)) {
            return false;
        }
        if (!bl_json_text_take(text, ':')) {
            return bl_json_text_fail(text, "a colon");
        }
        if (!parse_value(text, &member) || !push_pair(text, key.u.text, member)) {
            return false;
        }
    } while (bl_json_text_take(text, ','));
    if (!bl_json_text_take(text, '}')) {
        return bl_json_text_fail(text, "a comma or }");
    }
    value->u.pairs = close_stack(text, &text->pairs, base, sizeof(bl_json_pair), value);
    return value->u.pairs != NULL;
}

static bool parse_nested(bl_json_text *text, bl_json_value *value, bool object)
{
    if (text->depth == BL_LIMIT_JSON_DEPTH) {
        return bl_json_text_fail_limit(text, "lists and objects nested deeper",
                                       BL_LIMIT_JSON_DEPTH);
    }
    text->depth++;
    const bool good = object ? parse_object(text, value) : parse_list(text, value);
    text->depth--;
    return good;
}

static bool parse_value(bl_json_text *text, bl_json_value *value)
{
    switch (bl_json_text_peek(text)) {
    case '{':
    case '[':
        if (!bl_json_text_count_node(text)) {
            return false;
        }
        return parse_nested(text, value, text->bytes[text->at++] == '{');
    case '"':
        return bl_json_text_count_node(text) && bl_json_text_read_string(text, value);
    case 't':
        *value = (bl_json_value){.kind = BL_JSON_TRUE};
        return bl_json_text_read_word(text, "true");
    case 'f':
        *value = (bl_json_value){.kind = BL_JSON_FALSE};
        return bl_json_text_read_word(text, "false");
    case 'n':
        *value = (bl_json_value){.kind = BL_JSON_NULL};
        return bl_json_text_read_word(text, "null");
    default:
        return bl_json_text_read_number(text, value);
    }
}

static void parse_document(bl_json_text *text, bl_json_value *root)
{
    bl_json_value value = {.kind = BL_JSON_ABSENT};
    if (!parse_value(text, &value)) {
        return;
    }
    bl_json_text_peek(text);
    if (text->at < text->size) {
        bl_json_text_fail(text, "the end of the file");
    } else if (value.kind != BL_JSON_OBJECT) {
        bl_load_fail(text->load, BL_STATUS_FORMAT, "found a JSON %s at the top, expected an object",
                     bl_json_value_is_list(&value) ? "list" : "value");
    } else {
        *root = value;
    }
}

void bl_json_document_init(bl_json_document *document, bl_load *load, const uint8_t *bytes,
                           size_t size)
{
    *document = (bl_json_document){.store = bl_store_create()};
    bl_json_text text = {.load = load, .store = document->store, .bytes = bytes, .size = size};
    if (document->store == NULL) {
        bl_json_text_fail_memory(&text);
        return;
    }
    if (bl_json_text_begin(&text)) {
        parse_document(&text, &document->root);
    }
    bl_json_text_end(&text);
}

void bl_json_document_finish(bl_json_document *document)
{
    bl_store_destroy(document->store);
    *document = (bl_json_document){.store = NULL};
}

bl_json_value bl_json_value_member(const bl_json_value *object, const char *key)
{
    for (uint32_t i = object->kind == BL_JSON_OBJECT ? object->count : 0; i > 0; i--) {
        if (strcmp(object->u.pairs[i - 1].key, key) == 0) {
            return object->u.pairs[i - 1].value;
        }
    }
    return (bl_json_value){.kind = BL_JSON_ABSENT};
}

bl_json_value bl_json_value_element(const bl_json_value *list, size_t index)
{
    if (!bl_json_value_is_list(list) || index >= list->count) {
        return (bl_json_value){.kind = BL_JSON_ABSENT};
    }
    return list->kind == BL_JSON_NUMBERS
               ? (bl_json_value){.kind = BL_JSON_NUMBER, .u.number = list->u.numbers[index]}
               : list->u.pairs[index].value;
}

bool bl_json_value_is_list(const bl_json_value *value)
{
    return value->kind == BL_JSON_LIST || value->kind == BL_JSON_NUMBERS;
}
