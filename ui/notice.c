// SPDX-License-Identifier: MIT
// Severity by shape first, then by the edge's colour. Beside it, what can be done: start a server,
// keep the old model.

#include "notice.h"

#include "access.h"

#include <stdbool.h>
#include <string.h>

enum { RESPONSE_ACTION = 1 };

static void responded(GtkInfoBar *bar, int response, gpointer data)
{
    bl_notice *notice = data;
    if (response == RESPONSE_ACTION && notice->offers_old) {
        bl_app_keep_old_model(notice->app);
        gtk_widget_hide(GTK_WIDGET(bar));
    } else if (response == RESPONSE_ACTION) {
        bl_app_start_server(notice->app);
    } else {
        gtk_widget_hide(GTK_WIDGET(bar));
    }
}

void bl_notice_init(bl_notice *notice, bl_app *app)
{
    *notice = (bl_notice){.root = gtk_info_bar_new(), .app = app};
    GtkInfoBar *bar = GTK_INFO_BAR(notice->root);
    notice->icon = gtk_image_new();
    gtk_image_set_pixel_size(GTK_IMAGE(notice->icon), 24);
    notice->text = bl_access(bl_label("", ""), "info-bar-text", NULL);
    gtk_label_set_line_wrap(GTK_LABEL(notice->text), TRUE);
    gtk_label_set_ellipsize(GTK_LABEL(notice->text), PANGO_ELLIPSIZE_NONE);
    gtk_label_set_selectable(GTK_LABEL(notice->text), TRUE);
    GtkWidget *content = gtk_info_bar_get_content_area(bar);
    gtk_container_add(GTK_CONTAINER(content), notice->icon);
    gtk_box_pack_start(GTK_BOX(content), notice->text, TRUE, TRUE, 8);
    notice->action = gtk_info_bar_add_button(bar, "Start a server", RESPONSE_ACTION);
    bl_access(notice->action, "info-bar-action-1", NULL);
    GtkWidget *close = gtk_info_bar_add_button(bar, "Close", GTK_RESPONSE_CLOSE);
    bl_access(close, "info-bar-action-2", NULL);
    g_signal_connect(bar, "response", G_CALLBACK(responded), notice);
    atk_object_set_role(gtk_widget_get_accessible(notice->root), ATK_ROLE_ALERT);
    bl_access(notice->root, "info-bar", NULL);
    gtk_widget_show_all(notice->root);
    gtk_widget_hide(notice->root);
    gtk_widget_set_no_show_all(notice->root, TRUE);
}

// The program's own sentences begin small, since on a terminal they follow its name. File names at
// the beginning stay as they are.
static char *begin_large(const char *text)
{
    char *sentence = g_strdup(text);
    const size_t word = strcspn(text, " ");
    bool plain = word > 0;
    for (size_t i = 0; i < word; i++) {
        plain = plain && g_ascii_islower(text[i]);
    }
    sentence[0] = plain ? g_ascii_toupper(text[0]) : text[0];
    return sentence;
}

static void show_message(bl_notice *notice, const bl_app_message *message, const char *comfort)
{
    static const struct {
        const char *name, *icon;
        GtkMessageType type;
    } looks[] = {
        [BL_APP_INFO] = {"Information", "backline-info-symbolic", GTK_MESSAGE_INFO},
        [BL_APP_WARNING] = {"Warning", "backline-warning-symbolic", GTK_MESSAGE_WARNING},
        [BL_APP_ERROR] = {"Error", "backline-error-symbolic", GTK_MESSAGE_ERROR},
    };
    gtk_image_set_from_icon_name(GTK_IMAGE(notice->icon), looks[message->severity].icon,
                                 GTK_ICON_SIZE_DND);
    gtk_info_bar_set_message_type(GTK_INFO_BAR(notice->root), looks[message->severity].type);
    // GTK has named it, in its own language.
    atk_object_set_name(gtk_widget_get_accessible(notice->root), looks[message->severity].name);
    char *sentence = begin_large(message->text);
    char *whole = g_strconcat(sentence, comfort, NULL);
    gtk_label_set_text(GTK_LABEL(notice->text), whole);
    g_free(whole);
    g_free(sentence);
    notice->severity = message->severity;
    notice->absence = message->absence;
    notice->offers_old = message->offers_old;
    gtk_button_set_label(GTK_BUTTON(notice->action),
                         notice->offers_old ? "Keep the old one" : "Start a server");
    gtk_widget_show(notice->root);
}

void bl_notice_update(bl_notice *notice, const bl_app_state *state)
{
    bl_app_message message;
    const bool back = state->phase == BL_APP_PLAYING;
    if (back && notice->absence) {
        gtk_widget_hide(notice->root);
    }
    while (bl_app_take_message(notice->app, &message)) {
        if ((back && message.absence) ||
            (gtk_widget_get_visible(notice->root) && message.severity < notice->severity)) {
            continue;
        }
        // The news of the loss has said so itself.
        const bool alone = state->phase == BL_APP_LOOKING && state->model_path[0] != '\0' &&
                           strstr(message.text, "stays loaded") == NULL;
        show_message(notice, &message,
                     alone ? ". Everything stays loaded and plays on when a server is back." : "");
    }
    gtk_widget_set_visible(notice->action, notice->offers_old || state->phase == BL_APP_LOOKING);
}
