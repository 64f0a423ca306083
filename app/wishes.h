// SPDX-License-Identifier: MIT
// The connections that ought to be: which to make now, which the player has undone. Decides from
// one survey of the server to the next; talks to nobody. MAIN's.

#ifndef BACKLINE_APP_WISHES_H
#define BACKLINE_APP_WISHES_H

#include "jack.h"
#include "memory.h"

#include <stdbool.h>
#include <stddef.h>

enum { BL_WISH_PATIENCE_MS = 1500, BL_WISH_RETRY_MS = 5000 };

typedef enum bl_wish_state {
    BL_WISH_DUE,     ///< to be asked for as soon as the other port is there
    BL_WISH_ASKED,   ///< asked for, no answer yet
    BL_WISH_CLAIMED, ///< the server says it is made, no survey has shown it yet
    BL_WISH_MADE,    ///< stands
    BL_WISH_SUSPECT, ///< stood, and is gone although both ports are there
    BL_WISH_UNDONE,  ///< undone by the player in Backline itself, surveys may still show it
    BL_WISH_REFUSED, ///< the server said no; tried again now and then, and when the port comes anew
} bl_wish_state;

typedef struct bl_wish {
    bl_connection connection;
    bl_wish_state state;
    bool named;     ///< the player named this port on the command line
    bool renewed;   ///< its port is another one of that name, and the connection may not know yet
    bool told;      ///< that it is refused
    unsigned tries; ///< how often it was asked for since its port came
    int64_t renewed_ms; ///< when that was seen
    int64_t since_ms;   ///< since when it is SUSPECT, UNDONE or REFUSED
} bl_wish;

typedef struct bl_wishes {
    bl_wish list[BL_CONNECTIONS_MAX];
    size_t count;
} bl_wishes;

/// Adds a wish that is DUE unless it is there already; false if there is no room.
bool bl_wishes_add(bl_wishes *wishes, const char *ours, const char *theirs, bool named);

/// Takes one away. Returns whether it was there.
bool bl_wishes_remove(bl_wishes *wishes, const bl_connection *connection);

/// The player undoes a connection: it is not wanted any more, whatever a survey shows that was
/// taken before the server did it. One that stands for longer counts as made by somebody.
void bl_wishes_undo(bl_wishes *wishes, const bl_connection *connection, int64_t now_ms);

/// Takes all away but those that the player named.
void bl_wishes_keep_named(bl_wishes *wishes);

/// Whether both `in` and an out have a wish that these ports can meet.
bool bl_wishes_are_met(const bl_wishes *wishes, const bl_port_list *ports);

/// All of a device, as remembered.
void bl_wishes_add_device(bl_wishes *wishes, const bl_device *device);

/// The usual ones: first physical capture port to `in`, first two physical playback ports from the
/// outs.
void bl_wishes_add_usual(bl_wishes *wishes, const bl_port_list *ports);

/// Sees which ports have come anew, which a connection does not outlast. For every survey, also one
/// that no update follows.
void bl_wishes_see_ports(bl_wishes *wishes, const bl_port_list *ports, int64_t now_ms);

/// Compares with the server. A connection that is gone although both ports stayed was undone by the
/// player: it is SUSPECT at first and dropped when BL_WISH_PATIENCE_MS have passed, unless its port
/// has gone meanwhile: a program that ends loses its connections before its ports. `now_ms` is of a
/// clock that only goes forward. Returns true if another update should follow soon.
bool bl_wishes_update(bl_wishes *wishes, const bl_survey *survey, int64_t now_ms);

/// Connections that others made on our ports become wishes too.
void bl_wishes_adopt(bl_wishes *wishes, const bl_survey *survey);

/// Whether any is refused: another update should follow after BL_WISH_RETRY_MS.
bool bl_wishes_any_refused(const bl_wishes *wishes);

/// The next wish to ask for, now ASKED; NULL if there is none.
bl_wish *bl_wishes_next(bl_wishes *wishes, const bl_survey *survey);

/// Marks the answer to a request. True if it is to be told that it is refused, which happens once;
/// else a refused one is due again.
bool bl_wishes_answered(bl_wishes *wishes, const bl_connection *connection, bool made,
                        int64_t now_ms);

/// The server is gone: everything that stood is due again.
void bl_wishes_lost(bl_wishes *wishes);

/// What to remember: all of them. What was refused is still wanted, and what is SUSPECT may have
/// fallen with a server that is just ending.
void bl_wishes_to_device(const bl_wishes *wishes, bl_device *device);

#endif
