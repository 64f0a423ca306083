// SPDX-License-Identifier: MIT
// Words first, colour second. The receptive field stands by itself and says that it is no delay.

#include "status_bar.h"

#include "access.h"
#include "words.h"

#include <stdbool.h>

enum { TEXT_MAX = 256, GAP = 10 };

static GtkWidget *add_text(GtkWidget *box, const char *id)
{
    GtkWidget *label = bl_access(bl_label("", "number"), id, NULL);
    gtk_box_pack_start(GTK_BOX(box), label, FALSE, TRUE, 0);
    return label;
}

// A text with a line before it, in a box of their own: see set_part_visible.
static GtkWidget *add_part(GtkWidget *bar, const char *id)
{
    GtkWidget *part = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, GAP);
    GtkWidget *line = gtk_separator_new(GTK_ORIENTATION_VERTICAL);
    g_object_set(line, "margin-top", 10, "margin-bottom", 10, NULL);
    gtk_box_pack_start(GTK_BOX(part), line, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(bar), part, FALSE, TRUE, 0);
    return add_text(part, id);
}

static void set_part_visible(GtkWidget *label, bool visible)
{
    gtk_widget_set_visible(gtk_widget_get_parent(label), visible);
}

void bl_status_bar_init(bl_status_bar *bar)
{
    bar->root = bl_style(gtk_box_new(GTK_ORIENTATION_HORIZONTAL, GAP), "statusbar");
    bar->icon = gtk_image_new();
    gtk_box_pack_start(GTK_BOX(bar->root), bar->icon, FALSE, FALSE, 0);
    bar->state = bl_style(add_text(bar->root, "status-state"), "strong");
    bar->server = add_part(bar->root, "status-server");
    bar->latency = add_part(bar->root, "status-latency");
    bar->field = add_part(bar->root, "status-receptive-field");
    bar->load = add_part(bar->root, "status-load");
    bar->xruns = add_part(bar->root, "status-xruns");
}

typedef struct status_look {
    const char *word, *icon, *color; // color: a style class
} status_look;

static status_look look_of(const bl_app_state *state)
{
    switch (state->phase) {
    case BL_APP_LOOKING:
    case BL_APP_FAILED:
        return (status_look){"No sound", "backline-error-symbolic", "danger"};
    case BL_APP_FROZEN:
        return (status_look){"Server frozen", "backline-error-symbolic", "danger"};
    case BL_APP_LOADING:
        return (status_look){"Loading", "backline-info-symbolic", "accent"};
    case BL_APP_PLAYING:
        break;
    }
    if (state->tuner.on) {
        return (status_look){"Tuning, silent", "backline-mute-symbolic", "warn"};
    }
    if (state->muted) {
        return (status_look){"Muted", "backline-mute-symbolic", "warn"};
    }
    if (state->bypassed) {
        return (status_look){"Bypassed", "backline-bypass-symbolic", "warn"};
    }
    return (status_look){"Playing", "backline-check-symbolic", "accent"};
}

static void set_look(bl_status_bar *bar, const status_look *look)
{
    static const char *const colors[] = {"accent", "warn", "danger"};
    if (g_strcmp0(gtk_label_get_text(GTK_LABEL(bar->state)), look->word) == 0) {
        return;
    }
    gtk_label_set_text(GTK_LABEL(bar->state), look->word);
    gtk_image_set_from_icon_name(GTK_IMAGE(bar->icon), look->icon, GTK_ICON_SIZE_MENU);
    for (size_t i = 0; i < G_N_ELEMENTS(colors); i++) {
        gtk_style_context_remove_class(gtk_widget_get_style_context(bar->icon), colors[i]);
        gtk_style_context_remove_class(gtk_widget_get_style_context(bar->state), colors[i]);
    }
    bl_style(bar->icon, look->color);
    if (g_strcmp0(look->color, "danger") == 0) {
        bl_style(bar->state, look->color);
    }
}

static void set_server(bl_status_bar *bar, const bl_app_state *state)
{
    char text[TEXT_MAX], rate[BL_WORDS_MAX];
    if (state->sample_rate_hz == 0 || state->server[0] == '\0') {
        bl_label_set(bar->server, "no sound server");
        return;
    }
    bl_words_rate(state->sample_rate_hz, rate);
    const bool usual = g_str_equal(state->server, "default");
    const bool pipewire = g_str_equal(state->server, "PipeWire");
    g_snprintf(text, sizeof text, "%s%s%s %s, %u frames", pipewire ? "" : "JACK",
               usual || pipewire ? "" : " ", usual ? "" : state->server, rate,
               state->period_frames);
    bl_label_set(bar->server, text);
}

// Whether the window is too narrow for long words.
static bool is_compact(const bl_status_bar *bar)
{
    GtkWidget *window = gtk_widget_get_toplevel(bar->root);
    return gtk_style_context_has_class(gtk_widget_get_style_context(window), "compact");
}

static void set_latency(bl_status_bar *bar, const bl_app_state *state)
{
    char text[TEXT_MAX];
    const bl_app_latency *l = &state->latency;
    const char *driver = is_compact(bar) ? "" : "driver ";
    char in[BL_WORDS_MAX], out[BL_WORDS_MAX];
    bl_words_figure(l->in_known, l->driver_in_ms, in);
    bl_words_figure(l->out_known, l->driver_out_ms, out);
    g_snprintf(text, sizeof text, "Latency %s%.1f ms = %sin %s + period %.1f + %s %.1f + %sout %s",
               l->in_known && l->out_known ? "" : "≥ ", l->total_ms, driver, in, l->period_ms,
               is_compact(bar) ? "own" : "Backline", l->own_ms, driver, out);
    bl_label_set(bar->latency, text);
    const bl_model_info *model = &state->model;
    if (state->model_path[0] == '\0') {
        bl_label_set(bar->field, "no model");
    } else if (model->receptive_field_samples == 0) {
        bl_label_set(bar->field, "Receptive field without end, no delay");
    } else {
        g_snprintf(text, sizeof text, "Receptive field %.1f ms, no delay",
                   model->receptive_field_samples / model->sample_rate_hz * 1000.0);
        bl_label_set(bar->field, text);
    }
}

void bl_status_bar_update(bl_status_bar *bar, const bl_app_state *state)
{
    char text[TEXT_MAX];
    const status_look look = look_of(state);
    set_look(bar, &look);
    set_server(bar, state);
    set_latency(bar, state);
    g_snprintf(text, sizeof text, "Load %.0f %%", 100.0 * state->load);
    bl_label_set(bar->load, text);
    g_snprintf(text, sizeof text, state->xruns == 1 ? "%u xrun" : "%u xruns", state->xruns);
    bl_label_set(bar->xruns, text);
    const bool joined = state->server[0] != '\0';
    set_part_visible(bar->latency, joined);
    set_part_visible(bar->load, joined);
}
