// SPDX-License-Identifier: MIT
// The figures are the server's, as far as it knows; the panel says so.

#include "latency_panel.h"

#include "access.h"
#include "fact.h"
#include "latency_bar.h"
#include "words.h"

void bl_latency_panel_init(bl_latency_panel *panel)
{
    panel->root = bl_style(gtk_box_new(GTK_ORIENTATION_VERTICAL, 4), "panel");
    GtkWidget *inside = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
    g_object_set(inside, "margin", 16, NULL);
    gtk_container_add(GTK_CONTAINER(panel->root), inside);
    gtk_box_pack_start(GTK_BOX(inside), bl_label("LATENCY", "legend"), FALSE, FALSE, 0);
    GtkWidget *top = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    panel->total = bl_access(bl_label("", "h1 number"), "latency-total", NULL);
    gtk_label_set_ellipsize(GTK_LABEL(panel->total), PANGO_ELLIPSIZE_NONE);
    gtk_box_pack_start(GTK_BOX(top), panel->total, FALSE, FALSE, 0);
    panel->remark = bl_access(bl_label("", "dim"), "latency-remark", NULL);
    gtk_box_pack_start(GTK_BOX(top), panel->remark, TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(inside), top, FALSE, FALSE, 0);
    panel->bar = bl_latency_bar_new();
    gtk_box_pack_start(GTK_BOX(inside), panel->bar, FALSE, FALSE, 0);
    panel->own = bl_fact_add(inside, "latency-own", "Backline", &panel->own_why);
    GtkWidget *remark;
    panel->field = bl_fact_add(inside, "latency-receptive-field", "Receptive field", &remark);
    gtk_label_set_text(GTK_LABEL(remark), "what the model remembers; no delay");
}

void bl_latency_panel_update(bl_latency_panel *panel, const bl_app_state *state)
{
    char text[BL_WORDS_MAX];
    const bool whole = state->latency.in_known && state->latency.out_known;
    g_snprintf(text, sizeof text, "%s%.1f ms", whole ? "" : "≥ ", state->latency.total_ms);
    const bool joined = state->server[0] != '\0';
    bl_label_set(panel->total, joined ? text : "–");
    bl_label_set(panel->remark, !joined ? ""
                                : whole ? "string to loudspeaker, as reported"
                                        : "string to loudspeaker; not all of it is reported");
    bl_latency_bar_set(BL_LATENCY_BAR(panel->bar), &state->latency);
    bl_words_ms(state->latency.own_ms, text);
    bl_label_set(panel->own, text);
    const bl_model_info *model = &state->model;
    bl_label_set(panel->own_why, state->model_path[0] == '\0'   ? "no model"
                                 : model->lookahead_samples > 0 ? "the model looks ahead"
                                 : state->own_latency_frames > 0
                                     ? "the model runs at a rate of its own"
                                     : "causal model, no resampler");
    if (state->model_path[0] == '\0') {
        bl_label_set(panel->field, "–");
    } else if (model->receptive_field_samples == 0) {
        bl_label_set(panel->field, "without end");
    } else {
        bl_words_ms(model->receptive_field_samples / model->sample_rate_hz * 1000.0, text);
        bl_label_set(panel->field, text);
    }
}
