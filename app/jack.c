// SPDX-License-Identifier: MIT
// The JACK client, and the only file that includes jack/*.h. RT runs process(); NOTIFY (JACK's
// other callbacks) stores atomics and writes an eventfd, nothing else; the rest is LINK's. No
// callback ever calls back into the server.

#include "jack.h"

#include "backline/limits.h"

#include <errno.h>
#include <jack/jack.h>
#include <jack/metadata.h>
#include <jack/midiport.h>
#include <jack/statistics.h>
#include <jack/uuid.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TYPE_INTEGER "http://www.w3.org/2001/XMLSchema#int"
#define TYPE_TEXT "text/plain"
#define ICON_NAME "backline"

enum { CONNECT_PATIENCE_MS = 500 };

/// Our ports. Names are for ever: session tools and scripts store them.
#define PORT_TABLE(X)                                                                              \
    X(IN, "in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, "Guitar", "Guitar", "0")                 \
    X(RETURN, "return", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, "Amp return", "Reamp", "1")      \
    X(OUT_LEFT, "out_left", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, "Out left", "Out", "2")     \
    X(OUT_RIGHT, "out_right", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, "Out right", "Out", "3")  \
    X(SEND, "send", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, "Amp send", "Reamp", "4")           \
    X(MIDI_IN, "midi_in", JACK_DEFAULT_MIDI_TYPE, JackPortIsInput, "MIDI in", "MIDI", "5")         \
    X(MIDI_OUT, "midi_out", JACK_DEFAULT_MIDI_TYPE, JackPortIsOutput, "MIDI out", "MIDI", "6")

enum {
#define PORT_ENUM(id, name, type, flags, pretty, group, order) PORT_##id,
    PORT_TABLE(PORT_ENUM)
#undef PORT_ENUM
        PORT_COUNT
};

static const struct {
    const char *name, *type;
    unsigned long flags;
    const char *pretty, *group, *order;
} port_table[PORT_COUNT] = {
#define PORT_ROW(id, name, type, flags, pretty, group, order)                                      \
    {name, type, flags, pretty, group, order},
    PORT_TABLE(PORT_ROW)
#undef PORT_ROW
};

/// What the audio thread runs.
typedef struct program {
    bl_engine *engine;
    bl_demo *demo;
} program;

/// The client that hears the ports of others.
typedef struct listener {
    jack_client_t *client;
    char prefix[80];                               ///< of its ports' names: "CLIENT:"
    _Atomic(jack_port_t *) ports[BL_PULSE_LEVELS]; ///< LINK -> RT
    _Atomic(bl_pulse *) pulse;                     ///< LINK -> RT; NULL: orphaned
    _Atomic uint64_t turn;                         ///< RT -> LINK: odd while it runs
} listener;

struct bl_jack {
    jack_client_t *client;
    jack_port_t *ports[PORT_COUNT];
    uint64_t epoch;
    bool metadata_set;
    char *server;               ///< as in the config, NULL too
    listener *listener;         ///< LINK alone; NULL: nobody wants levels
    program programs[2];        ///< LINK writes the one that is not current
    _Atomic(program *) current; ///< LINK -> RT
    _Atomic uint64_t turn;      ///< RT -> LINK: odd while process runs
    _Atomic(bl_pulse *) pulse;  ///< LINK -> RT, NOTIFY; NULL: orphaned
    _Atomic uint32_t rate_hz;   ///< NOTIFY -> RT, for the share of a period
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

// RT ------------------------------------------------------------------------------------------

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void run(bl_jack *jack, const program *p, jack_nframes_t frames)
{
    const float *in = jack_port_get_buffer(jack->ports[PORT_IN], frames);
    float *left = jack_port_get_buffer(jack->ports[PORT_OUT_LEFT], frames);
    float *right = jack_port_get_buffer(jack->ports[PORT_OUT_RIGHT], frames);
    float *send = jack_port_get_buffer(jack->ports[PORT_SEND], frames);
    void *midi_out = jack_port_get_buffer(jack->ports[PORT_MIDI_OUT], frames);

    if (p != NULL && p->engine != NULL) {
        if (p->demo != NULL) {
            bl_demo_read(p->demo, left, frames);
            in = left;
        }
        bl_engine_process(p->engine, in, left, frames);
    } else {
        memset(left, 0, frames * sizeof *left);
    }
    memcpy(right, left, frames * sizeof *right);
    memset(send, 0, frames * sizeof *send);
    jack_midi_clear_buffer(midi_out);
}

static int process(jack_nframes_t frames, void *argument)
{
    bl_jack *jack = argument;
    atomic_fetch_add_explicit(&jack->turn, 1, memory_order_seq_cst);
    bl_pulse *pulse = atomic_load_explicit(&jack->pulse, memory_order_seq_cst);
    const program *p = atomic_load_explicit(&jack->current, memory_order_seq_cst);
    const uint64_t start = now_ns();

    run(jack, p, frames);

    if (pulse != NULL) {
        const uint64_t busy = now_ns() - start;
        const uint32_t rate = atomic_load_explicit(&jack->rate_hz, memory_order_relaxed);
        if (p != NULL && p->engine != NULL) {
            atomic_store_explicit(&pulse->own_latency_frames, bl_engine_latency_frames(p->engine),
                                  memory_order_relaxed);
        }
        if (frames > 0) {
            const uint64_t ppm = busy * rate / frames / 1000;
            if (ppm > atomic_load_explicit(&pulse->max_ppm, memory_order_relaxed)) {
                atomic_store_explicit(&pulse->max_ppm, ppm, memory_order_relaxed);
            }
        }
        atomic_fetch_add_explicit(&pulse->busy_ns, busy, memory_order_relaxed);
        atomic_fetch_add_explicit(&pulse->frames, frames, memory_order_relaxed);
        atomic_fetch_add_explicit(&pulse->cycles, 1, memory_order_relaxed);
    }
    atomic_fetch_add_explicit(&jack->turn, 1, memory_order_seq_cst);
    return 0;
}

static int listen_process(jack_nframes_t frames, void *argument)
{
    listener *l = argument;
    atomic_fetch_add_explicit(&l->turn, 1, memory_order_seq_cst);
    bl_pulse *pulse = atomic_load_explicit(&l->pulse, memory_order_seq_cst);
    for (int i = 0; pulse != NULL && i < BL_PULSE_LEVELS; i++) {
        jack_port_t *port = atomic_load_explicit(&l->ports[i], memory_order_acquire);
        if (port == NULL) {
            break; // they are registered in their order
        }
        const float *samples = jack_port_get_buffer(port, frames);
        float peak = 0.0F;
        for (jack_nframes_t k = 0; k < frames; k++) {
            peak = fmaxf(peak, fabsf(samples[k]));
        }
        uint32_t bits;
        memcpy(&bits, &peak, sizeof bits); // floats above 0 are ordered like their bits
        if (bits > atomic_load_explicit(&pulse->levels[i], memory_order_relaxed)) {
            atomic_store_explicit(&pulse->levels[i], bits, memory_order_relaxed);
        }
    }
    atomic_fetch_add_explicit(&l->turn, 1, memory_order_seq_cst);
    return 0;
}

// NOTIFY --------------------------------------------------------------------------------------

static void tell(bl_pulse *pulse, uint32_t news)
{
    atomic_fetch_or_explicit(&pulse->news, news, memory_order_release);
    const uint64_t one = 1;
    // A full eventfd counter means that MAIN is awake already.
    const ssize_t written = write(pulse->wake_fd, &one, sizeof one);
    (void)written;
}

static bl_pulse *pulse_of(void *argument)
{
    bl_jack *jack = argument;
    return atomic_load_explicit(&jack->pulse, memory_order_acquire);
}

static int on_buffer_size(jack_nframes_t frames, void *argument)
{
    bl_pulse *pulse = pulse_of(argument);
    if (pulse != NULL) {
        atomic_store_explicit(&pulse->period, frames, memory_order_relaxed);
        tell(pulse, BL_NEWS_FORMAT);
    }
    return 0;
}

static int on_sample_rate(jack_nframes_t rate_hz, void *argument)
{
    bl_jack *jack = argument;
    bl_pulse *pulse = pulse_of(argument);
    atomic_store_explicit(&jack->rate_hz, rate_hz, memory_order_relaxed);
    if (pulse != NULL) {
        atomic_store_explicit(&pulse->rate_hz, rate_hz, memory_order_relaxed);
        tell(pulse, BL_NEWS_FORMAT);
    }
    return 0;
}

static int on_xrun(void *argument)
{
    bl_jack *jack = argument;
    bl_pulse *pulse = pulse_of(argument);
    if (pulse != NULL) {
        atomic_fetch_add_explicit(&pulse->xruns, 1, memory_order_relaxed);
        atomic_store_explicit(&pulse->xrun_us, (uint32_t)jack_get_xrun_delayed_usecs(jack->client),
                              memory_order_relaxed);
        tell(pulse, BL_NEWS_STATE);
    }
    return 0;
}

static void on_freewheel(int starting, void *argument)
{
    bl_pulse *pulse = pulse_of(argument);
    if (pulse != NULL) {
        atomic_store_explicit(&pulse->freewheel, starting != 0, memory_order_relaxed);
        tell(pulse, BL_NEWS_STATE);
    }
}

/// Range of both outs together; an unconnected one does not count.
static jack_latency_range_t outs_range(bl_jack *jack)
{
    jack_latency_range_t both = {0, 0};
    bool any = false;
    for (int i = PORT_OUT_LEFT; i <= PORT_OUT_RIGHT; i++) {
        jack_latency_range_t range = {0, 0};
        if (jack_port_connected(jack->ports[i]) == 0) {
            continue;
        }
        jack_port_get_latency_range(jack->ports[i], JackPlaybackLatency, &range);
        both.min = !any || range.min < both.min ? range.min : both.min;
        both.max = !any || range.max > both.max ? range.max : both.max;
        any = true;
    }
    return both;
}

/// Capture latency travels from `in` to the outs, playback latency from the outs to `in`; both grow
/// by our own real delay and by nothing else.
static void on_latency(jack_latency_callback_mode_t mode, void *argument)
{
    bl_jack *jack = argument;
    bl_pulse *pulse = pulse_of(argument);
    if (pulse == NULL) {
        return;
    }
    const uint32_t own = atomic_load_explicit(&pulse->own_latency_frames, memory_order_relaxed);
    jack_latency_range_t range = {0, 0};
    if (mode == JackCaptureLatency) {
        jack_port_get_latency_range(jack->ports[PORT_IN], mode, &range);
        atomic_store_explicit(&pulse->capture_latency_frames, range.max, memory_order_relaxed);
        range.min += own;
        range.max += own;
        jack_port_set_latency_range(jack->ports[PORT_OUT_LEFT], mode, &range);
        jack_port_set_latency_range(jack->ports[PORT_OUT_RIGHT], mode, &range);
    } else {
        range = outs_range(jack);
        atomic_store_explicit(&pulse->playback_latency_frames, range.max, memory_order_relaxed);
        range.min += own;
        range.max += own;
        jack_port_set_latency_range(jack->ports[PORT_IN], mode, &range);
    }
    tell(pulse, BL_NEWS_LATENCY);
}

static void tell_ports(void *argument, uint32_t news)
{
    bl_pulse *pulse = pulse_of(argument);
    if (pulse != NULL) {
        tell(pulse, news);
    }
}

static void on_port_registration(jack_port_id_t port, int came, void *argument)
{
    (void)port;
    (void)came;
    tell_ports(argument, BL_NEWS_PORTS | BL_NEWS_MOVED);
}

static void on_port_connect(jack_port_id_t a, jack_port_id_t b, int connected, void *argument)
{
    (void)a;
    (void)b;
    (void)connected;
    tell_ports(argument, BL_NEWS_PORTS);
}

static void on_property_change(jack_uuid_t subject, const char *key, jack_property_change_t change,
                               void *argument)
{
    (void)subject;
    (void)key;
    (void)change;
    tell_ports(argument, BL_NEWS_PORTS);
}

/// To be treated like a signal handler: the server is gone, this thread may not even close.
static void on_shutdown(jack_status_t code, const char *reason, void *argument)
{
    (void)code;
    (void)reason;
    bl_jack *jack = argument;
    bl_pulse *pulse = pulse_of(argument);
    if (pulse != NULL) {
        atomic_store_explicit(&pulse->lost_epoch, jack->epoch, memory_order_release);
        tell(pulse, BL_NEWS_LOST);
    }
}

// LINK ----------------------------------------------------------------------------------------

static bl_status register_ports(bl_jack *jack, bl_error *error)
{
    for (int i = 0; i < PORT_COUNT; i++) {
        jack->ports[i] = jack_port_register(jack->client, port_table[i].name, port_table[i].type,
                                            port_table[i].flags, 0);
        if (jack->ports[i] == NULL) {
            return bl_error_set(error, BL_STATUS_REFUSED,
                                "the JACK server refuses the port \"%s\": it has no room for more "
                                "ports; close another program or start the server with a larger "
                                "--port-max",
                                port_table[i].name);
        }
    }
    return BL_STATUS_OK;
}

static void set_callbacks(bl_jack *jack)
{
    jack_set_process_callback(jack->client, process, jack);
    jack_set_buffer_size_callback(jack->client, on_buffer_size, jack);
    jack_set_sample_rate_callback(jack->client, on_sample_rate, jack);
    jack_set_xrun_callback(jack->client, on_xrun, jack);
    jack_set_freewheel_callback(jack->client, on_freewheel, jack);
    jack_set_latency_callback(jack->client, on_latency, jack);
    jack_set_port_registration_callback(jack->client, on_port_registration, jack);
    jack_set_port_connect_callback(jack->client, on_port_connect, jack);
    jack_set_property_change_callback(jack->client, on_property_change, jack);
    jack_on_info_shutdown(jack->client, on_shutdown, jack);
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
    for (int i = 0; i < PORT_COUNT; i++) {
        const jack_uuid_t uuid = jack_port_uuid(jack->ports[i]);
        jack_set_property(jack->client, uuid, JACK_METADATA_PRETTY_NAME, port_table[i].pretty,
                          TYPE_TEXT);
        jack_set_property(jack->client, uuid, JACK_METADATA_PORT_GROUP, port_table[i].group,
                          TYPE_TEXT);
        jack_set_property(jack->client, uuid, JACK_METADATA_ORDER, port_table[i].order,
                          TYPE_INTEGER);
    }
    const jack_uuid_t uuid = client_uuid(jack->client);
    if (!jack_uuid_empty(uuid)) {
        jack_set_property(jack->client, uuid, JACK_METADATA_ICON_NAME, ICON_NAME, TYPE_TEXT);
    }
    jack->metadata_set = true;
}

static void remove_metadata(bl_jack *jack)
{
    for (int i = 0; i < PORT_COUNT; i++) {
        jack_remove_properties(jack->client, jack_port_uuid(jack->ports[i]));
    }
    const jack_uuid_t uuid = client_uuid(jack->client);
    if (!jack_uuid_empty(uuid)) {
        jack_remove_properties(jack->client, uuid);
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

static jack_client_t *open_client(const char *name, const char *server, bl_error *error)
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
    if ((status & JackVersionError) != 0) {
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
    j->client = open_client(config->name, config->server, &detail);
    if (j->client == NULL) {
        free(j);
        return bl_error_set(error, detail.status, "%s", detail.text);
    }
    j->epoch = config->epoch;
    j->server = config->server != NULL ? strdup(config->server) : NULL;
    atomic_store(&j->pulse, config->pulse);
    const uint32_t rate_hz = jack_get_sample_rate(j->client);
    atomic_store(&j->rate_hz, rate_hz);
    atomic_store(&config->pulse->rate_hz, rate_hz);
    atomic_store(&config->pulse->period, jack_get_buffer_size(j->client));
    atomic_store(&config->pulse->freewheel, false);
    set_callbacks(j);
    const bl_status status = register_ports(j, error);
    if (status != BL_STATUS_OK) {
        bl_jack_close(j);
        return status;
    }
    set_metadata(j);
    *jack = j;
    return BL_STATUS_OK;
}

const char *bl_jack_name(const bl_jack *jack)
{
    return jack_get_client_name(jack->client);
}

/// Waits until the audio thread has left the cycle it may be in. A thread that JACK cancelled
/// inside a cycle never leaves it, so the wait ends after a second in any case.
static void wait_for_turn(_Atomic uint64_t *counter)
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
    program *old = atomic_load(&jack->current);
    program *next = old == &jack->programs[0] ? &jack->programs[1] : &jack->programs[0];
    next->engine = engine;
    next->demo = demo;
    atomic_store_explicit(&jack->current, next, memory_order_seq_cst);
    wait_for_turn(&jack->turn);
}

bl_status bl_jack_activate(bl_jack *jack, bl_error *error)
{
    if (jack_activate(jack->client) != 0) {
        return bl_error_set(error, BL_STATUS_SERVER,
                            "the JACK server does not let the client run; it may be shutting down");
    }
    return BL_STATUS_OK;
}

static void describe_port(jack_client_t *client, const char *name, bl_port *port)
{
    memset(port, 0, sizeof *port);
    snprintf(port->name, sizeof port->name, "%s", name);
    jack_port_t *p = jack_port_by_name(client, name);
    port->type = BL_PORT_OTHER;
    if (p == NULL) {
        return; // gone since it was listed
    }
    const char *type = jack_port_type(p);
    const int flags = jack_port_flags(p);
    if (type != NULL && strcmp(type, JACK_DEFAULT_AUDIO_TYPE) == 0) {
        port->type = BL_PORT_AUDIO;
    } else if (type != NULL && strcmp(type, JACK_DEFAULT_MIDI_TYPE) == 0) {
        port->type = BL_PORT_MIDI;
    }
    port->gives = (flags & JackPortIsOutput) != 0;
    port->physical = (flags & JackPortIsPhysical) != 0;
    port->mine = jack_port_is_mine(client, p) != 0;
    char *aliases[BL_PORT_ALIASES] = {port->alias[0], port->alias[1]};
    _Static_assert(BL_PORT_NAME_MAX >= 320, "jack_port_name_size() is 320 at most");
    jack_port_get_aliases(p, aliases);
    jack_latency_range_t range = {0, 0};
    jack_port_get_latency_range(p, port->gives ? JackCaptureLatency : JackPlaybackLatency, &range);
    port->latency_min_frames = range.min;
    port->latency_max_frames = range.max;
    char *value = NULL;
    char *value_type = NULL;
    if (jack_get_property(jack_port_uuid(p), JACK_METADATA_PRETTY_NAME, &value, &value_type) == 0) {
        snprintf(port->pretty, sizeof port->pretty, "%s", value);
        jack_free(value);
        jack_free(value_type);
    }
}

static bl_status list_ports(jack_client_t *client, bl_port_list *list, bl_error *error)
{
    const char **names = jack_get_ports(client, NULL, NULL, 0);
    size_t count = 0;
    while (names != NULL && names[count] != NULL) {
        count++;
    }
    list->ports = calloc(count + 1, sizeof *list->ports);
    if (list->ports == NULL) {
        jack_free(names);
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory for %zu ports", count);
    }
    for (size_t i = 0; i < count; i++) {
        describe_port(client, names[i], &list->ports[i]);
    }
    list->count = count;
    jack_free(names);
    return BL_STATUS_OK;
}

static bl_status list_connections(bl_jack *jack, bl_survey *survey, bl_error *error)
{
    for (int i = 0; i < PORT_COUNT; i++) {
        const char **names = jack_port_get_all_connections(jack->client, jack->ports[i]);
        size_t count = 0;
        while (names != NULL && names[count] != NULL) {
            count++;
        }
        const size_t before = survey->connection_count;
        bl_connection *more =
            realloc(survey->connections, (before + count + 1) * sizeof *survey->connections);
        if (more == NULL) {
            jack_free(names);
            return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory for connections");
        }
        survey->connections = more;
        for (size_t k = 0; k < count; k++) {
            bl_connection *c = &more[before + k];
            snprintf(c->ours, sizeof c->ours, "%s", port_table[i].name);
            snprintf(c->theirs, sizeof c->theirs, "%s", names[k]);
        }
        survey->connection_count = before + count;
        jack_free(names);
    }
    return BL_STATUS_OK;
}

// Levels: a second client, so that patchbays show the meters apart from the amplifier, and so that
// no connection of ours is ever made only to look at a level.

static void close_listener(bl_jack *jack)
{
    if (jack->listener != NULL) {
        jack_client_close(jack->listener->client);
        free(jack->listener);
        jack->listener = NULL;
    }
}

/// False if the server does not want a second client.
static bool open_listener(bl_jack *jack)
{
    char name[64];
    bl_error ignored = {0};
    listener *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return false;
    }
    snprintf(name, sizeof name, "%.48s-levels", jack_get_client_name(jack->client));
    l->client = open_client(name, jack->server, &ignored);
    if (l->client == NULL) {
        free(l);
        return false;
    }
    snprintf(l->prefix, sizeof l->prefix, "%.64s:", jack_get_client_name(l->client));
    atomic_store(&l->pulse, atomic_load(&jack->pulse));
    jack_set_process_callback(l->client, listen_process, l);
    jack->listener = l;
    if (jack_activate(l->client) != 0) {
        close_listener(jack);
    }
    return jack->listener != NULL;
}

/// What `port` is to be heard by: itself, or the ports of others that play to it. Ended by NULL;
/// freed by the caller with jack_free, unless it is `self`.
static const char **sources_of(const bl_jack *jack, const bl_port *port, const char *self[2])
{
    if (port->gives) {
        self[0] = port->name;
        self[1] = NULL;
        return self;
    }
    jack_port_t *p = jack_port_by_name(jack->client, port->name);
    return p != NULL ? jack_port_get_all_connections(jack->client, p) : NULL;
}

static bool is_among(const char *const *names, const char *name)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/// Connects the listener's port with these sources and no others; our own ports are left out.
static void hear_only(const bl_jack *jack, jack_port_t *port, const char *const *sources)
{
    jack_client_t *client = jack->listener->client;
    const char **heard = jack_port_get_all_connections(client, port);
    for (size_t i = 0; heard != NULL && heard[i] != NULL; i++) {
        if (!is_among(sources, heard[i])) {
            jack_disconnect(client, heard[i], jack_port_name(port));
        }
    }
    for (size_t i = 0; sources != NULL && sources[i] != NULL; i++) {
        jack_port_t *source = jack_port_by_name(client, sources[i]);
        if (source != NULL && !jack_port_is_mine(jack->client, source) &&
            !is_among(heard, sources[i])) {
            jack_connect(client, sources[i], jack_port_name(port));
        }
    }
    jack_free(heard);
}

/// The listener's `index`-th port, registered when it is wanted first; NULL if there is no room.
static jack_port_t *listener_port(listener *l, int index)
{
    jack_port_t *port = atomic_load(&l->ports[index]);
    if (port == NULL) {
        char name[16];
        snprintf(name, sizeof name, "%d", index + 1);
        port = jack_port_register(l->client, name, JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
        atomic_store_explicit(&l->ports[index], port, memory_order_release);
    }
    return port;
}

void bl_jack_listen(bl_jack *jack, const bl_port_list *ports)
{
    if (ports == NULL) {
        close_listener(jack);
        return;
    }
    if (jack->listener == NULL && !open_listener(jack)) {
        return;
    }
    int index = 0;
    for (size_t i = 0; i < ports->count && index < BL_PULSE_LEVELS; i++) {
        const bl_port *port = &ports->ports[i];
        if (port->type != BL_PORT_AUDIO || port->mine) {
            continue;
        }
        jack_port_t *ear = listener_port(jack->listener, index++);
        if (ear == NULL) {
            return;
        }
        const char *self[2];
        const char **sources = sources_of(jack, port, self);
        hear_only(jack, ear, sources);
        if (sources != self) {
            jack_free(sources);
        }
    }
    for (; index < BL_PULSE_LEVELS && atomic_load(&jack->listener->ports[index]) != NULL; index++) {
        hear_only(jack, atomic_load(&jack->listener->ports[index]), NULL);
    }
}

bl_status bl_jack_survey(bl_jack *jack, bl_survey *survey, bl_error *error)
{
    *survey = (bl_survey){0};
    bl_status status = list_ports(jack->client, &survey->ports, error);
    if (status == BL_STATUS_OK) {
        status = list_connections(jack, survey, error);
    }
    for (size_t i = 0; jack->listener != NULL && i < survey->ports.count; i++) {
        bl_port *port = &survey->ports.ports[i];
        const char *prefix = jack->listener->prefix;
        port->mine = port->mine || strncmp(port->name, prefix, strlen(prefix)) == 0;
    }
    if (status != BL_STATUS_OK) {
        bl_survey_finish(survey);
    }
    return status;
}

void bl_survey_finish(bl_survey *survey)
{
    bl_port_list_finish(&survey->ports);
    free(survey->connections);
    *survey = (bl_survey){0};
}

bl_status bl_jack_look(const char *server, bl_survey *survey, uint32_t *rate_hz,
                       uint32_t *period_frames, bl_error *error)
{
    *survey = (bl_survey){0};
    jack_client_t *client = open_client("backline-look", server, error);
    if (client == NULL) {
        return BL_STATUS_SERVER;
    }
    *rate_hz = jack_get_sample_rate(client);
    *period_frames = jack_get_buffer_size(client);
    const bl_status status = list_ports(client, &survey->ports, error);
    jack_client_close(client);
    return status;
}

/// The two port names in the order that JACK wants: source, destination.
static bool resolve(bl_jack *jack, const bl_connection *connection, const char **source,
                    const char **destination)
{
    for (int i = 0; i < PORT_COUNT; i++) {
        if (strcmp(connection->ours, port_table[i].name) == 0) {
            const bool input = (port_table[i].flags & JackPortIsInput) != 0;
            const char *ours = jack_port_name(jack->ports[i]);
            *source = input ? connection->theirs : ours;
            *destination = input ? ours : connection->theirs;
            return true;
        }
    }
    return false;
}

static bool is_connected(bl_jack *jack, const bl_connection *connection)
{
    for (int i = 0; i < PORT_COUNT; i++) {
        if (strcmp(connection->ours, port_table[i].name) == 0) {
            return jack_port_connected_to(jack->ports[i], connection->theirs) != 0;
        }
    }
    return false;
}

/// A server tells a connection at its next cycle, so a good one may take a moment to show.
static bool becomes_connected(bl_jack *jack, const bl_connection *connection)
{
    const uint32_t rate_hz = atomic_load_explicit(&jack->rate_hz, memory_order_relaxed);
    const int cycles_ms = (int)(4000 * (uint64_t)jack_get_buffer_size(jack->client) / rate_hz);
    const struct timespec pause = {0, 2000000};
    for (int waited = 0; waited < CONNECT_PATIENCE_MS + cycles_ms; waited += 2) {
        if (is_connected(jack, connection)) {
            return true;
        }
        nanosleep(&pause, NULL);
    }
    return false;
}

bl_status bl_jack_connect(bl_jack *jack, const bl_connection *connection, bl_error *error)
{
    const char *source = NULL;
    const char *destination = NULL;
    if (!resolve(jack, connection, &source, &destination)) {
        return bl_error_set(error, BL_STATUS_NOT_FOUND, "Backline has no port \"%s\"",
                            connection->ours);
    }
    const int code = jack_connect(jack->client, source, destination);
    // A server may also ignore the request and call that success.
    if ((code != 0 && code != EEXIST) || !becomes_connected(jack, connection)) {
        return bl_error_set(
            error, BL_STATUS_REFUSED,
            "the JACK server refuses to connect \"%s\" to \"%s\"; connect them in a "
            "patchbay, or start the server without its -a option",
            source, destination);
    }
    return BL_STATUS_OK;
}

bl_status bl_jack_disconnect(bl_jack *jack, const bl_connection *connection, bl_error *error)
{
    const char *source = NULL;
    const char *destination = NULL;
    if (!resolve(jack, connection, &source, &destination) || !is_connected(jack, connection)) {
        return BL_STATUS_OK;
    }
    if (jack_disconnect(jack->client, source, destination) != 0) {
        return bl_error_set(error, BL_STATUS_REFUSED,
                            "the JACK server refuses to disconnect \"%s\" from \"%s\"", source,
                            destination);
    }
    return BL_STATUS_OK;
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

void bl_jack_orphan(bl_jack *jack)
{
    atomic_store_explicit(&jack->pulse, NULL, memory_order_seq_cst);
    bl_jack_attach(jack, NULL, NULL);
    if (jack->listener != NULL) {
        atomic_store_explicit(&jack->listener->pulse, NULL, memory_order_seq_cst);
        wait_for_turn(&jack->listener->turn);
    }
}

void bl_jack_close(bl_jack *jack)
{
    if (jack == NULL) {
        return;
    }
    if (jack->metadata_set) {
        remove_metadata(jack);
    }
    close_listener(jack);
    jack_client_close(jack->client);
    free(jack->server);
    free(jack);
}
