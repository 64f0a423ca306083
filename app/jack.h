// SPDX-License-Identifier: MIT
// The JACK client: ports, callbacks, metadata. Every function here may wait for the server, so all
// of them belong to the LINK thread; what the callbacks learn stands in the bl_pulse.

#ifndef BACKLINE_APP_JACK_H
#define BACKLINE_APP_JACK_H

#include "backline/engine.h"
#include "backline/status.h"

#include "demo.h"
#include "ports.h"
#include "pulse.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bl_jack bl_jack;

enum { BL_JACK_NAME_MAX = 33 }; ///< longest client name Backline asks for, with the final zero

typedef struct bl_jack_config {
    const char *name;   ///< wanted client name: ASCII without ':'
    const char *server; ///< NULL: $JACK_DEFAULT_SERVER, else "default"
    bl_pulse *pulse;    ///< outlives the client
    uint64_t epoch;     ///< number of this client, comes back in pulse->lost_epoch
} bl_jack_config;

/// One connection of one of our ports.
typedef struct bl_connection {
    char ours[16]; ///< "in", "out_left", ...
    char theirs[BL_PORT_NAME_MAX];
} bl_connection;

/// What the server looks like now.
typedef struct bl_survey {
    bl_port_list ports;
    bl_connection *connections;
    size_t connection_count;
    char device[BL_PORT_NAME_MAX]; ///< what the hardware's ports belong to, see bl_card_key
} bl_survey;

/// True if the JACK library in this process is PipeWire's. Thread: any.
bool bl_jack_is_pipewire(void);

/// What the server is called that `server` (NULL: none is named) means. Owns: nobody, or the
/// caller. Thread: any but RT.
const char *bl_jack_server_name(const char *server);

/// The sentence about a server that is there but does not answer, or about a library that hangs in
/// one that has gone, as an error of BL_STATUS_REFUSED. Thread: any but RT.
bl_status bl_jack_say_frozen(const char *server, bl_error *error);
bl_status bl_jack_say_stuck(bl_error *error);

/// Joins a running server (never starts one) and registers the ports; no sound passes yet. Fails
/// with BL_STATUS_SERVER if none runs. Thread: LINK. Owns: the caller.
bl_status bl_jack_open(const bl_jack_config *config, bl_jack **jack, bl_error *error);

/// The client name that was granted. Owns: the client.
const char *bl_jack_name(const bl_jack *jack);

/// Whether a server answers, asked by a child process, so that this one stays as it is. Thread:
/// MAIN, before any other thread is made.
bool bl_jack_probe(const char *server);

/// Joins a server for a moment with no ports of our own, to look round. A server that does not
/// answer is given up after some seconds, with BL_STATUS_REFUSED; none is BL_STATUS_SERVER. Thread:
/// MAIN of a program that does nothing else and ends soon.
bl_status bl_jack_look(const char *server, bl_survey *survey, uint32_t *rate_hz,
                       uint32_t *period_frames, bl_error *error);

/// What the audio thread runs from now on; either may be NULL (silence; the port `in`). When it
/// returns, the audio thread has let go of what it ran before. Owns: the caller, both.
void bl_jack_attach(bl_jack *jack, bl_engine *engine, bl_demo *demo);

/// Starts the callbacks.
bl_status bl_jack_activate(bl_jack *jack, bl_error *error);

/// Lists ports and connections. Owns: the caller, who ends with bl_survey_finish.
bl_status bl_jack_survey(bl_jack *jack, bl_survey *survey, bl_error *error);

/// Frees what the survey holds.
void bl_survey_finish(bl_survey *survey);

/// Connects our port `connection->ours` with theirs; already connected is success. Fails with
/// BL_STATUS_NOT_FOUND if that port went meanwhile, else with BL_STATUS_REFUSED and a sentence.
bl_status bl_jack_connect(bl_jack *jack, const bl_connection *connection, bl_error *error);

/// The opposite; not connected is success.
bl_status bl_jack_disconnect(bl_jack *jack, const bl_connection *connection, bl_error *error);

/// Asks the server for another period; the callback tells when it comes.
bl_status bl_jack_set_period(bl_jack *jack, uint32_t frames, bl_error *error);

/// Load of the whole graph in millionths, as the server averages it.
uint32_t bl_jack_graph_ppm(const bl_jack *jack);

/// Our own delay has changed: the server asks everybody again.
void bl_jack_recompute_latencies(bl_jack *jack);

/// Measures the level of each audio port of others in `ports` (the first BL_PULSE_LEVELS of them)
/// into the pulse, as soon as bl_jack_listen_next has come to it, by a second client that hears
/// them; a port to play to by what other programs send there. NULL: no more. What is not heard yet,
/// or cannot be, stays at 0. Neither the second client nor its connections show in surveys.
void bl_jack_listen(bl_jack *jack, const bl_port_list *ports);

/// Connects the second client with the next port to hear, which takes the server some periods.
/// False if all that can be heard is.
bool bl_jack_listen_next(bl_jack *jack);

/// Lets go of engine, demo and pulse, then closes and frees the client on a thread made for it,
/// since that can hang as long as the server does. Returns after at most `patience_ms` and about
/// one period. NULL is allowed. Thread: LINK.
void bl_jack_close(bl_jack *jack, int patience_ms);

/// How many clients are still being closed, of those that were closed later than number `after`,
/// from 1 on; 0: of all. jackd's library should not open another one meanwhile,
/// which may join the memory of the old server. One that never gets closed can be left behind, and
/// another one plays beside it, unless it hangs inside jack_client_close: the library locks itself
/// there, and jack_client_open waits as long as that takes. Thread: any but RT.
int bl_jack_count_closing(uint64_t after);

/// The number of the client that was closed last, whether it hangs in that or not; 0: none was yet.
/// Thread: any but RT.
uint64_t bl_jack_last_closing(void);

#endif
