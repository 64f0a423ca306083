// SPDX-License-Identifier: MIT
// Lists of ports as plain data: finding one by what a person typed, choosing the physical ones.
// Nothing here talks to a server.

#ifndef BACKLINE_APP_PORTS_H
#define BACKLINE_APP_PORTS_H

#include "backline/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BL_PORT_NAME_MAX = 320, BL_PORT_ALIASES = 2 };

typedef enum bl_port_type { BL_PORT_AUDIO, BL_PORT_MIDI, BL_PORT_OTHER } bl_port_type;

typedef struct bl_port {
    char name[BL_PORT_NAME_MAX];
    char alias[BL_PORT_ALIASES][BL_PORT_NAME_MAX]; ///< "" if there is none
    char pretty[BL_PORT_NAME_MAX];                 ///< "" if nobody gave one
    bl_port_type type;
    bool gives;    ///< true: sound comes out of it (a capture port); false: sound goes in
    bool physical; ///< belongs to hardware
    bool mine;     ///< belongs to this client
    bool came;     ///< since the survey before: one of that name then was another one
    uint32_t latency_min_frames; ///< of capture if it gives, else of playback
    uint32_t latency_max_frames;
} bl_port;

typedef struct bl_port_list {
    bl_port *ports;
    size_t count;
} bl_port_list;

/// Frees what the list holds, leaves it empty.
void bl_port_list_finish(bl_port_list *list);

/// What a person should read: pretty name, else first alias, else name. Never NULL.
const char *bl_port_label(const bl_port *port);

/// The port of exactly this name. NULL if there is none.
const bl_port *bl_port_named(const bl_port_list *list, const char *name);

/// The port that `text` names: exactly, else by pretty name, else by alias. NULL if there is none.
const bl_port *bl_port_find(const bl_port_list *list, const char *text);

/// The same, but it must be of this type and direction and not our own. On failure the sentence
/// says what is there instead.
bl_status bl_port_choose(const bl_port_list *list, const char *text, bl_port_type type, bool gives,
                         const bl_port **port, bl_error *error);

/// The `index`-th physical port of a type and direction, in the server's order; NULL if there are
/// fewer.
const bl_port *bl_port_physical(const bl_port_list *list, bl_port_type type, bool gives,
                                size_t index);

/// What the physical ports belong to, as the server calls it: `driver` if it is not "", else what
/// the aliases of the first physical port say before the last ':' (jackd calls the ports of every
/// card alike), else its client. "" if nothing is physical.
void bl_port_device(const bl_port_list *list, const char *driver, char *device, size_t capacity);

/// The part of a port's name before the last ':' (client names may hold colons), written to
/// `client`.
void bl_port_client(const char *name, char *client, size_t capacity);

#endif
