// SPDX-License-Identifier: MIT
// The scale is finer around the middle, where strings are tuned.

#include "tuner_panel.h"

#include "access.h"
#include "pen.h"

#include <math.h>

enum { GAP = 16, TEXT_MAX = 64, HEIGHT = 44, NOTE_CHARS = 4, CENTS_CHARS = 14, HZ_CHARS = 9 };

static const double in_tune_cents = 2.0;

static double position(double cents)
{
    return copysign(pow(fmin(fabs(cents) / 50.0, 1.0), 0.6), cents);
}

static gboolean draw_scale(GtkWidget *widget, cairo_t *cr, gpointer data)
{
    static const double ticks[] = {-50.0, -20.0, -10.0, -5.0, 0.0, 5.0, 10.0, 20.0, 50.0};
    const bl_tuner_panel *panel = data;
    const double half = gtk_widget_get_allocated_width(widget) / 2.0;
    const double height = gtk_widget_get_allocated_height(widget);
    const double reach = half - 8.0;
    bl_pen_color(widget, cr, "edge");
    for (size_t i = 0; i < G_N_ELEMENTS(ticks); i++) {
        cairo_rectangle(cr, half + reach * position(ticks[i]) - 0.5, height - 14.0, 1.0, 12.0);
    }
    cairo_fill(cr);
    // In tune is between the two.
    bl_pen_color(widget, cr, "text");
    for (int side = -1; side <= 1; side += 2) {
        cairo_rectangle(cr, half + side * reach * position(in_tune_cents) - 1.0, height - 20.0, 2.0,
                        18.0);
    }
    cairo_fill(cr);
    if (panel->has_pitch) {
        const double x = half + reach * position(panel->off);
        bl_pen_color(widget, cr, fabs(panel->off) <= in_tune_cents ? "accent" : "warn");
        cairo_rectangle(cr, x - 1.5, 10.0, 3.0, height - 12.0);
        cairo_move_to(cr, x - 7.0, 2.0);
        cairo_line_to(cr, x + 7.0, 2.0);
        cairo_line_to(cr, x, 12.0);
        cairo_close_path(cr);
        cairo_fill(cr);
    }
    return FALSE;
}

/// A label whose place does not depend on its text.
static GtkWidget *add_label(GtkWidget *row, const char *id, const char *classes, int chars)
{
    GtkWidget *label = bl_access(bl_label("", classes), id, NULL);
    gtk_label_set_width_chars(GTK_LABEL(label), chars);
    gtk_box_pack_start(GTK_BOX(row), label, FALSE, FALSE, 0);
    return label;
}

void bl_tuner_panel_init(bl_tuner_panel *panel)
{
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, GAP);
    *panel = (bl_tuner_panel){.root = bl_style(row, "card")};
    panel->note = add_label(row, "tuner-note", "h1", NOTE_CHARS);
    panel->cents = add_label(row, "tuner-cents", "strong number", CENTS_CHARS);
    panel->scale = gtk_drawing_area_new();
    gtk_widget_set_size_request(panel->scale, -1, HEIGHT);
    g_signal_connect(panel->scale, "draw", G_CALLBACK(draw_scale), panel);
    gtk_box_pack_start(GTK_BOX(row), bl_access(panel->scale, "tuner-scale", "Cents"), TRUE, TRUE,
                       0);
    panel->frequency = add_label(row, "tuner-frequency", "number", HZ_CHARS);
    gtk_widget_show_all(row);
    gtk_widget_hide(row);
    gtk_widget_set_no_show_all(row, TRUE);
}

void bl_tuner_panel_update(bl_tuner_panel *panel, const bl_app_state *state)
{
    const bl_app_tuner *tuner = &state->tuner;
    gtk_widget_set_visible(panel->root, tuner->on);
    if (!tuner->on) {
        return;
    }
    char cents[TEXT_MAX] = "Pluck a string", frequency[TEXT_MAX] = "";
    const double off = round(fabs(tuner->cents));
    if (tuner->has_pitch) {
        g_snprintf(frequency, sizeof frequency, "%.1f Hz", tuner->frequency_hz);
    }
    if (tuner->has_pitch && fabs(tuner->cents) <= in_tune_cents) {
        g_snprintf(cents, sizeof cents, "In tune");
    } else if (tuner->has_pitch) {
        g_snprintf(cents, sizeof cents, "%.0f cents %s", off,
                   tuner->cents > 0.0 ? "too high" : "too low");
    }
    bl_label_set(panel->note, tuner->has_pitch ? tuner->note : "");
    bl_label_set(panel->cents, cents);
    bl_label_set(panel->frequency, frequency);
    if (tuner->has_pitch != panel->has_pitch || tuner->cents != panel->off) {
        panel->has_pitch = tuner->has_pitch;
        panel->off = tuner->cents;
        gtk_widget_queue_draw(panel->scale);
    }
}
