// SPDX-License-Identifier: MIT
// A row of a card: what it is on the left, a dim remark beside it, the figure on the right.

#ifndef BACKLINE_UI_FACT_H
#define BACKLINE_UI_FACT_H

#include <gtk/gtk.h>

/// Adds a row to a vertical box and returns the figure's label, whose id is `id`. `remark` may be
/// NULL, else its label is stored there.
GtkWidget *bl_fact_add(GtkWidget *box, const char *id, const char *name, GtkWidget **remark);

#endif
