// SPDX-License-Identifier: MIT
// Lists of ports as plain data.

#include "ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bl_port_list_finish(bl_port_list *list)
{
    free(list->ports);
    list->ports = NULL;
    list->count = 0;
}

const char *bl_port_label(const bl_port *port)
{
    if (port->pretty[0] != '\0') {
        return port->pretty;
    }
    return port->alias[0][0] != '\0' ? port->alias[0] : port->name;
}

const bl_port *bl_port_named(const bl_port_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->ports[i].name, name) == 0) {
            return &list->ports[i];
        }
    }
    return NULL;
}

const bl_port *bl_port_find(const bl_port_list *list, const char *text)
{
    const bl_port *named = bl_port_named(list, text);
    if (named != NULL) {
        return named;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (list->ports[i].pretty[0] != '\0' && strcmp(list->ports[i].pretty, text) == 0) {
            return &list->ports[i];
        }
    }
    for (size_t i = 0; i < list->count; i++) {
        for (size_t a = 0; a < BL_PORT_ALIASES; a++) {
            const char *alias = list->ports[i].alias[a];
            if (alias[0] != '\0' && strcmp(alias, text) == 0) {
                return &list->ports[i];
            }
        }
    }
    return NULL;
}

/// "a, b, c" of the ports that would do, shortened to what fits.
static void describe(const bl_port_list *list, bl_port_type type, bool gives, char *text,
                     size_t capacity)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < list->count; i++) {
        const bl_port *port = &list->ports[i];
        if (port->type != type || port->gives != gives || port->mine) {
            continue;
        }
        const int more =
            snprintf(text + used, capacity - used, "%s%s", used > 0 ? ", " : "", port->name);
        if (more < 0 || (size_t)more >= capacity - used) {
            snprintf(text + used, capacity - used, "%s", used > 0 ? " ..." : "");
            return;
        }
        used += (size_t)more;
    }
    if (used == 0) {
        snprintf(text, capacity, "none");
    }
}

bl_status bl_port_choose(const bl_port_list *list, const char *text, bl_port_type type, bool gives,
                         const bl_port **port, bl_error *error)
{
    char there[400];
    describe(list, type, gives, there, sizeof there);
    const bl_port *found = bl_port_find(list, text);
    if (found == NULL) {
        return bl_error_set(error, BL_STATUS_NOT_FOUND,
                            "there is no port \"%s\" to %s; the server has: %s", text,
                            gives ? "play from" : "play to", there);
    }
    if (found->type != type) {
        return bl_error_set(error, BL_STATUS_REFUSED,
                            "port \"%s\" carries %s, an audio port is needed; the server has: %s",
                            text, found->type == BL_PORT_MIDI ? "MIDI" : "no audio", there);
    }
    if (found->gives != gives) {
        return bl_error_set(error, BL_STATUS_REFUSED,
                            "port \"%s\" %s sound, a port that %s sound is needed; the server "
                            "has: %s",
                            text, found->gives ? "gives" : "takes", gives ? "gives" : "takes",
                            there);
    }
    if (found->mine) {
        return bl_error_set(error, BL_STATUS_REFUSED,
                            "port \"%s\" is Backline's own, that would be a feedback loop; the "
                            "server has: %s",
                            text, there);
    }
    *port = found;
    return BL_STATUS_OK;
}

const bl_port *bl_port_physical(const bl_port_list *list, bl_port_type type, bool gives,
                                size_t index)
{
    for (size_t i = 0; i < list->count; i++) {
        const bl_port *port = &list->ports[i];
        if (port->physical && port->type == type && port->gives == gives && !port->mine) {
            if (index == 0) {
                return port;
            }
            index--;
        }
    }
    return NULL;
}

void bl_port_client(const char *name, char *client, size_t capacity)
{
    const char *colon = strrchr(name, ':');
    const size_t length = colon != NULL ? (size_t)(colon - name) : strlen(name);
    snprintf(client, capacity, "%.*s", (int)length, name);
}

void bl_port_device(const bl_port_list *list, const char *driver, char *device, size_t capacity)
{
    snprintf(device, capacity, "%s", driver);
    for (size_t i = 0; device[0] == '\0' && i < list->count; i++) {
        const bl_port *port = &list->ports[i];
        if (port->physical && port->type == BL_PORT_AUDIO && !port->mine) {
            bl_port_client(port->alias[0][0] != '\0' ? port->alias[0] : port->name, device,
                           capacity);
        }
    }
}
