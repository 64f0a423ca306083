// SPDX-License-Identifier: MIT
// Where the guitar comes from, or where it goes: one row per port (outputs in pairs) with a check
// box and a live meter.

#ifndef BACKLINE_UI_PORT_PANEL_H
#define BACKLINE_UI_PORT_PANEL_H

#include "app/app.h"

#include <gtk/gtk.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct bl_port_panel {
    GtkWidget *root;
    GtkWidget *list, *empty;
    bl_app *app;
    bool gives;      ///< true: ports to hear; false: ports to play to
    GPtrArray *rows; ///< of port_row, in the order of the list
    uint64_t serial; ///< of the ports that the rows show
    bool updating;
} bl_port_panel;

void bl_port_panel_init(bl_port_panel *panel, bl_app *app, bool gives);

/// Frees what is not a widget.
void bl_port_panel_finish(bl_port_panel *panel);

/// Rows and check marks.
void bl_port_panel_update(bl_port_panel *panel, const bl_app_state *state);

/// Meters, once a frame.
void bl_port_panel_meter(bl_port_panel *panel, int64_t now_us);

#endif
