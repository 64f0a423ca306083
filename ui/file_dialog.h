// SPDX-License-Identifier: MIT
// A file chooser beside the window: nothing waits for it, the guitar plays on.

#ifndef BACKLINE_UI_FILE_DIALOG_H
#define BACKLINE_UI_FILE_DIALOG_H

#include <gtk/gtk.h>

/// Makes one that opens files like `patterns`, called `kind`; it answers GTK_RESPONSE_ACCEPT or
/// another response. Owns: the caller, who shows and destroys it.
GtkWidget *bl_file_dialog(GtkWindow *window, const char *title, const char *kind,
                          const char *const *patterns, size_t count);

#endif
