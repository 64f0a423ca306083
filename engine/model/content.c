// SPDX-License-Identifier: MIT
// Names come from files and paths: foreign bytes that windows and JSON will show.

#include "model/content.h"

#include <stdint.h>
#include <string.h>

// Bytes of the UTF-8 character at `text` (RFC 3629), 0 if it is not one.
static size_t measure_character(const unsigned char *text)
{
    const unsigned char first = text[0];
    const size_t size = first < 0x80   ? 1
                        : first < 0xc2 ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf5 ? 4
                                       : 0;
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    const unsigned second = size > 2 ? text[1] : 0;
    const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    const bool surrogate = first == 0xed && second > 0x9f;
    const bool beyond = first == 0xf4 && second > 0x8f;
    return overlong || surrogate || beyond ? 0 : size;
}

void bl_content_set_name(bl_model_info *info, const char *name)
{
    const unsigned char *next = (const unsigned char *)name;
    size_t used = 0;
    while (*next != '\0') {
        const size_t size = measure_character(next);
        const bool good = size > 1 || (size == 1 && *next >= 0x20 && *next != 0x7f);
        const size_t taken = size > 0 ? size : 1, written = good ? size : 1;
        if (used + written >= sizeof info->name) {
            break;
        }
        memcpy(info->name + used, good ? (const char *)next : "?", written);
        used += written;
        next += taken;
    }
    info->name[used] = '\0';
}
