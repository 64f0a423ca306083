// SPDX-License-Identifier: MIT
// What the commands' JSON documents share.

#include "json.h"

#include "backline/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 9 };

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
    bl_text_mend(copy);
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
