// SPDX-License-Identifier: MIT
// backline-gtk: the app in GTK's main loop, with a window that may be closed while the guitar goes
// on. A second start with the same name brings the first one's window back.

#include "app/app.h"
#include "theme.h"
#include "window.h"

#include <glib-unix.h>
#include <gtk/gtk.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define APPLICATION_ID "org.backline.Backline"

typedef struct program {
    GtkApplication *application;
    const bl_app_config *config;
    bl_app *app;
    bl_window *window;
    int exit_code;
} program;

static gboolean app_ready(gint descriptor, GIOCondition condition, gpointer data)
{
    (void)descriptor;
    (void)condition;
    program *p = data;
    bool seen = false;
    bl_app_dispatch(p->app);
    if (bl_app_take_window_wish(p->app, &seen)) {
        bl_window_show(p->window, seen);
    }
    bl_window_update(p->window);
    return G_SOURCE_CONTINUE;
}

static gboolean signalled(gpointer data)
{
    program *p = data;
    g_application_quit(G_APPLICATION(p->application));
    return G_SOURCE_CONTINUE;
}

static void quit(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void)action;
    (void)parameter;
    signalled(data);
}

static void activate(GApplication *application, gpointer data)
{
    (void)application;
    program *p = data;
    if (p->window != NULL) {
        bl_window_present(p->window);
        return;
    }
    bl_error error = {0};
    if (bl_app_create(p->config, &p->app, &error) != BL_STATUS_OK) {
        (void)fprintf(stderr, "backline-gtk: %s\n", error.text);
        p->exit_code = EXIT_FAILURE;
        return; // no window keeps the application alive
    }
    bl_theme_load();
    p->window = bl_window_create(p->application, p->app);
    g_unix_fd_add(bl_app_fd(p->app), G_IO_IN, app_ready, p);
}

// Another start with the same name has named a model.
static void open_files(GApplication *application, GFile **files, gint count, const gchar *hint,
                       gpointer data)
{
    (void)count;
    (void)hint;
    program *p = data;
    activate(application, data);
    char *path = g_file_get_path(files[0]);
    if (p->app != NULL && path != NULL) {
        bl_app_load_model(p->app, path);
    }
    g_free(path);
}

static GtkApplication *make_application(program *p)
{
    // One program per client name: D-Bus knows which one runs.
    const bool usual = g_str_equal(p->config->name, bl_app_config_default().name);
    char *id = usual ? g_strdup(APPLICATION_ID)
                     : g_strdup_printf(APPLICATION_ID ".name_%s", p->config->name);
    GtkApplication *application = gtk_application_new(id, G_APPLICATION_HANDLES_OPEN);
    g_free(id);
    const GActionEntry quit_entry = {.name = "quit", .activate = quit};
    g_action_map_add_action_entries(G_ACTION_MAP(application), &quit_entry, 1, p);
    g_signal_connect(application, "activate", G_CALLBACK(activate), p);
    g_signal_connect(application, "open", G_CALLBACK(open_files), p);
    g_unix_signal_add(SIGINT, signalled, p);
    g_unix_signal_add(SIGTERM, signalled, p);
    g_unix_signal_add(SIGHUP, signalled, p);
    return application;
}

// Hands a named model to the program that runs already.
static void hand_over(program *p)
{
    GFile *file = p->config->model != NULL ? g_file_new_for_path(p->config->model) : NULL;
    if (file != NULL) {
        g_application_open(G_APPLICATION(p->application), &file, 1, "");
        g_object_unref(file);
    } else {
        g_application_activate(G_APPLICATION(p->application));
    }
    // Both only queue a message, which would be lost when this process ends.
    GDBusConnection *bus = g_application_get_dbus_connection(G_APPLICATION(p->application));
    g_dbus_connection_flush_sync(bus, NULL, NULL);
}

int main(int argc, char **argv)
{
    bl_app_config config;
    const int end = bl_app_config_parse(argc, argv, &config);
    if (end >= 0) {
        return end;
    }
    bl_app_join_pipewire(&config, argv + 1);
    config.has_window = true;
    bl_app_join_session(&config);
    if (!gtk_init_check(NULL, NULL)) {
        (void)fprintf(stderr, "backline-gtk: there is no display to open a window on; `backline "
                              "live` plays without one\n");
        return EXIT_FAILURE;
    }
    g_set_prgname("backline-gtk");
    g_set_application_name("Backline");
    program p = {.config = &config};
    p.application = make_application(&p);
    GApplication *application = G_APPLICATION(p.application);
    if (g_application_register(application, NULL, NULL) &&
        g_application_get_is_remote(application)) {
        hand_over(&p);
    } else {
        g_application_run(application, 0, NULL);
    }
    bl_window_destroy(p.window);
    bl_app_destroy(p.app);
    g_object_unref(p.application);
    return p.exit_code;
}
