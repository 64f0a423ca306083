// SPDX-License-Identifier: MIT
// The switches show what the app says, and tell it what the player does.

#include "title_bar.h"

#include "access.h"

#include <string.h>

static GtkWidget *make_icon(const char *icon)
{
    return gtk_image_new_from_icon_name(icon, GTK_ICON_SIZE_BUTTON);
}

static GtkWidget *make_switch(const char *id, const char *name, const char *icon)
{
    GtkWidget *button = gtk_toggle_button_new_with_label(name);
    gtk_button_set_image(GTK_BUTTON(button), make_icon(icon));
    gtk_button_set_always_show_image(GTK_BUTTON(button), TRUE);
    bl_style(bl_style(button, "bar"), id);
    return bl_access(button, id, name);
}

static void mute_toggled(GtkToggleButton *button, gpointer data)
{
    bl_title_bar *bar = data;
    if (!bar->updating) {
        bl_app_set_mute(bar->app, gtk_toggle_button_get_active(button));
    }
}

static void bypass_toggled(GtkToggleButton *button, gpointer data)
{
    bl_title_bar *bar = data;
    if (!bar->updating) {
        bl_app_set_bypass(bar->app, gtk_toggle_button_get_active(button));
    }
}

static void tuner_toggled(GtkToggleButton *button, gpointer data)
{
    bl_title_bar *bar = data;
    if (!bar->updating) {
        bl_app_set_tuner(bar->app, gtk_toggle_button_get_active(button));
    }
}

static GtkWidget *make_menu(bool can_return)
{
    GMenu *menu = g_menu_new();
    g_menu_append(menu, "Open a set list…", "win.open-setlist");
    g_menu_append(menu, "Pedals and programs…", "win.pedals");
    g_menu_append(menu, "Open a model file…", "win.open");
    g_menu_append(menu, "Previous model", "win.previous");
    g_menu_append(menu, "Next model", "win.next");
    GMenu *end = g_menu_new();
    g_menu_append(end,
                  can_return ? "Close the window, play on" : "Close the window, end the sound…",
                  "win.close");
    g_menu_append(end, "Quit", "app.quit");
    g_menu_append_section(menu, NULL, G_MENU_MODEL(end));
    GtkWidget *button = gtk_menu_button_new();
    gtk_button_set_image(GTK_BUTTON(button), make_icon("backline-menu-symbolic"));
    gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(button), G_MENU_MODEL(menu));
    g_object_unref(menu);
    g_object_unref(end);
    gtk_widget_set_tooltip_text(button, "Menu (F10)");
    return bl_access(bl_style(bl_style(button, "flat"), "icon"), "menu-main", "Menu");
}

static GtkWidget *make_close(bool can_return)
{
    GtkWidget *button = gtk_button_new();
    gtk_button_set_image(GTK_BUTTON(button), make_icon("backline-close-symbolic"));
    gtk_actionable_set_action_name(GTK_ACTIONABLE(button), "win.close");
    gtk_widget_set_tooltip_text(button, can_return ? "Close the window; the guitar plays on"
                                                   : "Close the window; the sound ends with it");
    return bl_access(bl_style(bl_style(button, "flat"), "icon"), "win-close",
                     can_return ? "Close the window" : "Close the window and end the sound");
}

void bl_title_bar_init(bl_title_bar *bar, bl_app *app, bool can_return)
{
    *bar = (bl_title_bar){.root = gtk_header_bar_new(), .app = app};
    GtkHeaderBar *header = GTK_HEADER_BAR(bar->root);
    GtkWidget *mark = bl_style(make_icon("backline-mark-symbolic"), "accent");
    gtk_image_set_pixel_size(GTK_IMAGE(mark), 22);
    gtk_header_bar_pack_start(header, mark);
    gtk_header_bar_pack_start(header, bl_label("Backline", "strong"));
    bar->tuner = make_switch("tuner", "Tuner", "backline-tuner-symbolic");
    bar->bypass = make_switch("bypass", "Bypass", "backline-bypass-symbolic");
    bar->mute = make_switch("mute", "Mute", "backline-mute-symbolic");
    gtk_widget_set_tooltip_text(bar->tuner, "Tunes the guitar, in silence (T)");
    gtk_widget_set_tooltip_text(bar->bypass, "The clean guitar, without the model (B)");
    gtk_widget_set_tooltip_text(bar->mute, "Silence (M)");
    g_signal_connect(bar->tuner, "toggled", G_CALLBACK(tuner_toggled), bar);
    g_signal_connect(bar->bypass, "toggled", G_CALLBACK(bypass_toggled), bar);
    g_signal_connect(bar->mute, "toggled", G_CALLBACK(mute_toggled), bar);
    gtk_header_bar_pack_end(header, make_close(can_return));
    gtk_header_bar_pack_end(header, make_menu(can_return));
    gtk_header_bar_pack_end(header, gtk_separator_new(GTK_ORIENTATION_VERTICAL));
    gtk_header_bar_pack_end(header, bar->mute);
    gtk_header_bar_pack_end(header, bar->bypass);
    gtk_header_bar_pack_end(header, bar->tuner);
}

static void set_text(GtkHeaderBar *header, const char *title, const char *subtitle)
{
    if (g_strcmp0(gtk_header_bar_get_title(header), title) != 0) {
        gtk_header_bar_set_title(header, title);
    }
    if (g_strcmp0(gtk_header_bar_get_subtitle(header), subtitle) != 0) {
        gtk_header_bar_set_subtitle(header, subtitle);
    }
}

void bl_title_bar_update(bl_title_bar *bar, const bl_app_state *state)
{
    bar->updating = true;
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(bar->mute), state->muted);
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(bar->tuner), state->tuner.on);
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(bar->bypass), state->bypassed);
    bar->updating = false;
    const bl_app_place *place = &state->place;
    char song[64];
    g_snprintf(song, sizeof song, "Song %zu of %zu", place->song_number, place->song_count);
    const char *title = place->setlist[0] != '\0'      ? place->setlist
                        : place->number > 0            ? "Set list"
                        : state->model_path[0] != '\0' ? state->model.name
                                                       : "No model";
    const char *subtitle = state->loading           ? "loading another, this one plays on"
                           : place->number > 0      ? song
                           : state->demo[0] != '\0' ? "hears the demo riff"
                                                    : "hears the guitar";
    set_text(GTK_HEADER_BAR(bar->root), title, subtitle);
}
