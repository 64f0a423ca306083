// SPDX-License-Identifier: MIT
// Options as a table: parsing, help, manual page and completion all read the same rows.

#ifndef BACKLINE_APP_OPTIONS_H
#define BACKLINE_APP_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

/// What an option's value is, and so the type of its field in the command's settings.
typedef enum bl_option_kind {
    BL_OPTION_FLAG,   ///< no value; bool, set to true
    BL_OPTION_TEXT,   ///< const char *
    BL_OPTION_TEXTS,  ///< bl_option_texts, may be repeated
    BL_OPTION_COUNT,  ///< uint32_t, whole number in min..max
    BL_OPTION_COUNTS, ///< bl_option_counts, may be repeated
    BL_OPTION_NUMBER, ///< double in min..max, decimal point in every locale
    BL_OPTION_CHOICE, ///< unsigned, index into `choices`
} bl_option_kind;

enum { BL_OPTION_REPEAT_MAX = 64 };

typedef struct bl_option_texts {
    const char *values[BL_OPTION_REPEAT_MAX];
    uint32_t count;
} bl_option_texts;

typedef struct bl_option_counts {
    uint32_t values[BL_OPTION_REPEAT_MAX];
    uint32_t count;
} bl_option_counts;

typedef struct bl_option {
    const char *name; ///< without dashes
    char letter;      ///< short form, or 0
    bl_option_kind kind;
    const char *argument;       ///< "FILE"; NULL for flags and choices
    size_t offset;              ///< of the field in the settings
    double min, max;            ///< of counts and numbers, both allowed
    const char *const *choices; ///< ended by NULL
    int required;               ///< not zero: the command cannot do without
    const char *help;           ///< whole sentences
} bl_option;

/// bl_options_parse (command.h): go on, nothing to end for.
enum { BL_OPTIONS_RUN = -1 };

#endif
