// SPDX-License-Identifier: MIT
// The window as a client of a session manager: named by it, dirty and clean, hidden and shown.

#include "desk.h"
#include "system/manager.h"
#include "system/stage.h"

#include "support/cmocka_all.h"

#include <gdk/gdkkeysyms.h>
#include <jack/jack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static program window;
static manager m;

static int open_desk(void **state)
{
    stage_open(state);
    stage_server_start(&(stage_server){.rate_hz = 48000, .period = 256, .async = true});
    return 0;
}

static int close_desk(void **state)
{
    program_end(&window);
    manager_stop(&m);
    stage_server_stop();
    return stage_close(state);
}

static void ask(const char *path)
{
    lo_send_from(m.client, m.server, LO_TT_IMMEDIATE, path, "");
}

static bool jack_knows(const char *port)
{
    jack_client_t *client = jack_client_open("looker", JackNoStartServer, NULL);
    assert_non_null(client);
    const bool known = jack_port_by_name(client, port) != NULL;
    jack_client_close(client);
    return known;
}

/// Without a session bus, too: the manager is enough to bring the window back.
static void check_closing(const char *folder)
{
    char *bus = strdup(getenv("DBUS_SESSION_BUS_ADDRESS"));
    setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:", 1);
    manager_start(&m);
    desk_launch(&window, (const char *const[]){NULL});
    setenv("DBUS_SESSION_BUS_ADDRESS", bus, 1);
    free(bus);
    manager_open(&m, &window, folder);
    desk_wait_window(&window);
    m.hidden = m.shown = false;
    desk_click("win-close");
    manager_wait(&m, &window, &m.hidden, "gui_is_hidden");
    desk_wait_gone("page-amp");
    ask("/nsm/client/show_optional_gui");
    manager_wait(&m, &window, &m.shown, "gui_is_shown");
    desk_wait_is("page-amp", DESK_SHOWING, true);
    desk_stop(&window);
}

static void test_is_a_client_of_its_manager(void **state)
{
    (void)state;
    char folder[512], kept[600];
    snprintf(folder, sizeof folder, "%s", stage_path("session"));
    snprintf(kept, sizeof kept, "%s/rig.yaml", folder);
    stage_make_model("own.safetensors", 11, true, 48000.0);
    stage_write("own.yaml", "version: 1\nmodel: own.safetensors\nmatch_loudness: false\n");
    manager_start(&m);
    desk_launch(&window, (const char *const[]){"--rig", stage_path("own.yaml"), NULL});
    manager_open(&m, &window, folder);
    assert_string_equal(m.executable, "backline-gtk");
    assert_non_null(strstr(m.capabilities, ":optional-gui:"));
    desk_wait_window(&window);
    desk_wait_text("model-name", "own");
    assert_true(jack_knows("Backline.nTEST:in"));
    manager_wait(&m, &window, &m.shown, "gui_is_shown");

    m.dirty = false;
    desk_key(GDK_KEY_b, 0);
    manager_wait(&m, &window, &m.dirty, "is_dirty");
    manager_save(&m, &window);
    assert_false(m.failed);
    assert_int_equal(access(kept, R_OK), 0);

    m.hidden = m.shown = false;
    ask("/nsm/client/hide_optional_gui");
    manager_wait(&m, &window, &m.hidden, "gui_is_hidden");
    desk_wait_gone("page-amp");
    assert_false(m.shown);
    ask("/nsm/client/show_optional_gui");
    manager_wait(&m, &window, &m.shown, "gui_is_shown");
    desk_wait_is("page-amp", DESK_SHOWING, true);
    desk_wait_text("status-state", "Bypassed"); // as if nothing had been
    desk_stop(&window);
    manager_stop(&m);
    check_closing(folder);
}

int main(int argc, char **argv)
{
    desk_enter(argc, argv);
    stage_isolate(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_is_a_client_of_its_manager, open_desk, close_desk),
    };
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
