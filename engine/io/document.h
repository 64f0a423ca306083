// SPDX-License-Identifier: MIT
// Small YAML files of the program's own: reading by key with line and column in errors, writing as
// a whole. Not for the audio thread.

#ifndef BACKLINE_IO_DOCUMENT_H
#define BACKLINE_IO_DOCUMENT_H

#include "backline/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

/// A file in memory.
typedef struct bl_document {
    const char *path; ///< for errors; the caller's
    yaml_document_t yaml;
} bl_document;

/// Reads a file of at most 1 MiB whose root is a mapping with `version: 1`. Thread: any but RT.
/// Owns: the caller, who ends with bl_document_finish after success.
bl_status bl_document_load(const char *path, bl_document *document, bl_error *error);

void bl_document_finish(bl_document *document);

/// The root mapping.
yaml_node_t *bl_document_root(bl_document *document);

/// Value of a key in a mapping, or NULL.
yaml_node_t *bl_document_get(bl_document *document, yaml_node_t *mapping, const char *key);

/// The index-th element of a sequence, or NULL (also if it is none).
yaml_node_t *bl_document_at(bl_document *document, yaml_node_t *sequence, size_t index);

/// The index-th key of a mapping, as text (cut if longer than `capacity`) and as node; false behind
/// the last one.
bool bl_document_key(bl_document *document, yaml_node_t *mapping, size_t index, yaml_node_t **node,
                     char *text, size_t capacity);

/// The value of the index-th key.
yaml_node_t *bl_document_value(bl_document *document, yaml_node_t *mapping, size_t index);

/// Fails with BL_STATUS_FORMAT at the node: "file:line:column: " and the sentence.
bl_status bl_document_fail(const bl_document *document, const yaml_node_t *node, bl_error *error,
                           const char *format, ...) __attribute__((format(printf, 4, 5)));

/// Copies the text under `key`. A missing key leaves `text` as it is.
bl_status bl_document_text(bl_document *document, yaml_node_t *mapping, const char *key, char *text,
                           size_t capacity, bl_error *error);

/// The whole number from `min` to `max` under `key`, both at least 0. A missing key leaves `value`
/// as it is.
bl_status bl_document_count(bl_document *document, yaml_node_t *mapping, const char *key, int min,
                            int max, int *value, bl_error *error);

typedef struct bl_document_range {
    double min, max;
    const char *unit; ///< "": none
} bl_document_range;

/// The number in `range` under `key`. A missing key leaves `value` as it is.
bl_status bl_document_number(bl_document *document, yaml_node_t *mapping, const char *key,
                             const bl_document_range *range, double *value, bl_error *error);

/// Fails, at its place, on a key of the mapping that is none of the `count` that `name` knows, or
/// that stands there twice.
bl_status bl_document_check_keys(bl_document *document, yaml_node_t *mapping, int count,
                                 const char *(*name)(int index), bl_error *error);

/// Copies the path under `key`, as seen from the working folder: in the file it is relative to that
/// file. A missing or empty one leaves `path` as it is. Fails if the file it names cannot be read.
bl_status bl_document_file(bl_document *document, yaml_node_t *mapping, const char *key, char *path,
                           size_t capacity, bl_error *error);

/// A file being written.
typedef struct bl_document_writer {
    yaml_emitter_t emitter;
    unsigned char *bytes;
    size_t size, capacity;
    bool failed;
} bl_document_writer;

/// Opens with the root mapping and `version: 1`.
void bl_document_writer_init(bl_document_writer *writer);
void bl_document_put_text(bl_document_writer *writer, const char *text);

/// `key` and the path of a file, unless that is "": from the folder of `document`, the path that is
/// written to, if it is in there or below; else as it is, which must be from the root on.
bl_status bl_document_put_file(bl_document_writer *writer, const char *document, const char *key,
                               const char *path, bl_error *error);
void bl_document_open_mapping(bl_document_writer *writer);
void bl_document_close_mapping(bl_document_writer *writer);
void bl_document_open_sequence(bl_document_writer *writer);
void bl_document_close_sequence(bl_document_writer *writer);

/// Closes the root, writes the file whole or not at all, and frees. `path` NULL only frees.
bl_status bl_document_writer_save(bl_document_writer *writer, const char *path, bl_error *error);

#endif
