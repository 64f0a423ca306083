// SPDX-License-Identifier: MIT
// The question before the sound ends: where nothing could bring a closed window back, closing it
// ends the program.

#ifndef BACKLINE_UI_CLOSE_DIALOG_H
#define BACKLINE_UI_CLOSE_DIALOG_H

#include "app/app.h"

#include <gtk/gtk.h>
#include <stdbool.h>

/// Whether a closed window can be brought back: by a session manager, or by a second start, which
/// only a session bus can tell of.
bool bl_window_can_return(GApplication *application, const bl_app *app);

/// Asks, over `parent` and while all plays on; ends `application` if that is the answer.
void bl_close_dialog_show(GtkWindow *parent, GApplication *application);

#endif
