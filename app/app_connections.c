// SPDX-License-Identifier: MIT
// The half of bl_app that deals with other programs' ports: what to connect, what a survey shows,
// what is remembered. MAIN's.

#include "app_parts.h"

#include "paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SURVEY_AGAIN_MS = 300 };

/// Turns a port named on the command line into a wish.
static void wish_named(bl_app *app, const char *ours, const char *text, bool gives)
{
    const bl_port *port = NULL;
    bl_error error = {0};
    if (bl_port_choose(&app->survey.ports, text, BL_PORT_AUDIO, gives, &port, &error) ==
        BL_STATUS_OK) {
        bl_wishes_add(&app->wishes, ours, port->name, true);
    } else {
        app->names_missing = true;
        bl_app_fail(app, &error, true);
    }
}

/// Whether there is nothing to plug a guitar into.
static bool is_deaf(const bl_app *app)
{
    return strcmp(app->driver, "dummy") == 0 ||
           bl_port_physical(&app->survey.ports, BL_PORT_AUDIO, true, 0) == NULL;
}

/// The riff instead of a guitar.
static void play_riff_if_deaf(bl_app *app)
{
    char path[BL_PATH_MAX];
    if (!is_deaf(app) || app->config.inputs[0] != NULL || app->demo_path[0] != '\0' ||
        app->config.no_connect || !bl_path_share("riff.wav", path)) {
        return;
    }
    bl_app_tell(app, BL_APP_INFO,
                "there is no input to plug a guitar into, so the shipped riff plays");
    bl_app_set_demo(app, path);
    app->riff_plays = true;
}

/// A guitar instead of the riff, when there is an input after all.
static void stop_riff_if_not_deaf(bl_app *app)
{
    if (app->riff_plays && !is_deaf(app)) {
        bl_app_tell(app, BL_APP_INFO, "there is an input now, so the riff ends");
        bl_app_set_demo(app, NULL);
    }
}

/// What was connected on this device last, else the usual. A side that the player named is left as
/// he named it.
static void wish_for_device(bl_app *app)
{
    const bl_app_config *c = &app->config;
    const bl_device *known = bl_memory_find(&app->memory, app->state.device);
    bl_wishes usual = {.count = 0};
    if (known != NULL && known->count > 0) {
        bl_wishes_keep_named(&app->wishes);
        bl_wishes_add_device(&usual, known);
    } else if (!bl_wishes_are_met(&app->wishes, &app->survey.ports)) {
        bl_wishes_add_usual(&usual, &app->survey.ports);
    }
    for (size_t i = 0; i < usual.count; i++) {
        const bl_connection *u = &usual.list[i].connection;
        const bool named = strcmp(u->ours, "in") == 0         ? c->inputs[0] != NULL
                           : strncmp(u->ours, "out_", 4) == 0 ? c->outputs[0] != NULL
                                                              : false;
        if (!named) {
            bl_wishes_add(&app->wishes, u->ours, u->theirs, false);
        }
    }
}

/// What to connect, decided when the first survey is there.
static void make_wishes(bl_app *app)
{
    const bl_app_config *c = &app->config;
    app->wishes_ready = true;
    play_riff_if_deaf(app);
    if (c->no_connect) {
        return;
    }
    for (size_t i = 0; i < BL_APP_NAMED_MAX && c->inputs[i] != NULL; i++) {
        wish_named(app, "in", c->inputs[i], true);
    }
    for (size_t i = 0; i < BL_APP_NAMED_MAX && c->outputs[i] != NULL; i++) {
        wish_named(app, i % 2 == 0 ? "out_left" : "out_right", c->outputs[i], false);
    }
    wish_for_device(app);
}

/// The first survey of a server, or the first one that shows hardware. Another device than before,
/// as after a change of the sound card, has connections of its own to remember.
static void meet_device(bl_app *app)
{
    const char *key = app->survey.device;
    const bool other = key[0] != '\0' && strcmp(key, app->state.device) != 0;
    if (other) {
        snprintf(app->state.device, sizeof app->state.device, "%s", key);
    }
    app->device_met = key[0] != '\0';
    stop_riff_if_not_deaf(app);
    if (!app->wishes_ready) {
        make_wishes(app);
    } else if (other && !app->config.no_connect) {
        wish_for_device(app);
    }
}

static size_t count_physical(const bl_port_list *list)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const bl_port *port = &list->ports[i];
        count += port->physical && port->type == BL_PORT_AUDIO && !port->mine;
    }
    return count;
}

/// Meets the device with the first survey, or when it appears later. Its ports come one by one, so
/// it is whole when two surveys show the same number.
static void look_for_device(bl_app *app, bool first)
{
    const size_t count = count_physical(&app->survey.ports);
    const bool whole = count == app->physical_count;
    app->physical_count = count;
    if (first || (!app->device_met && count > 0 && whole)) {
        meet_device(app);
    } else if (!app->device_met && count > 0) {
        bl_app_survey_in(app, SURVEY_AGAIN_MS);
    } else if (count == 0 && app->driver[0] == '\0') {
        app->device_met = false; // it was pulled out
    }
}

static void ask_for_wishes(bl_app *app)
{
    for (bl_wish *wish = bl_wishes_next(&app->wishes, &app->survey); wish != NULL;
         wish = bl_wishes_next(&app->wishes, &app->survey)) {
        bl_link_connect(app->link, &wish->connection, true);
    }
}

static bool are_same(const bl_connection *a, size_t a_count, const bl_connection *b, size_t b_count)
{
    bool same = a_count == b_count;
    for (size_t i = 0; same && i < a_count; i++) {
        same = strcmp(a[i].ours, b[i].ours) == 0 && strcmp(a[i].theirs, b[i].theirs) == 0;
    }
    return same;
}

void bl_app_remember(bl_app *app)
{
    bl_device device = {0};
    if (app->names_missing || !app->wishes_ready || app->config.no_connect ||
        app->state.device[0] == '\0') {
        return;
    }
    snprintf(device.name, sizeof device.name, "%s", app->state.device);
    bl_wishes_to_device(&app->wishes, &device);
    const bl_device *known = bl_memory_find(&app->memory, device.name);
    if (known != NULL &&
        are_same(known->connections, known->count, device.connections, device.count)) {
        return;
    }
    if (bl_memory_remember(&app->memory, &device)) {
        bl_app_save_memory(app);
    }
}

static bool is_wished(const bl_app *app, const char *ours, const char *theirs)
{
    for (size_t i = 0; i < app->survey.connection_count; i++) {
        const bl_connection *c = &app->survey.connections[i];
        if (strcmp(c->ours, ours) == 0 && strcmp(c->theirs, theirs) == 0) {
            return true;
        }
    }
    return false;
}

static const char *const role_ports[BL_APP_ROLES] = {
    [BL_APP_IN] = "in",
    [BL_APP_OUT_LEFT] = "out_left",
    [BL_APP_OUT_RIGHT] = "out_right",
};

/// The list that windows show.
static void publish_ports(bl_app *app)
{
    const bl_port_list *all = &app->survey.ports;
    bl_app_port *ports = calloc(all->count + 1, sizeof *ports);
    if (ports == NULL) {
        return; // the old list stays
    }
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++) {
        const bl_port *from = &all->ports[i];
        if (from->type != BL_PORT_AUDIO || from->mine) {
            continue;
        }
        bl_app_port *to = &ports[count++];
        snprintf(to->name, sizeof to->name, "%s", from->name);
        snprintf(to->label, sizeof to->label, "%s", bl_port_label(from));
        to->gives = from->gives;
        to->physical = from->physical;
        for (int role = 0; role < BL_APP_ROLES; role++) {
            to->connected[role] = is_wished(app, role_ports[role], from->name);
        }
    }
    free(app->ports);
    app->ports = ports;
    app->port_count = count;
    app->state.ports_serial++;
}

/// Our own server cannot outlive us, which others on it should know before.
static void warn_guests(bl_app *app)
{
    char guest[128];
    for (size_t i = 0; app->state.own_server && !app->guests_told && i < app->survey.ports.count;
         i++) {
        const bl_port *port = &app->survey.ports.ports[i];
        if (port->mine || port->physical) {
            continue;
        }
        bl_port_client(port->name, guest, sizeof guest);
        app->guests_told = true;
        bl_app_tell(app, BL_APP_INFO,
                    "\"%s\" plays on the JACK server that Backline started, which ends with "
                    "Backline; start JACK before Backline to keep it",
                    guest);
    }
}

void bl_app_surveyed(bl_app *app, bl_link_answer *answer)
{
    if (answer->error.status != BL_STATUS_OK) {
        bl_app_fail(app, &answer->error, false);
        return;
    }
    if (!are_same(app->survey.connections, app->survey.connection_count, answer->survey.connections,
                  answer->survey.connection_count)) {
        // jackd asks for latencies when a connection is wanted, before it is made.
        app->latencies_due = true;
    }
    bl_survey_finish(&app->survey);
    app->survey = answer->survey;
    answer->survey = (bl_survey){0};
    publish_ports(app);
    const bool first = !app->surveyed;
    app->surveyed = true;
    look_for_device(app, first);
    warn_guests(app);
    bl_wishes_see_ports(&app->wishes, &app->survey.ports, bl_clock_ms());
    if (atomic_load(&app->pulse.freewheel)) {
        return; // jackd takes the hardware's connections away until it ends
    }
    if (bl_wishes_update(&app->wishes, &app->survey, bl_clock_ms())) {
        bl_app_survey_in(app, SURVEY_AGAIN_MS);
    }
    if (!app->config.no_connect) { // else what others connect is their business
        bl_wishes_adopt(&app->wishes, &app->survey);
    }
    if (bl_wishes_any_refused(&app->wishes)) {
        bl_app_survey_in(app, BL_WISH_RETRY_MS);
    }
    ask_for_wishes(app);
    bl_app_remember(app);
}

void bl_app_connected(bl_app *app, const bl_link_answer *answer)
{
    bool named = false;
    for (size_t i = 0; i < app->wishes.count; i++) {
        const bl_wish *wish = &app->wishes.list[i];
        named = named ||
                (wish->named && strcmp(wish->connection.theirs, answer->connection.theirs) == 0);
    }
    // A port that went while it was asked for is no refusal: the next survey shows what is there.
    const bool refused =
        answer->error.status != BL_STATUS_OK && answer->error.status != BL_STATUS_NOT_FOUND;
    if (bl_wishes_answered(&app->wishes, &answer->connection, !refused, bl_clock_ms())) {
        bl_app_fail(app, &answer->error, named);
    }
    bl_app_survey_in(app, refused ? SURVEY_AGAIN_MS : BL_APP_SURVEY_SOON_MS);
}

void bl_app_connect(bl_app *app, bl_app_role role, const char *port, bool connect)
{
    bl_connection connection = {0};
    snprintf(connection.ours, sizeof connection.ours, "%s", role_ports[role]);
    snprintf(connection.theirs, sizeof connection.theirs, "%s", port);
    if (connect) { // which the player has chosen himself, whatever --no-connect leaves alone
        bl_wishes_add(&app->wishes, connection.ours, connection.theirs, false);
    } else {
        bl_wishes_undo(&app->wishes, &connection, bl_clock_ms());
    }
    if (app->activated) {
        bl_link_connect(app->link, &connection, connect);
    }
}
