// SPDX-License-Identifier: MIT
// The tuner, to be seen only while it is on, when nothing is heard: note, how far it is off in
// words and on a scale, frequency.

#ifndef BACKLINE_UI_TUNER_PANEL_H
#define BACKLINE_UI_TUNER_PANEL_H

#include "app/app.h"

#include <gtk/gtk.h>
#include <stdbool.h>

typedef struct bl_tuner_panel {
    GtkWidget *root;
    GtkWidget *note, *cents, *scale, *frequency;
    bool has_pitch; ///< that the scale shows
    double off;     ///< cents that it shows
} bl_tuner_panel;

void bl_tuner_panel_init(bl_tuner_panel *panel);

void bl_tuner_panel_update(bl_tuner_panel *panel, const bl_app_state *state);

#endif
