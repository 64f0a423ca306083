// SPDX-License-Identifier: MIT
// Connections over the life of servers: made, undone by the player, lost with a port, lost with the
// server, made by others.

#include "wishes.h"

#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

static bl_port ports[4];
static bl_connection connections[4];

/// A survey of these ports ("+" before one that came anew) and connections ("in<system:capture_1"),
/// each list ended by NULL.
static bl_survey survey(const char *const *names, const char *const *pairs)
{
    bl_survey s = {0};
    for (; names[s.ports.count] != NULL; s.ports.count++) {
        bl_port *port = &ports[s.ports.count];
        *port = (bl_port){.type = BL_PORT_AUDIO, .physical = true};
        port->gives = strstr(names[s.ports.count], "capture") != NULL;
        port->came = names[s.ports.count][0] == '+';
        snprintf(port->name, sizeof port->name, "%s", names[s.ports.count] + port->came);
    }
    for (; pairs[s.connection_count] != NULL; s.connection_count++) {
        bl_connection *c = &connections[s.connection_count];
        assert_int_equal(sscanf(pairs[s.connection_count], "%15[^<]<%319s", c->ours, c->theirs), 2);
    }
    s.ports.ports = ports;
    s.connections = connections;
    return s;
}

#define NOTHING ((const char *const[]){NULL})

static const char *const both[] = {"system:capture_1", "system:playback_1", NULL};
static const char *const made[] = {"in<system:capture_1", "out_left<system:playback_1", NULL};

static int64_t now_ms = 1000000;

/// An update so long after the last one that what is suspect is sure.
static bool update(bl_wishes *w, const bl_survey *s)
{
    now_ms += BL_WISH_PATIENCE_MS;
    bl_wishes_see_ports(w, &s->ports, now_ms);
    const bool again = bl_wishes_update(w, s, now_ms);
    bl_wishes_adopt(w, s);
    return again;
}

/// Asks for everything due and lets it be made; returns how many were asked for.
static int ask(bl_wishes *w, const bl_survey *s)
{
    int asked = 0;
    for (bl_wish *wish = bl_wishes_next(w, s); wish != NULL; wish = bl_wishes_next(w, s)) {
        bl_wishes_answered(w, &wish->connection, true, now_ms);
        asked++;
    }
    return asked;
}

static void start(bl_wishes *w)
{
    const bl_survey s = survey(both, NOTHING);
    w->count = 0;
    bl_wishes_add_usual(w, &s.ports);
    assert_int_equal(w->count, 2);
    update(w, &s);
    assert_int_equal(ask(w, &s), 2);
    assert_int_equal(ask(w, &s), 0);
    const bl_survey then = survey(both, made);
    assert_false(update(w, &then));
    assert_int_equal(ask(w, &then), 0);
}

static void test_usual(void **state)
{
    (void)state;
    bl_wishes w;
    start(&w);
    assert_string_equal(w.list[0].connection.ours, "in");
    assert_string_equal(w.list[1].connection.theirs, "system:playback_1");
}

/// What the player undoes stays undone, but only when that is sure.
static void test_undone(void **state)
{
    (void)state;
    bl_wishes w;
    start(&w);
    bl_survey s = survey(both, (const char *const[]){made[1], NULL});
    assert_true(update(&w, &s));
    assert_int_equal(ask(&w, &s), 0);
    assert_int_equal(w.count, 2);
    bl_device device;
    bl_wishes_to_device(&w, &device);
    assert_int_equal(device.count, 2); // it may be the server that is ending
    assert_false(update(&w, &s));
    bl_wishes_to_device(&w, &device);
    assert_int_equal(device.count, 1);
    assert_int_equal(ask(&w, &s), 0);
}

/// What the player undoes in Backline is no wish any more, though a survey may still show it.
static void test_undone_by_hand(void **state)
{
    (void)state;
    bl_wishes w;
    bl_device device;
    start(&w);
    const bl_survey before = survey(both, made);
    bl_wishes_undo(&w, &w.list[0].connection, now_ms);
    assert_true(bl_wishes_update(&w, &before, now_ms + 1));
    bl_wishes_to_device(&w, &device);
    assert_int_equal(device.count, 1);
    bl_survey s = survey(both, (const char *const[]){made[1], NULL});
    assert_false(bl_wishes_update(&w, &s, now_ms + 2));
    assert_int_equal(w.count, 1);
    assert_int_equal(ask(&w, &s), 0);

    start(&w); // and made again by somebody
    s = survey(both, made);
    bl_wishes_undo(&w, &w.list[0].connection, now_ms);
    assert_false(update(&w, &s));
    bl_wishes_to_device(&w, &device);
    assert_int_equal(device.count, 2);
}

/// A program that ends slowly loses its connections long before its ports.
static void test_slow_end(void **state)
{
    (void)state;
    bl_wishes w;
    start(&w);
    bl_survey s = survey(both, (const char *const[]){made[1], NULL});
    assert_true(update(&w, &s));
    for (int i = 1; i < 5; i++) {
        assert_true(bl_wishes_update(&w, &s, now_ms + i * BL_WISH_PATIENCE_MS / 5));
        assert_int_equal(ask(&w, &s), 0);
    }
    s = survey((const char *const[]){both[1], NULL}, (const char *const[]){made[1], NULL});
    update(&w, &s);
    s = survey(both, (const char *const[]){made[1], NULL});
    update(&w, &s);
    assert_int_equal(ask(&w, &s), 1);
}

/// A connection that falls with its port comes back with it, however the news are cut.
static void test_port_returns(void **state)
{
    (void)state;
    bl_wishes w;
    start(&w);
    bl_survey s =
        survey((const char *const[]){both[1], NULL}, (const char *const[]){made[1], NULL});
    assert_false(update(&w, &s));
    assert_int_equal(ask(&w, &s), 0);
    s = survey(both, (const char *const[]){made[1], NULL});
    update(&w, &s);
    assert_int_equal(ask(&w, &s), 1);

    const char *const anew[] = {"+system:capture_1", both[1], NULL};
    const char *const left[] = {made[1], NULL};
    start(&w); // gone and back between two surveys
    s = survey(anew, left);
    update(&w, &s);
    assert_int_equal(ask(&w, &s), 1);

    start(&w); // seen between disconnection and unregistration
    s = survey(both, left);
    assert_true(update(&w, &s));
    s = survey(anew, left);
    update(&w, &s);
    assert_int_equal(ask(&w, &s), 1);

    start(&w); // while nobody updates
    s = survey(anew, left);
    bl_wishes_see_ports(&w, &s.ports, now_ms);
    s = survey(both, left);
    update(&w, &s);
    assert_int_equal(ask(&w, &s), 1);

    start(&w); // the connection still shows when the other one is there
    s = survey(anew, made);
    update(&w, &s);
    s = survey(both, left);
    assert_false(bl_wishes_update(&w, &s, now_ms + 10));
    assert_int_equal(ask(&w, &s), 1);

    start(&w); // long before the player undid it
    s = survey(anew, made);
    update(&w, &s);
    s = survey(both, made);
    update(&w, &s);
    s = survey(both, left);
    assert_true(update(&w, &s));
    assert_int_equal(ask(&w, &s), 0);
}

/// What the player undoes in another program stays undone, whatever ports come and go meanwhile.
static void test_undone_among_others(void **state)
{
    (void)state;
    bl_wishes w;
    start(&w);
    const char *const left[] = {made[1], NULL};
    bl_survey s = survey((const char *const[]){both[0], both[1], "+tuner:in", NULL}, left);
    assert_true(update(&w, &s));
    s = survey((const char *const[]){both[0], "+system:playback_1", NULL}, left);
    assert_false(update(&w, &s));
    assert_int_equal(ask(&w, &s), 0);
    assert_int_equal(w.count, 1);
}

static void test_server_returns(void **state)
{
    (void)state;
    bl_wishes w;
    start(&w);
    bl_survey s = survey(both, (const char *const[]){made[1], NULL});
    update(&w, &s); // suspect when the server goes
    bl_wishes_lost(&w);
    s = survey(both, NOTHING);
    update(&w, &s);
    assert_int_equal(ask(&w, &s), 2);
}

/// Connections by a patchbay are kept like our own.
static void test_made_by_others(void **state)
{
    (void)state;
    bl_wishes w;
    start(&w);
    const char *const all[] = {both[0], both[1], "tuner:in", NULL};
    bl_survey s = survey(all, (const char *const[]){made[0], made[1], "out_left<tuner:in", NULL});
    update(&w, &s);
    assert_int_equal(w.count, 3);
    s = survey(both, made);
    update(&w, &s);
    s = survey(all, made);
    update(&w, &s);
    assert_int_equal(ask(&w, &s), 1);
}

static void test_refused(void **state)
{
    (void)state;
    bl_wishes w;
    start(&w);
    bl_wishes_lost(&w);
    bl_survey s = survey(both, NOTHING);
    const bl_connection refused = w.list[0].connection;
    int times = 1;
    bl_wishes_next(&w, &s);
    for (; !bl_wishes_answered(&w, &refused, false, now_ms); times++) { // it may only be too early
        assert_true(times < 100);
        update(&w, &s);
        assert_string_equal(bl_wishes_next(&w, &s)->connection.theirs, refused.theirs);
    }
    assert_int_equal(times, 20);
    bl_device device;
    bl_wishes_to_device(&w, &device);
    assert_int_equal(device.count, 2); // what was refused is still wanted
    update(&w, &s);
    assert_int_equal(ask(&w, &s), 1); // the other one; the refused one is not asked for at once
    assert_true(bl_wishes_any_refused(&w));
    now_ms += BL_WISH_RETRY_MS; // later it is, and nobody is told twice
    update(&w, &s);
    assert_string_equal(bl_wishes_next(&w, &s)->connection.theirs, refused.theirs);
    assert_false(bl_wishes_answered(&w, &refused, false, now_ms));
    assert_true(bl_wishes_any_refused(&w));
    s = survey((const char *const[]){both[1], NULL}, (const char *const[]){made[1], NULL});
    update(&w, &s);
    s = survey(both, (const char *const[]){made[1], NULL});
    update(&w, &s);
    assert_int_equal(ask(&w, &s), 1); // its port came anew
}

/// Another device: what was named stays, and whether the rest fits is known.
static void test_other_device(void **state)
{
    (void)state;
    bl_wishes w;
    start(&w);
    const bl_survey here = survey(both, NOTHING);
    assert_true(bl_wishes_are_met(&w, &here.ports));
    const bl_survey deaf = survey((const char *const[]){both[1], NULL}, NOTHING);
    assert_false(bl_wishes_are_met(&w, &deaf.ports));
    bl_wishes_add(&w, "in", both[0], true);
    bl_wishes_keep_named(&w);
    assert_int_equal(w.count, 1);
    assert_string_equal(w.list[0].connection.theirs, both[0]);
}

/// A server that claims success and does nothing is asked again, but not for ever.
static void test_claimed(void **state)
{
    (void)state;
    bl_wishes w = {.count = 0};
    bl_survey s = survey(both, NOTHING);
    bl_wishes_add(&w, "in", both[0], false);
    int asked = 0;
    for (int i = 0; i < 100; i++) {
        bl_wishes_update(&w, &s, now_ms);
        asked += ask(&w, &s);
    }
    assert_int_equal(asked, 20);
    assert_int_equal(w.count, 1); // nobody has undone it
}

static void test_full(void **state)
{
    (void)state;
    bl_wishes w = {.count = 0};
    char name[32];
    for (int i = 0; i < BL_CONNECTIONS_MAX; i++) {
        snprintf(name, sizeof name, "p:%d", i);
        assert_true(bl_wishes_add(&w, "in", name, false));
    }
    assert_true(bl_wishes_add(&w, "in", "p:3", true)); // there already
    assert_true(w.list[3].named);
    assert_false(bl_wishes_add(&w, "in", "one too many", false));
    const bl_survey s = survey(both, made);
    update(&w, &s); // what does not fit is let go
    assert_int_equal(w.count, BL_CONNECTIONS_MAX);
    assert_true(bl_wishes_remove(&w, &w.list[0].connection));
    assert_int_equal(w.count, BL_CONNECTIONS_MAX - 1);
}

/// What is remembered is compared and written whole, so nothing of an earlier name may be left in
/// it.
static void test_nothing_is_left_behind(void **state)
{
    (void)state;
    bl_wishes w = {.count = 0};
    assert_true(bl_wishes_add(&w, "out_right", "a device with a long name:playback_12", false));
    assert_true(bl_wishes_add(&w, "in", "a:b", false));
    const bl_connection clean = {.ours = "in", .theirs = "a:b"};
    assert_memory_equal(&w.list[1].connection, &clean, sizeof clean);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual),
        cmocka_unit_test(test_undone),
        cmocka_unit_test(test_undone_by_hand),
        cmocka_unit_test(test_slow_end),
        cmocka_unit_test(test_port_returns),
        cmocka_unit_test(test_server_returns),
        cmocka_unit_test(test_made_by_others),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_other_device),
        cmocka_unit_test(test_claimed),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_nothing_is_left_behind),
        cmocka_unit_test(test_undone_among_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
