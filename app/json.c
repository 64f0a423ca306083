// SPDX-License-Identifier: MIT
// What the commands' JSON documents share.

#include "json.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 9 };

// Length of the UTF-8 character at `text` by its first byte, or 1 if it cannot be one.
static size_t sequence_length(const char *text)
{
    const unsigned char first = (unsigned char)text[0];
    const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
    return strnlen(text, length) == length ? length : 1;
}

json_t *bl_json_from_text(const char *text)
{
    json_t *whole = json_string(text);
    if (whole != NULL) {
        return whole;
    }
    char *copy = strdup(text);
    if (copy == NULL) {
        return NULL;
    }
    for (char *c = copy; *c != '\0';) {
        const size_t length = sequence_length(c);
        json_t *character = json_stringn(c, length); // jansson knows which sequences are UTF-8
        if (character == NULL) {
            *c++ = '?';
        } else {
            json_decref(character);
            c += length;
        }
    }
    json_t *mended = json_string(copy);
    free(copy);
    return mended;
}

void bl_json_print(json_t *document)
{
    json_dumpf(document, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS));
    putchar('\n');
    json_decref(document);
}

void bl_json_print_record(json_t *document)
{
    json_dumpf(document, stdout, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
    putchar('\n');
    fflush(stdout);
    json_decref(document);
}
