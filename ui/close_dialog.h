// SPDX-License-Identifier: MIT
// The question before the sound ends: where nothing could bring a closed window back, closing it
// ends the program.

#ifndef BACKLINE_UI_CLOSE_DIALOG_H
#define BACKLINE_UI_CLOSE_DIALOG_H

#include <gtk/gtk.h>
#include <stdbool.h>

/// Whether a second start, which only a session bus can tell of, brings a closed window back.
bool bl_window_can_return(GApplication *application);

/// Asks, over `parent` and while all plays on; ends `application` if that is the answer.
void bl_close_dialog_show(GtkWindow *parent, GApplication *application);

#endif
