// SPDX-License-Identifier: MIT
// The band under the title bar: what is worth telling, until it is closed, replaced by something
// that is no less severe, or no longer true.

#ifndef BACKLINE_UI_NOTICE_H
#define BACKLINE_UI_NOTICE_H

#include "app/app.h"

#include <gtk/gtk.h>

typedef struct bl_notice {
    GtkWidget *root; ///< a GtkInfoBar
    bl_app *app;
    GtkWidget *icon, *text, *action; ///< `action`: start a server, or keep the old model
    bl_app_severity severity;        ///< of what is shown
    bool offers_old;                 ///< see bl_app_message
    bool absence;                    ///< it is true only as long as no server plays
} bl_notice;

void bl_notice_init(bl_notice *notice, bl_app *app);

/// Fetches the app's messages and shows the most severe one, of several the last.
void bl_notice_update(bl_notice *notice, const bl_app_state *state);

#endif
