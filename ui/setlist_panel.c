// SPDX-License-Identifier: MIT
// Everything is asked for by the app's actions, as pedals and keys do, and shown as the app says it
// is. Parts are read again only when something about them has changed.

#include "setlist_panel.h"

#include "access.h"
#include "file_dialog.h"

#include <string.h>

enum { GAP = 8, TEXT_MAX = 512, SONG_CHARS = 20 };

// Actions ---------------------------------------------------------------------------------------

static void step_clicked(GtkButton *button, gpointer data)
{
    bl_setlist_panel *panel = data;
    gpointer action = g_object_get_data(G_OBJECT(button), "bl-action");
    bl_app_act(panel->app, (bl_action)GPOINTER_TO_INT(action), 0);
}

static void part_toggled(GtkToggleButton *button, gpointer data)
{
    bl_setlist_panel *panel = data;
    for (size_t i = 0; i < BL_PARTS_SHOWN && !panel->updating; i++) {
        if (panel->buttons[i].button == GTK_WIDGET(button)) {
            bl_app_act(panel->app, BL_ACTION_PART, panel->buttons[i].number);
            // The part that plays stays pressed.
            panel->updating = true;
            gtk_toggle_button_set_active(button, TRUE);
            panel->updating = false;
        }
    }
}

static void song_changed(GtkComboBox *songs, gpointer data)
{
    bl_setlist_panel *panel = data;
    const int song = gtk_combo_box_get_active(songs);
    if (!panel->updating && song >= 0 && (guint)song < panel->firsts->len) {
        bl_app_act(panel->app, BL_ACTION_JUMP, g_array_index(panel->firsts, int, song));
    }
}

// Making ----------------------------------------------------------------------------------------

static GtkWidget *make_step(bl_setlist_panel *panel, const char *id, const char *name,
                            const char *icon, bl_action action)
{
    GtkWidget *button = icon != NULL ? gtk_button_new_from_icon_name(icon, GTK_ICON_SIZE_BUTTON)
                                     : gtk_button_new_with_label("");
    gtk_widget_set_tooltip_text(button, name);
    g_object_set_data(G_OBJECT(button), "bl-action", GINT_TO_POINTER(action));
    g_signal_connect(button, "clicked", G_CALLBACK(step_clicked), panel);
    return bl_access(bl_style(button, "icon"), id, name);
}

static GtkWidget *make_menu(bl_setlist_panel *panel)
{
    panel->menu = g_menu_new();
    panel->last = g_menu_new();
    g_menu_append(panel->menu, "Open a set list…", "win.open-setlist");
    g_menu_append_section(panel->menu, "Last ones", G_MENU_MODEL(panel->last));
    GMenu *end = g_menu_new();
    g_menu_append(end, "Close the set list", "win.close-setlist");
    g_menu_append_section(panel->menu, NULL, G_MENU_MODEL(end));
    g_object_unref(end);
    GtkWidget *button = gtk_menu_button_new();
    gtk_container_add(GTK_CONTAINER(button), gtk_label_new("Set list…"));
    gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(button), G_MENU_MODEL(panel->menu));
    gtk_menu_button_set_direction(GTK_MENU_BUTTON(button), GTK_ARROW_UP);
    gtk_widget_set_tooltip_text(button, "Open and close set lists");
    return bl_access(button, "setlist-menu", "Set list");
}

// A long name does not push anything off the screen.
static GtkWidget *make_songs(bl_setlist_panel *panel)
{
    GtkWidget *songs = gtk_combo_box_text_new();
    GList *cells = gtk_cell_layout_get_cells(GTK_CELL_LAYOUT(songs));
    g_object_set(cells->data, "ellipsize", PANGO_ELLIPSIZE_END, "width-chars", SONG_CHARS, NULL);
    g_list_free(cells);
    g_signal_connect(songs, "changed", G_CALLBACK(song_changed), panel);
    // No song by a wheel that was meant for something else.
    g_signal_connect(songs, "scroll-event", G_CALLBACK(gtk_true), NULL);
    return bl_access(songs, "song", "Song");
}

// The song, what comes next, how far the rigs are.
static GtkWidget *make_line(bl_setlist_panel *panel)
{
    GtkWidget *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, GAP);
    panel->none =
        bl_access(bl_label("No set list. The model plays alone.", "dim"), "no-setlist", NULL);
    panel->where = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, GAP);
    GtkBox *where = GTK_BOX(panel->where);
    panel->songs = make_songs(panel);
    gtk_box_pack_start(where,
                       make_step(panel, "song-previous", "Previous song (Ctrl+Page Up)",
                                 "backline-previous-symbolic", BL_ACTION_PREVIOUS_SONG),
                       FALSE, FALSE, 0);
    gtk_box_pack_start(where, panel->songs, FALSE, TRUE, 0);
    gtk_box_pack_start(where,
                       make_step(panel, "song-next", "Next song (Ctrl+Page Down)",
                                 "backline-next-symbolic", BL_ACTION_NEXT_SONG),
                       FALSE, FALSE, 0);
    panel->next = bl_access(bl_label("", "accent strong"), "next-part", NULL);
    panel->tempo = make_step(panel, "tempo", "Tap the tempo (Shift+T)", NULL, BL_ACTION_TAP);
    GtkWidget *save = make_step(panel, "rig-save", "Save the rig (Ctrl+S)", NULL, BL_ACTION_SAVE);
    gtk_button_set_label(GTK_BUTTON(save), "Save rig");
    panel->note =
        bl_access(bl_label("Model not in the set list", "warn caption"), "other-model", NULL);
    panel->rigs = bl_access(bl_label("", "caption dim number"), "rigs", NULL);
    gtk_box_pack_start(where, panel->next, TRUE, TRUE, GAP);
    gtk_box_pack_start(where, panel->tempo, FALSE, FALSE, 0);
    gtk_box_pack_start(where, save, FALSE, FALSE, 0);
    gtk_box_pack_start(where, panel->note, FALSE, FALSE, 0);
    gtk_box_pack_start(where, panel->rigs, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(line), panel->none, TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(line), panel->where, TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(line), make_menu(panel), FALSE, FALSE, 0);
    return line;
}

static void make_part(bl_setlist_panel *panel, bl_part_button *part, int number)
{
    char id[32];
    GtkWidget *text = gtk_box_new(GTK_ORIENTATION_VERTICAL, 1);
    GtkWidget *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 4);
    part->button = gtk_toggle_button_new();
    part->name = bl_label("", "strong");
    part->rig = bl_label("", "caption dim");
    part->icon = gtk_image_new();
    gtk_label_set_xalign(GTK_LABEL(part->name), 0.5F);
    gtk_widget_set_halign(line, GTK_ALIGN_CENTER);
    gtk_box_pack_start(GTK_BOX(line), part->icon, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(line), part->rig, FALSE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(text), part->name, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(text), line, FALSE, FALSE, 0);
    gtk_widget_set_valign(text, GTK_ALIGN_CENTER);
    gtk_container_add(GTK_CONTAINER(part->button), text);
    g_signal_connect(part->button, "toggled", G_CALLBACK(part_toggled), panel);
    g_snprintf(id, sizeof id, "part-%d", number);
    bl_access(part->button, id, "");
}

static GtkWidget *make_parts(bl_setlist_panel *panel)
{
    GtkWidget *line = bl_style(gtk_box_new(GTK_ORIENTATION_HORIZONTAL, GAP), "parts");
    GtkWidget *buttons = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, GAP);
    gtk_box_set_homogeneous(GTK_BOX(buttons), TRUE);
    for (int i = 0; i < BL_PARTS_SHOWN; i++) {
        make_part(panel, &panel->buttons[i], i + 1);
        gtk_box_pack_start(GTK_BOX(buttons), panel->buttons[i].button, TRUE, TRUE, 0);
    }
    gtk_box_pack_start(GTK_BOX(line),
                       make_step(panel, "rig-previous", "Previous part (Page Up)",
                                 "backline-previous-symbolic", BL_ACTION_PREVIOUS),
                       FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(line), buttons, TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(line),
                       make_step(panel, "rig-next", "Next part (Page Down)",
                                 "backline-next-symbolic", BL_ACTION_NEXT),
                       FALSE, FALSE, 0);
    return line;
}

void bl_setlist_panel_init(bl_setlist_panel *panel, bl_app *app)
{
    *panel = (bl_setlist_panel){.app = app, .parts_serial = UINT64_MAX};
    panel->firsts = g_array_new(FALSE, FALSE, sizeof(int));
    panel->root = gtk_box_new(GTK_ORIENTATION_VERTICAL, GAP);
    gtk_box_pack_start(GTK_BOX(panel->root), make_line(panel), FALSE, FALSE, 0);
    panel->parts = make_parts(panel);
    gtk_box_pack_start(GTK_BOX(panel->root), panel->parts, FALSE, FALSE, 0);
    gtk_widget_show_all(panel->root);
    gtk_widget_set_no_show_all(panel->root, TRUE); // it shows its parts itself
}

void bl_setlist_panel_finish(bl_setlist_panel *panel)
{
    g_object_unref(panel->menu);
    g_object_unref(panel->last);
    g_array_unref(panel->firsts);
}

// Showing ---------------------------------------------------------------------------------------

// The drop-down list of songs; it is made anew only where another one is to be seen. Returns how
// many parts cannot be played.
static size_t show_songs(bl_setlist_panel *panel, const bl_app_place *place)
{
    GtkComboBoxText *songs = GTK_COMBO_BOX_TEXT(panel->songs);
    GtkTreeModel *rows = gtk_combo_box_get_model(GTK_COMBO_BOX(songs));
    const char *song = NULL;
    size_t faults = 0;
    bl_app_part part;
    g_array_set_size(panel->firsts, 0);
    for (int i = 1; bl_app_get_part(panel->app, (size_t)i, &part); i++) {
        faults += part.readiness == BL_APP_RIG_FAILED;
        if (song == part.song) { // the song's own text, so one address a song
            continue;
        }
        song = part.song;
        g_array_append_val(panel->firsts, i);
        GtkTreeIter row;
        char text[TEXT_MAX];
        gchar *old = NULL;
        const int index = (int)panel->firsts->len - 1;
        g_snprintf(text, sizeof text, "%d  %s", index + 1, song);
        if (gtk_tree_model_iter_nth_child(rows, &row, NULL, index)) {
            gtk_tree_model_get(rows, &row, 0, &old, -1);
        }
        if (g_strcmp0(old, text) != 0) {
            if (old != NULL) {
                gtk_combo_box_text_remove(songs, index);
            }
            gtk_combo_box_text_insert_text(songs, index, text);
        }
        g_free(old);
    }
    while (gtk_tree_model_iter_n_children(rows, NULL) > (int)panel->firsts->len) {
        gtk_combo_box_text_remove(songs, (int)panel->firsts->len);
    }
    gtk_combo_box_set_active(GTK_COMBO_BOX(songs), (int)place->song_number - 1);
    return faults;
}

/// `count`: of the parts, if they are more than can be seen, else 0.
static void show_part(const bl_part_button *button, const bl_app_part *part, int count)
{
    static const struct {
        const char *icon, *color, *words;
    } looks[] = {
        [BL_APP_RIG_WAITS] = {"backline-info-symbolic", "dim", "loading…"},
        [BL_APP_RIG_LOADED] = {NULL, "dim", "in memory"},
        [BL_APP_RIG_ARMED] = {"backline-check-symbolic", "accent", "ready"},
        [BL_APP_RIG_FAILED] = {"backline-error-symbolic", "danger", "cannot be played"},
    };
    char text[TEXT_MAX];
    GtkStyleContext *style = gtk_widget_get_style_context(button->icon);
    for (size_t i = 0; i < G_N_ELEMENTS(looks); i++) {
        gtk_style_context_remove_class(style, looks[i].color);
    }
    gtk_style_context_add_class(style, looks[part->readiness].color);
    gtk_image_set_from_icon_name(GTK_IMAGE(button->icon), looks[part->readiness].icon,
                                 GTK_ICON_SIZE_MENU);
    gtk_widget_set_visible(button->icon, looks[part->readiness].icon != NULL);
    const char *slash = strrchr(part->rig, '/');
    const char *rig = slash != NULL ? slash + 1 : part->rig;
    const char *name = part->part[0] != '\0' ? part->part : "Part";
    g_snprintf(text, sizeof text, "%d/%d %s", button->number, count, name);
    bl_label_set(button->name, count > 0 ? text : name);
    bl_label_set(button->rig, rig);
    g_snprintf(text, sizeof text, "%s: %s, %s", gtk_label_get_text(GTK_LABEL(button->name)), rig,
               looks[part->readiness].words);
    atk_object_set_name(gtk_widget_get_accessible(button->button), text);
    gtk_widget_set_tooltip_text(button->button, part->fault[0] != '\0' ? part->fault : text);
}

// The parts of the song, or of a long one those about the place.
static void show_parts(bl_setlist_panel *panel, const bl_app_place *place)
{
    const int count = (int)place->part_count, now = (int)place->part_number;
    const int before = (now - 1) / BL_PARTS_SHOWN * BL_PARTS_SHOWN;
    for (int i = 0; i < BL_PARTS_SHOWN; i++) {
        bl_part_button *button = &panel->buttons[i];
        bl_app_part part;
        button->number = before + i + 1;
        const bool there =
            button->number <= count &&
            bl_app_get_part(panel->app, place->number + (size_t)button->number - (size_t)now,
                            &part);
        gtk_widget_set_visible(button->button, there);
        if (there) {
            show_part(button, &part, count > BL_PARTS_SHOWN ? count : 0);
            gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(button->button), button->number == now);
        }
    }
}

static void show_rigs(bl_setlist_panel *panel, const bl_app_stage *stage, size_t faults)
{
    char text[TEXT_MAX];
    const double mb = (double)stage->memory_bytes * 1e-6;
    GtkStyleContext *style = gtk_widget_get_style_context(panel->rigs);
    if (faults > 0) {
        g_snprintf(text, sizeof text,
                   faults == 1 ? "%zu part cannot be played" : "%zu parts cannot be played",
                   faults);
        gtk_style_context_add_class(style, "danger");
    } else {
        const bool loading = stage->loaded < stage->rigs;
        g_snprintf(text, sizeof text, "%zu of %zu rigs %s, %.*f MB",
                   loading ? stage->loaded : stage->armed, stage->rigs,
                   loading ? "loaded" : "ready", mb < 10.0 ? 1 : 0, mb);
        gtk_style_context_remove_class(style, "danger");
    }
    bl_label_set(panel->rigs, text);
}

static void show_next(bl_setlist_panel *panel, const bl_app_place *place)
{
    char text[TEXT_MAX];
    const bool another = place->part_number == place->part_count;
    const char *part = place->next_part;
    if (place->number == place->count) {
        g_snprintf(text, sizeof text, "Last part");
    } else if (another) {
        const bool alone = g_str_equal(part, place->next_song);
        g_snprintf(text, sizeof text, "Next: %s%s%s", place->next_song,
                   alone || part[0] == '\0' ? "" : ", ", alone ? "" : part);
    } else {
        g_snprintf(text, sizeof text, "Next: %s", part);
    }
    bl_label_set(panel->next, text);
}

// Whether another of the last set lists has a file of the same name.
static bool has_namesake(const bl_app *app, size_t index)
{
    bool found = false;
    const char *path;
    char *name = g_path_get_basename(bl_app_get_setlist(app, index));
    for (size_t i = 0; !found && (path = bl_app_get_setlist(app, i)) != NULL; i++) {
        char *other = g_path_get_basename(path);
        found = i != index && g_str_equal(name, other);
        g_free(other);
    }
    g_free(name);
    return found;
}

static void show_last(bl_setlist_panel *panel)
{
    g_menu_remove_all(panel->last);
    const char *path;
    for (size_t i = 0; (path = bl_app_get_setlist(panel->app, i)) != NULL; i++) {
        // Of two files that are called alike the folders tell.
        char *shown = has_namesake(panel->app, i) ? g_filename_display_name(path)
                                                  : g_filename_display_basename(path);
        GMenuItem *item = g_menu_item_new(NULL, NULL);
        g_menu_item_set_label(item, shown);
        // The path, since their order changes while the menu stands open.
        g_menu_item_set_action_and_target_value(item, "win.last-setlist",
                                                g_variant_new_bytestring(path));
        g_menu_append_item(panel->last, item);
        g_object_unref(item);
        g_free(shown);
    }
}

static void show_tempo(bl_setlist_panel *panel, double bpm)
{
    char text[TEXT_MAX];
    g_snprintf(text, sizeof text, bpm > 0.0 ? "%.0f bpm" : "Tap", bpm);
    if (g_strcmp0(gtk_button_get_label(GTK_BUTTON(panel->tempo)), text) != 0) {
        gtk_button_set_label(GTK_BUTTON(panel->tempo), text);
        g_snprintf(text, sizeof text, bpm > 0.0 ? "Tap the tempo, %.0f bpm" : "Tap the tempo", bpm);
        atk_object_set_name(gtk_widget_get_accessible(panel->tempo), text);
    }
}

void bl_setlist_panel_update(bl_setlist_panel *panel, const bl_app_state *state)
{
    const bool any = state->place.number > 0;
    gtk_widget_set_visible(panel->none, !any);
    gtk_widget_set_visible(panel->where, any);
    gtk_widget_set_visible(panel->parts, any);
    gtk_widget_set_visible(panel->note, state->place.other_model);
    show_tempo(panel, state->tempo_bpm);
    if (panel->parts_serial == state->parts_serial) {
        return;
    }
    panel->parts_serial = state->parts_serial;
    panel->updating = true;
    show_last(panel);
    if (any) {
        const size_t faults = show_songs(panel, &state->place);
        show_parts(panel, &state->place);
        show_rigs(panel, &state->stage, faults);
        show_next(panel, &state->place);
    }
    panel->updating = false;
}

// Files -----------------------------------------------------------------------------------------

static void dialog_answered(GtkDialog *dialog, int response, gpointer data)
{
    bl_setlist_panel *panel = data;
    if (response == GTK_RESPONSE_ACCEPT) {
        char *path = gtk_file_chooser_get_filename(GTK_FILE_CHOOSER(dialog));
        if (path != NULL) {
            bl_app_open_setlist(panel->app, path);
        }
        g_free(path);
    }
    panel->dialog = NULL;
    gtk_widget_destroy(GTK_WIDGET(dialog));
}

void bl_setlist_panel_open(bl_setlist_panel *panel)
{
    if (panel->dialog != NULL) {
        gtk_window_present(GTK_WINDOW(panel->dialog));
        return;
    }
    static const char *const patterns[] = {"*.yaml", "*.yml"};
    GtkWidget *window = gtk_widget_get_toplevel(panel->root);
    panel->dialog = bl_file_dialog(GTK_WINDOW(window), "Open a set list", "Set lists (.yaml)",
                                   patterns, G_N_ELEMENTS(patterns));
    bl_access(panel->dialog, "setlist-dialog", NULL);
    g_signal_connect(panel->dialog, "response", G_CALLBACK(dialog_answered), panel);
    gtk_widget_show(panel->dialog);
}
