// SPDX-License-Identifier: MIT
// A document is scanned before the library sees it: nesting and the number of values are bounded
// while no memory is taken, since a list of empty objects grows a hundredfold when parsed.

#include "model/json.h"

#include "backline/limits.h"

#include <string.h>

typedef struct scan {
    size_t line, depth, numbers, nodes;
} scan;

// Position behind the string that starts at `at`.
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
    for (size_t at = 0; at < size; at++) {
        switch (bytes[at]) {
        case '\n':
            s.line++;
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
            s.numbers++;
            break;
        case '"':
            s.nodes++;
            at = skip_string(bytes, size, at);
            break;
        default:
            break;
        }
        if (s.depth > BL_LIMIT_JSON_DEPTH) {
            bl_load_fail(load, BL_STATUS_LIMIT,
                         "line %zu: found lists and objects nested deeper than %d; no model needs "
                         "that",
                         s.line, BL_LIMIT_JSON_DEPTH);
            return;
        }
    }
    if (s.numbers > BL_LIMIT_WEIGHTS + BL_LIMIT_JSON_NODES || s.nodes > BL_LIMIT_JSON_NODES) {
        bl_load_fail(load, BL_STATUS_LIMIT,
                     "found %zu values and %zu texts, lists and objects, expected at most %d and "
                     "%d",
                     s.numbers, s.nodes, BL_LIMIT_WEIGHTS + BL_LIMIT_JSON_NODES,
                     BL_LIMIT_JSON_NODES);
    }
}

json_t *bl_json_parse(bl_load *load, const uint8_t *bytes, size_t size, size_t flags)
{
    static const uint8_t byte_order_mark[] = {0xef, 0xbb, 0xbf};
    if (size >= sizeof byte_order_mark &&
        memcmp(bytes, byte_order_mark, sizeof byte_order_mark) == 0) {
        bytes += sizeof byte_order_mark;
        size -= sizeof byte_order_mark;
    }
    scan_limits(load, bytes, size);
    if (!bl_load_ok(load)) {
        return NULL;
    }
    json_error_t detail;
    json_t *document = json_loadb((const char *)bytes, size,
                                  flags | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &detail);
    if (document == NULL) {
        const bool memory = json_error_code(&detail) == json_error_out_of_memory;
        bl_load_fail(load, memory ? BL_STATUS_NO_MEMORY : BL_STATUS_FORMAT,
                     "line %d, column %d: %s; expected a JSON document, the file may be cut short "
                     "or damaged",
                     detail.line, detail.column, detail.text);
    } else if (!json_is_object(document)) {
        bl_load_fail(load, BL_STATUS_FORMAT, "found a JSON %s at the top, expected an object",
                     json_is_array(document) ? "list" : "value");
        json_decref(document);
        document = NULL;
    }
    return document;
}
