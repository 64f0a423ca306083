// SPDX-License-Identifier: MIT
// Status texts and the error object. Not for the audio thread (formatting).

#include "backline/status.h"
#include "backline/text.h"

#include <stdarg.h>
#include <stdio.h>

const char *bl_status_text(bl_status status)
{
    switch (status) {
#define BL_STATUS_TEXT(id, text)                                                                   \
    case BL_STATUS_##id:                                                                           \
        return text;
        BL_STATUS_TABLE(BL_STATUS_TEXT)
#undef BL_STATUS_TEXT
    }
    return "unknown status";
}

bl_status bl_error_set(bl_error *error, bl_status status, const char *format, ...)
{
    if (error == NULL || error->status != BL_STATUS_OK) {
        return status;
    }
    error->status = status;
    va_list arguments;
    va_start(arguments, format);
    bl_text_format(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    for (char *c = error->text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = '?';
        }
    }
    return status;
}

void bl_error_clear(bl_error *error)
{
    if (error != NULL) {
        error->status = BL_STATUS_OK;
        error->text[0] = '\0';
    }
}
