// SPDX-License-Identifier: MIT
// The line at the bottom: state, server, latency in its parts, load, xruns.

#ifndef BACKLINE_UI_STATUS_BAR_H
#define BACKLINE_UI_STATUS_BAR_H

#include "app/app.h"

#include <gtk/gtk.h>

typedef struct bl_status_bar {
    GtkWidget *root;
    GtkWidget *icon, *state, *server, *latency, *field, *load, *xruns;
} bl_status_bar;

void bl_status_bar_init(bl_status_bar *bar);

void bl_status_bar_update(bl_status_bar *bar, const bl_app_state *state);

#endif
