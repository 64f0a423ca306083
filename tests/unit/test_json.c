// SPDX-License-Identifier: MIT
// The JSON reader: what is a document, what is in it, and the same answer as another JSON library
// for thousands of mutated texts.

#include "model/json.h"
#include "support/cmocka_all.h"
#include "support/random.h"

#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Parses a copy of exactly `size` bytes, so that a sanitizer sees every byte read behind it.
static bl_status parse(const void *bytes, size_t size, bl_json_document *document, bl_error *error)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    bl_load load = {.file = "x", .error = error};
    bl_json_document_init(document, &load, copy, size);
    free(copy);
    return load.status;
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
    } rows[] = {
        {"", "line 1, column 1: found the end, expected a value"},
        {"\n\n {", "line 3, column 3: found the end, expected a key in quotes"},
        {"{\"a\"}", "line 1, column 5: found '}', expected a colon"},
        {"{\"a\": }", "line 1, column 7: found '}', expected a value"},
        {"{\"a\": 1,}", "line 1, column 9: found '}', expected a key in quotes"},
        {"{\"a\": 1 \"b\"}", "line 1, column 9: found '\"', expected a comma or }"},
        {"{\"a\": [1 2]}", "line 1, column 10: found '2', expected a comma or ]"},
        {"{\"a\": [1,]}", "line 1, column 10: found ']', expected a value"},
        {"{\"a\": [}", "line 1, column 8: found '}', expected a value"},
        {"{\"a\": tru}", "line 1, column 7: found 't', expected a value"},
        {"{\"a\": NaN}", "line 1, column 7: found 'N', expected a value"},
        {"{\"a\": +1}", "line 1, column 7: found '+', expected a value"},
        {"{\"a\": 01}", "line 1, column 8: found '1', expected a comma or }"},
        {"{\"a\": 1.}", "line 1, column 9: found '}', expected a digit"},
        {"{\"a\": .5}", "line 1, column 7: found '.', expected a value"},
        {"{\"a\": -}", "line 1, column 8: found '}', expected a digit"},
        {"{\"a\": 1e}", "line 1, column 9: found '}', expected a digit"},
        {"{\"a\": 1e999}", "line 1, column 7: found '1', expected a number of at most"},
        {"{\"a\": 0x1}", "line 1, column 8: found 'x', expected a comma or }"},
        {"{\"a\": \"b}", "line 1, column 10: found the end, expected a closing quote"},
        {"{\"a\": \"\\", "found the end, expected one of"},
        {"{\"a\": \"\\x\"}", "line 1, column 9: found 'x', expected one of"},
        {"{\"a\": \"\\u12g4\"}", "line 1, column 12: found 'g', expected four hexadecimal digits"},
        {"{\"a\": \"\\ud800\"}", "expected the second half of a surrogate pair"},
        {"{\"a\": \"\\udc00\"}", "expected the second half of a surrogate pair"},
        {"{\"a\": \"\\ud800\\u0041\"}", "expected the second half of a surrogate pair"},
        {"{\"a\": \"\n\"}", "found byte 10, expected a character of UTF-8"},
        {"{\"a\": \"\xc3\"}", "found byte 195, expected a character of UTF-8"},
        {"{\"a\": \"\xc0\x80\"}", "found byte 192, expected a character of UTF-8"},
        {"{\"a\": \"\xed\xa0\x80\"}", "found byte 237, expected a character of UTF-8"},
        {"{\"a\": \"\xf4\x90\x80\x80\"}", "found byte 244, expected a character of UTF-8"},
        {"{} x", "line 1, column 4: found 'x', expected the end of the file"},
        {"[]", "found a JSON list at the top, expected an object"},
        {"7", "found a JSON value at the top, expected an object"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bl_json_document document;
        bl_error error = {0};
        const bl_status status = parse(rows[i].text, strlen(rows[i].text), &document, &error);
        if (status != BL_STATUS_FORMAT || strstr(error.text, rows[i].sentence) == NULL) {
            fail_msg("%s: found \"%s\", expected \"%s\"", rows[i].text, error.text,
                     rows[i].sentence);
        }
        bl_json_document_finish(&document);
    }
}

static void values(void **state)
{
    (void)state;
    static const char text[] =
        "\xef\xbb\xbf {\"none\": null, \"yes\": true, \"no\": false, \"n\": -12.5e1,\r\n\t\"t\": "
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00fc\\ud83c\\udfb8 \xc3\xa9\", \"empty\": [], \"numbers\": "
        "[1, 2.5, "
        "-3], \"mixed\": [1, \"a\", [2], {}], \"twice\": 1, \"twice\": 2, \"o\": {\"\": 0}}\n";
    bl_json_document document;
    bl_error error = {0};
    assert_int_equal(parse(text, sizeof text - 1, &document, &error), BL_STATUS_OK);
    const bl_json_value *root = &document.root;
    assert_int_equal(root->count, 11);
    assert_int_equal(bl_json_value_member(root, "none").kind, BL_JSON_NULL);
    assert_int_equal(bl_json_value_member(root, "yes").kind, BL_JSON_TRUE);
    assert_int_equal(bl_json_value_member(root, "no").kind, BL_JSON_FALSE);
    assert_true(bl_json_value_member(root, "n").u.number == -125.0);
    assert_string_equal(bl_json_value_member(root, "t").u.text,
                        "\"\\/\b\f\n\r\t\xc3\xbc\xf0\x9f\x8e\xb8 \xc3\xa9");
    assert_int_equal(bl_json_value_member(root, "empty").kind, BL_JSON_LIST);
    const bl_json_value numbers = bl_json_value_member(root, "numbers");
    assert_int_equal(numbers.kind, BL_JSON_NUMBERS);
    assert_int_equal(numbers.count, 3);
    assert_true(bl_json_value_element(&numbers, 2).u.number == -3.0);
    assert_int_equal(bl_json_value_element(&numbers, 3).kind, BL_JSON_ABSENT);
    const bl_json_value mixed = bl_json_value_member(root, "mixed");
    assert_int_equal(mixed.kind, BL_JSON_LIST);
    assert_true(bl_json_value_element(&mixed, 0).u.number == 1.0);
    assert_string_equal(bl_json_value_element(&mixed, 1).u.text, "a");
    assert_int_equal(bl_json_value_element(&mixed, 2).kind, BL_JSON_NUMBERS);
    assert_int_equal(bl_json_value_element(&mixed, 3).kind, BL_JSON_OBJECT);
    assert_true(bl_json_value_member(root, "twice").u.number == 2.0);
    const bl_json_value object = bl_json_value_member(root, "o");
    assert_int_equal(bl_json_value_member(&object, "").kind, BL_JSON_NUMBER);
    assert_int_equal(bl_json_value_member(root, "nothing").kind, BL_JSON_ABSENT);
    assert_int_equal(bl_json_value_member(&numbers, "nothing").kind, BL_JSON_ABSENT);
    assert_int_equal(bl_json_value_element(root, 0).kind, BL_JSON_ABSENT);
    bl_json_document_finish(&document);
}

static bool is_same(const bl_json_value *value, const json_t *other);

static bool is_same_list(const bl_json_value *value, const json_t *other)
{
    bool same = bl_json_value_is_list(value) && value->count == json_array_size(other);
    for (uint32_t i = 0; same && i < value->count; i++) {
        const bl_json_value element = bl_json_value_element(value, i);
        same = is_same(&element, json_array_get(other, i));
    }
    return same;
}

static bool is_same_object(const bl_json_value *value, const json_t *other)
{
    bool same = value->kind == BL_JSON_OBJECT;
    for (uint32_t i = 0; same && i < value->count; i++) {
        const char *key = value->u.pairs[i].key;
        const bl_json_value member = bl_json_value_member(value, key);
        same = is_same(&member, json_object_get(other, key));
    }
    return same;
}

static bool is_same(const bl_json_value *value, const json_t *other)
{
    if (other == NULL) {
        return false;
    }
    switch (json_typeof(other)) {
    case JSON_OBJECT:
        return is_same_object(value, other);
    case JSON_ARRAY:
        return is_same_list(value, other);
    case JSON_STRING:
        return value->kind == BL_JSON_TEXT && strcmp(value->u.text, json_string_value(other)) == 0;
    case JSON_REAL:
    case JSON_INTEGER:
        return value->kind == BL_JSON_NUMBER && value->u.number == json_number_value(other);
    case JSON_TRUE:
        return value->kind == BL_JSON_TRUE;
    case JSON_FALSE:
        return value->kind == BL_JSON_FALSE;
    case JSON_NULL:
        break;
    }
    return value->kind == BL_JSON_NULL;
}

// One text through both libraries.
static bool compare(const char *text, size_t size)
{
    bl_json_document document;
    const bl_status status = parse(text, size, &document, NULL);
    json_t *other = json_loadb(text, size, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL);
    const bool good = json_is_object(other);
    if (good != (status == BL_STATUS_OK) || (good && !is_same(&document.root, other))) {
        fail_msg("not the same: %.*s", (int)size, text);
    }
    json_decref(other);
    bl_json_document_finish(&document);
    return good;
}

static void same_as_another_library(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        "{\"a\": [1, 2.5, -3e-7, 0, 1e308, 5e-324], \"b\": {\"c\": [true, false, null, []]}}",
        ("{\"text\": \"\\u00e9\\ud83c\\udfb8\\n\xc3\xa9\", \"x\": [[1], [2, [3]], \"y\", {}], "
         "\"\": "
         "-0}"),
        "[1, {\"a\": 1}]",
    };
    static const char likely[] = "0123456789+-.eE\"[]{}:, \n\\utrfnal\xc3\xa9\xed\x80\xff";
    random_source random = {1};
    uint32_t good = 0;
    for (int i = 0; i < 60000; i++) {
        char text[128] = "";
        const char *seed = seeds[random_below(&random, 3)];
        const size_t size = strlen(seed);
        strcpy(text, seed);
        for (uint32_t edits = random_below(&random, 4); edits > 0; edits--) {
            text[random_below(&random, (uint32_t)size)] =
                likely[random_below(&random, sizeof likely - 1)];
        }
        good += compare(text, size - (random_below(&random, 8) == 0));
    }
    assert_in_range(good, 1000, 59000); // else nothing was compared
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused),
        cmocka_unit_test(values),
        cmocka_unit_test(same_as_another_library),
    };
    const int failures = cmocka_run_group_tests_name("json", tests, NULL, NULL);
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL) {
        puts("the locale de_DE.UTF-8 is not installed: its run is skipped");
        return failures;
    }
    return failures + cmocka_run_group_tests_name("json de_DE", tests, NULL, NULL);
}
