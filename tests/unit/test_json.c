// SPDX-License-Identifier: MIT
// The JSON reader: what is a document, what is in it, and where it is damaged.

#include "model/json.h"
#include "support/cmocka_all.h"

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
    bl_json_document_init(document, &load, copy, size, false);
    free(copy);
    return load.status;
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
    } rows[] = {
        {"", "line 1, "},
        {"\n\n {", "line 3, "},
        {"{\"a\"}", "line 1, "},
        {"{\"a\": }", "line 1, "},
        {"{\"a\": 1,}", "line 1, "},
        {"{\"a\": 1 \"b\"}", "line 1, "},
        {"{\"a\": [1 2]}", "line 1, "},
        {"{\"a\": [1,]}", "line 1, "},
        {"{\"a\": [}", "line 1, "},
        {"{\"a\": tru}", "line 1, "},
        {"{\"a\": NaN}", "line 1, "},
        {"{\"a\": +1}", "line 1, "},
        {"{\"a\": 01}", "line 1, "},
        {"{\"a\": 1.}", "line 1, "},
        {"{\"a\": .5}", "line 1, "},
        {"{\"a\": -}", "line 1, "},
        {"{\"a\": 1e}", "line 1, "},
        {"{\"a\": 1e999}", "line 1, "},
        {"{\"a\": 0x1}", "line 1, "},
        {"{\"a\": \"b}", "line 1, "},
        {"{\"a\": \"\\", "line 1, "},
        {"{\"a\": \"\\x\"}", "line 1, "},
        {"{\"a\": \"\\u12g4\"}", "line 1, "},
        {"{\"a\": \"\\ud800\"}", "line 1, "},
        {"{\"a\": \"\\udc00\"}", "line 1, "},
        {"{\"a\": \"\\ud800\\u0041\"}", "line 1, "},
        {"{\"a\": \"\n\"}", "line 1, "},
        {"{\"a\": \"\xc3\"}", "line 1, "},
        {"{\"a\": \"\xc0\x80\"}", "line 1, "},
        {"{\"a\": \"\xed\xa0\x80\"}", "line 1, "},
        {"{\"a\": \"\xf4\x90\x80\x80\"}", "line 1, "},
        {"{} x", "line 1, "},
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
    assert_int_equal(root->count, 10);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused),
        cmocka_unit_test(values),
    };
    const int failures = cmocka_run_group_tests_name("json", tests, NULL, NULL);
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL) {
        puts("the locale de_DE.UTF-8 is not installed: its run is skipped");
        return failures;
    }
    return failures + cmocka_run_group_tests_name("json de_DE", tests, NULL, NULL);
}
