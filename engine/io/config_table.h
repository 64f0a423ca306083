// SPDX-License-Identifier: MIT
// The one table of config keys. Reading, writing, defaults and ranges all follow it.

#ifndef BACKLINE_IO_CONFIG_TABLE_H
#define BACKLINE_IO_CONFIG_TABLE_H

#include "backline/config.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum bl_config_kind {
    BL_CONFIG_KIND_BOOL,   ///< bool
    BL_CONFIG_KIND_COUNT,  ///< uint32_t
    BL_CONFIG_KIND_SEED,   ///< uint64_t
    BL_CONFIG_KIND_NUMBER, ///< double
    BL_CONFIG_KIND_CHOICE, ///< enumeration: index into `choices`
    BL_CONFIG_KIND_LIST,   ///< bl_config_list; its text is "1, 2, 4"
} bl_config_kind;

typedef struct bl_config_row {
    const char *section, *key;
    bl_config_kind kind;
    size_t offset;              ///< of the field in bl_config
    double min, max;            ///< of counts and numbers, and of those in a list, both allowed
    const char *default_text;   ///< as it would stand in a file
    const char *const *choices; ///< ended by NULL
    unsigned types;             ///< bit t: networks of bl_config_type t have this key
} bl_config_row;

enum { BL_CONFIG_ROWS_MAX = 64 };

/// True if a network of the config's type has this key. Thread: any.
bool bl_config_row_applies(const bl_config_row *row, const bl_config *config);

/// At most BL_CONFIG_ROWS_MAX; rows of one section stand together.
extern const bl_config_row bl_config_rows[];
extern const size_t bl_config_row_count;

enum { BL_CONFIG_EXPECTED_MAX = 320 };

/// Sets the row's field from the text of a value; false if it is not of the row's kind or out of
/// range. Thread: any but RT.
bool bl_config_row_set(const bl_config_row *row, bl_config *config, const char *text);

/// Describes the values that the row takes, for "expected ...". Thread: any but RT.
void bl_config_row_describe(const bl_config_row *row, char text[BL_CONFIG_EXPECTED_MAX]);

/// The text of the row's field as bl_config_row_set reads it. Thread: any but RT.
void bl_config_row_format(const bl_config_row *row, const bl_config *config,
                          char text[BL_CONFIG_EXPECTED_MAX]);

#endif
