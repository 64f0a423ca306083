// SPDX-License-Identifier: MIT
// Keys of a terminal one by one, without echo. The terminal is as before when the program ends.

#ifndef BACKLINE_APP_KEYS_H
#define BACKLINE_APP_KEYS_H

#include <stdbool.h>
#include <stddef.h>

/// Between two bytes of a key that a terminal sends as several.
typedef struct bl_key_decoder {
    char sequence[4];
    size_t count;
} bl_key_decoder;

/// Takes one byte; the key that it completes, or 0. Enter, Page Down, right and down are 'n', Page
/// Up, left and up are 'p'; other keys of several bytes are none. Thread: any.
char bl_key_decode(bl_key_decoder *decoder, char byte);

/// Lets a terminal hand over every key at once, until the program ends. False if `descriptor` is no
/// terminal, or another program has it. Thread: MAIN.
bool bl_keys_open(int descriptor);

/// Again, after the program was stopped and goes on.
void bl_keys_resume(void);

/// Gives the terminal back as it was. Harmless if it was not opened.
void bl_keys_close(void);

#endif
