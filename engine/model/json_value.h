// SPDX-License-Identifier: MIT
// A parsed JSON document (RFC 8259) made for models: a list of nothing but numbers is one array of
// doubles, so that a million weights cost eight
// megabytes while the model is made.

#ifndef BACKLINE_MODEL_JSON_VALUE_H
#define BACKLINE_MODEL_JSON_VALUE_H

#include "model/load.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum bl_json_kind {
    BL_JSON_ABSENT,
    BL_JSON_NULL,
    BL_JSON_FALSE,
    BL_JSON_TRUE,
    BL_JSON_NUMBER,
    BL_JSON_TEXT,
    BL_JSON_NUMBERS, ///< a list that is not empty and has only numbers
    BL_JSON_LIST,    ///< any other list
    BL_JSON_OBJECT,
} bl_json_kind;

struct bl_json_pair;

/// Plain data; what it points to lives as long as its document.
typedef struct bl_json_value {
    bl_json_kind kind;
    uint32_t count; ///< elements of a list, members of an object, bytes of a text
    union {
        double number;
        const char *text; ///< UTF-8
        const double *numbers;
        const struct bl_json_pair *pairs; ///< of lists too: the keys are NULL
    } u;
} bl_json_value;

typedef struct bl_json_pair {
    const char *key;
    bl_json_value value;
} bl_json_pair;

typedef struct bl_json_document {
    bl_store *store;
    bl_json_value root; ///< an object, or absent after a failure
} bl_json_document;

/// Parses a whole document whose root is an object; of members with the same key the last one
/// counts, or with `unique_keys` they are refused. Time is linear in `size`; memory is bounded by
/// limits.h. Keeps the failure in `load`. Ended by bl_json_document_finish, also after a failure.
void bl_json_document_init(bl_json_document *document, bl_load *load, const uint8_t *bytes,
                           size_t size, bool unique_keys);
void bl_json_document_finish(bl_json_document *document);

/// The member of that name, or an absent value; also if `object` is not an object.
bl_json_value bl_json_value_member(const bl_json_value *object, const char *key);

/// An element, or an absent value; also if `list` is not a list.
bl_json_value bl_json_value_element(const bl_json_value *list, size_t index);

/// True for both kinds of lists.
bool bl_json_value_is_list(const bl_json_value *value);

#endif
