// SPDX-License-Identifier: MIT
// Drawing, falling and holding. Redraws itself only when a pixel would change.

#include "meter.h"

#include "access.h"
#include "pen.h"
#include "words.h"

#include <gtk/gtk-a11y.h>
#include <math.h>

static const double floor_db = -60.0, fall_db_per_s = 20.0;
static const int64_t hold_us = 1500000, clip_hold_us = 2000000;

enum { HEIGHT = 16, WIDTH = 96 };

struct _BlMeter {
    GtkDrawingArea parent;
    double shown_db, held_db;
    int64_t now_us, held_since_us;
    int drawn_px, drawn_held_px;
};

G_DEFINE_TYPE(BlMeter, bl_meter, GTK_TYPE_DRAWING_AREA)

double bl_meter_position(double level_db)
{
    static const double points[][2] = {{-60, 0.00}, {-40, 0.20}, {-30, 0.36}, {-20, 0.56},
                                       {-12, 0.73}, {-6, 0.87},  {0, 1.00}};
    const double db = fmax(floor_db, fmin(0.0, level_db));
    size_t i = 0;
    while (db > points[i + 1][0]) {
        i++;
    }
    const double t = (db - points[i][0]) / (points[i + 1][0] - points[i][0]);
    return points[i][1] + t * (points[i + 1][1] - points[i][1]);
}

double bl_meter_held_db(const BlMeter *meter)
{
    return meter->held_db;
}

static double pixel_of(BlMeter *meter, double level_db)
{
    const int width = gtk_widget_get_allocated_width(GTK_WIDGET(meter));
    return 2.0 + (width - 4) * bl_meter_position(level_db);
}

// Solid up to -6 dB, above it stripes: amber, and red from -1 dB.
static void draw_bar(BlMeter *meter, cairo_t *cr, double height)
{
    GtkWidget *widget = GTK_WIDGET(meter);
    const double end = pixel_of(meter, meter->shown_db), loud = pixel_of(meter, -6.0);
    bl_pen_color(widget, cr, "accent");
    cairo_rectangle(cr, 2.0, 3.0, fmin(end, loud) - 2.0, height - 6.0);
    cairo_fill(cr);
    bl_pen_color(widget, cr, meter->shown_db < -1.0 ? "warn" : "danger");
    for (int i = 0; loud + 2.0 + 6.0 * i < end; i++) {
        cairo_rectangle(cr, loud + 2.0 + 6.0 * i, 3.0, 4.0, height - 6.0);
    }
    cairo_fill(cr);
}

static gboolean draw(GtkWidget *widget, cairo_t *cr)
{
    BlMeter *meter = BL_METER(widget);
    const double width = gtk_widget_get_allocated_width(widget);
    const double height = gtk_widget_get_allocated_height(widget);
    bl_pen_round(cr, 0.5, 0.5, width - 1.0, height - 1.0, 3.0);
    bl_pen_color(widget, cr, "well");
    cairo_fill_preserve(cr);
    bl_pen_color(widget, cr, gtk_widget_has_visible_focus(widget) ? "accent" : "track");
    cairo_set_line_width(cr, 1.0);
    cairo_stroke(cr);
    draw_bar(meter, cr, height);
    bl_pen_color(widget, cr, "edge");
    static const double ticks[] = {-40.0, -20.0, -12.0, -6.0};
    for (size_t i = 0; i < G_N_ELEMENTS(ticks); i++) {
        cairo_rectangle(cr, round(pixel_of(meter, ticks[i])), height - 4.0, 1.0, 3.0);
    }
    cairo_fill(cr);
    if (lround(pixel_of(meter, meter->held_db)) > lround(pixel_of(meter, floor_db))) {
        bl_pen_color(widget, cr, "text");
        cairo_rectangle(cr, pixel_of(meter, meter->held_db) - 1.0, 1.0, 2.5, height - 2.0);
        cairo_fill(cr);
    }
    return FALSE;
}

void bl_meter_set(BlMeter *meter, double peak, int64_t now_us)
{
    const double fallen_db = fall_db_per_s * (double)(now_us - meter->now_us) * 1e-6;
    const double level_db = peak > 0.0 ? fmax(floor_db, 20.0 * log10(peak)) : floor_db;
    meter->now_us = now_us;
    meter->shown_db = fmax(level_db, fmax(floor_db, meter->shown_db - fallen_db));
    if (level_db >= meter->held_db) {
        meter->held_db = level_db;
        meter->held_since_us = now_us;
    } else if (now_us - meter->held_since_us > (meter->held_db >= 0.0 ? clip_hold_us : hold_us)) {
        meter->held_db = fmax(meter->shown_db, meter->held_db - fallen_db);
    }
    const int px = (int)lround(pixel_of(meter, meter->shown_db));
    const int held_px = (int)lround(pixel_of(meter, meter->held_db));
    if (px != meter->drawn_px || held_px != meter->drawn_held_px) {
        meter->drawn_px = px;
        meter->drawn_held_px = held_px;
        gtk_widget_queue_draw(GTK_WIDGET(meter));
    }
}

// For screen readers ---------------------------------------------------------------------------

#define BL_TYPE_METER_ACCESSIBLE (bl_meter_accessible_get_type())
G_DECLARE_FINAL_TYPE(BlMeterAccessible, bl_meter_accessible, BL, METER_ACCESSIBLE,
                     GtkWidgetAccessible)

struct _BlMeterAccessible {
    GtkWidgetAccessible parent;
};

static void get_value_and_text(AtkValue *value, gdouble *number, gchar **text)
{
    GtkWidget *widget = gtk_accessible_get_widget(GTK_ACCESSIBLE(value));
    const double held_db = widget != NULL ? BL_METER(widget)->held_db : floor_db;
    if (number != NULL) {
        *number = held_db;
    }
    if (text != NULL) {
        char words[BL_WORDS_MAX];
        bl_words_level(held_db, words);
        *text = g_strdup(words);
    }
}

static AtkRange *get_range(AtkValue *value)
{
    (void)value;
    return atk_range_new(floor_db, 0.0, "dB");
}

static void value_interface_init(AtkValueIface *interface)
{
    interface->get_value_and_text = get_value_and_text;
    interface->get_range = get_range;
}

G_DEFINE_TYPE_WITH_CODE(BlMeterAccessible, bl_meter_accessible, GTK_TYPE_WIDGET_ACCESSIBLE,
                        G_IMPLEMENT_INTERFACE(ATK_TYPE_VALUE, value_interface_init))

static void bl_meter_accessible_class_init(BlMeterAccessibleClass *class)
{
    (void)class;
}

static void bl_meter_accessible_init(BlMeterAccessible *accessible)
{
    (void)accessible;
}

// Making ---------------------------------------------------------------------------------------

static void bl_meter_class_init(BlMeterClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    widget_class->draw = draw;
    gtk_widget_class_set_accessible_type(widget_class, BL_TYPE_METER_ACCESSIBLE);
    gtk_widget_class_set_accessible_role(widget_class, ATK_ROLE_LEVEL_BAR);
}

static void bl_meter_init(BlMeter *meter)
{
    meter->shown_db = meter->held_db = floor_db;
    gtk_widget_set_size_request(GTK_WIDGET(meter), WIDTH, HEIGHT);
    gtk_widget_set_valign(GTK_WIDGET(meter), GTK_ALIGN_CENTER);
    gtk_widget_set_can_focus(GTK_WIDGET(meter), TRUE);
}

GtkWidget *bl_meter_new(const char *id, const char *name)
{
    return bl_access(g_object_new(BL_TYPE_METER, NULL), id, name);
}
