// SPDX-License-Identifier: MIT
// What the commands' JSON documents share.

#ifndef BACKLINE_APP_JSON_H
#define BACKLINE_APP_JSON_H

#include <jansson.h>

/// A JSON string of foreign text: bytes that are not UTF-8 become '?', so that a file name never
/// spoils a document. Thread: any but RT. Owns: the caller.
json_t *bl_json_from_text(const char *text);

/// Prints the document, indented, with numbers of nine digits, and gives up the caller's reference.
/// Thread: MAIN.
void bl_json_print(json_t *document);

/// The same on one line, as a record of a stream (NDJSON), flushed. Thread: MAIN.
void bl_json_print_record(json_t *document);

#endif
