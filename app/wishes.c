// SPDX-License-Identifier: MIT
// The connections that ought to be.

#include "wishes.h"

#include <stdio.h>
#include <string.h>

// Of a connection that the server refuses, or claims and does not make: it refuses ports of a
// client that has registered them and does not run yet.
enum { TRIES = 20 };

static bool same(const bl_connection *a, const bl_connection *b)
{
    return strcmp(a->ours, b->ours) == 0 && strcmp(a->theirs, b->theirs) == 0;
}

static bl_wish *find(bl_wishes *wishes, const bl_connection *connection)
{
    for (size_t i = 0; i < wishes->count; i++) {
        if (same(&wishes->list[i].connection, connection)) {
            return &wishes->list[i];
        }
    }
    return NULL;
}

static bool is_connected(const bl_survey *survey, const bl_connection *connection)
{
    for (size_t i = 0; i < survey->connection_count; i++) {
        if (same(&survey->connections[i], connection)) {
            return true;
        }
    }
    return false;
}

static bool is_there(const bl_port_list *ports, const char *name)
{
    return bl_port_named(ports, name) != NULL;
}

bool bl_wishes_add(bl_wishes *wishes, const char *ours, const char *theirs, bool named)
{
    bl_connection connection = {0};
    snprintf(connection.ours, sizeof connection.ours, "%s", ours);
    snprintf(connection.theirs, sizeof connection.theirs, "%s", theirs);
    bl_wish *wish = find(wishes, &connection);
    if (wish == NULL) {
        if (wishes->count == BL_CONNECTIONS_MAX) {
            return false;
        }
        wish = &wishes->list[wishes->count++];
        *wish = (bl_wish){.connection = connection, .state = BL_WISH_DUE};
    }
    if (wish->state == BL_WISH_UNDONE) {
        wish->state = BL_WISH_DUE;
    }
    wish->named = wish->named || named;
    return true;
}

bool bl_wishes_remove(bl_wishes *wishes, const bl_connection *connection)
{
    bl_wish *wish = find(wishes, connection);
    if (wish == NULL) {
        return false;
    }
    const size_t at = (size_t)(wish - wishes->list);
    wishes->count--;
    memmove(wish, wish + 1, (wishes->count - at) * sizeof *wish);
    return true;
}

void bl_wishes_undo(bl_wishes *wishes, const bl_connection *connection, int64_t now_ms)
{
    bl_wish *wish = find(wishes, connection);
    if (wish != NULL) {
        wish->state = BL_WISH_UNDONE;
        wish->since_ms = now_ms;
    }
}

void bl_wishes_keep_named(bl_wishes *wishes)
{
    size_t kept = 0;
    for (size_t i = 0; i < wishes->count; i++) {
        if (wishes->list[i].named) {
            wishes->list[kept++] = wishes->list[i];
        }
    }
    wishes->count = kept;
}

bool bl_wishes_are_met(const bl_wishes *wishes, const bl_port_list *ports)
{
    bool heard = false;
    bool played = false;
    for (size_t i = 0; i < wishes->count; i++) {
        const bl_connection *c = &wishes->list[i].connection;
        const bool there = is_there(ports, c->theirs);
        heard = heard || (there && strcmp(c->ours, "in") == 0);
        played = played || (there && strncmp(c->ours, "out_", 4) == 0);
    }
    return heard && played;
}

void bl_wishes_add_device(bl_wishes *wishes, const bl_device *device)
{
    for (size_t i = 0; i < device->count; i++) {
        bl_wishes_add(wishes, device->connections[i].ours, device->connections[i].theirs, false);
    }
}

void bl_wishes_add_usual(bl_wishes *wishes, const bl_port_list *ports)
{
    static const char *const outs[] = {"out_left", "out_right"};
    const bl_port *capture = bl_port_physical(ports, BL_PORT_AUDIO, true, 0);
    if (capture != NULL) {
        bl_wishes_add(wishes, "in", capture->name, false);
    }
    for (size_t i = 0; i < 2; i++) {
        const bl_port *playback = bl_port_physical(ports, BL_PORT_AUDIO, false, i);
        if (playback != NULL) {
            bl_wishes_add(wishes, outs[i], playback->name, false);
        }
    }
}

/// The state that follows for one wish; false if the player has undone it.
static bool update_wish(bl_wish *wish, const bl_survey *survey, int64_t now_ms)
{
    const bool renewed = wish->renewed;
    // A survey may show a connection for some cycles after its port went, and another one came.
    wish->renewed = renewed && is_connected(survey, &wish->connection) &&
                    now_ms - wish->renewed_ms < BL_WISH_PATIENCE_MS;
    if (wish->state == BL_WISH_UNDONE && (!is_connected(survey, &wish->connection) ||
                                          now_ms - wish->since_ms < BL_WISH_PATIENCE_MS)) {
        return is_connected(survey, &wish->connection);
    }
    if (is_connected(survey, &wish->connection)) {
        wish->state = BL_WISH_MADE;
        wish->tries = 0;
        wish->told = false;
        return true;
    }
    const bool stood = wish->state == BL_WISH_MADE || wish->state == BL_WISH_SUSPECT;
    if (!is_there(&survey->ports, wish->connection.theirs) || (renewed && stood)) {
        wish->state = BL_WISH_DUE;
        wish->tries = 0;
        return true;
    }
    switch (wish->state) {
    case BL_WISH_MADE:
        wish->state = BL_WISH_SUSPECT;
        wish->since_ms = now_ms;
        break;
    case BL_WISH_SUSPECT:
        return now_ms - wish->since_ms < BL_WISH_PATIENCE_MS;
    case BL_WISH_CLAIMED:
        wish->state = wish->tries < TRIES ? BL_WISH_DUE : BL_WISH_REFUSED;
        wish->since_ms = now_ms;
        break;
    case BL_WISH_REFUSED: // a program may take its time until it lets itself be connected
        if (now_ms - wish->since_ms >= BL_WISH_RETRY_MS) {
            wish->state = BL_WISH_DUE;
        }
        break;
    case BL_WISH_DUE:
    case BL_WISH_ASKED:
    case BL_WISH_UNDONE:
        break;
    }
    return true;
}

void bl_wishes_see_ports(bl_wishes *wishes, const bl_port_list *ports, int64_t now_ms)
{
    for (size_t i = 0; i < wishes->count; i++) {
        bl_wish *wish = &wishes->list[i];
        const bl_port *port = bl_port_named(ports, wish->connection.theirs);
        if (port != NULL && port->came) {
            wish->renewed = true;
            wish->renewed_ms = now_ms;
        }
    }
}

bool bl_wishes_update(bl_wishes *wishes, const bl_survey *survey, int64_t now_ms)
{
    bool again = false;
    for (size_t i = 0; i < wishes->count;) {
        if (update_wish(&wishes->list[i], survey, now_ms)) {
            again = again || wishes->list[i].state == BL_WISH_SUSPECT ||
                    wishes->list[i].state == BL_WISH_UNDONE;
            i++;
        } else {
            const bl_connection gone = wishes->list[i].connection;
            bl_wishes_remove(wishes, &gone);
        }
    }
    return again;
}

void bl_wishes_adopt(bl_wishes *wishes, const bl_survey *survey)
{
    for (size_t i = 0; i < survey->connection_count; i++) {
        const bl_connection *c = &survey->connections[i];
        if (find(wishes, c) == NULL && bl_wishes_add(wishes, c->ours, c->theirs, false)) {
            find(wishes, c)->state = BL_WISH_MADE;
        }
    }
}

bl_wish *bl_wishes_next(bl_wishes *wishes, const bl_survey *survey)
{
    for (size_t i = 0; i < wishes->count; i++) {
        bl_wish *wish = &wishes->list[i];
        if (wish->state == BL_WISH_DUE && is_there(&survey->ports, wish->connection.theirs)) {
            wish->state = BL_WISH_ASKED;
            wish->tries++;
            return wish;
        }
    }
    return NULL;
}

bool bl_wishes_any_refused(const bl_wishes *wishes)
{
    for (size_t i = 0; i < wishes->count; i++) {
        if (wishes->list[i].state == BL_WISH_REFUSED) {
            return true;
        }
    }
    return false;
}

bool bl_wishes_answered(bl_wishes *wishes, const bl_connection *connection, bool made,
                        int64_t now_ms)
{
    bl_wish *wish = find(wishes, connection);
    if (wish == NULL) {
        return !made;
    }
    if (wish->state == BL_WISH_ASKED) {
        wish->state = made ? BL_WISH_CLAIMED : wish->tries < TRIES ? BL_WISH_DUE : BL_WISH_REFUSED;
        wish->since_ms = now_ms;
    }
    const bool news = wish->state == BL_WISH_REFUSED && !wish->told;
    wish->told = wish->told || news;
    return news;
}

void bl_wishes_lost(bl_wishes *wishes)
{
    size_t kept = 0;
    for (size_t i = 0; i < wishes->count; i++) {
        if (wishes->list[i].state != BL_WISH_UNDONE) {
            wishes->list[i].state = BL_WISH_DUE;
            wishes->list[i].tries = 0;
            wishes->list[kept++] = wishes->list[i];
        }
    }
    wishes->count = kept;
}

void bl_wishes_to_device(const bl_wishes *wishes, bl_device *device)
{
    device->count = 0;
    for (size_t i = 0; i < wishes->count; i++) {
        if (wishes->list[i].state != BL_WISH_UNDONE) {
            device->connections[device->count++] = wishes->list[i].connection;
        }
    }
}
