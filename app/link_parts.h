// SPDX-License-Identifier: MIT
// The inside of the thread LINK, shared by link*.c.

#ifndef BACKLINE_APP_LINK_PARTS_H
#define BACKLINE_APP_LINK_PARTS_H

#include "link.h"

#include "card.h"
#include "clock.h"
#include "server.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    BL_LINK_RESTART_MS = 2000,      ///< between two starts of our own server
    BL_LINK_STOP_PATIENCE_MS = 300, ///< for our own server to end
    BL_LINK_CLOSING_MS = 4000,      ///< after that a client that is being closed is left behind
    BL_LINK_LEFT_MAX = 8,           ///< so many of them
};

struct bl_link {
    bl_link_config config;
    char *client, *server_name, *command, *driver;
    pthread_t thread;
    bl_mailbox requests, answers;
    atomic_bool ending;       ///< MAIN -> LINK: give up whatever takes long
    atomic_bool ended;        ///< LINK -> MAIN
    _Atomic int64_t asked_ms; ///< LINK -> MAIN: when it asked what is not answered yet; 0: nothing

    // LINK alone
    bl_jack *jack;
    bl_server server;
    uint64_t epoch;
    bool searching, told, may_start;
    bool listening;                    ///< to the ports of others, for meters
    int64_t listen_ms;                 ///< when to connect the next meter; 0: all are
    bool own;                          ///< the server that was joined last is the one we started
    int64_t started_ms;                ///< when our server was started last
    int64_t cards_ms;                  ///< when we looked for sound cards last
    int64_t closing_ms;                ///< since when the last client is being closed; 0: it is not
    uint64_t left_behind;              ///< up to this number clients never got closed, or late
    bool stuck_told;                   ///< that there are too many of them
    bool card_awaited;                 ///< the one that the player named failed
    char broken[BL_CARD_LIST_MAX][64]; ///< drivers that failed at the last start
    size_t broken_count;
};

void bl_link_pause_ms(int ms);

/// An answer to fill in and post. Never NULL.
bl_link_answer *bl_link_answer_new(bl_link *link, bl_link_kind kind);

void bl_link_answer_post(bl_link *link, bl_link_answer *answer);

/// Both at once, for an answer that is but an error.
void bl_link_answer_error(bl_link *link, bl_link_kind kind, const bl_error *error);

/// Ends our server if it runs on no sound card and one has come that did not fail before.
void bl_link_watch_cards(bl_link *link);

/// One step of the search for a server: joins one that runs, else starts one if that is allowed.
void bl_link_search(bl_link *link);

#endif
