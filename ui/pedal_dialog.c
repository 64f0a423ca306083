// SPDX-License-Identifier: MIT
// The tables are the app's. Rows are changed in place, so that the chosen one stays chosen.

#include "pedal_dialog.h"

#include "access.h"

#include <string.h>

enum { LEARN = 1, FORGET, WIDTH = 720, HEIGHT = 480, MARGIN = 12, GAP = 8, TEXT_MAX = 512 };
/// How a control moves what it moves, in words of bl_app_learn and in words for people.
static const char *const modes[][2] = {
    {"", "As usual"},
    {"absolute", "Follows the control"},
    {"toggle", "On and off in turn"},
    {"momentary", "While it is pressed"},
    {"relative_twos", "Steps: 1 up, 127 down"},
    {"relative_offset", "Steps: 65 up, 63 down"},
    {"relative_sign", "Steps: 1 up, 65 down"},
};
static const char *const curves[][2] = {
    {"even", "Evenly"},
    {"slow", "Slow at first"},
    {"fast", "Fast at first"},
};

enum { COLUMN_BANK, COLUMN_PROGRAM, COLUMN_PART, COLUMN_RIG, COLUMNS };

void bl_pedal_dialog_init(bl_pedal_dialog *dialog, bl_app *app)
{
    *dialog = (bl_pedal_dialog){.app = app};
}

// Doing -----------------------------------------------------------------------------------------

/// The control of the chosen row; false: none is chosen.
static gboolean get_chosen(const bl_pedal_dialog *dialog, bl_app_control *control)
{
    GtkListBoxRow *row = gtk_list_box_get_selected_row(GTK_LIST_BOX(dialog->controls));
    return row != NULL &&
           bl_app_get_control(dialog->app, (size_t)gtk_list_box_row_get_index(row), control);
}

/// What bl_app_learn is to be told. `words`: TEXT_MAX characters.
static void say_wish(const bl_pedal_dialog *dialog, const bl_app_control *control, char *words)
{
    char min[G_ASCII_DTOSTR_BUF_SIZE], max[G_ASCII_DTOSTR_BUF_SIZE];
    const int mode = gtk_combo_box_get_active(GTK_COMBO_BOX(dialog->mode));
    const int curve = gtk_combo_box_get_active(GTK_COMBO_BOX(dialog->curve));
    g_snprintf(words, TEXT_MAX, "%s %s", control->name, modes[mode][0]);
    if (control->is_parameter) {
        const size_t used = strlen(words);
        g_ascii_formatd(min, sizeof min, "%.6g",
                        gtk_spin_button_get_value(GTK_SPIN_BUTTON(dialog->from)));
        g_ascii_formatd(max, sizeof max, "%.6g",
                        gtk_spin_button_get_value(GTK_SPIN_BUTTON(dialog->to)));
        g_snprintf(words + used, TEXT_MAX - used, " %s %s %s", curves[curve][0], min, max);
    }
}

static void responded(GtkDialog *root, int response, gpointer data)
{
    bl_pedal_dialog *dialog = data;
    bl_app_control control;
    if (response != LEARN && response != FORGET) {
        dialog->root = NULL;
        bl_app_learn(dialog->app, NULL);
        gtk_widget_destroy(GTK_WIDGET(root));
    } else if (get_chosen(dialog, &control) && response == FORGET) {
        bl_app_forget(dialog->app, control.name);
    } else if (get_chosen(dialog, &control)) {
        char words[TEXT_MAX];
        say_wish(dialog, &control, words);
        bl_app_learn(dialog->app, control.learning ? NULL : words);
    }
}

static void show_buttons(bl_pedal_dialog *dialog)
{
    bl_app_control control = {.source = ""};
    const gboolean chosen = get_chosen(dialog, &control);
    gtk_widget_set_sensitive(dialog->learn, chosen);
    gtk_widget_set_sensitive(dialog->forget, control.source[0] != '\0');
    gtk_button_set_label(GTK_BUTTON(dialog->learn), control.learning ? "Do not learn" : "Learn");
}

/// The whole range, to be made smaller.
static void show_range(bl_pedal_dialog *dialog)
{
    bl_app_control control = {.is_parameter = false};
    const gboolean ranges = get_chosen(dialog, &control) && control.is_parameter;
    GtkWidget *const ends[] = {dialog->from, dialog->to};
    const guint digits = control.max - control.min > 100.0 ? 0U : 1U;
    for (int i = 0; i < 2; i++) {
        GtkSpinButton *end = GTK_SPIN_BUTTON(ends[i]);
        gtk_widget_set_sensitive(ends[i], ranges);
        if (ranges) {
            gtk_spin_button_set_digits(end, digits);
            gtk_spin_button_set_range(end, control.min, control.max);
            gtk_spin_button_set_value(end, i == 0 ? control.min : control.max);
        }
    }
    gtk_widget_set_sensitive(dialog->curve, ranges);
}

static void row_selected(GtkListBox *list, GtkListBoxRow *row, gpointer data)
{
    (void)list;
    (void)row;
    show_buttons(data);
    show_range(data);
}

// Making ----------------------------------------------------------------------------------------

static GtkWidget *scrolled(GtkWidget *child)
{
    GtkWidget *scroll = gtk_scrolled_window_new(NULL, NULL);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_container_add(GTK_CONTAINER(scroll), child);
    return scroll;
}

static GtkWidget *make_programs(void)
{
    static const char *const titles[] = {"Bank", "Program", "Part", "Rig"};
    GtkListStore *rows =
        gtk_list_store_new(COLUMNS, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
    GtkWidget *tree = gtk_tree_view_new_with_model(GTK_TREE_MODEL(rows));
    g_object_unref(rows);
    gtk_tree_selection_set_mode(gtk_tree_view_get_selection(GTK_TREE_VIEW(tree)),
                                GTK_SELECTION_NONE);
    for (int i = 0; i < COLUMNS; i++) {
        GtkCellRenderer *cell = gtk_cell_renderer_text_new();
        g_object_set(cell, "xpad", 6, "ypad", 5, "ellipsize",
                     i >= COLUMN_PART ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE, NULL);
        gtk_tree_view_insert_column_with_attributes(GTK_TREE_VIEW(tree), -1, titles[i], cell,
                                                    "text", i, NULL);
        gtk_tree_view_column_set_expand(gtk_tree_view_get_column(GTK_TREE_VIEW(tree), i),
                                        i >= COLUMN_PART);
    }
    return bl_access(tree, "programs", "Programs");
}

static GtkWidget *make_choice(const char *const (*choices)[2], size_t count, const char *id,
                              const char *name)
{
    GtkWidget *combo = gtk_combo_box_text_new();
    for (size_t i = 0; i < count; i++) {
        gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(combo), choices[i][1]);
    }
    gtk_combo_box_set_active(GTK_COMBO_BOX(combo), 0);
    return bl_access(combo, id, name);
}

static GtkWidget *make_end(const char *id, const char *name)
{
    return bl_access(gtk_spin_button_new_with_range(0.0, 1.0, 1.0), id, name);
}

static GtkWidget *plain(const char *text)
{
    return bl_style(gtk_label_new(text), "dim");
}

/// How the next control that is learnt is to move.
static GtkWidget *make_way(bl_pedal_dialog *dialog)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, GAP);
    dialog->mode = make_choice(modes, G_N_ELEMENTS(modes), "pedal-mode", "How it moves");
    dialog->curve = make_choice(curves, G_N_ELEMENTS(curves), "pedal-curve", "Curve");
    dialog->from = make_end("pedal-from", "From");
    dialog->to = make_end("pedal-to", "To");
    GtkWidget *const all[] = {plain("Learn as"), dialog->mode, dialog->curve, plain("from"),
                              dialog->from,      plain("to"),  dialog->to};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        gtk_box_pack_start(GTK_BOX(box), all[i], FALSE, FALSE, 0);
    }
    return box;
}

static void make_pages(bl_pedal_dialog *dialog)
{
    GtkWidget *box = gtk_dialog_get_content_area(GTK_DIALOG(dialog->root));
    GtkWidget *book = gtk_notebook_new();
    dialog->controls = bl_access(gtk_list_box_new(), "controls", "Pedals and knobs");
    dialog->programs = make_programs();
    dialog->hint = bl_access(bl_label("", "dim"), "pedal-hint", NULL);
    g_signal_connect(dialog->controls, "row-selected", G_CALLBACK(row_selected), dialog);
    gtk_notebook_append_page(GTK_NOTEBOOK(book), scrolled(dialog->controls),
                             gtk_label_new("Pedals and knobs"));
    gtk_notebook_append_page(GTK_NOTEBOOK(book), scrolled(dialog->programs),
                             gtk_label_new("Programs"));
    gtk_box_set_spacing(GTK_BOX(box), GAP);
    g_object_set(box, "margin", MARGIN, NULL);
    gtk_box_pack_start(GTK_BOX(box), bl_access(book, "pedal-pages", "Tables"), TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(box), make_way(dialog), FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(box), dialog->hint, FALSE, FALSE, 0);
    show_range(dialog);
}

void bl_pedal_dialog_open(bl_pedal_dialog *dialog, GtkWindow *parent)
{
    if (dialog->root != NULL) {
        gtk_window_present(GTK_WINDOW(dialog->root));
        return;
    }
    dialog->root = gtk_dialog_new_with_buttons("Pedals and programs", parent,
                                               GTK_DIALOG_DESTROY_WITH_PARENT, NULL, NULL);
    GtkDialog *root = GTK_DIALOG(dialog->root);
    dialog->learn = bl_access(gtk_dialog_add_button(root, "Learn", LEARN), "pedal-learn", NULL);
    dialog->forget = bl_access(gtk_dialog_add_button(root, "Forget", FORGET), "pedal-forget", NULL);
    bl_access(gtk_dialog_add_button(root, "Close", GTK_RESPONSE_CLOSE), "pedal-close", NULL);
    make_pages(dialog);
    dialog->controls_serial = dialog->parts_serial = UINT64_MAX;
    g_signal_connect(root, "response", G_CALLBACK(responded), dialog);
    gtk_window_set_default_size(GTK_WINDOW(root), WIDTH, HEIGHT);
    bl_access(bl_style(dialog->root, "pedals"), "pedal-dialog", NULL);
    gtk_widget_show_all(dialog->root);
}

// Showing ---------------------------------------------------------------------------------------

/// The row at `index`, made if it is not there: a box of two labels.
static GtkWidget *get_row(GtkListBox *list, int index)
{
    GtkListBoxRow *row = gtk_list_box_get_row_at_index(list, index);
    if (row != NULL) {
        return gtk_bin_get_child(GTK_BIN(row));
    }
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, GAP);
    g_object_set(box, "margin", GAP, NULL);
    gtk_box_pack_start(GTK_BOX(box), bl_label("", ""), TRUE, TRUE, 0);
    gtk_box_pack_end(GTK_BOX(box), bl_label("", "number"), FALSE, FALSE, 0);
    gtk_list_box_insert(list, box, -1);
    gtk_widget_show_all(gtk_widget_get_parent(box));
    return box;
}

static void show_controls(bl_pedal_dialog *dialog)
{
    GtkListBox *list = GTK_LIST_BOX(dialog->controls);
    bl_app_control control;
    int count = 0;
    char hint[TEXT_MAX] = "Numbers are as on the wire, from 0 on.", text[TEXT_MAX];
    for (; bl_app_get_control(dialog->app, (size_t)count, &control); count++) {
        GtkWidget *box = get_row(list, count);
        GList *labels = gtk_container_get_children(GTK_CONTAINER(box));
        const char *source = control.learning            ? "move it now"
                             : control.source[0] != '\0' ? control.source
                                                         : "\u2013";
        bl_label_set(labels->data, control.label);
        bl_label_set(labels->next->data, source);
        g_list_free(labels);
        g_snprintf(text, sizeof text, "%s, %s", control.label, source);
        char id[TEXT_MAX];
        g_snprintf(id, sizeof id, "control-%s", control.name);
        bl_access(gtk_widget_get_parent(box), id, text);
        if (control.learning) {
            g_snprintf(hint, sizeof hint,
                       "Move the pedal, knob or key that shall do \u201c%s\u201d.", control.label);
        }
    }
    for (GtkListBoxRow *row; (row = gtk_list_box_get_row_at_index(list, count)) != NULL;) {
        gtk_widget_destroy(GTK_WIDGET(row));
    }
    bl_label_set(dialog->hint, hint);
    show_buttons(dialog);
}

static void show_programs(bl_pedal_dialog *dialog)
{
    GtkTreeModel *model = gtk_tree_view_get_model(GTK_TREE_VIEW(dialog->programs));
    GtkListStore *rows = GTK_LIST_STORE(model);
    GtkTreeIter row;
    gboolean there = gtk_tree_model_get_iter_first(model, &row);
    bl_app_part part;
    for (size_t n = 1; bl_app_get_part(dialog->app, n, &part); n++) {
        char bank[16] = "\u2013", program[16] = "\u2013", name[TEXT_MAX];
        if (part.program >= 0) {
            g_snprintf(bank, sizeof bank, "%d", part.bank);
            g_snprintf(program, sizeof program, "%d", part.program);
        }
        g_snprintf(name, sizeof name, "%s%s%s", part.song, part.part[0] != '\0' ? ": " : "",
                   part.part);
        if (!there) {
            gtk_list_store_append(rows, &row);
        }
        gtk_list_store_set(rows, &row, COLUMN_BANK, bank, COLUMN_PROGRAM, program, COLUMN_PART,
                           name, COLUMN_RIG, part.rig, -1);
        there = there && gtk_tree_model_iter_next(model, &row);
    }
    while (there && gtk_list_store_remove(rows, &row)) {
    }
    char text[TEXT_MAX];
    g_snprintf(text, sizeof text, "Programs of %d parts",
               gtk_tree_model_iter_n_children(model, NULL));
    bl_access(dialog->programs, "programs", text);
}

void bl_pedal_dialog_update(bl_pedal_dialog *dialog, const bl_app_state *state)
{
    if (dialog->root == NULL) {
        return;
    }
    if (dialog->controls_serial != state->controls_serial) {
        dialog->controls_serial = state->controls_serial;
        show_controls(dialog);
    }
    if (dialog->parts_serial != state->parts_serial) {
        dialog->parts_serial = state->parts_serial;
        show_programs(dialog);
    }
}
