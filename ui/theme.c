// SPDX-License-Identifier: MIT
// The style sheet goes on top of GTK's own theme, so that the desktop's theme cannot shine through.

#include "theme.h"

#include <gtk/gtk.h>

#define RESOURCES "/org/backline"

// From the file that glib-compile-resources writes.
GResource *bl_ui_get_resource(void);

void bl_theme_load(void)
{
    g_resources_register(bl_ui_get_resource());
    gtk_icon_theme_add_resource_path(gtk_icon_theme_get_default(), RESOURCES "/icons");
    g_object_set(gtk_settings_get_default(), "gtk-theme-name", "Adwaita",
                 "gtk-application-prefer-dark-theme", TRUE, NULL);
    GtkCssProvider *provider = gtk_css_provider_new();
    gtk_css_provider_load_from_resource(provider, RESOURCES "/backline.css");
    gtk_style_context_add_provider_for_screen(
        gdk_screen_get_default(), GTK_STYLE_PROVIDER(provider), GTK_STYLE_PROVIDER_PRIORITY_USER);
    g_object_unref(provider);
}
