// SPDX-License-Identifier: MIT
// Numbers and words in text. strtod and printf follow the thread's locale, so the C locale is put
// in place around them.

#include "backline/text.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 64 }; // longer words are not slips of known ones

bool bl_text_parse_number(const char *text, double *value)
{
    // Shuts out what strtod takes and no file format does: blanks, hexadecimal, "inf", "nan".
    if (text[0] == '\0' || text[strspn(text, "+-.0123456789eE")] != '\0') {
        return false;
    }
    const locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0) {
        return false;
    }
    const locale_t before = uselocale(c_locale);
    char *end = NULL;
    const double read = strtod(text, &end);
    uselocale(before);
    freelocale(c_locale);
    if (*end != '\0' || !isfinite(read)) {
        return false;
    }
    *value = read;
    return true;
}

bool bl_text_parse_count(const char *text, uint64_t *value)
{
    if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0') {
        return false;
    }
    uint64_t sum = 0;
    for (const char *c = text; *c != '\0'; c++) {
        const uint64_t digit = (uint64_t)(*c - '0');
        if (sum > (UINT64_MAX - digit) / 10) {
            return false;
        }
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}

/// To be given back; no memory for it means the thread's own locale.
static locale_t enter_c_locale(locale_t *before)
{
    const locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    *before = c_locale != (locale_t)0 ? uselocale(c_locale) : (locale_t)0;
    return c_locale;
}

static void leave_c_locale(locale_t c_locale, locale_t before)
{
    if (c_locale != (locale_t)0) {
        uselocale(before);
        freelocale(c_locale);
    }
}

void bl_text_format_number(double value, char text[BL_TEXT_NUMBER_MAX])
{
    locale_t before;
    const locale_t c_locale = enter_c_locale(&before);
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, BL_TEXT_NUMBER_MAX, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    leave_c_locale(c_locale, before);
}

void bl_text_format(char *text, size_t bytes, const char *format, va_list arguments)
{
    locale_t before;
    const locale_t c_locale = enter_c_locale(&before);
    vsnprintf(text, bytes, format, arguments);
    leave_c_locale(c_locale, before);
}

static size_t length_by_first(unsigned char first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xc2 || first > 0xf4) {
        return 0;
    }
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

size_t bl_text_measure(const char *text, size_t size)
{
    const unsigned char *byte = (const unsigned char *)text;
    const size_t length = size > 0 ? length_by_first(byte[0]) : 0;
    if (length == 0 || length > size) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((byte[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    const unsigned second = length > 2 ? byte[1] : 0x80;
    const bool overlong = (byte[0] == 0xe0 && second < 0xa0) || (byte[0] == 0xf0 && second < 0x90);
    const bool surrogate = byte[0] == 0xed && second > 0x9f;
    const bool beyond = byte[0] == 0xf4 && second > 0x8f;
    return overlong || surrogate || beyond ? 0 : length;
}

void bl_text_mend(char *text)
{
    while (*text != '\0') {
        const size_t length = bl_text_measure(text, 4); // a final zero ends a cut one
        if (length == 0) {
            *text = '?';
        }
        text += length > 0 ? length : 1;
    }
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

// Levenshtein distance by one row of the table; both words are at most WORD_MAX long.
static uint32_t edit_distance(const char *a, const char *b)
{
    uint32_t row[WORD_MAX + 1];
    const size_t length = strlen(b);
    for (size_t j = 0; j <= length; j++) {
        row[j] = (uint32_t)j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        uint32_t diagonal = row[0];
        row[0] = (uint32_t)i + 1;
        for (size_t j = 0; j < length; j++) {
            const uint32_t replaced = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = smaller(replaced, smaller(row[j], row[j + 1]) + 1);
        }
    }
    return row[length];
}

void bl_text_consider(bl_text_nearest *nearest, const char *candidate)
{
    const size_t length = strlen(nearest->word);
    if (length > WORD_MAX || strlen(candidate) > WORD_MAX) {
        return;
    }
    const uint32_t distance = edit_distance(nearest->word, candidate);
    const uint32_t allowed = (uint32_t)(length + 2) / 3;
    if (distance <= allowed && (nearest->best == NULL || distance < nearest->distance)) {
        nearest->best = candidate;
        nearest->distance = distance;
    }
}
