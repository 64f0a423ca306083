// SPDX-License-Identifier: MIT
// Reading foreign JSON: every value knows its place, so that a refusal can say
// "FILE: config.layers[1].dilations[3]: found -1, expected ...".

#ifndef BACKLINE_MODEL_JSON_H
#define BACKLINE_MODEL_JSON_H

#include "model/json_value.h"
#include "model/load.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BL_JSON_TEXT_MAX = 160 }; ///< bytes of a place or of a described value, with the final zero

/// A value and the way to it. Plain data on the stack; `parent` must outlive it.
typedef struct bl_json {
    bl_json_value value;
    const struct bl_json *parent;
    const char *key; ///< in an object; NULL: an element of a list
    size_t index;
    bl_load *load;
} bl_json;

/// The document itself as a place.
bl_json bl_json_root(bl_load *load, const bl_json_document *document);

/// A member of an object; absent if `object` is not one or lacks it.
bl_json bl_json_member(const bl_json *object, const char *key);

/// An element of a list; absent if `list` is not one or is shorter.
bl_json bl_json_element(const bl_json *list, size_t index);

/// There at all, be it null.
bool bl_json_is_present(const bl_json *json);

/// Neither absent nor null.
bool bl_json_is_given(const bl_json *json);

bool bl_json_is(const bl_json *json, bl_json_kind kind);
bool bl_json_is_list(const bl_json *json);

/// Keeps "FILE: PLACE: ..." as the failure of the load.
void bl_json_fail(const bl_json *json, bl_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// Keeps "PLACE: SENTENCE" as a warning, as far as it fits.
void bl_json_warn(const bl_json *json, const char *sentence);

/// Keeps "FILE: PLACE: found FOUND, expected EXPECTED".
void bl_json_expect(const bl_json *json, const char *expected);

/// A whole number in [min, max], else a kept failure and `min`.
uint32_t bl_json_to_u32(const bl_json *json, uint32_t min, uint32_t max);

/// A finite number in [min, max], else a kept failure and `min`.
double bl_json_to_double(const bl_json *json, double min, double max);

/// A number that a float holds without becoming infinite, else a kept failure and 0.
float bl_json_to_float(const bl_json *json);

bool bl_json_to_bool(const bl_json *json);

/// A string, else a kept failure and "". Lives as long as the document.
const char *bl_json_to_text(const bl_json *json);

/// Elements of a list of `min` to `max`; 0 and a kept failure otherwise.
uint32_t bl_json_to_list(const bl_json *json, uint32_t min, uint32_t max);

/// The same for a member; `_or` gives `fallback` where it is absent.
uint32_t bl_json_get_u32(const bl_json *object, const char *key, uint32_t min, uint32_t max);
uint32_t bl_json_get_u32_or(const bl_json *object, const char *key, uint32_t min, uint32_t max,
                            uint32_t fallback);
bool bl_json_get_bool(const bl_json *object, const char *key);
bool bl_json_get_bool_or(const bl_json *object, const char *key, bool fallback);
float bl_json_get_float_or(const bl_json *object, const char *key, float fallback);

/// A list of at most `max` numbers as floats in the model's memory; NULL and a kept failure if one
/// is not finite.
const float *bl_json_to_floats(const bl_json *json, uint32_t max, uint32_t *count);

#endif
