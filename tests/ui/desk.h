// SPDX-License-Identifier: MIT
// The desk of a window test: a screen of its own, backline-gtk on it, and a hand that finds
// controls by their accessible ids, presses keys and takes pictures.

#ifndef TESTS_UI_DESK_H
#define TESTS_UI_DESK_H

#include "system/program.h"

#include <stdbool.h>

/// States of controls, by their numbers in AT-SPI's protocol.
typedef enum desk_state {
    DESK_CHECKED = 4,
    DESK_FOCUSED = 12,
    DESK_SENSITIVE = 24,
    DESK_SHOWING = 25,
} desk_state;

/// Goes through display.sh once. First thing in main.
void desk_enter(int argc, char **argv);

/// Starts `backline-gtk ARGUMENTS...` (ended by NULL), under the RT guard where there is one.
void desk_launch(program *window, const char *const *arguments);

/// Waits for the window of what was launched.
void desk_wait_window(program *window);

/// Both.
void desk_start(program *window, const char *const *arguments);

/// Starts it a second time, with a model or without (NULL), and returns its exit code.
int desk_start_again(program *second, const char *model);

/// Ends it by SIGTERM; the exit code must be 0.
void desk_stop(program *window);

/// Waits until the control with that id is there. All that takes an id does so first.
void desk_wait(const char *id);

/// Its name (what a label says); one of eight buffers, used in turn.
const char *desk_text(const char *id);

/// Waits until its name holds `part`, and fails the test after the deadline.
void desk_wait_text(const char *id, const char *part);

/// Waits until the control is (or is not) in that state.
void desk_wait_is(const char *id, desk_state state, bool wanted);

/// Waits until it is not to be seen any more.
void desk_wait_gone(const char *id);

/// What a click does.
void desk_click(const char *id);

/// Selects the `index`-th row of a list.
void desk_select(const char *id, int index);

/// From now on the window on top has the keyboard.
void desk_take_keyboard(void);

/// Presses and releases a key, alone or with one modifier held down (0: none). X keysyms.
void desk_key(unsigned keysym, unsigned modifier);

/// The value of a meter in dB.
double desk_value(const char *id);

/// The id of the control that has the keyboard; "" if none. One buffer.
const char *desk_focus(void);

/// The name of the control that has the keyboard, waited for until there is one. One buffer.
const char *desk_focus_name(void);

/// Right and lower edge on the screen.
void desk_corner(const char *id, int *right, int *bottom);

/// Writes the whole screen, once nothing moves on it, to NAME.png in the build's folder for
/// pictures.
void desk_picture(const char *name);

/// How many pixels of the last picture have the colour 0xRRGGBB.
int desk_count(unsigned color);

#endif
