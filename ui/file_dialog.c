// SPDX-License-Identifier: MIT
// One way to choose a file.

#include "file_dialog.h"

GtkWidget *bl_file_dialog(GtkWindow *window, const char *title, const char *kind,
                          const char *const *patterns, size_t count)
{
    GtkWidget *dialog =
        gtk_file_chooser_dialog_new(title, window, GTK_FILE_CHOOSER_ACTION_OPEN, "Cancel",
                                    GTK_RESPONSE_CANCEL, "Open", GTK_RESPONSE_ACCEPT, NULL);
    gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_ACCEPT);
    GtkFileFilter *filter = gtk_file_filter_new();
    gtk_file_filter_set_name(filter, kind);
    for (size_t i = 0; i < count; i++) {
        gtk_file_filter_add_pattern(filter, patterns[i]);
    }
    gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(dialog), filter);
    return dialog;
}
