// SPDX-License-Identifier: MIT
// Numbers and words in text, in the C locale and in one with a decimal comma where there is one.

#include "backline/text.h"

#include <float.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_numbers(void **state)
{
    (void)state;
    double value = 7.0;
    assert_true(bl_text_parse_number("1.5", &value) && value == 1.5);
    assert_true(bl_text_parse_number("-2e-3", &value) && value == -0.002);
    assert_true(bl_text_parse_number("44100", &value) && value == 44100.0);
    static const char *const wrong[] = {"",    " 1",   "1 ", "1,5",   "0x10", "inf",
                                        "nan", "1.5.", "e",  "1e999", "-",    "--1"};
    value = 7.0;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(bl_text_parse_number(wrong[i], &value));
        assert_true(value == 7.0);
    }
}

static void test_counts(void **state)
{
    (void)state;
    uint64_t value = 7;
    assert_true(bl_text_parse_count("0", &value) && value == 0);
    assert_true(bl_text_parse_count("18446744073709551615", &value) && value == UINT64_MAX);
    value = 7;
    static const char *const wrong[] = {"", "-1", "+1", " 1", "1 ", "1.0", "18446744073709551616"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(bl_text_parse_count(wrong[i], &value));
        assert_int_equal(value, 7);
    }
}

static void test_mend(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"plain", "plain"},
        {"Gr\xc3\xbc\xc3\x9f"
         "e \xe2\x82\xac \xf0\x9f\x8e\xb8",
         "Gr\xc3\xbc\xc3\x9f"
         "e \xe2\x82\xac \xf0\x9f\x8e\xb8"},
        {"Gr\xfc\xdf"
         "e",
         "Gr??e"},     // Latin-1
        {"\xc3", "?"}, // cut
        {"\xe2\x82", "??"},
        {"\xc0\xaf", "??"}, // not the shortest form
        {"\xe0\x80\xaf", "???"},
        {"\xed\xa0\x80", "???"},      // a surrogate
        {"\xf4\x90\x80\x80", "????"}, // beyond U+10FFFF
        {"\xf8\x88\x80\x80\x80", "?????"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char text[32];
        snprintf(text, sizeof text, "%s", pairs[i][0]);
        bl_text_mend(text);
        assert_string_equal(text, pairs[i][1]);
    }
}

static void test_format_reads_back(void **state)
{
    (void)state;
    static const double values[] = {0.0, 1.0, 0.1, 44100.0, 1.0 / 3.0, -DBL_MAX, DBL_MIN, 0.01};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[BL_TEXT_NUMBER_MAX];
        double again = 99.0;
        bl_text_format_number(values[i], text);
        assert_true(bl_text_parse_number(text, &again));
        assert_true(again == values[i]);
    }
    char text[BL_TEXT_NUMBER_MAX];
    bl_text_format_number(0.01, text);
    assert_string_equal(text, "0.01");
}

static const char *nearest_of(const char *word, const char *const *candidates)
{
    bl_text_nearest nearest = {.word = word};
    for (size_t i = 0; candidates[i] != NULL; i++) {
        bl_text_consider(&nearest, candidates[i]);
    }
    return nearest.best;
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const keys[] = {"channels", "causal", "kernel_size", NULL};
    assert_string_equal(nearest_of("chanels", keys), "channels");
    assert_string_equal(nearest_of("casual", keys), "causal");
    assert_string_equal(nearest_of("kernelsize", keys), "kernel_size");
    assert_null(nearest_of("dropout", keys));
    assert_null(nearest_of("", keys));
    char longest[200];
    memset(longest, 'c', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_null(nearest_of(longest, keys));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_counts),
        cmocka_unit_test(test_mend),    cmocka_unit_test(test_format_reads_back),
        cmocka_unit_test(test_nearest),
    };
    const int failures = cmocka_run_group_tests_name("C", tests, NULL, NULL);
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL) {
        puts("the locale de_DE.UTF-8 is not installed: its run is skipped");
        return failures;
    }
    return failures + cmocka_run_group_tests_name("de_DE", tests, NULL, NULL);
}
