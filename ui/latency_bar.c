// SPDX-License-Identifier: MIT
// Four parts in the order of the signal's way. A part too narrow for its figure goes without it;
// the sentence below the bar and the description have all figures.

#include "latency_bar.h"

#include "access.h"
#include "pen.h"
#include "words.h"

#include <stdbool.h>

enum { HEIGHT = 88, BAR_TOP = 34, BAR_HEIGHT = 26, PARTS = 4, UNKNOWN_WIDTH = 72 };

struct _BlLatencyBar {
    GtkDrawingArea parent;
    bl_app_latency latency;
};

G_DEFINE_TYPE(BlLatencyBar, bl_latency_bar, GTK_TYPE_DRAWING_AREA)

typedef struct latency_part {
    const char *name;
    bool known;
    double ms;
    const char *color;
} latency_part;

static void list_parts(const bl_app_latency *latency, latency_part parts[PARTS])
{
    parts[0] = (latency_part){"driver in", latency->in_known, latency->driver_in_ms, "edge"};
    parts[1] = (latency_part){"period", true, latency->period_ms, "dim"};
    parts[2] = (latency_part){"Backline", true, latency->own_ms, "accent"};
    parts[3] = (latency_part){"driver out", latency->out_known, latency->driver_out_ms, "edge"};
}

static void draw_part(GtkWidget *widget, cairo_t *cr, const latency_part *part, double x,
                      double width)
{
    char figure[BL_WORDS_MAX];
    const double dashes[] = {4.0, 4.0};
    bl_words_figure(part->known, part->ms, figure);
    const double middle = x + width / 2.0;
    bl_pen_color(widget, cr, part->color);
    if (part->known) {
        cairo_rectangle(cr, x + 1.0, BAR_TOP, MAX(1.0, width - 2.0), BAR_HEIGHT);
        cairo_fill(cr);
    } else { // of no width that anybody knows
        cairo_save(cr);
        cairo_set_dash(cr, dashes, 2, 0.0);
        cairo_set_line_width(cr, 2.0);
        cairo_rectangle(cr, x + 2.0, BAR_TOP + 1.0, width - 4.0, BAR_HEIGHT - 2.0);
        cairo_stroke(cr);
        cairo_restore(cr);
    }
    if (width > 34.0) {
        bl_pen_color(widget, cr, part->known ? "bg0" : "text");
        bl_pen_text(widget, cr, figure, middle, BAR_TOP + BAR_HEIGHT / 2.0, 0.95, PANGO_WEIGHT_BOLD,
                    0.5);
    }
    if (width > 64.0) {
        bl_pen_color(widget, cr, "dim");
        bl_pen_text(widget, cr, part->name, middle, BAR_TOP + BAR_HEIGHT + 15.0, 0.82,
                    PANGO_WEIGHT_NORMAL, 0.5);
    }
}

// A line across the bar: nothing is lost here, and it says so.
static void draw_nothing(GtkWidget *widget, cairo_t *cr, const latency_part *part, double x,
                         double width)
{
    char label[BL_WORDS_MAX];
    g_snprintf(label, sizeof label, "%s %.1f", part->name, part->ms);
    bl_pen_color(widget, cr, "text");
    cairo_rectangle(cr, x - 1.0, BAR_TOP - 8.0, 2.0, BAR_HEIGHT + 16.0);
    cairo_fill(cr);
    const double align = x < 60.0 ? 0.0 : x > width - 60.0 ? 1.0 : 0.5;
    bl_pen_text(widget, cr, label, x, BAR_TOP - 19.0, 0.82, PANGO_WEIGHT_SEMIBOLD, align);
}

static gboolean draw(GtkWidget *widget, cairo_t *cr)
{
    const BlLatencyBar *bar = BL_LATENCY_BAR(widget);
    const double width = gtk_widget_get_allocated_width(widget);
    latency_part parts[PARTS];
    list_parts(&bar->latency, parts);
    double sum = 0.0, x = 0.0, nothing_at = 0.0, share = width;
    for (int i = 0; i < PARTS; i++) {
        sum += parts[i].ms;
        share -= parts[i].known ? 0.0 : UNKNOWN_WIDTH;
    }
    if (sum <= 0.0) {
        bl_pen_color(widget, cr, "track");
        cairo_rectangle(cr, 0.0, BAR_TOP, width, BAR_HEIGHT);
        cairo_fill(cr);
        return FALSE;
    }
    for (int i = 0; i < PARTS; i++) {
        const double part_width = parts[i].known ? share * parts[i].ms / sum : UNKNOWN_WIDTH;
        nothing_at = i == 2 ? x : nothing_at;
        if (part_width > 0.0) {
            draw_part(widget, cr, &parts[i], x, part_width);
        }
        x += part_width;
    }
    if (parts[2].ms <= 0.0) {
        draw_nothing(widget, cr, &parts[2], nothing_at, width);
    }
    return FALSE;
}

static bool is_same(const bl_app_latency *a, const bl_app_latency *b)
{
    latency_part left[PARTS], right[PARTS];
    list_parts(a, left);
    list_parts(b, right);
    bool same = true;
    for (int i = 0; i < PARTS; i++) {
        same = same && left[i].known == right[i].known && left[i].ms == right[i].ms;
    }
    return same;
}

void bl_latency_bar_set(BlLatencyBar *bar, const bl_app_latency *latency)
{
    if (is_same(&bar->latency, latency)) {
        return;
    }
    bar->latency = *latency;
    latency_part parts[PARTS];
    list_parts(latency, parts);
    char figure[BL_WORDS_MAX];
    GString *sentence = g_string_new(NULL);
    for (int i = 0; i < PARTS; i++) {
        bl_words_ms(parts[i].ms, figure);
        g_string_append_printf(sentence, "%s%s %s", i > 0 ? ", " : "", parts[i].name,
                               parts[i].known ? figure : "not known");
    }
    atk_object_set_description(gtk_widget_get_accessible(GTK_WIDGET(bar)), sentence->str);
    g_string_free(sentence, TRUE);
    gtk_widget_queue_draw(GTK_WIDGET(bar));
}

static void bl_latency_bar_class_init(BlLatencyBarClass *class)
{
    GTK_WIDGET_CLASS(class)->draw = draw;
    gtk_widget_class_set_accessible_role(GTK_WIDGET_CLASS(class), ATK_ROLE_CHART);
}

static void bl_latency_bar_init(BlLatencyBar *bar)
{
    gtk_widget_set_size_request(GTK_WIDGET(bar), -1, HEIGHT);
}

GtkWidget *bl_latency_bar_new(void)
{
    return bl_access(g_object_new(BL_TYPE_LATENCY_BAR, NULL), "latency-bar",
                     "Latency in its parts");
}
