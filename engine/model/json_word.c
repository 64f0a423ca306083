// SPDX-License-Identifier: MIT
// Strings and numbers of a JSON text (RFC 8259, sections 6 and 7).

#include "backline/limits.h"
#include "model/json_text.h"
#include "model/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 512 }; // bytes of a number: more digits say nothing

// Four hexadecimal digits at the current position.
static bool read_hex(bl_json_text *text, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++) {
        const uint8_t byte = text->at < text->size ? text->bytes[text->at] : 0;
        const char *digits = "0123456789abcdef";
        const char *digit = byte != 0 ? strchr(digits, byte | (byte >= 'A' ? 0x20 : 0)) : NULL;
        if (digit == NULL) {
            return bl_json_text_fail(text, "four hexadecimal digits");
        }
        *code = *code << 4 | (unsigned)(digit - digits);
        text->at++;
    }
    return true;
}

// Behind "\u": one character, or two surrogates that are one.
static bool read_unicode(bl_json_text *text, unsigned *code)
{
    if (!read_hex(text, code)) {
        return false;
    }
    if (*code < 0xd800 || *code > 0xdfff) {
        return true;
    }
    unsigned low = 0;
    const bool pair = *code < 0xdc00 && text->size - text->at >= 2 &&
                      memcmp(text->bytes + text->at, "\\u", 2) == 0;
    text->at += pair ? 2 : 0;
    if (!pair || !read_hex(text, &low) || low < 0xdc00 || low > 0xdfff) {
        return bl_json_text_fail(text, "the second half of a surrogate pair");
    }
    *code = 0x10000 + ((*code - 0xd800) << 10 | (low - 0xdc00));
    return true;
}

// Behind a backslash.
static bool read_escape(bl_json_text *text, unsigned *code)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const uint8_t byte = text->at < text->size ? text->bytes[text->at] : 0;
    if (byte == 'u') {
        text->at++;
        return read_unicode(text, code);
    }
    const char *letter = byte != 0 ? strchr(letters, byte) : NULL;
    if (letter == NULL) {
        return bl_json_text_fail(text, "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    }
    text->at++;
    *code = (unsigned char)meanings[letter - letters];
    return true;
}

// Where the closing quote is, or the end.
static size_t find_quote(const bl_json_text *text)
{
    size_t at = text->at;
    while (at < text->size && text->bytes[at] != '"') {
        at += text->bytes[at] == '\\' ? 2 : 1;
    }
    return at < text->size ? at : text->size;
}

// Decodes one character into `to`; the bytes written, or 0 after a failure. Never longer than it
// was in the text.
static size_t read_character(bl_json_text *text, unsigned char *to)
{
    if (text->bytes[text->at] == '\\') {
        unsigned code = 0;
        text->at++;
        return read_escape(text, &code) ? bl_utf8_write(code, to) : 0;
    }
    const size_t size = bl_utf8_measure(text->bytes + text->at, text->size - text->at);
    if (size == 0 || text->bytes[text->at] < 0x20) {
        bl_json_text_fail(text, "a character of UTF-8");
        return 0;
    }
    memcpy(to, text->bytes + text->at, size);
    text->at += size;
    return size;
}

bool bl_json_text_read_string(bl_json_text *text, bl_json_value *value)
{
    text->at++;
    const size_t end = find_quote(text);
    unsigned char *decoded = bl_store_take(text->store, end - text->at + 1, 1), *to = decoded;
    if (decoded == NULL) {
        return bl_json_text_fail_memory(text);
    }
    while (text->at < end) {
        const size_t size = read_character(text, to);
        if (size == 0) {
            return false;
        }
        to += size;
    }
    if (text->at >= text->size) {
        text->at = text->size;
        return bl_json_text_fail(text, "a closing quote");
    }
    text->at++;
    *value = (bl_json_value){.kind = BL_JSON_TEXT, .u.text = (const char *)decoded};
    return true;
}

static bool is_next(const bl_json_text *text, const char *bytes)
{
    const uint8_t byte = text->at < text->size ? text->bytes[text->at] : 0;
    return byte != 0 && strchr(bytes, byte) != NULL;
}

static bool skip_digits(bl_json_text *text)
{
    const size_t start = text->at;
    while (text->at < text->size && text->bytes[text->at] >= '0' && text->bytes[text->at] <= '9') {
        text->at++;
    }
    return text->at > start || bl_json_text_fail(text, "a digit");
}

// Steps over -12.5e+3 and its like.
static bool skip_number(bl_json_text *text)
{
    text->at += is_next(text, "-");
    if (is_next(text, "0")) {
        text->at++; // nothing but a point or an exponent may follow
    } else if (!skip_digits(text)) {
        return false;
    }
    if (is_next(text, ".")) {
        text->at++;
        if (!skip_digits(text)) {
            return false;
        }
    }
    if (is_next(text, "eE")) {
        text->at++;
        text->at += is_next(text, "+-");
        return skip_digits(text);
    }
    return true;
}

bool bl_json_text_read_number(bl_json_text *text, bl_json_value *value)
{
    if (!is_next(text, "-0123456789")) {
        return bl_json_text_fail(text, "a value");
    }
    if (++text->number_count > BL_LIMIT_WEIGHTS + BL_LIMIT_JSON_NODES) {
        return bl_json_text_fail_limit(text, "more numbers",
                                       BL_LIMIT_WEIGHTS + BL_LIMIT_JSON_NODES);
    }
    const size_t start = text->at;
    if (!skip_number(text)) {
        return false;
    }
    char digits[NUMBER_MAX];
    const size_t size = text->at - start;
    if (size >= sizeof digits) {
        return bl_json_text_fail_limit(text, "a number longer", NUMBER_MAX);
    }
    memcpy(digits, text->bytes + start, size);
    digits[size] = '\0';
    const double number = strtod(digits, NULL);
    if (!isfinite(number)) {
        text->at = start;
        return bl_json_text_fail(text, "a number of at most 1.8e308");
    }
    *value = (bl_json_value){.kind = BL_JSON_NUMBER, .u.number = number};
    return true;
}
