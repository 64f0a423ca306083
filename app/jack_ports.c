// SPDX-License-Identifier: MIT
// Ports and connections of the server: listing, making, undoing. LINK's.

#include "jack_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CONNECT_PATIENCE_MS = 5000, CONNECT_CYCLES = 6 };

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

bl_status bl_jack_list_ports(jack_client_t *client, bl_port_list *list, bl_error *error)
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
    for (int i = 0; i < BL_JACK_PORTS; i++) {
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
            snprintf(c->ours, sizeof c->ours, "%s", bl_jack_port_rows[i].name);
            snprintf(c->theirs, sizeof c->theirs, "%s", names[k]);
        }
        survey->connection_count = before + count;
        jack_free(names);
    }
    return BL_STATUS_OK;
}

/// Marks the ports among those on the list that came until there were `count` of them.
static void mark_those_that_came(bl_jack *jack, uint32_t count, bl_port_list *list)
{
    const bl_pulse *pulse = atomic_load(&jack->pulse);
    const bool forgotten = count - jack->came_seen > BL_PULSE_CAME; // which they were
    for (; jack->came_seen != count && !forgotten; jack->came_seen++) {
        const uint32_t id = atomic_load(&pulse->came[jack->came_seen % BL_PULSE_CAME]);
        jack_port_t *port = jack_port_by_id(jack->client, id);
        const char *name = port != NULL ? jack_port_name(port) : NULL;
        for (size_t i = 0; name != NULL && i < list->count; i++) {
            list->ports[i].came = list->ports[i].came || strcmp(list->ports[i].name, name) == 0;
        }
    }
    for (size_t i = 0; forgotten && i < list->count; i++) {
        list->ports[i].came = true;
    }
    jack->came_seen = count;
}

bl_status bl_jack_survey(bl_jack *jack, bl_survey *survey, bl_error *error)
{
    *survey = (bl_survey){0};
    // What comes after this is for the next survey.
    const uint32_t came = atomic_load(&atomic_load(&jack->pulse)->came_count);
    bl_status status = bl_jack_list_ports(jack->client, &survey->ports, error);
    mark_those_that_came(jack, came, &survey->ports);
    if (status == BL_STATUS_OK) {
        status = list_connections(jack, survey, error);
    }
    for (size_t i = 0; i < survey->ports.count; i++) {
        bl_port *port = &survey->ports.ports[i];
        port->mine = port->mine || bl_jack_is_meter(port->name);
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

/// The two port names in the order that JACK wants: source, destination.
static bool resolve(bl_jack *jack, const bl_connection *connection, const char **source,
                    const char **destination)
{
    for (int i = 0; i < BL_JACK_PORTS; i++) {
        if (strcmp(connection->ours, bl_jack_port_rows[i].name) == 0) {
            const bool input = (bl_jack_port_rows[i].flags & JackPortIsInput) != 0;
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
    for (int i = 0; i < BL_JACK_PORTS; i++) {
        if (strcmp(connection->ours, bl_jack_port_rows[i].name) == 0) {
            return jack_port_connected_to(jack->ports[i], connection->theirs) != 0;
        }
    }
    return false;
}

/// A server tells a connection at its next cycle, so a good one may take a moment to show: some
/// cycles, however long they take.
static bool becomes_connected(bl_jack *jack, const bl_connection *connection)
{
    const struct timespec pause = {0, 2000000};
    const uint64_t last = atomic_load(&jack->turn) + 2 * CONNECT_CYCLES; // two turns a cycle
    for (int waited = 0; waited < CONNECT_PATIENCE_MS; waited += 2) {
        const bool over = atomic_load(&jack->turn) > last;
        if (is_connected(jack, connection)) {
            return true;
        }
        if (over) {
            return false;
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
    if (code != 0 && jack_port_by_name(jack->client, connection->theirs) == NULL) {
        return bl_error_set(error, BL_STATUS_NOT_FOUND, "the port \"%s\" has gone",
                            connection->theirs);
    }
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
