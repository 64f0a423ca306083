// SPDX-License-Identifier: MIT
// Only the knobs that stand elsewhere than in the rig's file are written.

#include "memory_turned.h"

#include "backline/text.h"

#include <stdlib.h>
#include <string.h>

static void read_one(bl_document *document, yaml_node_t *node, bl_turned *turned)
{
    yaml_node_t *mapping = bl_document_get(document, node, "parameters");
    if (bl_document_text(document, node, "rig", turned->rig, sizeof turned->rig, NULL) !=
        BL_STATUS_OK) {
        turned->rig[0] = '\0';
    }
    for (int p = 0; mapping != NULL && p < BL_PARAMETER_COUNT; p++) {
        const char *key = bl_parameter_get((bl_parameter)p)->key;
        char text[64] = "";
        double value = 0.0;
        turned->is_turned[p] =
            bl_document_text(document, mapping, key, text, sizeof text, NULL) == BL_STATUS_OK &&
            bl_text_parse_number(text, &value);
        turned->parameters[p] = bl_parameter_clamp((bl_parameter)p, value);
    }
}

void bl_memory_read_turned(bl_document *document, yaml_node_t *root, bl_memory *memory)
{
    yaml_node_t *list = bl_document_get(document, root, "turned");
    size_t count = 0;
    while (count < BL_TURNED_MAX && bl_document_at(document, list, count) != NULL) {
        count++;
    }
    if (!bl_memory_make_turned(memory, count)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        read_one(document, bl_document_at(document, list, i), &memory->turned[i]);
    }
}

void bl_memory_write_turned(bl_document_writer *writer, const bl_memory *memory)
{
    bl_document_put_text(writer, "turned");
    bl_document_open_sequence(writer);
    for (size_t i = 0; i < memory->turned_count; i++) {
        const bl_turned *turned = &memory->turned[i];
        bl_document_open_mapping(writer);
        bl_document_put_text(writer, "rig");
        bl_document_put_text(writer, turned->rig);
        bl_document_put_text(writer, "parameters");
        bl_document_open_mapping(writer);
        for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
            char text[BL_TEXT_NUMBER_MAX];
            if (turned->is_turned[p]) {
                bl_text_format_number(turned->parameters[p], text);
                bl_document_put_text(writer, bl_parameter_get((bl_parameter)p)->key);
                bl_document_put_text(writer, text);
            }
        }
        bl_document_close_mapping(writer);
        bl_document_close_mapping(writer);
    }
    bl_document_close_sequence(writer);
}

bool bl_memory_make_turned(bl_memory *memory, size_t count)
{
    bl_turned *turned = count > 0 ? calloc(count, sizeof *turned) : NULL;
    if (count > 0 && turned == NULL) {
        return false;
    }
    free(memory->turned);
    memory->turned = turned;
    memory->turned_count = count;
    return true;
}
