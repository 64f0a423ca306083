// SPDX-License-Identifier: MIT
// Numbers and words in text, the same in every locale: files and options are never read with a
// decimal comma.

#ifndef BACKLINE_TEXT_H
#define BACKLINE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Room for any number that bl_text_format_number writes, with the final zero.
enum { BL_TEXT_NUMBER_MAX = 32 };

/// Reads the whole of `text` as a finite decimal number. Thread: any but RT.
bool bl_text_parse_number(const char *text, double *value);

/// Reads the whole of `text` as decimal digits, at most UINT64_MAX. Thread: any.
bool bl_text_parse_count(const char *text, uint64_t *value);

/// Writes the shortest decimal form that reads back as the same double. Thread: any but RT.
void bl_text_format_number(double value, char text[BL_TEXT_NUMBER_MAX]);

/// Bytes of the UTF-8 character (RFC 3629) at `text`, of which `size` bytes may be read: 1 to 4, or
/// 0 if it is not a character: overlong forms, surrogates and codes beyond U+10FFFF are none.
/// Thread: any.
size_t bl_text_measure(const char *text, size_t size);

/// Puts '?' in place of every byte that is not UTF-8: names of files may hold anything,
/// documents may not. Thread: any.
void bl_text_mend(char *text);

/// vsnprintf in the C locale: a message shows numbers as the files hold them, with a point,
/// whatever the player's language. Thread: any but RT.
void bl_text_format(char *text, size_t bytes, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/// The search for the known word that somebody may have meant. Start with `.word` set.
typedef struct bl_text_nearest {
    const char *word;
    const char *best;  ///< NULL while no candidate is near enough to be a slip of the fingers
    uint32_t distance; ///< edits from `word` to `best`
} bl_text_nearest;

/// Keeps `candidate` if it is nearer than what was offered before (Levenshtein distance, at most a
/// third of the word). Thread: any.
void bl_text_consider(bl_text_nearest *nearest, const char *candidate);

#endif
