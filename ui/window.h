// SPDX-License-Identifier: MIT
// The window: a title bar, a band for messages, the model on the left, ports and latency on the
// right, a status line. Everything is MAIN's.

#ifndef BACKLINE_UI_WINDOW_H
#define BACKLINE_UI_WINDOW_H

#include "app/app.h"

#include <gtk/gtk.h>
#include <stdbool.h>

typedef struct bl_window bl_window;

/// Makes the window and shows it. Closing hides it: the app plays on. Owns: the caller, who ends
/// with bl_window_destroy. `app` outlives it.
bl_window *bl_window_create(GtkApplication *application, bl_app *app);

/// Brings it to the front, also after it was closed.
void bl_window_present(bl_window *window);

/// Shows what the app says now. Call after bl_app_dispatch.
void bl_window_update(bl_window *window);

/// Brings it back, or hides it; the guitar plays on.
void bl_window_show(bl_window *window, bool seen);

/// NULL is allowed.
void bl_window_destroy(bl_window *window);

#endif
