// SPDX-License-Identifier: MIT
// Beside the window: what each pedal does, to learn and to forget, and which program chooses which
// part.

#ifndef BACKLINE_UI_PEDAL_DIALOG_H
#define BACKLINE_UI_PEDAL_DIALOG_H

#include "app/app.h"

#include <gtk/gtk.h>
#include <stdint.h>

typedef struct bl_pedal_dialog {
    bl_app *app;
    GtkWidget *root; ///< NULL: it is closed
    GtkWidget *controls, *programs, *hint, *learn, *forget;
    GtkWidget *mode, *curve, *from, *to;    ///< how what is learnt is to move
    uint64_t controls_serial, parts_serial; ///< that are shown
} bl_pedal_dialog;

void bl_pedal_dialog_init(bl_pedal_dialog *dialog, bl_app *app);

/// Opens it, or brings it to the front; the guitar plays on meanwhile.
void bl_pedal_dialog_open(bl_pedal_dialog *dialog, GtkWindow *parent);

void bl_pedal_dialog_update(bl_pedal_dialog *dialog, const bl_app_state *state);

#endif
