// SPDX-License-Identifier: MIT
// The first failure of a load, and its memory.

#include "model/load.h"

#include "backline/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Behind sentences that say nothing of their own on what to do.
#define ADVICE "; it is damaged or made for another player: get it again or choose another model"
#define ADVICE_OF_LIMIT "; choose a smaller model"

void bl_load_fail(bl_load *load, bl_status status, const char *format, ...)
{
    if (load->status != BL_STATUS_OK) {
        return;
    }
    char detail[BL_ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    bl_text_format(detail, sizeof detail, format, arguments);
    va_end(arguments);
    const bool of_content =
        status == BL_STATUS_FORMAT || status == BL_STATUS_SHAPE || status == BL_STATUS_VALUE;
    const bool advised = load->foreign && strchr(detail, ';') == NULL;
    load->status = bl_error_set(load->error, status, "%s: %s%s", load->file, detail,
                                advised && of_content                  ? ADVICE
                                : advised && status == BL_STATUS_LIMIT ? ADVICE_OF_LIMIT
                                                                       : "");
}

void bl_load_warn(bl_load *load, const char *format, ...)
{
    if (load->warning == NULL || load->warning[0] != '\0') {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    bl_text_format(load->warning, BL_LOAD_WARNING_MAX, format, arguments);
    va_end(arguments);
}

bool bl_load_ok(const bl_load *load)
{
    return load->status == BL_STATUS_OK;
}

void *bl_load_take(bl_load *load, size_t count, size_t size)
{
    void *piece = bl_load_ok(load) ? bl_store_take(load->store, count, size) : NULL;
    if (piece == NULL) {
        bl_load_fail(load, BL_STATUS_NO_MEMORY, "not enough memory to load it");
    }
    return piece;
}

const char *bl_load_copy_text(bl_load *load, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = bl_load_take(load, size, 1);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}
