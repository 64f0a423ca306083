// SPDX-License-Identifier: MIT
// Places, conversions and their refusals. Integers are read as doubles, like all numbers in JSON:
// exact up to 2^53, and no digit string overflows.

#include "model/json.h"

#include "backline/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bl_json bl_json_root(bl_load *load, const bl_json_document *document)
{
    return (bl_json){.value = document->root, .load = load};
}

bl_json bl_json_member(const bl_json *object, const char *key)
{
    return (bl_json){.value = bl_json_value_member(&object->value, key),
                     .parent = object,
                     .key = key,
                     .load = object->load};
}

bl_json bl_json_element(const bl_json *list, size_t index)
{
    return (bl_json){.value = bl_json_value_element(&list->value, index),
                     .parent = list,
                     .index = index,
                     .load = list->load};
}

bool bl_json_is_present(const bl_json *json)
{
    return json->value.kind != BL_JSON_ABSENT;
}

bool bl_json_is_given(const bl_json *json)
{
    return json->value.kind != BL_JSON_ABSENT && json->value.kind != BL_JSON_NULL;
}

bool bl_json_is(const bl_json *json, bl_json_kind kind)
{
    return json->value.kind == kind;
}

bool bl_json_is_list(const bl_json *json)
{
    return bl_json_value_is_list(&json->value);
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
    bl_text_format(detail, sizeof detail, format, arguments);
    va_end(arguments);
    bl_load_fail(json->load, status, "%s%s%s", place, place[0] != '\0' ? ": " : "", detail);
}

void bl_json_warn(const bl_json *json, const char *sentence)
{
    char place[BL_JSON_TEXT_MAX];
    write_place(json, place, sizeof place);
    bl_load_warn(json->load, "%s%s%s", place, place[0] != '\0' ? ": " : "", sentence);
}

static void describe_number(double number, char *text, size_t size)
{
    char shortest[BL_TEXT_NUMBER_MAX];
    bl_text_format_number(number, shortest);
    if (number == floor(number) && fabs(number) < 1e15) {
        snprintf(text, size, "%.0f", number);
    } else {
        snprintf(text, size, "%s", shortest);
    }
}

static void describe(const bl_json_value *value, char *text, size_t size)
{
    switch (value->kind) {
    case BL_JSON_ABSENT:
        snprintf(text, size, "nothing");
        break;
    case BL_JSON_NULL:
        snprintf(text, size, "null");
        break;
    case BL_JSON_FALSE:
    case BL_JSON_TRUE:
        snprintf(text, size, "%s", value->kind == BL_JSON_TRUE ? "true" : "false");
        break;
    case BL_JSON_NUMBER:
        describe_number(value->u.number, text, size);
        break;
    case BL_JSON_TEXT:
        snprintf(text, size, "\"%.60s\"", value->u.text);
        break;
    case BL_JSON_NUMBERS:
    case BL_JSON_LIST:
        snprintf(text, size, "a list of %" PRIu32, value->count);
        break;
    case BL_JSON_OBJECT:
        snprintf(text, size, "an object");
        break;
    }
}

void bl_json_expect(const bl_json *json, const char *expected)
{
    char found[BL_JSON_TEXT_MAX];
    describe(&json->value, found, sizeof found);
    bl_json_fail(json, BL_STATUS_FORMAT, "found %s, expected %s", found, expected);
}

uint32_t bl_json_to_u32(const bl_json *json, uint32_t min, uint32_t max)
{
    const double value = bl_json_is(json, BL_JSON_NUMBER) ? json->value.u.number : -1.0;
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
    if (bl_json_is(json, BL_JSON_NUMBER) && json->value.u.number >= min &&
        json->value.u.number <= max) {
        return json->value.u.number;
    }
    char expected[80];
    snprintf(expected, sizeof expected, "a number from %.9g to %.9g", min, max);
    bl_json_expect(json, expected);
    return min;
}

float bl_json_to_float(const bl_json *json)
{
    const float value = bl_json_is(json, BL_JSON_NUMBER) ? (float)json->value.u.number : NAN;
    if (isfinite(value)) {
        return value;
    }
    bl_json_expect(json, "a finite 32-bit number");
    return 0.0f;
}

bool bl_json_to_bool(const bl_json *json)
{
    if (!bl_json_is(json, BL_JSON_TRUE) && !bl_json_is(json, BL_JSON_FALSE)) {
        bl_json_expect(json, "true or false");
    }
    return bl_json_is(json, BL_JSON_TRUE);
}

const char *bl_json_to_text(const bl_json *json)
{
    if (!bl_json_is(json, BL_JSON_TEXT)) {
        bl_json_expect(json, "a text");
        return "";
    }
    if (strlen(json->value.u.text) != json->value.count) {
        bl_json_fail(json, BL_STATUS_FORMAT,
                     "found a NUL character behind \"%.60s\", expected a text without",
                     json->value.u.text);
        return "";
    }
    return json->value.u.text;
}

uint32_t bl_json_to_list(const bl_json *json, uint32_t min, uint32_t max)
{
    const uint32_t count = json->value.count;
    if (bl_json_is_list(json) && count >= min && count <= max) {
        return count;
    }
    char expected[64];
    snprintf(expected, sizeof expected, min < max ? "a list of %u to %u" : "a list of %u", min,
             max);
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
    return bl_json_is_present(&member) ? bl_json_to_u32(&member, min, max) : fallback;
}

bool bl_json_get_bool(const bl_json *object, const char *key)
{
    const bl_json member = bl_json_member(object, key);
    return bl_json_to_bool(&member);
}

bool bl_json_get_bool_or(const bl_json *object, const char *key, bool fallback)
{
    const bl_json member = bl_json_member(object, key);
    return bl_json_is_present(&member) ? bl_json_to_bool(&member) : fallback;
}

float bl_json_get_float_or(const bl_json *object, const char *key, float fallback)
{
    const bl_json member = bl_json_member(object, key);
    return bl_json_is_present(&member) ? bl_json_to_float(&member) : fallback;
}

const float *bl_json_to_floats(const bl_json *json, uint32_t max, uint32_t *count)
{
    *count = bl_json_to_list(json, 0, max);
    float *values = bl_load_take(json->load, *count, sizeof *values);
    for (uint32_t i = 0; values != NULL && i < *count; i++) {
        values[i] = json->value.kind == BL_JSON_NUMBERS ? (float)json->value.u.numbers[i] : NAN;
        if (!isfinite(values[i])) {
            const bl_json element = bl_json_element(json, i);
            values[i] = bl_json_to_float(&element); // a number after all, or the refusal
        }
    }
    return bl_load_ok(json->load) ? values : NULL;
}
