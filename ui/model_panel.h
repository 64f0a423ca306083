// SPDX-License-Identifier: MIT
// The model that plays, with its facts, and the list to choose another from.

#ifndef BACKLINE_UI_MODEL_PANEL_H
#define BACKLINE_UI_MODEL_PANEL_H

#include "app/app.h"

#include <gtk/gtk.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct bl_model_panel {
    GtkWidget *root;
    bl_app *app;
    GtkWidget *name, *kind, *rate, *cost, *latency, *field, *match,
        *trim; // of the model that plays
    GtkWidget *list;
    GtkWidget *dialog; ///< the file chooser while it is open, else NULL
    uint64_t serial;   ///< of the models that the list shows
    bool updating;
} bl_model_panel;

void bl_model_panel_init(bl_model_panel *panel, bl_app *app);

void bl_model_panel_update(bl_model_panel *panel, const bl_app_state *state);

/// Opens a file chooser beside the window; the guitar plays on meanwhile.
void bl_model_panel_open(bl_model_panel *panel);

/// Chooses the model `step` rows further down (or up); stays within the list.
void bl_model_panel_step(bl_model_panel *panel, int step);

#endif
