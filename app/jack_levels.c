// SPDX-License-Identifier: MIT
// Levels of other programs' ports: a second client, so that patchbays show the meters apart from
// the amplifier, and so that no connection of ours is ever made only to look at a level.

#include "jack_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLOSE_PATIENCE_MS = 400 };

static int listen_process(jack_nframes_t frames, void *argument)
{
    bl_jack_listener *l = argument;
    atomic_fetch_add_explicit(&l->turn, 1, memory_order_seq_cst);
    bl_pulse *pulse = atomic_load_explicit(&l->pulse, memory_order_seq_cst);
    for (int i = 0; pulse != NULL && i < BL_PULSE_LEVELS; i++) {
        jack_port_t *port = atomic_load_explicit(&l->ports[i], memory_order_acquire);
        if (port == NULL) {
            break; // they are registered in their order
        }
        if (atomic_load_explicit(&l->strange[i], memory_order_acquire)) {
            continue;
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

void bl_jack_close_listener(bl_jack *jack)
{
    if (jack->listener != NULL) {
        jack_client_close(jack->listener->client);
        free(jack->listener);
        jack->listener = NULL;
    }
}

bool bl_jack_is_meter(const char *port)
{
    char client[128];
    bl_port_client(port, client, sizeof client);
    return strncmp(port + strlen(client), ":" BL_JACK_METER_PORT, 1 + strlen(BL_JACK_METER_PORT)) ==
               0 &&
           strstr(client, BL_JACK_METER_CLIENT) != NULL;
}

/// False if the server does not want a second client.
static bool open_listener(bl_jack *jack)
{
    char name[64];
    bl_error ignored = {0};
    bl_jack_listener *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return false;
    }
    snprintf(name, sizeof name, "%.48s" BL_JACK_METER_CLIENT, jack_get_client_name(jack->client));
    l->client = bl_jack_open_client(name, jack->server, &ignored);
    if (l->client == NULL) {
        free(l);
        return false;
    }
    atomic_store(&l->pulse, atomic_load(&jack->pulse));
    jack_set_process_callback(l->client, listen_process, l);
    jack->listener = l;
    if (jack_activate(l->client) != 0) {
        bl_jack_close_listener(jack);
    }
    return jack->listener != NULL;
}

/// What a port is to be heard by: itself, or the ports of others that play to it. Ended by NULL;
/// freed by the caller with jack_free, unless it is `self`.
static const char **sources_of(const bl_jack *jack, const bl_jack_heard *heard, const char *self[2])
{
    if (heard->gives) {
        self[0] = heard->name;
        self[1] = NULL;
        return self;
    }
    jack_port_t *p = jack_port_by_name(jack->client, heard->name);
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
/// Returns whether that took the server.
static bool hear_only(const bl_jack *jack, jack_port_t *port, const char *const *sources)
{
    jack_client_t *client = jack->listener->client;
    const char **heard = jack_port_get_all_connections(client, port);
    bool asked = false;
    for (size_t i = 0; heard != NULL && heard[i] != NULL; i++) {
        if (!is_among(sources, heard[i])) {
            jack_disconnect(client, heard[i], jack_port_name(port));
            asked = true;
        }
    }
    for (size_t i = 0; sources != NULL && sources[i] != NULL; i++) {
        jack_port_t *source = jack_port_by_name(client, sources[i]);
        if (source != NULL && !jack_port_is_mine(jack->client, source) &&
            !is_among(heard, sources[i])) {
            jack_connect(client, sources[i], jack_port_name(port));
            asked = true;
        }
    }
    jack_free(heard);
    return asked;
}

/// The listener's `index`-th port, registered when it is wanted first; NULL if there is no room.
static jack_port_t *listener_port(bl_jack_listener *l, int index)
{
    jack_port_t *port = atomic_load(&l->ports[index]);
    if (port == NULL) {
        char name[24];
        snprintf(name, sizeof name, BL_JACK_METER_PORT "%d", index + 1);
        port = jack_port_register(l->client, name, JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
        atomic_store_explicit(&l->ports[index], port, memory_order_release);
    }
    return port;
}

/// Sends the listener away, closed aside like any client.
static void dismiss_listener(bl_jack *jack)
{
    bl_jack *shell = calloc(1, sizeof *shell);
    if (jack->listener == NULL || shell == NULL) {
        free(shell);
        return;
    }
    shell->listener = jack->listener;
    jack->listener = NULL;
    bl_jack_close(shell, CLOSE_PATIENCE_MS);
}

/// A place in the list is another port's now. Until that one is heard nothing is.
static void give_place(bl_jack *jack, size_t index, const bl_port *port)
{
    bl_jack_heard *heard = &jack->heard[index];
    if (strcmp(heard->name, port->name) == 0 && heard->gives == port->gives) {
        return;
    }
    snprintf(heard->name, sizeof heard->name, "%s", port->name);
    heard->gives = port->gives;
    if (jack->listener != NULL) {
        atomic_store_explicit(&jack->listener->strange[index], true, memory_order_seq_cst);
    }
    atomic_store(&atomic_load(&jack->pulse)->levels[index], 0);
}

void bl_jack_listen(bl_jack *jack, const bl_port_list *ports)
{
    if (ports == NULL) {
        dismiss_listener(jack);
        return;
    }
    size_t count = 0;
    for (size_t i = 0; i < ports->count && count < BL_PULSE_LEVELS; i++) {
        if (ports->ports[i].type == BL_PORT_AUDIO && !ports->ports[i].mine) {
            give_place(jack, count++, &ports->ports[i]);
        }
    }
    for (size_t i = count; i < BL_PULSE_LEVELS && jack->heard[i].name[0] != '\0'; i++) {
        give_place(jack, i, &(bl_port){.gives = false});
    }
    jack->heard_next = 0;
}

bool bl_jack_listen_next(bl_jack *jack)
{
    bool asked = false;
    if (jack->listener == NULL && !open_listener(jack)) {
        return false;
    }
    while (!asked && jack->heard_next < BL_PULSE_LEVELS) {
        const size_t index = jack->heard_next++;
        const bl_jack_heard *heard = &jack->heard[index];
        const bool known = atomic_load(&jack->listener->ports[index]) != NULL;
        if (heard->name[0] == '\0' && !known) {
            return false;
        }
        jack_port_t *ear = listener_port(jack->listener, (int)index);
        if (ear == NULL) {
            return false;
        }
        const char *self[2];
        const char **sources = heard->name[0] != '\0' ? sources_of(jack, heard, self) : NULL;
        asked = hear_only(jack, ear, sources) || !known;
        if (sources != self) {
            jack_free(sources);
        }
        atomic_store_explicit(&jack->listener->strange[index], false, memory_order_release);
    }
    return jack->heard_next < BL_PULSE_LEVELS;
}
