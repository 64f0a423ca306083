// SPDX-License-Identifier: MIT
// The life of the JACK client: opened, activated, attached to what sounds, closed. LINK's.

#include "jack_parts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TYPE_INTEGER "http://www.w3.org/2001/XMLSchema#int"
#define TYPE_TEXT "text/plain"
#define ICON_NAME "backline"

enum { CLOSE_PATIENCE_MS = 400, PROBE_PATIENCE_S = 2, LOOK_PATIENCE_MS = 3000 };

const bl_jack_port_row bl_jack_port_rows[BL_JACK_PORTS] = {
#define PORT_ROW(id, name, type, flags, pretty, group, order)                                      \
    {name, type, flags, pretty, group, order},
    BL_JACK_PORT_TABLE(PORT_ROW)
#undef PORT_ROW
};

static void ignore_text(const char *text)
{
    (void)text;
}

bool bl_jack_is_pipewire(void)
{
    const char *version = jack_get_version_string();
    return version != NULL && strstr(version, "PipeWire") != NULL;
}

static bl_status register_ports(bl_jack *jack, bl_error *error)
{
    for (int i = 0; i < BL_JACK_PORTS; i++) {
        jack->ports[i] =
            jack_port_register(jack->client, bl_jack_port_rows[i].name, bl_jack_port_rows[i].type,
                               bl_jack_port_rows[i].flags, 0);
        if (jack->ports[i] == NULL) {
            return bl_error_set(error, BL_STATUS_REFUSED,
                                "the JACK server refuses the port \"%s\": it has no room for more "
                                "ports; close another program or start the server with a larger "
                                "--port-max",
                                bl_jack_port_rows[i].name);
        }
    }
    return BL_STATUS_OK;
}

static jack_uuid_t client_uuid(jack_client_t *client)
{
    jack_uuid_t uuid = 0;
    char *text = jack_get_uuid_for_client_name(client, jack_get_client_name(client));
    if (text != NULL) {
        jack_uuid_parse(text, &uuid);
        jack_free(text);
    }
    return uuid;
}

/// Once per client, never again while it lives: who renames our ports meanwhile keeps his names.
/// Written without looking at what is there, since jack2 gives the ids of dead ports to new ones.
static void set_metadata(bl_jack *jack)
{
    for (int i = 0; i < BL_JACK_PORTS; i++) {
        const jack_uuid_t uuid = jack_port_uuid(jack->ports[i]);
        jack_set_property(jack->client, uuid, JACK_METADATA_PRETTY_NAME,
                          bl_jack_port_rows[i].pretty, TYPE_TEXT);
        jack_set_property(jack->client, uuid, JACK_METADATA_PORT_GROUP, bl_jack_port_rows[i].group,
                          TYPE_TEXT);
        jack_set_property(jack->client, uuid, JACK_METADATA_ORDER, bl_jack_port_rows[i].order,
                          TYPE_INTEGER);
    }
    const jack_uuid_t uuid = client_uuid(jack->client);
    if (!jack_uuid_empty(uuid)) {
        jack_set_property(jack->client, uuid, JACK_METADATA_ICON_NAME, ICON_NAME, TYPE_TEXT);
    }
    jack->metadata_set = true;
}

/// Key by key: jack_remove_properties walks through the user's database and deletes as it goes, so
/// that two programs which do so at the same time lock each other, and jackd, out for ever.
static void remove_metadata(bl_jack *jack)
{
    static const char *const *const keys[] = {&JACK_METADATA_PRETTY_NAME, &JACK_METADATA_PORT_GROUP,
                                              &JACK_METADATA_ORDER};
    for (int i = 0; i < BL_JACK_PORTS; i++) {
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            jack_remove_property(jack->client, jack_port_uuid(jack->ports[i]), *keys[k]);
        }
    }
    const jack_uuid_t uuid = client_uuid(jack->client);
    if (!jack_uuid_empty(uuid)) {
        jack_remove_property(jack->client, uuid, JACK_METADATA_ICON_NAME);
    }
}

const char *bl_jack_server_name(const char *server)
{
    if (bl_jack_is_pipewire()) {
        return "PipeWire";
    }
    if (server == NULL) {
        server = getenv("JACK_DEFAULT_SERVER");
    }
    return server != NULL && server[0] != '\0' ? server : "default";
}

jack_client_t *bl_jack_open_client(const char *name, const char *server, bl_error *error)
{
    jack_set_error_function(ignore_text);
    jack_set_info_function(ignore_text);
    jack_status_t status = 0;
    jack_client_t *client =
        server != NULL ? jack_client_open(name, JackNoStartServer | JackServerName, &status, server)
                       : jack_client_open(name, JackNoStartServer, &status);
    if (client != NULL) {
        return client;
    }
    if (bl_jack_is_pipewire()) {
        bl_error_set(error, BL_STATUS_SERVER,
                     "PipeWire does not run; `systemctl --user start pipewire wireplumber` starts "
                     "it");
    } else if ((status & JackVersionError) != 0) {
        bl_error_set(error, BL_STATUS_SERVER,
                     "the running JACK server speaks another version of the protocol than the JACK "
                     "library here; install both from the same source");
    } else if ((status & (JackServerFailed | JackServerError)) != 0 || status == JackFailure) {
        bl_error_set(error, BL_STATUS_SERVER, "no JACK server \"%s\" is running",
                     bl_jack_server_name(server));
    } else {
        bl_error_set(error, BL_STATUS_REFUSED,
                     "the JACK server does not accept the client \"%s\" (status 0x%x)", name,
                     (unsigned)status);
    }
    return NULL;
}

bl_status bl_jack_open(const bl_jack_config *config, bl_jack **jack, bl_error *error)
{
    bl_jack *j = calloc(1, sizeof *j);
    if (j == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory for a JACK client");
    }
    bl_error detail = {0};
    j->client = bl_jack_open_client(config->name, config->server, &detail);
    if (j->client == NULL) {
        free(j);
        return bl_error_set(error, detail.status, "%s", detail.text);
    }
    j->epoch = config->epoch;
    j->repeats = !bl_jack_is_pipewire();
    j->server = config->server != NULL ? strdup(config->server) : NULL;
    atomic_store(&j->pulse, config->pulse);
    j->came_seen = atomic_load(&config->pulse->came_count);
    const uint32_t rate_hz = jack_get_sample_rate(j->client);
    atomic_store(&j->rate_hz, rate_hz);
    atomic_store(&config->pulse->rate_hz, rate_hz);
    atomic_store(&config->pulse->period, jack_get_buffer_size(j->client));
    atomic_store(&config->pulse->freewheel, false);
    atomic_store(&config->pulse->thread, 0);
    atomic_store(&config->pulse->real_time, jack_is_realtime(j->client) != 0);
    bl_jack_set_callbacks(j);
    const bl_status status = register_ports(j, error);
    if (status != BL_STATUS_OK) {
        bl_jack_close(j, CLOSE_PATIENCE_MS);
        return status;
    }
    // PipeWire gives two clients the same name and their ports different ones.
    bl_port_client(jack_port_name(j->ports[BL_JACK_IN]), j->name, sizeof j->name);
    set_metadata(j);
    *jack = j;
    return BL_STATUS_OK;
}

const char *bl_jack_name(const bl_jack *jack)
{
    return jack->name;
}

// A thread that JACK cancelled inside a cycle never leaves it, so the wait ends after a second.
void bl_jack_wait_for_turn(_Atomic uint64_t *counter)
{
    const uint64_t turn = atomic_load_explicit(counter, memory_order_seq_cst);
    const struct timespec pause = {0, 200000};
    for (int i = 0; turn % 2 == 1 && i < 5000; i++) {
        if (atomic_load_explicit(counter, memory_order_seq_cst) != turn) {
            return;
        }
        nanosleep(&pause, NULL);
    }
}

void bl_jack_attach(bl_jack *jack, bl_engine *engine, bl_demo *demo)
{
    bl_jack_program *old = atomic_load(&jack->current);
    bl_jack_program *next = old == &jack->programs[0] ? &jack->programs[1] : &jack->programs[0];
    next->engine = engine;
    next->demo = demo;
    atomic_store_explicit(&jack->current, next, memory_order_seq_cst);
    bl_jack_wait_for_turn(&jack->turn);
}

bl_status bl_jack_activate(bl_jack *jack, bl_error *error)
{
    if (jack_activate(jack->client) != 0) {
        return bl_error_set(error, BL_STATUS_SERVER,
                            "the JACK server does not let the client run; it may be shutting down");
    }
    return BL_STATUS_OK;
}

bool bl_jack_probe(const char *server)
{
    const pid_t pid = fork();
    if (pid == 0) {
        alarm(PROBE_PATIENCE_S); // a frozen server never answers
        _exit(bl_jack_open_client("backline-probe", server, NULL) != NULL ? 0 : 1);
    }
    int status = 0;
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

bl_status bl_jack_say_frozen(const char *server, bl_error *error)
{
    if (bl_jack_is_pipewire()) {
        return bl_error_set(error, BL_STATUS_REFUSED,
                            "PipeWire is there but does not answer; `systemctl --user restart "
                            "pipewire wireplumber` starts it anew");
    }
    return bl_error_set(error, BL_STATUS_REFUSED,
                        "the JACK server \"%s\" is there but does not answer; if it stays so, end "
                        "it with `killall -9 jackd` and start it again",
                        bl_jack_server_name(server));
}

bl_status bl_jack_say_stuck(bl_error *error)
{
    return bl_error_set(error, BL_STATUS_REFUSED,
                        "the JACK library does not let go of the server that has gone; quit "
                        "Backline and start it again to play on");
}

/// One look at a server, on a thread that may hang in it.
typedef struct look {
    const char *server; ///< the caller's, who outlives it
    bl_survey survey;
    uint32_t rate_hz, period_frames;
    bl_error error;
    atomic_bool done; ///< thread -> MAIN
} look;

static void *look_round(void *argument)
{
    look *l = argument;
    bl_jack *jack = calloc(1, sizeof *jack);
    if (jack == NULL) {
        bl_error_set(&l->error, BL_STATUS_NO_MEMORY, "not enough memory for a JACK client");
    } else {
        jack->client = bl_jack_open_client("backline-look", l->server, &l->error);
    }
    if (jack != NULL && jack->client != NULL) {
        l->rate_hz = jack_get_sample_rate(jack->client);
        l->period_frames = jack_get_buffer_size(jack->client);
        bl_jack_list_ports(jack->client, &l->survey.ports, &l->error);
        bl_jack_close(jack, CLOSE_PATIENCE_MS);
    } else {
        free(jack);
    }
    atomic_store(&l->done, true);
    return NULL;
}

bl_status bl_jack_look(const char *server, bl_survey *survey, uint32_t *rate_hz,
                       uint32_t *period_frames, bl_error *error)
{
    const struct timespec pause = {0, 2000000};
    pthread_t thread;
    look *l = calloc(1, sizeof *l);
    *survey = (bl_survey){0};
    if (l != NULL) {
        l->server = server;
    }
    if (l == NULL || pthread_create(&thread, NULL, look_round, l) != 0) {
        free(l);
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "cannot start a thread");
    }
    for (int waited = 0; waited < LOOK_PATIENCE_MS && !atomic_load(&l->done); waited += 2) {
        nanosleep(&pause, NULL);
    }
    if (!atomic_load(&l->done)) {
        pthread_detach(thread); // and what it uses is left to it
        return bl_jack_say_frozen(server, error);
    }
    pthread_join(thread, NULL);
    *survey = l->survey;
    *rate_hz = l->rate_hz;
    *period_frames = l->period_frames;
    *error = l->error;
    free(l);
    return error->status;
}

bl_status bl_jack_set_period(bl_jack *jack, uint32_t frames, bl_error *error)
{
    if (jack_set_buffer_size(jack->client, frames) != 0) {
        return bl_error_set(error, BL_STATUS_REFUSED,
                            "the JACK server refuses a period of %u frames", frames);
    }
    return BL_STATUS_OK;
}

uint32_t bl_jack_graph_ppm(const bl_jack *jack)
{
    const float percent = jack_cpu_load(jack->client);
    return percent > 0.0F ? (uint32_t)(percent * 1e4F) : 0;
}

void bl_jack_recompute_latencies(bl_jack *jack)
{
    jack_recompute_total_latencies(jack->client);
}

/// Clients on their way out, each with its number: LINK puts them in, closing threads take them
/// out.
static pthread_mutex_t closing_lock = PTHREAD_MUTEX_INITIALIZER;
static bl_jack *closing;
static uint64_t last_closing;

static uint64_t begin_closing(bl_jack *jack)
{
    pthread_mutex_lock(&closing_lock);
    jack->closing = ++last_closing;
    jack->next_closing = closing;
    closing = jack;
    const uint64_t number = last_closing;
    pthread_mutex_unlock(&closing_lock);
    return number;
}

static void end_closing(const bl_jack *jack)
{
    pthread_mutex_lock(&closing_lock);
    bl_jack **at = &closing;
    while (*at != jack) {
        at = &(*at)->next_closing;
    }
    *at = jack->next_closing;
    pthread_mutex_unlock(&closing_lock);
}

uint64_t bl_jack_last_closing(void)
{
    pthread_mutex_lock(&closing_lock);
    const uint64_t number = last_closing;
    pthread_mutex_unlock(&closing_lock);
    return number;
}

int bl_jack_count_closing(uint64_t after)
{
    int count = 0;
    pthread_mutex_lock(&closing_lock);
    for (const bl_jack *jack = closing; jack != NULL; jack = jack->next_closing) {
        count += jack->closing > after;
    }
    pthread_mutex_unlock(&closing_lock);
    return count;
}

static void *close_client(void *argument)
{
    bl_jack *jack = argument;
    if (jack->metadata_set) {
        remove_metadata(jack);
    }
    bl_jack_close_listener(jack);
    if (jack->client != NULL) {
        jack_client_close(jack->client);
    }
    free(jack->server);
    end_closing(jack);
    free(jack); // not before: its callbacks may run until here
    return NULL;
}

/// From now on nothing of this client reaches pulse, engine or demo.
static void orphan(bl_jack *jack)
{
    atomic_store_explicit(&jack->pulse, NULL, memory_order_seq_cst);
    bl_jack_attach(jack, NULL, NULL);
    if (jack->listener != NULL) {
        atomic_store_explicit(&jack->listener->pulse, NULL, memory_order_seq_cst);
        bl_jack_wait_for_turn(&jack->listener->turn);
    }
}

void bl_jack_close(bl_jack *jack, int patience_ms)
{
    const struct timespec pause = {0, 2000000};
    pthread_t thread;
    if (jack == NULL) {
        return;
    }
    // A server that has gone took its ports along; the next one may be at work in the database, and
    // two that delete in it at a time can lock each other out for ever.
    const bl_pulse *pulse = atomic_load(&jack->pulse);
    jack->metadata_set = jack->metadata_set && atomic_load(&pulse->lost_epoch) != jack->epoch;
    orphan(jack);
    const uint64_t number = begin_closing(jack);
    if (pthread_create(&thread, NULL, close_client, jack) != 0) {
        close_client(jack);
        return;
    }
    pthread_detach(thread);
    for (int waited = 0; waited < patience_ms && bl_jack_count_closing(number - 1) > 0;
         waited += 2) {
        nanosleep(&pause, NULL);
    }
}
