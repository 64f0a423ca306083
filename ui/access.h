// SPDX-License-Identifier: MIT
// What a control is called by screen readers and tests: an id that never changes, a name for
// people.

#ifndef BACKLINE_UI_ACCESS_H
#define BACKLINE_UI_ACCESS_H

#include <gtk/gtk.h>

/// Sets id and name (NULL: the control's own text is the name) and returns `widget`.
GtkWidget *bl_access(GtkWidget *widget, const char *id, const char *name);

/// Adds a style class and returns `widget`.
GtkWidget *bl_style(GtkWidget *widget, const char *style_class);

/// A label that ellipsizes, left-aligned, with style classes separated by blanks.
GtkWidget *bl_label(const char *text, const char *style_classes);

/// Sets a label's text if it differs; the full text becomes the tooltip.
void bl_label_set(GtkWidget *label, const char *text);

#endif
