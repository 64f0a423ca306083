// SPDX-License-Identifier: MIT
// Where the time goes between string and loudspeaker, to scale. What Backline itself adds is
// marked even when it is nothing.

#ifndef BACKLINE_UI_LATENCY_BAR_H
#define BACKLINE_UI_LATENCY_BAR_H

#include "app/app.h"

#include <gtk/gtk.h>

#define BL_TYPE_LATENCY_BAR (bl_latency_bar_get_type())
G_DECLARE_FINAL_TYPE(BlLatencyBar, bl_latency_bar, BL, LATENCY_BAR, GtkDrawingArea)

GtkWidget *bl_latency_bar_new(void);

void bl_latency_bar_set(BlLatencyBar *bar, const bl_app_latency *latency);

#endif
