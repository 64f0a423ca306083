// SPDX-License-Identifier: MIT
// The inside of the JACK client, shared by jack*.c, and the only file that includes jack/*.h. Says
// of every member which thread touches it.

#ifndef BACKLINE_APP_JACK_PARTS_H
#define BACKLINE_APP_JACK_PARTS_H

#include "jack.h"

#include <jack/jack.h>
#include <jack/metadata.h>
#include <jack/midiport.h>
#include <jack/statistics.h>
#include <jack/uuid.h>

/// Our ports: id, name, type, flags, pretty name, group, order. Names are for ever: session tools
/// and scripts store them.
#define BL_JACK_PORT_TABLE(X)                                                                      \
    X(IN, "in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, "Guitar", "Guitar", "0")                 \
    X(RETURN, "return", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, "Amp return", "Reamp", "1")      \
    X(OUT_LEFT, "out_left", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, "Out left", "Out", "2")     \
    X(OUT_RIGHT, "out_right", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, "Out right", "Out", "3")  \
    X(SEND, "send", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, "Amp send", "Reamp", "4")           \
    X(MIDI_IN, "midi_in", JACK_DEFAULT_MIDI_TYPE, JackPortIsInput, "MIDI in", "MIDI", "5")         \
    X(MIDI_OUT, "midi_out", JACK_DEFAULT_MIDI_TYPE, JackPortIsOutput, "MIDI out", "MIDI", "6")

enum {
#define BL_JACK_PORT_ENUM(id, name, type, flags, pretty, group, order) BL_JACK_##id,
    BL_JACK_PORT_TABLE(BL_JACK_PORT_ENUM)
#undef BL_JACK_PORT_ENUM
        BL_JACK_PORTS
};

typedef struct bl_jack_port_row {
    const char *name, *type;
    unsigned long flags;
    const char *pretty, *group, *order;
} bl_jack_port_row;

extern const bl_jack_port_row bl_jack_port_rows[BL_JACK_PORTS];

/// What the audio thread runs.
typedef struct bl_jack_program {
    bl_engine *engine;
    bl_demo *demo;
} bl_jack_program;

/// What the names of the meters' client and of its ports hold, also those of another Backline.
#define BL_JACK_METER_CLIENT "-levels"
#define BL_JACK_METER_PORT "level_"

/// The client that hears the ports of others.
typedef struct bl_jack_listener {
    jack_client_t *client;
    _Atomic(jack_port_t *) ports[BL_PULSE_LEVELS]; ///< LINK -> RT
    _Atomic bool strange[BL_PULSE_LEVELS]; ///< LINK -> RT: it hears another port than listed
    _Atomic(bl_pulse *) pulse;             ///< LINK -> RT; NULL: orphaned
    _Atomic uint64_t turn;                 ///< RT -> LINK: odd while it runs
} bl_jack_listener;

/// A port of others whose level is wanted.
typedef struct bl_jack_heard {
    char name[BL_PORT_NAME_MAX]; ///< "": none
    bool gives;
} bl_jack_heard;

struct bl_jack {
    jack_client_t *client;
    jack_port_t *ports[BL_JACK_PORTS];
    char name[128]; ///< as granted, which the names of our ports begin with
    uint64_t epoch;
    bool metadata_set;
    uint32_t came_seen;                   ///< LINK alone: of pulse->came_count
    char *server;                         ///< as in the config, NULL too
    bl_jack_listener *listener;           ///< LINK alone; NULL: nobody wants levels
    bl_jack_heard heard[BL_PULSE_LEVELS]; ///< LINK alone: by their place in pulse->levels
    size_t heard_next;                    ///< the first that may not be heard yet
    bl_jack_program programs[2];          ///< LINK writes the one that is not current
    _Atomic(bl_jack_program *) current;   ///< LINK -> RT
    _Atomic uint64_t turn;                ///< RT -> LINK: odd while process runs
    _Atomic(bl_pulse *) pulse;            ///< LINK -> RT, NOTIFY; NULL: orphaned
    _Atomic uint32_t rate_hz;             ///< NOTIFY -> RT, for the share of a period
    bool repeats;          ///< the server plays the last period for one that it has not got
    bool has_next_frame;   ///< RT alone: a cycle in real time went before
    uint32_t next_frame;   ///< RT alone: where the next cycle has to begin
    bl_jack *next_closing; ///< LINK, closing threads: see bl_jack_count_closing
    uint64_t closing;      ///< its number there
};

/// Sets all callbacks of a client that is not active yet.
void bl_jack_set_callbacks(bl_jack *jack);

/// Joins a running server; NULL and the reason if that does not work. Thread: LINK.
jack_client_t *bl_jack_open_client(const char *name, const char *server, bl_error *error);

/// Waits until the audio thread that counts these turns has left the cycle it may be in.
void bl_jack_wait_for_turn(_Atomic uint64_t *counter);

/// All ports of the server. Owns: the caller, who ends with bl_port_list_finish. Thread: LINK.
bl_status bl_jack_list_ports(jack_client_t *client, bl_port_list *list, bl_error *error);

/// Whether a port, by its name, is a meter of any Backline.
bool bl_jack_is_meter(const char *port);

/// Closes the client that measures levels, if there is one. Can hang. Thread: LINK, or closing.
void bl_jack_close_listener(bl_jack *jack);

#endif
