// SPDX-License-Identifier: MIT
// One box per row, so that long remarks ellipsize and figures never do.

#include "fact.h"

#include "access.h"

GtkWidget *bl_fact_add(GtkWidget *box, const char *id, const char *name, GtkWidget **remark)
{
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    GtkWidget *figure = bl_label("", "strong number");
    gtk_label_set_ellipsize(GTK_LABEL(figure), PANGO_ELLIPSIZE_NONE);
    GtkWidget *label = bl_label(name, "");
    gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_NONE);
    gtk_box_pack_start(GTK_BOX(row), label, FALSE, FALSE, 0);
    if (remark != NULL) {
        *remark = bl_label("", "caption dim");
        gtk_box_pack_start(GTK_BOX(row), *remark, TRUE, TRUE, 0);
    }
    gtk_box_pack_end(GTK_BOX(row), bl_access(figure, id, NULL), FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(box), row, FALSE, FALSE, 0);
    return figure;
}
