// SPDX-License-Identifier: MIT
// Small helpers that every part of the window is built with.

#include "access.h"

#include <string.h>

GtkWidget *bl_access(GtkWidget *widget, const char *id, const char *name)
{
    AtkObject *accessible = gtk_widget_get_accessible(widget);
    atk_object_set_accessible_id(accessible, id);
    if (name != NULL) {
        atk_object_set_name(accessible, name);
    }
    return widget;
}

GtkWidget *bl_style(GtkWidget *widget, const char *style_class)
{
    gtk_style_context_add_class(gtk_widget_get_style_context(widget), style_class);
    return widget;
}

GtkWidget *bl_label(const char *text, const char *style_classes)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_xalign(GTK_LABEL(label), 0.0F);
    gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
    gchar **classes = g_strsplit(style_classes, " ", -1);
    for (gchar **c = classes; *c != NULL; c++) {
        if (**c != '\0') {
            bl_style(label, *c);
        }
    }
    g_strfreev(classes);
    return label;
}

void bl_label_set(GtkWidget *label, const char *text)
{
    if (strcmp(gtk_label_get_text(GTK_LABEL(label)), text) != 0) {
        gtk_label_set_text(GTK_LABEL(label), text);
        gtk_widget_set_tooltip_text(label, text);
    }
}
