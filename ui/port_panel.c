// SPDX-License-Identifier: MIT
// Rows are made anew only when ports come or go, so that the keyboard's place in the list stays.

#include "port_panel.h"

#include "access.h"
#include "meter.h"
#include "words.h"

#include <string.h>

enum { ROW_HEIGHT = 48, FIGURE_CHARS = 7, NAME_CHARS = 22 };

// One port to hear, or one or two to play to: the first gets the left side.
typedef struct port_row {
    bl_port_panel *panel;
    GtkWidget *row, *check, *name, *detail, *meter, *figure;
    char names[2][320];
    size_t count;
    guint number; ///< of the row, from 1
} port_row;

static bool is_connected(const bl_app_port *port)
{
    for (int role = 0; role < BL_APP_ROLES; role++) {
        if (port->connected[role]) {
            return true;
        }
    }
    return false;
}

static const bl_app_port *find_port(const bl_app_port *ports, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(ports[i].name, name) == 0) {
            return &ports[i];
        }
    }
    return NULL;
}

static void check_toggled(GtkToggleButton *button, gpointer data)
{
    const port_row *row = data;
    const bl_port_panel *panel = row->panel;
    if (panel->updating) {
        return;
    }
    const bool on = gtk_toggle_button_get_active(button);
    for (size_t i = 0; i < row->count; i++) {
        if (panel->gives) {
            bl_app_connect(panel->app, BL_APP_IN, row->names[i], on);
        } else if (on) {
            bl_app_connect(panel->app, i == 0 ? BL_APP_OUT_LEFT : BL_APP_OUT_RIGHT, row->names[i],
                           true);
        } else {
            bl_app_connect(panel->app, BL_APP_OUT_LEFT, row->names[i], false);
            bl_app_connect(panel->app, BL_APP_OUT_RIGHT, row->names[i], false);
        }
    }
}

// Length of what two labels have in common before a number that ends both; 0 if there is none.
static size_t common_stem(const char *a, const char *b)
{
    size_t stem = 0;
    while (a[stem] != '\0' && a[stem] == b[stem] && !g_ascii_isdigit(a[stem])) {
        stem++;
    }
    return g_ascii_isdigit(a[stem]) && g_ascii_isdigit(b[stem]) ? stem : 0;
}

static char *make_title(const bl_app_port *ports, size_t count)
{
    if (count < 2) {
        return g_strdup(ports[0].label);
    }
    const size_t stem = common_stem(ports[0].label, ports[1].label);
    return g_strdup_printf("%s and %s", ports[0].label, ports[1].label + stem);
}

static char *make_detail(const bl_app_port *ports, size_t count, bool gives)
{
    if (!ports[0].physical) {
        return g_strdup("another program");
    }
    if (strcmp(ports[0].label, ports[0].name) != 0) {
        return count < 2 ? g_strdup(ports[0].name)
                         : g_strdup_printf("%s, %s", ports[0].name, ports[1].name);
    }
    return g_strdup(gives ? "input of the sound card" : "outputs of the sound card");
}

// The widgets without their words.
static void make_check(port_row *row)
{
    row->check = gtk_check_button_new();
    GtkWidget *text = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    row->name = bl_label("", "strong");
    gtk_label_set_max_width_chars(GTK_LABEL(row->name), NAME_CHARS);
    gtk_box_pack_start(GTK_BOX(text), row->name, FALSE, FALSE, 0);
    row->detail = bl_label("", "caption dim");
    gtk_box_pack_start(GTK_BOX(text), row->detail, FALSE, FALSE, 0);
    // What tells ports apart is the number at the end.
    gtk_label_set_ellipsize(GTK_LABEL(row->name), PANGO_ELLIPSIZE_MIDDLE);
    gtk_label_set_ellipsize(GTK_LABEL(row->detail), PANGO_ELLIPSIZE_MIDDLE);
    g_object_set(text, "margin-start", 8, "valign", GTK_ALIGN_CENTER, NULL);
    gtk_container_add(GTK_CONTAINER(row->check), text);
}

// Ports may get other pretty names while the row stands.
static void name_row(port_row *row, const bl_app_port *ports)
{
    char id[32], meter_id[48];
    g_snprintf(id, sizeof id, "%s-%u", row->panel->gives ? "in" : "out", row->number);
    g_snprintf(meter_id, sizeof meter_id, "meter-%s", id);
    char *title = make_title(ports, row->count);
    char *detail = make_detail(ports, row->count, row->panel->gives);
    char *level = g_strdup_printf("Level of %s", title);
    bl_label_set(row->name, title);
    bl_label_set(row->detail, detail);
    gtk_widget_set_tooltip_text(row->name, title);
    bl_access(row->check, id, title);
    bl_access(row->meter, meter_id, level);
    g_free(title);
    g_free(detail);
    g_free(level);
}

static port_row *make_row(bl_port_panel *panel, const bl_app_port *ports, size_t count)
{
    port_row *row = g_new0(port_row, 1);
    row->panel = panel;
    row->count = count;
    for (size_t i = 0; i < count; i++) {
        g_strlcpy(row->names[i], ports[i].name, sizeof row->names[i]);
    }
    row->number = panel->rows->len + 1;
    make_check(row);
    row->meter = bl_meter_new("meter", "Level");
    row->figure = bl_label("", "number");
    name_row(row, ports);
    gtk_label_set_xalign(GTK_LABEL(row->figure), 1.0F);
    gtk_label_set_width_chars(GTK_LABEL(row->figure), FIGURE_CHARS);
    g_signal_connect(row->check, "toggled", G_CALLBACK(check_toggled), row);

    GtkWidget *level_box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    gtk_box_pack_start(GTK_BOX(level_box), row->meter, TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(level_box), row->figure, FALSE, FALSE, 0);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    gtk_widget_set_size_request(box, -1, ROW_HEIGHT);
    gtk_box_set_homogeneous(GTK_BOX(box), TRUE); // so that all meters begin in one line
    gtk_box_pack_start(GTK_BOX(box), row->check, TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(box), level_box, TRUE, TRUE, 0);
    row->row = bl_style(box, "port");
    gtk_box_pack_start(GTK_BOX(panel->list), row->row, FALSE, FALSE, 0);
    gtk_widget_show_all(row->row);
    return row;
}

void bl_port_panel_init(bl_port_panel *panel, bl_app *app, bool gives)
{
    *panel = (bl_port_panel){.app = app, .gives = gives};
    panel->rows = g_ptr_array_new_with_free_func(g_free);
    panel->root = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8);
    gtk_box_pack_start(GTK_BOX(panel->root), bl_label(gives ? "GUITAR IN" : "OUT", "legend"), FALSE,
                       FALSE, 0);
    panel->list = bl_style(gtk_box_new(GTK_ORIENTATION_VERTICAL, 0), "panel");
    panel->empty = bl_label(gives ? "No input here. The demo riff plays instead of a guitar."
                                  : "Nowhere to play to.",
                            "dim");
    g_object_set(panel->empty, "margin", 14, NULL);
    gtk_box_pack_end(GTK_BOX(panel->list), panel->empty, FALSE, FALSE, 0);
    bl_access(panel->list, gives ? "in-list" : "out-list", gives ? "Guitar in" : "Out");
    gtk_box_pack_start(GTK_BOX(panel->root), panel->list, FALSE, FALSE, 0);
    panel->serial = UINT64_MAX;
}

void bl_port_panel_finish(bl_port_panel *panel)
{
    g_ptr_array_unref(panel->rows);
}

// Two ports to play to form a pair if they follow each other and belong to the same client.
static size_t pair_length(const bl_port_panel *panel, const bl_app_port *ports, size_t count)
{
    if (panel->gives || count < 2 || ports[1].gives) {
        return 1;
    }
    const char *end = strrchr(ports[0].name, ':');
    const size_t client = end != NULL ? (size_t)(end - ports[0].name) : 0;
    return strncmp(ports[0].name, ports[1].name, client + 1) == 0 ? 2 : 1;
}

static bool rows_show(const bl_port_panel *panel, const bl_app_port *ports, size_t count)
{
    size_t seen = 0;
    for (size_t i = 0; i < count; seen++) {
        if (ports[i].gives != panel->gives) {
            i++;
            seen--;
            continue;
        }
        const size_t length = pair_length(panel, &ports[i], count - i);
        const port_row *row = seen < panel->rows->len ? panel->rows->pdata[seen] : NULL;
        if (row == NULL || row->count != length) {
            return false;
        }
        for (size_t k = 0; k < length; k++) {
            if (strcmp(row->names[k], ports[i + k].name) != 0) {
                return false;
            }
        }
        i += length;
    }
    return seen == panel->rows->len;
}

static void make_rows(bl_port_panel *panel, const bl_app_port *ports, size_t count)
{
    for (guint i = 0; i < panel->rows->len; i++) {
        const port_row *row = panel->rows->pdata[i];
        gtk_widget_destroy(row->row);
    }
    g_ptr_array_set_size(panel->rows, 0);
    for (size_t i = 0; i < count;) {
        if (ports[i].gives != panel->gives) {
            i++;
            continue;
        }
        const size_t length = pair_length(panel, &ports[i], count - i);
        g_ptr_array_add(panel->rows, make_row(panel, &ports[i], length));
        i += length;
    }
}

void bl_port_panel_update(bl_port_panel *panel, const bl_app_state *state)
{
    gtk_widget_set_sensitive(panel->list, state->server[0] != '\0');
    if (state->ports_serial == panel->serial) {
        return;
    }
    panel->serial = state->ports_serial;
    size_t count;
    const bl_app_port *ports = bl_app_get_ports(panel->app, &count);
    if (!rows_show(panel, ports, count)) {
        make_rows(panel, ports, count);
    }
    gtk_widget_set_visible(panel->empty, panel->rows->len == 0);
    panel->updating = true;
    for (guint i = 0; i < panel->rows->len; i++) {
        port_row *row = panel->rows->pdata[i];
        const bl_app_port *first = find_port(ports, count, row->names[0]);
        if (first != NULL) {
            name_row(row, first);
        }
        size_t on = 0;
        for (size_t k = 0; k < row->count; k++) {
            const bl_app_port *port = find_port(ports, count, row->names[k]);
            on += port != NULL && is_connected(port);
        }
        gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(row->check), on == row->count);
        gtk_toggle_button_set_inconsistent(GTK_TOGGLE_BUTTON(row->check),
                                           on > 0 && on < row->count);
    }
    panel->updating = false;
}

void bl_port_panel_meter(bl_port_panel *panel, int64_t now_us)
{
    size_t count;
    const bl_app_port *ports = bl_app_get_ports(panel->app, &count);
    for (guint i = 0; i < panel->rows->len; i++) {
        const port_row *row = panel->rows->pdata[i];
        float peak = 0.0F;
        for (size_t k = 0; k < row->count; k++) {
            const bl_app_port *port = find_port(ports, count, row->names[k]);
            peak = port != NULL ? MAX(peak, port->peak) : peak;
        }
        bl_meter_set(BL_METER(row->meter), (double)peak, now_us);
        char text[BL_WORDS_MAX];
        bl_words_level(bl_meter_held_db(BL_METER(row->meter)), text);
        bl_label_set(row->figure, text);
    }
}
