// SPDX-License-Identifier: MIT
// What drawn controls draw with: the style sheet's colours by name, text in the widget's own font.

#ifndef BACKLINE_UI_PEN_H
#define BACKLINE_UI_PEN_H

#include <gtk/gtk.h>

/// Takes colour "bl_`token`" for what is drawn next.
void bl_pen_color(GtkWidget *widget, cairo_t *cr, const char *token);

/// A rounded rectangle as the current path.
void bl_pen_round(cairo_t *cr, double x, double y, double width, double height, double radius);

/// Text of `rem` times the widget's size around (x, y): `align` 0 begins there, 0.5 is centred, 1
/// ends there; the middle of the line is at y.
void bl_pen_text(GtkWidget *widget, cairo_t *cr, const char *text, double x, double y, double rem,
                 PangoWeight weight, double align);

#endif
