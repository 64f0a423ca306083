// SPDX-License-Identifier: MIT
// The half of bl_app that deals with the server, by way of LINK: joining, losing, coming back,
// connections, latency, load. MAIN's.

#include "app_parts.h"

#include "paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOAD_PATIENCE_MS = 2000, ///< a model that loads longer than this does not hold up the ports
    SURVEY_SOON_MS = 30,     ///< changes come in swarms
    SURVEY_AGAIN_MS = 300,
    SURVEY_CYCLES = 4,
    HEARTBEAT_MS = 800, ///< and four periods: after that the server counts as silent
    LOAD_EVERY_MS = 1000,
};

static void survey_in(bl_app *app, int64_t ms)
{
    const int64_t due = bl_app_now_ms() + ms;
    if (app->survey_due_ms == 0 || due < app->survey_due_ms) {
        app->survey_due_ms = due;
    }
}

// Joining -------------------------------------------------------------------------------------

static void on_opened(bl_app *app, const bl_link_answer *answer)
{
    bl_app_state *s = &app->state;
    app->epoch = answer->epoch;
    app->joined = true;
    app->activated = false;
    app->surveyed = false;
    app->opened_ms = bl_app_now_ms();
    bl_app_set_phase(app, BL_APP_LOADING);
    s->sample_rate_hz = answer->rate_hz;
    s->period_frames = answer->period_frames;
    s->own_server = answer->driver[0] != '\0';
    snprintf(s->client, sizeof s->client, "%s", answer->client);
    snprintf(s->server, sizeof s->server, "%s", answer->server);
    snprintf(app->driver, sizeof app->driver, "%s", answer->driver);
    if (strcmp(answer->client, app->config.name) != 0) {
        bl_app_tell(app, BL_APP_INFO,
                    "another program is called \"%s\", so the ports of this one begin with \"%s:\"",
                    app->config.name, answer->client);
    }
    bl_app_prepare_sound(app, answer->rate_hz);
    bl_app_attached(app, true);
    bl_app_try_activate(app);
}

void bl_app_try_activate(bl_app *app)
{
    if (!app->joined || app->activated || app->state.phase == BL_APP_FAILED) {
        return;
    }
    if (!bl_app_sound_is_ready(app) && bl_app_now_ms() - app->opened_ms < LOAD_PATIENCE_MS) {
        return;
    }
    app->activated = true;
    bl_app_attach(app);
    bl_link_activate(app->link);
}

static void on_lost(bl_app *app, const char *why)
{
    app->joined = false;
    app->activated = false;
    app->epoch = 0;
    bl_app_set_phase(app, BL_APP_LOOKING);
    app->state.client[0] = '\0';
    app->state.server[0] = '\0';
    app->survey_due_ms = 0;
    bl_wishes_lost(&app->wishes);
    bl_app_tell(app, BL_APP_ERROR, "%s", why);
    bl_link_open(app->link);
}

static void on_active(bl_app *app, const bl_link_answer *answer)
{
    if (answer->error.status != BL_STATUS_OK) {
        on_lost(app, answer->error.text); // it is going down: look again
        return;
    }
    bl_app_set_phase(app, BL_APP_PLAYING);
    app->watch.beat_ms = bl_app_now_ms();
    bl_app_send_switches(app);
    bl_link_survey(app->link);
}

// Connections ---------------------------------------------------------------------------------

/// Turns a port named on the command line into a wish.
static void wish_named(bl_app *app, const char *ours, const char *text, bool gives)
{
    const bl_port *port = NULL;
    bl_error error = {0};
    if (bl_port_choose(&app->survey.ports, text, BL_PORT_AUDIO, gives, &port, &error) ==
        BL_STATUS_OK) {
        bl_wishes_add(&app->wishes, ours, port->name, true);
    } else {
        bl_app_fail(app, &error, true);
    }
}

static void find_device(bl_app *app)
{
    bl_port_device(&app->survey.ports, app->driver, app->state.device, sizeof app->state.device);
}

/// The riff instead of a guitar, where there is nothing to plug one into.
static void play_riff_if_deaf(bl_app *app)
{
    char path[BL_PATH_MAX];
    const bool dummy = strcmp(app->driver, "dummy") == 0;
    const bool deaf = dummy || bl_port_physical(&app->survey.ports, BL_PORT_AUDIO, true, 0) == NULL;
    if (!deaf || app->config.inputs[0] != NULL || app->demo_path[0] != '\0' ||
        app->config.no_connect || !bl_path_share("riff.wav", path)) {
        return;
    }
    bl_app_tell(app, BL_APP_INFO,
                "there is no input to plug a guitar into, so the shipped riff plays");
    bl_app_set_demo(app, path);
}

/// What to connect, decided once, when the first survey is there.
static void make_wishes(bl_app *app)
{
    const bl_app_config *c = &app->config;
    app->wishes_ready = true;
    find_device(app);
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
    const bl_device *known = bl_memory_find(&app->memory, app->state.device);
    bl_wishes usual = {.count = 0};
    if (known != NULL) {
        bl_wishes_add_device(&usual, known);
    } else {
        bl_wishes_add_usual(&usual, &app->survey.ports);
    }
    // A side that was named is as named; the other one as usual.
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

static void ask_for_wishes(bl_app *app)
{
    for (bl_wish *wish = bl_wishes_next(&app->wishes, &app->survey); wish != NULL;
         wish = bl_wishes_next(&app->wishes, &app->survey)) {
        bl_link_connect(app->link, &wish->connection, true);
    }
}

/// What stands now is what the player wants next time on this device.
static void remember(bl_app *app)
{
    bl_device device = {0};
    if (app->config.no_connect || app->state.device[0] == '\0') {
        return;
    }
    snprintf(device.name, sizeof device.name, "%s", app->state.device);
    bl_wishes_to_device(&app->wishes, &device);
    const bl_device *known = bl_memory_find(&app->memory, device.name);
    if (known != NULL && known->count == device.count &&
        memcmp(known->connections, device.connections, device.count * sizeof *device.connections) ==
            0) {
        return;
    }
    if (bl_memory_remember(&app->memory, &device)) {
        bl_loader_save(app->loader, app->config.name, &app->memory);
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

static void on_surveyed(bl_app *app, bl_link_answer *answer)
{
    if (answer->error.status != BL_STATUS_OK) {
        bl_app_fail(app, &answer->error, false);
        return;
    }
    bl_survey_finish(&app->survey);
    app->survey = answer->survey;
    answer->survey = (bl_survey){0};
    publish_ports(app);
    if (!app->wishes_ready) {
        make_wishes(app);
    }
    const bool first = !app->surveyed;
    app->surveyed = true;
    if (bl_wishes_update(&app->wishes, &app->survey, app->ports_gone || first)) {
        survey_in(app, SURVEY_AGAIN_MS);
    }
    app->ports_gone = false;
    ask_for_wishes(app);
    remember(app);
}

static void on_connected(bl_app *app, const bl_link_answer *answer)
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
    bl_wishes_answered(&app->wishes, &answer->connection, !refused);
    if (refused) {
        bl_app_fail(app, &answer->error, named);
    }
    survey_in(app, SURVEY_SOON_MS);
}

void bl_app_connect(bl_app *app, bl_app_role role, const char *port, bool connect)
{
    bl_connection connection = {0};
    snprintf(connection.ours, sizeof connection.ours, "%s", role_ports[role]);
    snprintf(connection.theirs, sizeof connection.theirs, "%s", port);
    if (connect) {
        bl_wishes_add(&app->wishes, connection.ours, connection.theirs, false);
    } else {
        bl_wishes_remove(&app->wishes, &connection);
    }
    if (app->activated) {
        bl_link_connect(app->link, &connection, connect);
    }
}

void bl_app_set_period(bl_app *app, uint32_t frames)
{
    bl_link_set_period(app->link, frames);
}

void bl_app_start_server(bl_app *app)
{
    bl_link_allow_start(app->link);
}

// Answers and news ----------------------------------------------------------------------------

static void hear(bl_app *app, bl_link_answer *answer)
{
    const bool ours = answer->epoch == app->epoch;
    switch (answer->kind) {
    case BL_LINK_NOTE:
        bl_app_tell(app, BL_APP_INFO, "%s", answer->error.text);
        break;
    case BL_LINK_NO_SERVER:
        bl_app_fail(app, &answer->error, app->engine == NULL);
        break;
    case BL_LINK_OPENED:
        on_opened(app, answer);
        break;
    case BL_LINK_ATTACHED:
        bl_app_attached(app, false);
        break;
    case BL_LINK_ACTIVE:
        if (ours) {
            on_active(app, answer);
        }
        break;
    case BL_LINK_SURVEYED:
        if (ours) {
            on_surveyed(app, answer);
        }
        break;
    case BL_LINK_CONNECTED:
        if (ours) {
            on_connected(app, answer);
        }
        break;
    case BL_LINK_REQUESTED:
        bl_app_fail(app, &answer->error, false);
        break;
    }
}

void bl_app_hear_link(bl_app *app)
{
    for (bl_link_answer *answer = bl_link_poll(app->link); answer != NULL;
         answer = bl_link_poll(app->link)) {
        hear(app, answer);
        bl_link_answer_free(answer);
    }
}

static void hear_format(bl_app *app)
{
    app->state.period_frames = atomic_load(&app->pulse.period);
    const uint32_t rate_hz = atomic_load(&app->pulse.rate_hz);
    if (rate_hz == app->state.sample_rate_hz) {
        return;
    }
    app->state.sample_rate_hz = rate_hz;
    bl_app_tell(app, BL_APP_INFO, "the server's sample rate is %u Hz now", rate_hz);
    bl_app_prepare_sound(app, rate_hz);
    bl_app_attach(app);
    bl_app_send_switches(app);
}

void bl_app_hear_pulse(bl_app *app)
{
    const uint32_t news = atomic_exchange_explicit(&app->pulse.news, 0, memory_order_acquire);
    if ((news & BL_NEWS_LOST) != 0 && app->joined &&
        atomic_load_explicit(&app->pulse.lost_epoch, memory_order_acquire) == app->epoch) {
        on_lost(app, "the JACK server has gone; nothing is lost: everything stays loaded and plays "
                     "again by itself when a server comes back");
        return;
    }
    if (!app->joined) {
        return;
    }
    if ((news & BL_NEWS_FORMAT) != 0) {
        hear_format(app);
    }
    if ((news & BL_NEWS_PORTS) != 0) {
        survey_in(app, SURVEY_SOON_MS);
        app->survey_beat = atomic_load(&app->pulse.cycles) + SURVEY_CYCLES;
    }
    if ((news & BL_NEWS_GONE) != 0) {
        app->ports_gone = true;
    }
}

/// Load of the last second, and whether the delay of the chain is another now.
static void take_load(bl_app *app, int64_t now_ms)
{
    bl_app_watch *w = &app->watch;
    const uint64_t busy_ns = atomic_load(&app->pulse.busy_ns);
    const uint64_t frames = atomic_load(&app->pulse.frames);
    const double seconds = (double)(frames - w->frames) / (double)app->state.sample_rate_hz;
    app->state.load = seconds > 0.0 ? (double)(busy_ns - w->busy_ns) * 1e-9 / seconds : 0.0;
    app->state.load_peak = (double)atomic_exchange(&app->pulse.max_ppm, 0) * 1e-6;
    app->state.graph_load = (double)atomic_load(&app->pulse.graph_ppm) * 1e-6;
    w->busy_ns = busy_ns;
    w->frames = frames;
    w->load_ms = now_ms;
    bl_link_measure(app->link);
}

static void watch_heart(bl_app *app, int64_t now_ms)
{
    bl_app_watch *w = &app->watch;
    const uint64_t beat = atomic_load(&app->pulse.cycles);
    if (beat != w->beat) {
        w->beat = beat;
        w->beat_ms = now_ms;
        if (app->state.phase == BL_APP_FROZEN) {
            bl_app_set_phase(app, BL_APP_PLAYING);
            bl_app_tell(app, BL_APP_INFO, "the server answers again");
        }
        return;
    }
    const int64_t patience =
        HEARTBEAT_MS + 4000 * (int64_t)app->state.period_frames / app->state.sample_rate_hz;
    if (app->state.phase != BL_APP_PLAYING || now_ms - w->beat_ms < patience) {
        return;
    }
    if (bl_jack_is_pipewire()) { // it dies without a word
        on_lost(app, "PipeWire does not answer any more; nothing is lost: everything stays loaded "
                     "and plays again by itself when it comes back");
    } else {
        bl_app_set_phase(app, BL_APP_FROZEN);
        bl_app_tell(app, BL_APP_WARNING,
                    "the JACK server is there but does not move; it plays on when the server does");
    }
}

void bl_app_watch_server(bl_app *app, int64_t now_ms)
{
    if (!app->activated) {
        return;
    }
    watch_heart(app, now_ms);
    if (!app->activated) {
        return;
    }
    if (now_ms - app->watch.load_ms >= LOAD_EVERY_MS) {
        take_load(app, now_ms);
    }
    const uint32_t own = atomic_load(&app->pulse.own_latency_frames);
    if (own != app->watch.latency_frames) {
        app->watch.latency_frames = own;
        bl_link_recompute_latencies(app->link);
    }
    // News come before the cycle in which the server makes them true: a survey may be too early.
    const bool settled = app->survey_beat != 0 && app->watch.beat >= app->survey_beat;
    if (settled || (app->survey_due_ms != 0 && now_ms >= app->survey_due_ms)) {
        app->survey_due_ms = 0;
        app->survey_beat = settled ? 0 : app->survey_beat;
        bl_link_survey(app->link);
    }
}
