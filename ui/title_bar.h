// SPDX-License-Identifier: MIT
// The bar on top: what plays, tuner, bypass, mute, the menu, and closing the window.

#ifndef BACKLINE_UI_TITLE_BAR_H
#define BACKLINE_UI_TITLE_BAR_H

#include "app/app.h"

#include <gtk/gtk.h>
#include <stdbool.h>

typedef struct bl_title_bar {
    GtkWidget *root; ///< a GtkHeaderBar
    bl_app *app;
    GtkWidget *tuner, *bypass, *mute;
    bool updating; ///< the program moves the switches, not the player
} bl_title_bar;

/// The menu's actions are the window's: see window.c. `can_return`: the sound goes on when the
/// window is closed.
void bl_title_bar_init(bl_title_bar *bar, bl_app *app, bool can_return);

void bl_title_bar_update(bl_title_bar *bar, const bl_app_state *state);

#endif
