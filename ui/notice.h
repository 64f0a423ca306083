// SPDX-License-Identifier: MIT
// The band under the title bar: the last thing worth telling, until it is closed or replaced.

#ifndef BACKLINE_UI_NOTICE_H
#define BACKLINE_UI_NOTICE_H

#include "app/app.h"

#include <gtk/gtk.h>

typedef struct bl_notice {
    GtkWidget *root; ///< a GtkInfoBar
    bl_app *app;
    GtkWidget *icon, *text, *start;
} bl_notice;

void bl_notice_init(bl_notice *notice, bl_app *app);

/// Fetches the app's messages and shows the last one.
void bl_notice_update(bl_notice *notice, const bl_app_state *state);

#endif
