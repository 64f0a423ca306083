// SPDX-License-Identifier: MIT
// Making, driving and ending a bl_app; its state and messages. MAIN's.

#include "app_parts.h"

#include "paths.h"
#include "pipewire.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
    TICK_MS = 50,
    FADE_OUT_MS = 60,         ///< longer than the engine's ramp
    TUNER_BLOCKS = 512,       ///< more than a quarter of a second at any rate
    LOADER_PATIENCE_MS = 150, ///< for what LOADER is doing when the program ends
};

bl_app_config bl_app_config_default(void)
{
    return (bl_app_config){.name = "backline", .quality = 1.0};
}

// Messages ------------------------------------------------------------------------------------

void bl_app_tell(bl_app *app, bl_app_severity severity, const char *format, ...)
{
    bl_app_message *m = &app->messages[app->state.message_count % BL_APP_MESSAGES_KEPT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(m->text, sizeof m->text, format, arguments);
    va_end(arguments);
    m->severity = severity;
    m->absence = m->offers_old = false;
    app->state.message = *m;
    app->state.message_count++;
}

void bl_app_set_phase(bl_app *app, bl_app_phase phase)
{
    if (app->state.phase != BL_APP_FAILED) {
        app->state.phase = phase;
    }
}

void bl_app_fail(bl_app *app, const bl_error *error, bool fatal)
{
    if (app->state.phase == BL_APP_FAILED) {
        return; // the first cause is the one to tell
    }
    bl_app_tell(app, BL_APP_ERROR, "%s", error->text);
    if (fatal && app->config.strict) {
        bl_app_set_phase(app, BL_APP_FAILED);
    }
}

bool bl_app_take_message(bl_app *app, bl_app_message *message)
{
    const uint64_t count = app->state.message_count;
    if (count - app->messages_taken > BL_APP_MESSAGES_KEPT) {
        app->messages_taken = count - BL_APP_MESSAGES_KEPT;
    }
    if (app->messages_taken == count) {
        return false;
    }
    *message = app->messages[app->messages_taken % BL_APP_MESSAGES_KEPT];
    app->messages_taken++;
    return true;
}

// Making --------------------------------------------------------------------------------------

static const char *keep_text(bl_app *app, const char *text)
{
    if (text == NULL) {
        return NULL;
    }
    char *copy = strdup(text);
    app->texts[app->text_count++] = copy;
    return copy;
}

static void copy_config(bl_app *app, const bl_app_config *config)
{
    app->config = *config;
    app->config.name = keep_text(app, config->name);
    app->config.server = keep_text(app, config->server);
    app->config.driver = keep_text(app, config->driver);
    app->config.model = keep_text(app, config->model);
    app->config.rig = keep_text(app, config->rig);
    app->config.setlist = keep_text(app, config->setlist);
    app->config.demo = NULL;
    if (config->demo != NULL) {
        snprintf(app->demo_path, sizeof app->demo_path, "%s", config->demo);
        app->config.demo = app->demo_path;
    }
    for (size_t i = 0; i < BL_APP_NAMED_MAX; i++) {
        app->config.inputs[i] = keep_text(app, config->inputs[i]);
        app->config.outputs[i] = keep_text(app, config->outputs[i]);
    }
}

static bool name_is_fit(const char *name)
{
    const size_t length = strlen(name);
    return length > 0 && length < BL_JACK_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") ==
               length;
}

static bool driver_is_fit(const char *driver)
{
    return driver == NULL || strcmp(driver, "dummy") == 0 ||
           (strncmp(driver, "alsa:", 5) == 0 && driver[5] != '\0' && strlen(driver) < 48 &&
            strpbrk(driver, " \t") == NULL);
}

static bl_status check_config(const bl_app_config *config, bl_error *error)
{
    if (!name_is_fit(config->name)) {
        return bl_error_set(error, BL_STATUS_USAGE,
                            "found the name \"%s\", expected 1 to %d letters, digits, - and _",
                            config->name, BL_JACK_NAME_MAX - 1);
    }
    if (!driver_is_fit(config->driver)) {
        return bl_error_set(error, BL_STATUS_USAGE,
                            "found the driver \"%s\", expected dummy or alsa:CARD; `backline "
                            "ports` lists the cards",
                            config->driver);
    }
    return BL_STATUS_OK;
}

/// One descriptor for every loop: an epoll set of the eventfd and a timer.
static bool make_descriptors(bl_app *app)
{
    app->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    app->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    app->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    const struct timespec tick = {0, TICK_MS * 1000000};
    const struct itimerspec every = {tick, tick};
    struct epoll_event wake = {.events = EPOLLIN};
    struct epoll_event timer = {.events = EPOLLIN};
    struct epoll_event files = {.events = EPOLLIN};
    bl_watch_open(&app->watch_files);
    if (app->watch_files.fd >= 0) {
        epoll_ctl(app->epoll_fd, EPOLL_CTL_ADD, app->watch_files.fd, &files);
    }
    return app->epoll_fd >= 0 && app->wake_fd >= 0 && app->timer_fd >= 0 &&
           timerfd_settime(app->timer_fd, 0, &every, NULL) == 0 &&
           epoll_ctl(app->epoll_fd, EPOLL_CTL_ADD, app->wake_fd, &wake) == 0 &&
           epoll_ctl(app->epoll_fd, EPOLL_CTL_ADD, app->timer_fd, &timer) == 0;
}

/// The model to begin with, without a set list: the one named, else the rig's, else the last one,
/// else a shipped one.
static void choose_first_model(bl_app *app)
{
    char *first = app->first_model;
    if (app->setlist.part_count > 0) {
        return; // the set list's rigs
    }
    if (app->config.model != NULL || app->config.rig != NULL) {
        const char *named = app->config.model != NULL ? app->config.model : app->rig.model;
        bl_path_absolute(named, first);
        app->first_model_is_chosen = true;
    } else if (app->memory.model[0] != '\0') {
        snprintf(first, sizeof app->first_model, "%s", app->memory.model);
    } else if (app->has_rig) {
        snprintf(first, sizeof app->first_model, "%s", app->rig.model);
    } else if (!bl_path_factory_model(app->first_model)) {
        first[0] = '\0';
        bl_app_tell(app, BL_APP_WARNING,
                    "no model was named and none is installed, so the guitar passes clean");
    }
}

/// What files say. A broken one is told and does not keep anybody from playing.
static void read_files(bl_app *app)
{
    bl_error error = {0};
    if (bl_settings_load(&app->settings, &error) != BL_STATUS_OK) {
        bl_app_tell(app, BL_APP_WARNING, "%s", error.text);
    }
    bl_error_clear(&error);
    app->is_guest = !bl_memory_claim(app->config.name, &app->memory_lock_fd);
    if (app->is_guest) {
        bl_app_tell(app, BL_APP_WARNING,
                    "another Backline runs and remembers what is played there; this one begins "
                    "with a copy and remembers nothing; to let this one remember too, start it "
                    "with --name and another name");
    }
    if (bl_memory_load(app->config.name, !app->is_guest, &app->memory, &error) != BL_STATUS_OK) {
        bl_app_tell(app, BL_APP_WARNING, "%s", error.text);
    }
}

/// The rig to begin with: the one named, else, unless a model is to play alone, the last one. That
/// one may be gone by now, which keeps nobody from playing.
static bl_status read_rig(bl_app *app, bl_error *error)
{
    bl_error gone = {0};
    app->rig = bl_rig_default();
    const bl_status listed = bl_app_read_setlist(app, error);
    if (listed != BL_STATUS_OK) {
        return listed;
    }
    if (app->setlist.part_count > 0) {
        return BL_STATUS_OK;
    }
    if (app->config.rig != NULL) {
        bl_path_absolute(app->config.rig, app->rig_path);
        const bl_status status = bl_rig_load(app->rig_path, &app->rig, error);
        if (status != BL_STATUS_OK) {
            return status;
        }
    } else if (app->config.model == NULL && app->memory.rig[0] != '\0') {
        snprintf(app->rig_path, sizeof app->rig_path, "%s", app->memory.rig);
        if (bl_rig_load(app->rig_path, &app->rig, &gone) != BL_STATUS_OK) {
            bl_app_tell(app, BL_APP_WARNING, "%s", gone.text);
            app->rig = bl_rig_default();
            app->rig_path[0] = '\0';
        }
    }
    app->has_rig = app->rig_path[0] != '\0';
    memcpy(app->state.parameters, app->rig.parameters, sizeof app->state.parameters);
    return BL_STATUS_OK;
}

void bl_app_join_pipewire(bl_app_config *config, char **arguments)
{
    bl_error error = {0};
    // Who names a driver wants a server of his own.
    if (config->driver == NULL &&
        bl_pipewire_join(config->server, arguments, &error) != BL_STATUS_OK) {
        snprintf(config->note, sizeof config->note, "%s", error.text);
    }
}

bl_status bl_app_create(const bl_app_config *config, bl_app **app, bl_error *error)
{
    bl_status status = check_config(config, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    bl_app *a = calloc(1, sizeof *a);
    if (a == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to start");
    }
    // A server that dies breaks its sockets under whichever thread of libjack's writes to them.
    signal(SIGPIPE, SIG_IGN);
    copy_config(a, config);
    a->memory_lock_fd = -1;
    a->state.phase = BL_APP_LOOKING;
    if (config->note[0] != '\0') {
        bl_app_tell(a, BL_APP_WARNING, "%s", config->note);
    }
    if (!make_descriptors(a) || !bl_app_enter_session(a)) {
        status = bl_error_set(error, BL_STATUS_NO_MEMORY, "cannot make an event descriptor");
        goto fail;
    }
    a->pulse.wake_fd = a->wake_fd;
    a->pulse.settle = bl_app_settle;
    a->pulse.settle_argument = a;
    a->pulse.midi = &a->midi;
    a->pulse.tuner = bl_ring_create(TUNER_BLOCKS, sizeof(bl_tuner_block));
    if (!bl_midi_intake_init(&a->midi) || a->pulse.tuner == NULL) {
        status = bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to start");
        goto fail;
    }
    status = bl_stage_create(a->wake_fd, &a->stage, error);
    if (status != BL_STATUS_OK) {
        goto fail;
    }
    a->pulse.stage = a->stage;
    a->pulse.programs = &a->programs;
    bl_midi_map_init(&a->midi_map);
    bl_app_read_midi_map(a);
    read_files(a);
    bl_stage_set_calibration(a->stage, a->settings.has_interface_input,
                             a->settings.interface_input_dbu);
    status = read_rig(a, error);
    if (status != BL_STATUS_OK) {
        goto fail;
    }
    bl_app_restore_knobs(a);
    choose_first_model(a);
    if (a->config.strict && a->first_model_is_chosen && a->first_model[0] != '\0') {
        // Before a server is started for nothing; LOADER reads it once more.
        bl_model *model = NULL;
        status = bl_model_load(a->first_model, NULL, &model, error);
        bl_model_release(model);
        if (status != BL_STATUS_OK) {
            goto fail;
        }
    }
    const bl_link_config link = {
        .client = a->config.name,
        .server = a->config.server,
        .command = a->settings.server_command[0] != '\0' ? a->settings.server_command : NULL,
        .driver = a->config.driver,
        .may_start = true,
        .pulse = &a->pulse,
        .wake_fd = a->wake_fd,
    };
    status = bl_loader_create(a->wake_fd, a->stage, &a->loader, error);
    if (status == BL_STATUS_OK) {
        status = bl_link_create(&link, &a->link, error);
    }
    if (status != BL_STATUS_OK) {
        goto fail;
    }
    bl_link_open(a->link);
    *app = a;
    return BL_STATUS_OK;
fail:
    bl_app_destroy(a);
    return status;
}

void bl_app_destroy(bl_app *app)
{
    if (app == NULL) {
        return;
    }
    if (app->loader != NULL) {
        bl_app_remember_knobs(app, true); // before the fade, which mutes
    }
    if (app->activated && app->state.phase == BL_APP_PLAYING && !app->state.muted) {
        const struct timespec pause = {0, FADE_OUT_MS * 1000000};
        bl_app_set_mute(app, true);
        nanosleep(&pause, NULL);
    }
    if (app->loader != NULL) {
        bl_app_remember(app); // a server that hangs has shown nothing of what was chosen since
    }
    bl_loader_destroy(app->loader, LOADER_PATIENCE_MS);
    if (app->memory_lock_fd >= 0) {
        close(app->memory_lock_fd); // even if the rest is left behind
    }
    if (!bl_link_destroy(app->link)) {
        return; // its thread still uses what would be freed here
    }
    bl_app_leave_session(app);
    bl_stage_destroy(app->stage, LOADER_PATIENCE_MS);
    bl_app_finish_sound(app);
    bl_app_finish_setlist(app);
    bl_ring_destroy(app->pulse.tuner);
    bl_survey_finish(&app->survey);
    bl_memory_finish(&app->memory);
    free(app->ports);
    free(app->models);
    for (size_t i = 0; i < app->text_count; i++) {
        free(app->texts[i]);
    }
    close(app->timer_fd);
    close(app->wake_fd);
    close(app->epoll_fd);
    free(app);
}

// Driving -------------------------------------------------------------------------------------

int bl_app_fd(const bl_app *app)
{
    return app->epoll_fd;
}

static void drain(int descriptor)
{
    uint64_t count = 0;
    const ssize_t got = read(descriptor, &count, sizeof count);
    (void)got; // nothing there is fine
}

void bl_app_dispatch(bl_app *app)
{
    drain(app->wake_fd);
    drain(app->timer_fd);
    bl_app_hear_link(app);
    bl_app_hear_midi(app); // before LOADER says that a model came too late for it
    bl_app_hear_loader(app);
    bl_app_hear_pulse(app);
    bl_app_hear_stage(app);
    bl_app_hear_tuner(app, bl_clock_ms());
    bl_app_watch_files(app, bl_clock_ms());
    bl_app_try_activate(app);
    bl_app_poll_engine(app);
    bl_app_watch_server(app, bl_clock_ms());
    bl_app_hear_session(app);
    bl_app_remember_knobs(app, false);
}

static const char *word_of(const bl_app_state *s)
{
    switch (s->phase) {
    case BL_APP_LOOKING:
        return "no server";
    case BL_APP_LOADING:
        return "loading";
    case BL_APP_FROZEN:
        return "server frozen";
    case BL_APP_FAILED:
        return "failed";
    case BL_APP_PLAYING:
        break;
    }
    return s->tuner.on ? "tuning" : s->muted ? "muted" : s->bypassed ? "bypassed" : "playing";
}

/// Whether a latency of 0 at these ports of ours is true: between programs it is; hardware that
/// says so does not know its own, and where nothing is connected nothing is known.
static bool is_nothing_true(const bl_app *app, const char *ours)
{
    bool connected = false;
    for (size_t i = 0; i < app->survey.connection_count; i++) {
        const bl_connection *c = &app->survey.connections[i];
        if (strncmp(c->ours, ours, strlen(ours)) == 0) {
            const bl_port *port = bl_port_named(&app->survey.ports, c->theirs);
            if (port == NULL || port->physical) {
                return false;
            }
            connected = true;
        }
    }
    return connected;
}

bl_app_latency bl_app_get_latency(const bl_app *app)
{
    bl_app_latency l = {0};
    if (!app->joined || app->state.sample_rate_hz == 0 || atomic_load(&app->pulse.cycles) == 0) {
        return l;
    }
    const double ms = 1e3 / app->state.sample_rate_hz;
    const uint32_t capture = atomic_load(&app->pulse.capture_latency_frames);
    const uint32_t playback = atomic_load(&app->pulse.playback_latency_frames);
    l.in_known = capture > 0 || is_nothing_true(app, "in");
    l.out_known = playback > 0 || is_nothing_true(app, "out_");
    // Whatever an input does not tell, it waits for a period to be full.
    const uint32_t whole = app->state.period_frames;
    const uint32_t period = l.in_known && capture < whole ? capture : whole;
    l.driver_in_ms = l.in_known ? (capture - period) * ms : 0.0;
    l.period_ms = period * ms;
    l.own_ms = atomic_load(&app->pulse.own_latency_frames) * ms;
    l.driver_out_ms = playback * ms;
    l.total_ms = l.driver_in_ms + l.period_ms + l.own_ms + l.driver_out_ms;
    return l;
}

bl_app_phase bl_app_get_phase(const bl_app *app)
{
    return app->state.phase;
}

uint64_t bl_app_get_changes(const bl_app *app)
{
    return app->state.changes;
}

bool bl_app_is_tuning(const bl_app *app)
{
    return app->state.tuner.on;
}

void bl_app_get_state(bl_app *app, bl_app_state *state)
{
    bl_app_poll_engine(app);
    app->state.word = word_of(&app->state);
    app->state.loading =
        !bl_app_sound_is_ready(app) || (app->demo != NULL && app->attach_done < app->attach_asked);
    app->state.freewheel = atomic_load(&app->pulse.freewheel);
    app->state.xruns = atomic_load(&app->pulse.xruns);
    app->state.own_latency_frames = atomic_load(&app->pulse.own_latency_frames);
    app->state.latency = bl_app_get_latency(app);
    app->state.midi.heard = atomic_load(&app->midi.heard);
    app->state.midi.merged = atomic_load(&app->midi.merged);
    app->state.midi.lost = atomic_load(&app->midi.lost);
    *state = app->state;
    app->state.in_peak = 0.0F;
    app->state.out_peak = 0.0F;
}

const bl_app_port *bl_app_get_ports(bl_app *app, size_t *count)
{
    *count = app->port_count;
    return app->ports;
}
