// SPDX-License-Identifier: MIT
// Places, conversions and their refusals. Integers are read as doubles, like all numbers in JSON:
// exact up to 2^53, and no digit string overflows.

#include "model/json.h"

#include "backline/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bl_json bl_json_root(bl_load *load, const json_t *document)
{
    return (bl_json){.value = document, .load = load};
}

bl_json bl_json_member(const bl_json *object, const char *key)
{
    return (bl_json){.value = json_object_get(object->value, key),
                     .parent = object,
                     .key = key,
                     .load = object->load};
}

bl_json bl_json_element(const bl_json *list, size_t index)
{
    return (bl_json){.value = json_array_get(list->value, index),
                     .parent = list,
                     .index = index,
                     .load = list->load};
}

bool bl_json_is_given(const bl_json *json)
{
    return json->value != NULL && !json_is_null(json->value);
}

// Appends the way from the root, as far as it fits.
static size_t write_place(const bl_json *json, char *text, size_t size)
{
    if (json->parent == NULL) {
        text[0] = '\0';
        return 0;
    }
    const size_t used = write_place(json->parent, text, size);
    const char *dot = used > 0 ? "." : "";
    const int more = json->key != NULL ? snprintf(text + used, size - used, "%s%s", dot, json->key)
                                       : snprintf(text + used, size - used, "[%zu]", json->index);
    return more < 0 || (size_t)more >= size - used ? size - 1 : used + (size_t)more;
}

void bl_json_fail(const bl_json *json, bl_status status, const char *format, ...)
{
    char place[BL_JSON_TEXT_MAX], detail[BL_ERROR_TEXT_MAX / 2];
    write_place(json, place, sizeof place);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    bl_load_fail(json->load, status, "%s%s%s", place, place[0] != '\0' ? ": " : "", detail);
}

static void describe(const json_t *value, char *text, size_t size)
{
    if (value == NULL) {
        snprintf(text, size, "nothing");
    } else if (json_is_string(value)) {
        snprintf(text, size, "\"%.60s\"", json_string_value(value));
    } else if (json_is_number(value)) {
        const double number = json_number_value(value);
        char shortest[BL_TEXT_NUMBER_MAX];
        bl_text_format_number(number, shortest);
        if (number == floor(number) && fabs(number) < 1e15) {
            snprintf(text, size, "%.0f", number);
        } else {
            snprintf(text, size, "%s", shortest);
        }
    } else if (json_is_array(value)) {
        snprintf(text, size, "a list of %zu", json_array_size(value));
    } else if (json_is_object(value)) {
        snprintf(text, size, "an object");
    } else {
        snprintf(text, size, "%s",
                 json_is_null(value)   ? "null"
                 : json_is_true(value) ? "true"
                                       : "false");
    }
}

void bl_json_expect(const bl_json *json, const char *expected)
{
    char found[BL_JSON_TEXT_MAX];
    describe(json->value, found, sizeof found);
    bl_json_fail(json, BL_STATUS_FORMAT, "found %s, expected %s", found, expected);
}

uint32_t bl_json_to_u32(const bl_json *json, uint32_t min, uint32_t max)
{
    const double value = json_is_number(json->value) ? json_number_value(json->value) : -1.0;
    if (value >= min && value <= max && value == floor(value)) {
        return (uint32_t)value;
    }
    char expected[64];
    snprintf(expected, sizeof expected, "a whole number from %u to %u", min, max);
    bl_json_expect(json, expected);
    return min;
}

double bl_json_to_double(const bl_json *json, double min, double max)
{
    const double value = json_number_value(json->value);
    if (json_is_number(json->value) && value >= min && value <= max) {
        return value;
    }
    char expected[80];
    snprintf(expected, sizeof expected, "a number from %.9g to %.9g", min, max);
    bl_json_expect(json, expected);
    return min;
}

float bl_json_to_float(const bl_json *json)
{
    const float value = (float)json_number_value(json->value);
    if (json_is_number(json->value) && isfinite(value)) {
        return value;
    }
    bl_json_expect(json, "a finite 32-bit number");
    return 0.0f;
}

bool bl_json_to_bool(const bl_json *json)
{
    if (!json_is_boolean(json->value)) {
        bl_json_expect(json, "true or false");
    }
    return json_is_true(json->value);
}

const char *bl_json_to_text(const bl_json *json)
{
    if (!json_is_string(json->value)) {
        bl_json_expect(json, "a text");
        return "";
    }
    return json_string_value(json->value);
}

uint32_t bl_json_to_list(const bl_json *json, uint32_t min, uint32_t max)
{
    const size_t count = json_array_size(json->value);
    if (json_is_array(json->value) && count >= min && count <= max) {
        return (uint32_t)count;
    }
    char expected[64];
    snprintf(expected, sizeof expected, "a list of %u to %u", min, max);
    bl_json_expect(json, expected);
    return 0;
}

uint32_t bl_json_get_u32(const bl_json *object, const char *key, uint32_t min, uint32_t max)
{
    const bl_json member = bl_json_member(object, key);
    return bl_json_to_u32(&member, min, max);
}

uint32_t bl_json_get_u32_or(const bl_json *object, const char *key, uint32_t min, uint32_t max,
                            uint32_t fallback)
{
    const bl_json member = bl_json_member(object, key);
    return member.value != NULL ? bl_json_to_u32(&member, min, max) : fallback;
}

bool bl_json_get_bool(const bl_json *object, const char *key)
{
    const bl_json member = bl_json_member(object, key);
    return bl_json_to_bool(&member);
}

bool bl_json_get_bool_or(const bl_json *object, const char *key, bool fallback)
{
    const bl_json member = bl_json_member(object, key);
    return member.value != NULL ? bl_json_to_bool(&member) : fallback;
}

float bl_json_get_float_or(const bl_json *object, const char *key, float fallback)
{
    const bl_json member = bl_json_member(object, key);
    return member.value != NULL ? bl_json_to_float(&member) : fallback;
}

const float *bl_json_to_floats(const bl_json *json, uint32_t max, uint32_t *count)
{
    *count = bl_json_to_list(json, 0, max);
    float *values = bl_load_take(json->load, *count, sizeof *values);
    for (uint32_t i = 0; i < *count && bl_load_ok(json->load); i++) {
        const bl_json element = bl_json_element(json, i);
        values[i] = bl_json_to_float(&element);
    }
    return bl_load_ok(json->load) ? values : NULL;
}
