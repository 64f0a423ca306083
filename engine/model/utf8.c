// SPDX-License-Identifier: MIT
// Overlong forms, surrogates and codes beyond U+10FFFF are not characters.

#include "model/utf8.h"

#include <stdbool.h>

static size_t measure_first(unsigned char first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xc2 || first > 0xf4) {
        return 0;
    }
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

size_t bl_utf8_measure(const unsigned char *text, size_t size)
{
    const unsigned char first = size > 0 ? text[0] : 0xff;
    const size_t length = measure_first(first);
    if (length > size) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    const unsigned second = length > 2 ? text[1] : 0x80;
    const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    const bool surrogate = first == 0xed && second > 0x9f;
    const bool beyond = first == 0xf4 && second > 0x8f;
    return overlong || surrogate || beyond ? 0 : length;
}
