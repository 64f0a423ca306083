// SPDX-License-Identifier: MIT
// Documents are parsed by jansson and copied into the model's own form, in which a list of numbers
// is one array. They are scanned before: nesting and the number of values are bounded while no
// memory is taken, since a list of empty objects grows a hundredfold when parsed.

#include "backline/limits.h"
#include "model/json_value.h"

#include <jansson.h>
#include <string.h>

typedef struct scan {
    size_t line, column, depth, values, nodes;
} scan;

// Position of the closing quote of the string that starts at `at`.
static size_t skip_string(const uint8_t *bytes, size_t size, size_t at)
{
    for (at++; at < size && bytes[at] != '"'; at++) {
        if (bytes[at] == '\\') {
            at++;
        }
    }
    return at;
}

// Commas stand for plain values; brackets and strings for those with memory of their own.
static void scan_limits(bl_load *load, const uint8_t *bytes, size_t size)
{
    scan s = {.line = 1};
    size_t line_start = 0;
    for (size_t at = 0; at < size && s.depth <= BL_LIMIT_JSON_DEPTH; at++) {
        s.column = at - line_start + 1;
        switch (bytes[at]) {
        case '\n':
            s.line++;
            line_start = at + 1;
            break;
        case '[':
        case '{':
            s.depth++;
            s.nodes++;
            break;
        case ']':
        case '}':
            s.depth -= s.depth > 0;
            break;
        case ',':
            s.values++;
            break;
        case '"':
            s.nodes++;
            at = skip_string(bytes, size, at);
            break;
        default:
            break;
        }
    }
    if (s.depth > BL_LIMIT_JSON_DEPTH) {
        bl_load_fail(
            load, BL_STATUS_LIMIT,
            "line %zu, column %zu: found lists and objects nested deeper than %d, no model "
            "needs that; it is damaged or no model: get it again or choose another one",
            s.line, s.column, BL_LIMIT_JSON_DEPTH);
    } else if (s.nodes > BL_LIMIT_JSON_NODES) {
        bl_load_fail(load, BL_STATUS_LIMIT, "found more texts, lists and objects than %d",
                     BL_LIMIT_JSON_NODES);
    } else if (s.values > BL_LIMIT_WEIGHTS + BL_LIMIT_JSON_NODES) {
        bl_load_fail(load, BL_STATUS_LIMIT, "found more numbers than %d",
                     BL_LIMIT_WEIGHTS + BL_LIMIT_JSON_NODES);
    }
}

// A copy in progress: false means that memory is short.
static bool copy_value(bl_store *store, const json_t *from, bl_json_value *to);

static const char *copy_text(bl_store *store, const char *text, size_t size)
{
    char *copy = bl_store_take(store, size + 1, 1);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

static bool copy_numbers(bl_store *store, const json_t *from, bl_json_value *to)
{
    double *numbers = bl_store_take(store, to->count, sizeof *numbers);
    for (size_t i = 0; numbers != NULL && i < to->count; i++) {
        numbers[i] = json_number_value(json_array_get(from, i));
    }
    to->kind = BL_JSON_NUMBERS;
    to->u.numbers = numbers;
    return numbers != NULL;
}

static bool copy_list(bl_store *store, const json_t *from, bl_json_value *to)
{
    *to = (bl_json_value){.kind = BL_JSON_LIST, .count = (uint32_t)json_array_size(from)};
    bool only_numbers = to->count > 0;
    for (size_t i = 0; i < to->count; i++) {
        only_numbers = only_numbers && json_is_number(json_array_get(from, i));
    }
    if (only_numbers) {
        return copy_numbers(store, from, to);
    }
    bl_json_pair *pairs = bl_store_take(store, to->count, sizeof *pairs);
    to->u.pairs = pairs;
    bool good = pairs != NULL;
    for (size_t i = 0; good && i < to->count; i++) {
        good = copy_value(store, json_array_get(from, i), &pairs[i].value);
    }
    return good;
}

static bool copy_object(bl_store *store, const json_t *from, bl_json_value *to)
{
    *to = (bl_json_value){.kind = BL_JSON_OBJECT, .count = (uint32_t)json_object_size(from)};
    bl_json_pair *pairs = bl_store_take(store, to->count, sizeof *pairs);
    to->u.pairs = pairs;
    // jansson hands its iterators out without const.
    json_t *object = json_incref((json_t *)(uintptr_t)from);
    bool good = pairs != NULL;
    for (void *at = json_object_iter(object); good && at != NULL;
         at = json_object_iter_next(object, at)) {
        const char *key = json_object_iter_key(at);
        pairs->key = copy_text(store, key, strlen(key));
        good = pairs->key != NULL && copy_value(store, json_object_iter_value(at), &pairs->value);
        pairs++;
    }
    json_decref(object);
    return good;
}

static bool copy_value(bl_store *store, const json_t *from, bl_json_value *to)
{
    switch (json_typeof(from)) {
    case JSON_OBJECT:
        return copy_object(store, from, to);
    case JSON_ARRAY:
        return copy_list(store, from, to);
    case JSON_STRING:
        *to = (bl_json_value){.kind = BL_JSON_TEXT, .count = (uint32_t)json_string_length(from)};
        to->u.text = copy_text(store, json_string_value(from), json_string_length(from));
        return to->u.text != NULL;
    case JSON_INTEGER:
    case JSON_REAL:
        *to = (bl_json_value){.kind = BL_JSON_NUMBER, .u.number = json_number_value(from)};
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        to->kind = json_is_true(from) ? BL_JSON_TRUE : BL_JSON_FALSE;
        return true;
    case JSON_NULL:
        break;
    }
    to->kind = BL_JSON_NULL;
    return true;
}

static void fail_memory(bl_load *load)
{
    bl_load_fail(load, BL_STATUS_NO_MEMORY, "not enough memory to read it");
}

static void parse(bl_json_document *document, bl_load *load, const uint8_t *bytes, size_t size,
                  bool unique_keys)
{
    json_error_t detail;
    const size_t flags = JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL | JSON_DECODE_ANY |
                         (unique_keys ? JSON_REJECT_DUPLICATES : 0);
    json_t *parsed = json_loadb((const char *)bytes, size, flags, &detail);
    // Where memory is short jansson knows no line.
    if (parsed == NULL && detail.line < 0) {
        fail_memory(load);
    } else if (parsed == NULL) {
        bl_load_fail(load, BL_STATUS_FORMAT,
                     "line %d, column %d: %s; expected a JSON document, the file may be cut short "
                     "or damaged",
                     detail.line, detail.column, detail.text);
    } else if (!json_is_object(parsed)) {
        bl_load_fail(load, BL_STATUS_FORMAT, "found a JSON %s at the top, expected an object",
                     json_is_array(parsed) ? "list" : "value");
    } else {
        bl_json_value root = {.kind = BL_JSON_ABSENT};
        if (copy_value(document->store, parsed, &root)) {
            document->root = root;
        } else {
            fail_memory(load);
        }
    }
    json_decref(parsed);
}

void bl_json_document_init(bl_json_document *document, bl_load *load, const uint8_t *bytes,
                           size_t size, bool unique_keys)
{
    static const uint8_t byte_order_mark[] = {0xef, 0xbb, 0xbf};
    *document = (bl_json_document){.store = bl_store_create()};
    if (document->store == NULL) {
        fail_memory(load);
        return;
    }
    if (size >= sizeof byte_order_mark &&
        memcmp(bytes, byte_order_mark, sizeof byte_order_mark) == 0) {
        bytes += sizeof byte_order_mark;
        size -= sizeof byte_order_mark;
    }
    scan_limits(load, bytes, size);
    if (bl_load_ok(load)) {
        parse(document, load, bytes, size, unique_keys);
    }
}

void bl_json_document_finish(bl_json_document *document)
{
    bl_store_destroy(document->store);
    *document = (bl_json_document){.store = NULL};
}

bl_json_value bl_json_value_member(const bl_json_value *object, const char *key)
{
    for (uint32_t i = 0; object->kind == BL_JSON_OBJECT && i < object->count; i++) {
        if (strcmp(object->u.pairs[i].key, key) == 0) {
            return object->u.pairs[i].value;
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
