// SPDX-License-Identifier: MIT
// Thin layer over cairo and Pango.

#include "pen.h"

#include <math.h>

void bl_pen_color(GtkWidget *widget, cairo_t *cr, const char *token)
{
    char name[32];
    GdkRGBA color;
    g_snprintf(name, sizeof name, "bl_%s", token);
    if (gtk_style_context_lookup_color(gtk_widget_get_style_context(widget), name, &color)) {
        gdk_cairo_set_source_rgba(cr, &color);
    }
}

void bl_pen_round(cairo_t *cr, double x, double y, double width, double height, double radius)
{
    double r = fmin(radius, fmin(width, height) / 2.0);
    cairo_new_sub_path(cr);
    cairo_arc(cr, x + width - r, y + r, r, -G_PI / 2.0, 0.0);
    cairo_arc(cr, x + width - r, y + height - r, r, 0.0, G_PI / 2.0);
    cairo_arc(cr, x + r, y + height - r, r, G_PI / 2.0, G_PI);
    cairo_arc(cr, x + r, y + r, r, G_PI, 1.5 * G_PI);
    cairo_close_path(cr);
}

void bl_pen_text(GtkWidget *widget, cairo_t *cr, const char *text, double x, double y, double rem,
                 PangoWeight weight, double align)
{
    PangoLayout *layout = gtk_widget_create_pango_layout(widget, text);
    PangoAttrList *attributes = pango_attr_list_new();
    pango_attr_list_insert(attributes, pango_attr_scale_new(rem));
    pango_attr_list_insert(attributes, pango_attr_weight_new(weight));
    pango_attr_list_insert(attributes, pango_attr_font_features_new("tnum=1"));
    pango_layout_set_attributes(layout, attributes);
    pango_attr_list_unref(attributes);
    int width, height;
    pango_layout_get_pixel_size(layout, &width, &height);
    cairo_move_to(cr, round(x - align * width), round(y - height / 2.0));
    pango_cairo_show_layout(cr, layout);
    cairo_new_path(cr);
    g_object_unref(layout);
}
