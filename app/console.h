// SPDX-License-Identifier: MIT
// What the keys of a terminal do in `backline live`: the actions, and a few that need words.

#ifndef BACKLINE_APP_CONSOLE_H
#define BACKLINE_APP_CONSOLE_H

#include "app.h"
#include "keys.h"

#include <stddef.h>

typedef struct bl_console {
    bl_app *app;
    bl_key_decoder decoder;
    char question; ///< key whose answer is being typed, 0: none
    char answer[128];
    size_t count;
} bl_console;

/// What keys there are, as lines for a person.
void bl_console_print_keys(void);

/// All parts with their programs, as lines.
void bl_console_print_parts(const bl_app *app);

/// Does what one byte from the terminal says. Thread: MAIN.
void bl_console_take(bl_console *console, char byte);

#endif
