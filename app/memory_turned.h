// SPDX-License-Identifier: MIT
// The part of state.yaml that keeps the knobs of a set list's rigs. For memory.c alone.

#ifndef BACKLINE_APP_MEMORY_TURNED_H
#define BACKLINE_APP_MEMORY_TURNED_H

#include "memory.h"

#include "io/document.h"

/// Reads the list "turned"; what makes no sense is left out.
void bl_memory_read_turned(bl_document *document, yaml_node_t *root, bl_memory *memory);

void bl_memory_write_turned(bl_document_writer *writer, const bl_memory *memory);

#endif
