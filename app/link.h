// SPDX-License-Identifier: MIT
// The thread LINK: everything that may wait for a sound server. MAIN asks, LINK answers by mail,
// nobody waits for the other. LINK finds or starts the server, opens, watches and closes the
// client.

#ifndef BACKLINE_APP_LINK_H
#define BACKLINE_APP_LINK_H

#include "backline/engine.h"
#include "backline/status.h"

#include "demo.h"
#include "jack.h"
#include "mailbox.h"
#include "pulse.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct bl_link bl_link;

typedef struct bl_link_config {
    const char *client;  ///< wanted client name
    const char *server;  ///< NULL: as JACK's own environment says
    const char *command; ///< template to start a server, NULL: the usual one
    const char *driver;  ///< "dummy", "alsa:CARD", or NULL: first card, else dummy
    bool may_start;      ///< start a server if none runs
    bl_pulse *pulse;     ///< outlives the link
    int wake_fd;         ///< eventfd of MAIN
} bl_link_config;

typedef enum bl_link_kind {
    BL_LINK_NOTE, ///< error.text: something worth telling; with a status: what failed on the way
    BL_LINK_NO_SERVER, ///< error; the search goes on quietly
    BL_LINK_OPENED,    ///< epoch, rate, period, names: the client is there but silent
    BL_LINK_ATTACHED,  ///< the audio thread has let go of what it ran before
    BL_LINK_ACTIVE,    ///< error.status: OK if the callbacks run
    BL_LINK_SURVEYED,  ///< survey, which the receiver finishes
    BL_LINK_CONNECTED, ///< connection, error
    BL_LINK_REQUESTED, ///< error: a period was refused
} bl_link_kind;

typedef struct bl_link_answer {
    bl_mail mail;
    bl_link_kind kind;
    uint64_t epoch; ///< number of the client it is about
    uint32_t rate_hz, period_frames;
    char client[128], server[128];
    char driver[64]; ///< of a server that we started, else ""
    bl_error error;
    bl_survey survey;
    bl_connection connection;
} bl_link_answer;

/// Starts the thread; it does nothing before bl_link_open. Thread: MAIN.
bl_status bl_link_create(const bl_link_config *config, bl_link **link, bl_error *error);

/// Closes the client, ends our own server and the thread. Takes at most about 0.8 s. False: it
/// hangs in a server that does not answer and is left behind; then pulse, engine and demo must
/// stay. Thread: MAIN.
bool bl_link_destroy(bl_link *link);

/// The oldest answer or NULL. Thread: MAIN. Owns: the caller, who ends with bl_link_answer_free.
bl_link_answer *bl_link_poll(bl_link *link);

/// NULL is allowed.
void bl_link_answer_free(bl_link_answer *answer);

/// For how long LINK has been waiting for one answer of the server's, in milliseconds; 0: it is
/// not. Thread: MAIN.
int64_t bl_link_get_wait_ms(const bl_link *link);

// Requests. Thread: MAIN. All return at once; those about a client that is gone do nothing.

/// Closes what there is and looks for a server until one is found. Answers: NOTE, NO_SERVER (once),
/// OPENED.
void bl_link_open(bl_link *link);

/// From now on a server may be started (a person asked for it).
void bl_link_allow_start(bl_link *link);

/// Answer: ATTACHED. Owns: the caller, both, until the answer to the next attach or OPENED.
void bl_link_attach(bl_link *link, bl_engine *engine, bl_demo *demo);

/// Answer: ACTIVE.
void bl_link_activate(bl_link *link);

/// Answer: SURVEYED.
void bl_link_survey(bl_link *link);

/// Whether the levels of other programs' ports are measured into the pulse, from the next survey
/// on. No answer.
void bl_link_listen(bl_link *link, bool on);

/// Puts the load of the graph into the pulse. No answer.
void bl_link_measure(bl_link *link);

/// Answer: CONNECTED.
void bl_link_connect(bl_link *link, const bl_connection *connection, bool connect);

/// Answer: REQUESTED if refused.
void bl_link_set_period(bl_link *link, uint32_t frames);

/// Ends the server if it is our own; another one is started when the client has noticed.
void bl_link_restart(bl_link *link);

/// No answer.
void bl_link_recompute_latencies(bl_link *link);

#endif
