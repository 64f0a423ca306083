// SPDX-License-Identifier: MIT
// The set list: where the player is in it, what comes next, the parts of the song to click, and the
// files to open.

#ifndef BACKLINE_UI_SETLIST_PANEL_H
#define BACKLINE_UI_SETLIST_PANEL_H

#include "app/app.h"

#include <gtk/gtk.h>
#include <stdbool.h>
#include <stdint.h>

enum { BL_PARTS_SHOWN = 8 };

/// One part of the song.
typedef struct bl_part_button {
    GtkWidget *button, *name, *icon, *rig;
    int number; ///< within the song, from 1 on
} bl_part_button;

typedef struct bl_setlist_panel {
    GtkWidget *root;
    bl_app *app;
    GtkWidget *none, *where, *songs, *next, *tempo, *note, *rigs,
        *parts; // `where`, `parts`: with a list
    bl_part_button buttons[BL_PARTS_SHOWN];
    GMenu *menu, *last;    ///< `last`: the lists that were open
    GArray *firsts;        ///< of each song, the number of its first part in the list
    GtkWidget *dialog;     ///< the file chooser while it is open, else NULL
    uint64_t parts_serial; ///< of the parts that are shown
    bool updating;
} bl_setlist_panel;

void bl_setlist_panel_init(bl_setlist_panel *panel, bl_app *app);

/// Frees what is not the window's.
void bl_setlist_panel_finish(bl_setlist_panel *panel);

void bl_setlist_panel_update(bl_setlist_panel *panel, const bl_app_state *state);

/// Opens a file chooser beside the window; the guitar plays on meanwhile.
void bl_setlist_panel_open(bl_setlist_panel *panel);

#endif
