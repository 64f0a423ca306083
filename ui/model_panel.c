// SPDX-License-Identifier: MIT
// A row that is selected, by click or arrow key, is loaded at once; the old model plays on until it
// is there. Loads that come too late are the app's to throw away.

#include "model_panel.h"

#include "access.h"
#include "fact.h"
#include "file_dialog.h"
#include "words.h"

#include <math.h>
#include <string.h>

#define PATH_KEY "bl-path"
#define NAME_KEY "bl-name"

enum { ROW_HEIGHT = 48 };

static const char *path_of(GtkListBoxRow *row)
{
    return g_object_get_data(G_OBJECT(row), PATH_KEY);
}

static void row_selected(GtkListBox *list, GtkListBoxRow *row, gpointer data)
{
    (void)list;
    bl_model_panel *panel = data;
    if (!panel->updating && row != NULL) {
        bl_app_load_model(panel->app, path_of(row));
    }
}

static void previous_clicked(GtkButton *button, gpointer data)
{
    (void)button;
    bl_model_panel_step(data, -1);
}

static void next_clicked(GtkButton *button, gpointer data)
{
    (void)button;
    bl_model_panel_step(data, 1);
}

static void open_clicked(GtkButton *button, gpointer data)
{
    (void)button;
    bl_model_panel_open(data);
}

static GtkWidget *make_button(const char *id, const char *name, const char *icon, GCallback clicked,
                              bl_model_panel *panel)
{
    GtkWidget *button = icon != NULL ? gtk_button_new_from_icon_name(icon, GTK_ICON_SIZE_BUTTON)
                                     : gtk_button_new_with_label(name);
    gtk_widget_set_tooltip_text(button, icon != NULL ? name : NULL);
    g_signal_connect(button, "clicked", clicked, panel);
    return bl_access(button, id, name);
}

static GtkWidget *make_card(bl_model_panel *panel)
{
    GtkWidget *card = bl_style(gtk_box_new(GTK_ORIENTATION_VERTICAL, 4), "card");
    panel->name = bl_access(bl_label("", "h2"), "model-name", NULL);
    gtk_box_pack_start(GTK_BOX(card), panel->name, FALSE, FALSE, 0);
    GtkWidget *line = gtk_separator_new(GTK_ORIENTATION_HORIZONTAL);
    g_object_set(line, "margin-top", 4, "margin-bottom", 4, NULL);
    gtk_box_pack_start(GTK_BOX(card), line, FALSE, FALSE, 0);
    panel->kind = bl_fact_add(card, "model-kind", "Kind", NULL);
    panel->rate = bl_fact_add(card, "model-rate", "Rate", NULL);
    panel->cost = bl_fact_add(card, "model-cost", "Cost here", NULL);
    panel->latency = bl_fact_add(card, "model-added-latency", "Added latency", NULL);
    panel->field = bl_fact_add(card, "model-receptive-field", "Receptive field", NULL);
    panel->match = bl_fact_add(card, "model-match", "Match", NULL);
    panel->trim = bl_fact_add(card, "model-trim", "Loudness", NULL);
    GtkWidget *buttons = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    g_object_set(buttons, "margin-top", 8, NULL);
    GtkWidget *previous =
        make_button("model-previous", "Previous model (Alt+Left)", "backline-previous-symbolic",
                    G_CALLBACK(previous_clicked), panel);
    GtkWidget *next = make_button("model-next", "Next model (Alt+Right)", "backline-next-symbolic",
                                  G_CALLBACK(next_clicked), panel);
    GtkWidget *open =
        make_button("model-change", "Open a model file…", NULL, G_CALLBACK(open_clicked), panel);
    gtk_box_pack_start(GTK_BOX(buttons), previous, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(buttons), open, TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(buttons), next, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(card), buttons, FALSE, FALSE, 0);
    return card;
}

void bl_model_panel_init(bl_model_panel *panel, bl_app *app)
{
    *panel = (bl_model_panel){.app = app, .serial = UINT64_MAX};
    panel->root = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8);
    gtk_box_pack_start(GTK_BOX(panel->root), bl_label("MODEL", "legend"), FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(panel->root), make_card(panel), FALSE, FALSE, 0);
    GtkWidget *legend = bl_label("CHOOSE", "legend");
    gtk_widget_set_margin_top(legend, 8);
    gtk_box_pack_start(GTK_BOX(panel->root), legend, FALSE, FALSE, 0);
    panel->list = bl_access(gtk_list_box_new(), "library-list", "Models");
    g_signal_connect(panel->list, "row-selected", G_CALLBACK(row_selected), panel);
    GtkWidget *scroll = gtk_scrolled_window_new(NULL, NULL);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_min_content_height(GTK_SCROLLED_WINDOW(scroll), 2 * ROW_HEIGHT);
    gtk_container_add(GTK_CONTAINER(scroll), panel->list);
    GtkWidget *frame = bl_style(gtk_box_new(GTK_ORIENTATION_VERTICAL, 0), "panel");
    gtk_box_pack_start(GTK_BOX(frame), scroll, TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(panel->root), frame, TRUE, TRUE, 0);
}

static void add_row(bl_model_panel *panel, const bl_app_model *model, int number)
{
    GtkWidget *text = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    g_object_set(text, "margin-start", 14, "margin-end", 14, "valign", GTK_ALIGN_CENTER, NULL);
    GtkWidget *name = bl_label(model->name, "strong");
    gtk_box_pack_start(GTK_BOX(text), name, FALSE, FALSE, 0);
    gtk_box_pack_start(
        GTK_BOX(text),
        bl_label(model->shipped ? "comes with Backline" : model->path, "caption dim"), FALSE, FALSE,
        0);
    GtkWidget *row = gtk_list_box_row_new();
    char id[32];
    g_snprintf(id, sizeof id, "model-%d", number);
    gtk_widget_set_size_request(row, -1, ROW_HEIGHT);
    gtk_widget_set_tooltip_text(row, model->path);
    gtk_container_add(GTK_CONTAINER(row), text);
    g_object_set_data(G_OBJECT(row), NAME_KEY, name);
    g_object_set_data_full(G_OBJECT(row), PATH_KEY, g_strdup(model->path), g_free);
    gtk_list_box_insert(GTK_LIST_BOX(panel->list), bl_access(row, id, model->name), -1);
    gtk_widget_show_all(row);
}

static GtkListBoxRow *find_row(bl_model_panel *panel, const char *path)
{
    GtkListBoxRow *row;
    for (int i = 0; (row = gtk_list_box_get_row_at_index(GTK_LIST_BOX(panel->list), i)) != NULL;
         i++) {
        if (strcmp(path_of(row), path) == 0) {
            return row;
        }
    }
    return NULL;
}

// Whether the rows are these models, in whatever order. The one that plays comes first in the app's
// list of the played ones, and yet rows must not move while somebody goes through them.
static bool rows_show(bl_model_panel *panel, const bl_app_model *models, size_t count)
{
    GList *rows = gtk_container_get_children(GTK_CONTAINER(panel->list));
    bool same = g_list_length(rows) == count;
    g_list_free(rows);
    for (size_t i = 0; i < count && same; i++) {
        same = find_row(panel, models[i].path) != NULL;
    }
    return same;
}

static void make_rows(bl_model_panel *panel, const bl_app_model *models, size_t count)
{
    GList *rows = gtk_container_get_children(GTK_CONTAINER(panel->list));
    g_list_free_full(rows, (GDestroyNotify)gtk_widget_destroy);
    for (size_t i = 0; i < count; i++) {
        add_row(panel, &models[i], (int)i + 1);
    }
}

// Selects the model that plays, without loading anything.
static void select_playing(bl_model_panel *panel, const char *path)
{
    GtkListBox *list = GTK_LIST_BOX(panel->list);
    GtkListBoxRow *row = find_row(panel, path);
    if (row != gtk_list_box_get_selected_row(list)) {
        gtk_list_box_select_row(list, row);
    }
}

static void update_list(bl_model_panel *panel, const bl_app_state *state)
{
    panel->updating = true;
    if (state->models_serial != panel->serial) {
        panel->serial = state->models_serial;
        size_t count;
        const bl_app_model *models = bl_app_get_models(panel->app, &count);
        if (!rows_show(panel, models, count)) {
            make_rows(panel, models, count);
        }
        for (size_t i = 0; i < count; i++) { // the true name is known once it has played
            GtkListBoxRow *row = find_row(panel, models[i].path);
            bl_label_set(g_object_get_data(G_OBJECT(row), NAME_KEY), models[i].name);
            atk_object_set_name(gtk_widget_get_accessible(GTK_WIDGET(row)), models[i].name);
        }
    }
    if (!state->loading) {
        select_playing(panel, state->model_path);
    }
    panel->updating = false;
}

static void update_field(bl_model_panel *panel, const bl_model_info *model)
{
    char text[128];
    if (model->receptive_field_samples == 0) {
        bl_label_set(panel->field, "without end, no delay");
        return;
    }
    g_snprintf(text, sizeof text, "%u samples, %.1f ms, no delay", model->receptive_field_samples,
               model->receptive_field_samples / model->sample_rate_hz * 1000.0);
    bl_label_set(panel->field, text);
}

/// By how much the rig is turned to be as loud as others, and whether that is a guess yet.
static void update_trim(bl_model_panel *panel, const bl_app_state *state)
{
    char gain[BL_WORDS_MAX], text[2 * BL_WORDS_MAX];
    bl_words_gain(state->trim_db, gain);
    g_snprintf(text, sizeof text, "%s, %s", gain,
               state->trim_measuring  ? "being measured…"
               : state->trim_measured ? "measured"
                                      : "as the file says");
    bl_label_set(panel->trim, state->trim_measuring || state->trim_measured || state->trim_db != 0.0
                                  ? text
                                  : "as it is");
}

static void update_card(bl_model_panel *panel, const bl_app_state *state)
{
    const bl_model_info *model = &state->model;
    const bool any = state->model_path[0] != '\0';
    char text[128];
    bl_label_set(panel->name, any ? model->name : "No model: the guitar passes clean");
    if (!any) {
        GtkWidget *facts[] = {panel->kind,  panel->rate,  panel->cost, panel->latency,
                              panel->field, panel->match, panel->trim};
        for (size_t i = 0; i < G_N_ELEMENTS(facts); i++) {
            bl_label_set(facts[i], "–");
        }
        return;
    }
    g_snprintf(text, sizeof text, "%s%s%s", model->architecture, model->size_class[0] ? " " : "",
               model->size_class);
    bl_label_set(panel->kind, text);
    bl_words_rate(model->sample_rate_hz, text);
    bl_label_set(panel->rate, text);
    g_snprintf(text, sizeof text, "%.0f %% of a period%s", ceil(100.0 * state->model_load),
               state->narrowed ? ", now less" : "");
    bl_label_set(panel->cost, text);
    g_snprintf(text, sizeof text, "%u samples", state->own_latency_frames);
    bl_label_set(panel->latency, text);
    update_field(panel, model);
    g_snprintf(text, sizeof text, "ESR %.3g", model->esr);
    bl_label_set(panel->match, model->has_esr ? text : "not measured");
    update_trim(panel, state);
}

void bl_model_panel_update(bl_model_panel *panel, const bl_app_state *state)
{
    update_list(panel, state);
    update_card(panel, state);
}

void bl_model_panel_step(bl_model_panel *panel, int step)
{
    GtkListBox *list = GTK_LIST_BOX(panel->list);
    GtkListBoxRow *row = gtk_list_box_get_selected_row(list);
    const int index = row != NULL ? gtk_list_box_row_get_index(row) + step : 0;
    row = index >= 0 ? gtk_list_box_get_row_at_index(list, index) : NULL;
    if (row != NULL) {
        gtk_list_box_select_row(list, row);
    }
}

static void dialog_answered(GtkDialog *dialog, int response, gpointer data)
{
    bl_model_panel *panel = data;
    if (response == GTK_RESPONSE_ACCEPT) {
        char *path = gtk_file_chooser_get_filename(GTK_FILE_CHOOSER(dialog));
        if (path != NULL) {
            bl_app_load_model(panel->app, path);
        }
        g_free(path);
    }
    panel->dialog = NULL;
    gtk_widget_destroy(GTK_WIDGET(dialog));
}

void bl_model_panel_open(bl_model_panel *panel)
{
    if (panel->dialog != NULL) {
        gtk_window_present(GTK_WINDOW(panel->dialog));
        return;
    }
    GtkWidget *window = gtk_widget_get_toplevel(panel->root);
    static const char *const patterns[] = {"*.nam", "*.aidax", "*.json", "*.safetensors"};
    panel->dialog = bl_file_dialog(GTK_WINDOW(window), "Open a model file",
                                   "Models (.nam, .aidax, .json, .safetensors)", patterns,
                                   G_N_ELEMENTS(patterns));
    bl_access(panel->dialog, "model-dialog", NULL);
    g_signal_connect(panel->dialog, "response", G_CALLBACK(dialog_answered), panel);
    gtk_widget_show(panel->dialog);
}
