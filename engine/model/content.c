// SPDX-License-Identifier: MIT
// Names come from files and paths: foreign bytes that windows and JSON will show.

#include "model/content.h"

#include "backline/text.h"

#include <string.h>

void bl_content_set_name(bl_model_info *info, const char *name)
{
    const char *next = name;
    size_t used = 0;
    while (*next != '\0') {
        const size_t size = bl_text_measure(next, 4);
        const bool good = size > 1 || (size == 1 && (unsigned char)*next >= 0x20 && *next != 0x7f);
        const size_t taken = size > 0 ? size : 1, written = good ? size : 1;
        if (used + written >= sizeof info->name) {
            break;
        }
        memcpy(info->name + used, good ? next : "?", written);
        used += written;
        next += taken;
    }
    info->name[used] = '\0';
}
