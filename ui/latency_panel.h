// SPDX-License-Identifier: MIT
// From string to loudspeaker: the sum, its parts, and beside them what is no delay.

#ifndef BACKLINE_UI_LATENCY_PANEL_H
#define BACKLINE_UI_LATENCY_PANEL_H

#include "app/app.h"

#include <gtk/gtk.h>

typedef struct bl_latency_panel {
    GtkWidget *root;
    GtkWidget *total, *remark, *bar, *own, *own_why, *field;
} bl_latency_panel;

void bl_latency_panel_init(bl_latency_panel *panel);

void bl_latency_panel_update(bl_latency_panel *panel, const bl_app_state *state);

#endif
