// SPDX-License-Identifier: MIT
// Nothing waits for the answer. Enter, Escape and closing the question all play on.

#include "close_dialog.h"

#include "access.h"

bool bl_window_can_return(GApplication *application, const bl_app *app)
{
    return bl_app_is_in_session(app) || g_application_get_dbus_connection(application) != NULL;
}

static void answered(GtkWidget *dialog, int response, gpointer data)
{
    gtk_widget_destroy(dialog);
    if (response == GTK_RESPONSE_CLOSE) {
        g_application_quit(G_APPLICATION(data));
    }
}

void bl_close_dialog_show(GtkWindow *parent, GApplication *application)
{
    GtkWidget *dialog = gtk_message_dialog_new(parent, GTK_DIALOG_MODAL, GTK_MESSAGE_QUESTION,
                                               GTK_BUTTONS_NONE, "The sound ends with this window");
    gtk_message_dialog_format_secondary_text(
        GTK_MESSAGE_DIALOG(dialog),
        "There is no session bus here, so a closed window could not be brought back. To play on "
        "without it, minimise it, or start `backline live` in a terminal.");
    GtkWidget *end = gtk_dialog_add_button(GTK_DIALOG(dialog), "End the sound", GTK_RESPONSE_CLOSE);
    GtkWidget *play_on = gtk_dialog_add_button(GTK_DIALOG(dialog), "Play on", GTK_RESPONSE_CANCEL);
    bl_access(end, "close-end", NULL);
    bl_access(play_on, "close-play-on", NULL);
    bl_access(dialog, "close-dialog", "The sound ends with this window");
    gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_CANCEL);
    g_signal_connect(dialog, "response", G_CALLBACK(answered), application);
    gtk_widget_show(dialog);
}
