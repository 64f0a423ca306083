// SPDX-License-Identifier: MIT
// Layout, keys, and the rhythm: meters with the frame clock while the window is seen, the rest with
// the app's descriptor. Nothing here is ever waited for by the audio thread.

#include "window.h"

#include "access.h"
#include "close_dialog.h"
#include "latency_panel.h"
#include "model_panel.h"
#include "notice.h"
#include "pedal_dialog.h"
#include "port_panel.h"
#include "setlist_panel.h"
#include "status_bar.h"
#include "title_bar.h"
#include "tuner_panel.h"

#include <stdbool.h>
#include <string.h>

enum { MARGIN = 16, GAP = 16, WIDTH = 1200, HEIGHT = 700, FRAME = 72, LARGE_WIDTH_REM = 84 };

#define CLOSED "closed" // id of the notification that the program plays on

struct bl_window {
    bl_app *app;
    GtkWidget *root;
    bl_title_bar title_bar;
    bl_notice notice;
    bl_model_panel models;
    bl_port_panel in, out;
    bl_latency_panel latency;
    bl_tuner_panel tuner;
    bl_pedal_dialog pedals;
    bl_setlist_panel setlist;
    bl_status_bar status;
    GtkWidget *areas[4]; ///< for F6: models, ports, set list, title bar
    guint tick;
};

// Actions ---------------------------------------------------------------------------------------

static void flip(GtkWidget *button)
{
    GtkToggleButton *toggle = GTK_TOGGLE_BUTTON(button);
    gtk_toggle_button_set_active(toggle, !gtk_toggle_button_get_active(toggle));
}

static void act(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void)parameter;
    bl_window *window = data;
    const char *name = g_action_get_name(G_ACTION(action));
    if (g_str_equal(name, "mute")) {
        flip(window->title_bar.mute);
    } else if (g_str_equal(name, "bypass")) {
        flip(window->title_bar.bypass);
    } else if (g_str_equal(name, "tuner")) {
        flip(window->title_bar.tuner);
    } else if (g_str_equal(name, "open")) {
        bl_model_panel_open(&window->models);
    } else if (g_str_equal(name, "previous")) {
        bl_model_panel_step(&window->models, -1);
    } else if (g_str_equal(name, "next")) {
        bl_model_panel_step(&window->models, 1);
    } else {
        gtk_window_close(GTK_WINDOW(window->root));
    }
}

static void open_setlist(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void)action;
    (void)parameter;
    bl_window *window = data;
    bl_setlist_panel_open(&window->setlist);
}

static void open_pedals(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void)action;
    (void)parameter;
    bl_window *window = data;
    bl_pedal_dialog_open(&window->pedals, GTK_WINDOW(window->root));
    bl_window_update(window);
}

static void open_last_setlist(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void)action;
    bl_window *window = data;
    bl_app_open_setlist(window->app, g_variant_get_bytestring(parameter));
}

static void close_setlist(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void)action;
    (void)parameter;
    bl_window *window = data;
    bl_app_close_setlist(window->app);
}

// The actions of app/action.h that lead through the set list, by their names there.
static void go(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    bl_window *window = data;
    const char *name = g_action_get_name(G_ACTION(action)) + strlen("go-");
    bl_app_act(window->app, bl_action_find(name),
               parameter != NULL ? g_variant_get_int32(parameter) : 0);
}

static void next_area(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void)action;
    (void)parameter;
    bl_window *window = data;
    GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(window->root));
    const size_t count = G_N_ELEMENTS(window->areas);
    size_t now = count - 1;
    for (size_t i = 0; i < count && focus != NULL; i++) {
        if (gtk_widget_is_ancestor(focus, window->areas[i])) {
            now = i;
        }
    }
    gtk_widget_child_focus(window->areas[(now + 1) % count], GTK_DIR_TAB_FORWARD);
    gtk_window_set_focus_visible(GTK_WINDOW(window->root), TRUE);
}

static void add_actions(bl_window *window, GtkApplication *application)
{
    static const GActionEntry entries[] = {
        {.name = "mute", .activate = act},
        {.name = "bypass", .activate = act},
        {.name = "tuner", .activate = act},
        {.name = "open", .activate = act},
        {.name = "previous", .activate = act},
        {.name = "next", .activate = act},
        {.name = "close", .activate = act},
        {.name = "area", .activate = next_area},
        {.name = "open-setlist", .activate = open_setlist},
        {.name = "pedals", .activate = open_pedals},
        {.name = "last-setlist", .parameter_type = "ay", .activate = open_last_setlist},
        {.name = "close-setlist", .activate = close_setlist},
        {.name = "go-next", .activate = go},
        {.name = "go-previous", .activate = go},
        {.name = "go-next_song", .activate = go},
        {.name = "go-previous_song", .activate = go},
        {.name = "go-tap", .activate = go},
        {.name = "go-panic", .activate = go},
        {.name = "go-last", .activate = go},
        {.name = "go-save", .activate = go},
        {.name = "go-part", .parameter_type = "i", .activate = go},
    };
    static const struct {
        const char *action, *keys[3];
    } keys[] = {
        {"win.mute", {"m"}},
        {"win.bypass", {"b"}},
        {"win.tuner", {"t"}},
        {"win.go-panic", {"x"}},
        {"win.go-last", {"r"}},
        {"win.open", {"<Primary>o"}},
        {"win.previous", {"<Alt>Left"}},
        {"win.next", {"<Alt>Right"}},
        {"win.close", {"<Primary>w"}},
        {"win.area", {"F6"}},
        {"app.quit", {"<Primary>q"}},
        {"win.pedals", {"<Primary>m"}},
        {"win.open-setlist", {"<Primary><Shift>o"}},
        {"win.close-setlist", {"<Primary><Shift>w"}},
        {"win.go-next", {"Page_Down"}},
        {"win.go-previous", {"Page_Up"}},
        {"win.go-next_song", {"<Primary>Page_Down"}},
        {"win.go-previous_song", {"<Primary>Page_Up"}},
        {"win.go-tap", {"<Shift>t"}},
        {"win.go-save", {"<Primary>s"}},
        {"win.go-part(1)", {"1"}},
        {"win.go-part(2)", {"2"}},
        {"win.go-part(3)", {"3"}},
        {"win.go-part(4)", {"4"}},
        {"win.go-part(5)", {"5"}},
        {"win.go-part(6)", {"6"}},
        {"win.go-part(7)", {"7"}},
        {"win.go-part(8)", {"8"}},
        {"win.go-part(9)", {"9"}},
    };
    g_action_map_add_action_entries(G_ACTION_MAP(window->root), entries, G_N_ELEMENTS(entries),
                                    window);
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        gtk_application_set_accels_for_action(application, keys[i].action, keys[i].keys);
    }
}

// Without a set list its keys are the focused control's.
static void enable_setlist(bl_window *window, bool enabled)
{
    static const char *const names[] = {
        "close-setlist",    "go-next", "go-previous", "go-next_song",
        "go-previous_song", "go-part", "go-last",     "go-tap"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        GAction *action = g_action_map_lookup_action(G_ACTION_MAP(window->root), names[i]);
        if (g_action_get_enabled(action) != enabled) {
            g_simple_action_set_enabled(G_SIMPLE_ACTION(action), enabled);
        }
    }
}

// Rhythm ----------------------------------------------------------------------------------------

void bl_window_update(bl_window *window)
{
    bl_app_state state;
    bl_app_get_state(window->app, &state);
    bl_notice_update(&window->notice, &state);
    bl_title_bar_update(&window->title_bar, &state);
    bl_model_panel_update(&window->models, &state);
    bl_port_panel_update(&window->in, &state);
    bl_port_panel_update(&window->out, &state);
    bl_latency_panel_update(&window->latency, &state);
    bl_tuner_panel_update(&window->tuner, &state);
    bl_pedal_dialog_update(&window->pedals, &state);
    bl_setlist_panel_update(&window->setlist, &state);
    bl_status_bar_update(&window->status, &state);
    enable_setlist(window, state.place.number > 0);
}

static gboolean frame(GtkWidget *root, GdkFrameClock *clock, gpointer data)
{
    (void)root;
    bl_window *window = data;
    bl_app_dispatch(window->app);
    bl_app_take_levels(window->app);
    bl_port_panel_meter(&window->in, gdk_frame_clock_get_frame_time(clock));
    bl_port_panel_meter(&window->out, gdk_frame_clock_get_frame_time(clock));
    return G_SOURCE_CONTINUE;
}

static void mapped(GtkWidget *root, gpointer data)
{
    bl_window *window = data;
    bl_app_watch_levels(window->app, true);
    bl_app_tell_window(window->app, true);
    window->tick = gtk_widget_add_tick_callback(root, frame, window, NULL);
}

static void unmapped(GtkWidget *root, gpointer data)
{
    bl_window *window = data;
    gtk_widget_remove_tick_callback(root, window->tick);
    bl_app_watch_levels(window->app, false);
    bl_app_tell_window(window->app, false);
}

// Layout ----------------------------------------------------------------------------------------

// Hides the window; the guitar plays on. Where nothing could bring it back, it asks first.
static gboolean closed(GtkWidget *root, GdkEvent *event, gpointer data)
{
    (void)event;
    const bl_window *window = data;
    GApplication *application = G_APPLICATION(gtk_window_get_application(GTK_WINDOW(root)));
    if (!bl_window_can_return(application, window->app)) {
        bl_close_dialog_show(GTK_WINDOW(root), application);
        return TRUE;
    }
    if (bl_app_is_in_session(window->app)) { // its manager shows that, and has a button for it
        gtk_widget_hide(root);
        return TRUE;
    }
    GNotification *notification = g_notification_new("Backline plays on");
    g_notification_set_body(notification, "The window is closed. Start Backline again to see it.");
    g_notification_add_button(notification, "Quit", "app.quit");
    g_application_send_notification(application, CLOSED, notification);
    g_object_unref(notification);
    gtk_widget_hide(root);
    return TRUE;
}

// A window narrower than 84 times the font's size leaves captions out (style class "compact").
static void size_changed(GtkWidget *root, GdkRectangle *allocation, gpointer data)
{
    (void)data;
    PangoContext *context = gtk_widget_get_pango_context(root);
    const int size = pango_font_description_get_size(pango_context_get_font_description(context));
    const double rem_px = size / (double)PANGO_SCALE * 96.0 / 72.0;
    GtkStyleContext *style = gtk_widget_get_style_context(root);
    if (allocation->width < LARGE_WIDTH_REM * rem_px) {
        gtk_style_context_add_class(style, "compact");
    } else {
        gtk_style_context_remove_class(style, "compact");
    }
}

// No larger than the screen leaves room for, title bar and frame included.
static void set_size(GtkWindow *window)
{
    GdkDisplay *display = gdk_display_get_default();
    GdkMonitor *monitor = gdk_display_get_primary_monitor(display);
    if (monitor == NULL) {
        monitor = gdk_display_get_monitor(display, 0);
    }
    GdkRectangle room = {.width = WIDTH, .height = HEIGHT + FRAME};
    if (monitor != NULL) {
        gdk_monitor_get_workarea(monitor, &room);
    }
    gtk_window_set_default_size(window, MIN(WIDTH, room.width - 16),
                                MIN(HEIGHT, room.height - FRAME));
}

static GtkWidget *make_column(GtkWidget *const *parts, size_t count)
{
    GtkWidget *column = gtk_box_new(GTK_ORIENTATION_VERTICAL, GAP);
    for (size_t i = 0; i < count; i++) {
        gtk_box_pack_start(GTK_BOX(column), parts[i], count == 1, TRUE, 0);
    }
    GtkWidget *scroll = gtk_scrolled_window_new(NULL, NULL);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_container_add(GTK_CONTAINER(scroll), column);
    return scroll;
}

static GtkWidget *make_page(bl_window *window)
{
    GtkWidget *page = gtk_box_new(GTK_ORIENTATION_VERTICAL, GAP);
    GtkWidget *columns = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, GAP);
    gtk_box_set_homogeneous(GTK_BOX(columns), TRUE);
    g_object_set(page, "margin", MARGIN, NULL);
    GtkWidget *parts[] = {window->in.root, window->out.root, window->latency.root};
    window->areas[0] = make_column(&window->models.root, 1);
    window->areas[1] = make_column(parts, G_N_ELEMENTS(parts));
    window->areas[2] = window->setlist.root;
    window->areas[3] = window->title_bar.root;
    gtk_box_pack_start(GTK_BOX(columns), window->areas[0], TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(columns), window->areas[1], TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(page), columns, TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(page), window->tuner.root, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(page), window->areas[2], FALSE, FALSE, 0);
    return bl_access(page, "page-amp", "Amp");
}

bl_window *bl_window_create(GtkApplication *application, bl_app *app)
{
    bl_window *window = g_new0(bl_window, 1);
    window->app = app;
    window->root = gtk_application_window_new(application);
    gtk_window_set_title(GTK_WINDOW(window->root), "Backline");
    gtk_window_set_icon_name(GTK_WINDOW(window->root), "org.backline.Backline");
    set_size(GTK_WINDOW(window->root));
    bl_title_bar_init(&window->title_bar, app,
                      bl_window_can_return(G_APPLICATION(application), app));
    bl_notice_init(&window->notice, app);
    bl_model_panel_init(&window->models, app);
    bl_port_panel_init(&window->in, app, true);
    bl_port_panel_init(&window->out, app, false);
    bl_latency_panel_init(&window->latency);
    bl_tuner_panel_init(&window->tuner);
    bl_pedal_dialog_init(&window->pedals, app);
    bl_setlist_panel_init(&window->setlist, app);
    bl_status_bar_init(&window->status);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    gtk_box_pack_start(GTK_BOX(box), window->notice.root, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(box), make_page(window), TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(box), window->status.root, FALSE, FALSE, 0);
    gtk_window_set_titlebar(GTK_WINDOW(window->root), window->title_bar.root);
    gtk_container_add(GTK_CONTAINER(window->root), box);
    add_actions(window, application);
    g_signal_connect(window->root, "map", G_CALLBACK(mapped), window);
    g_signal_connect(window->root, "unmap", G_CALLBACK(unmapped), window);
    g_signal_connect(window->root, "size-allocate", G_CALLBACK(size_changed), NULL);
    g_signal_connect(window->root, "delete-event", G_CALLBACK(closed), window);
    bl_window_update(window);
    gtk_widget_show_all(box);
    gtk_widget_show_all(window->title_bar.root);
    gtk_widget_grab_focus(window->models.list);
    gtk_window_present(GTK_WINDOW(window->root));
    return window;
}

void bl_window_present(bl_window *window)
{
    g_application_withdraw_notification(g_application_get_default(), CLOSED);
    gtk_window_present(GTK_WINDOW(window->root));
}

void bl_window_show(bl_window *window, bool seen)
{
    if (seen) {
        bl_window_present(window);
    } else {
        gtk_widget_hide(window->root);
    }
}

void bl_window_destroy(bl_window *window)
{
    if (window == NULL) {
        return;
    }
    gtk_widget_destroy(window->root);
    bl_port_panel_finish(&window->in);
    bl_port_panel_finish(&window->out);
    bl_setlist_panel_finish(&window->setlist);
    g_free(window);
}
