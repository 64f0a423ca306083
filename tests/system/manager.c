// SPDX-License-Identifier: MIT
// The manager's half of the protocol, over liblo.

#include "manager.h"

#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// liblo's union asks for an alignment that OSC's own four bytes do not give.
static const char *text_of(const lo_arg *argument)
{
    return (const char *)argument;
}

static int hear_announce(const char *path, const char *types, lo_arg **argv, int argc,
                         lo_message data, void *user)
{
    manager *m = user;
    (void)path, (void)types, (void)argc;
    lo_address from = lo_message_get_source(data);
    m->client = lo_address_new(lo_address_get_hostname(from), lo_address_get_port(from));
    assert_string_equal(text_of(argv[0]), "Backline");
    snprintf(m->capabilities, sizeof m->capabilities, "%s", text_of(argv[1]));
    snprintf(m->executable, sizeof m->executable, "%s", text_of(argv[2]));
    int32_t version;
    memcpy(&version, argv[3], sizeof version);
    assert_int_equal(version, 1);
    memcpy(&m->pid, argv[5], sizeof(int32_t));
    m->announced = true;
    if (m->refuses) {
        lo_send_from(m->client, m->server, LO_TT_IMMEDIATE, "/error", "sis", "/nsm/server/announce",
                     -1, "no room");
        return 0;
    }
    lo_send_from(m->client, m->server, LO_TT_IMMEDIATE, "/reply", "ssss", "/nsm/server/announce",
                 "hello", "test", ":server-control:");
    return 0;
}

static int hear_other(const char *path, const char *types, lo_arg **argv, int argc, lo_message data,
                      void *user)
{
    manager *m = user;
    (void)types, (void)data;
    const char *to = argc > 0 ? text_of(argv[0]) : "";
    m->opened = m->opened || (strcmp(path, "/reply") == 0 && strcmp(to, "/nsm/client/open") == 0);
    m->saved = m->saved || (strcmp(path, "/reply") == 0 && strcmp(to, "/nsm/client/save") == 0);
    m->failed = m->failed || strcmp(path, "/error") == 0;
    m->dirty = m->dirty || strcmp(path, "/nsm/client/is_dirty") == 0;
    m->clean = m->clean || strcmp(path, "/nsm/client/is_clean") == 0;
    m->shown = m->shown || strcmp(path, "/nsm/client/gui_is_shown") == 0;
    m->hidden = m->hidden || strcmp(path, "/nsm/client/gui_is_hidden") == 0;
    m->messages += strcmp(path, "/nsm/client/message") == 0;
    if (strcmp(path, "/nsm/client/progress") == 0) {
        memcpy(&m->progress, argv[0], sizeof m->progress);
    }
    return 0;
}

void manager_start(manager *m)
{
    memset(m, 0, sizeof *m);
    m->server = lo_server_new_with_proto(NULL, LO_UDP, NULL);
    assert_non_null(m->server);
    lo_server_add_method(m->server, "/nsm/server/announce", "sssiii", hear_announce, m);
    lo_server_add_method(m->server, NULL, NULL, hear_other, m);
    char *url = lo_server_get_url(m->server);
    setenv("NSM_URL", url, 1);
    free(url);
}

void manager_stop(manager *m)
{
    unsetenv("NSM_URL");
    if (m->client != NULL) {
        lo_address_free(m->client);
    }
    lo_server_free(m->server);
}

void manager_wait(manager *m, program *client, const bool *flag, const char *what)
{
    const long long until = now_ms() + DEADLINE_MS;
    while (!*flag && now_ms() < until) {
        lo_server_recv_noblock(m->server, 20);
        if (!program_listen(client, 0)) {
            fail_msg("it ended while waiting for %s: %s", what, client->err);
        }
    }
    if (!*flag) {
        fail_msg("no %s", what);
    }
}

void manager_open(manager *m, program *client, const char *folder)
{
    manager_wait(m, client, &m->announced, "announcement");
    assert_int_equal(m->pid, client->pid);
    assert_non_null(strstr(m->capabilities, ":dirty:"));
    assert_false(m->opened); // not before it knows where
    lo_send_from(m->client, m->server, LO_TT_IMMEDIATE, "/nsm/client/open", "sss", folder, "Song",
                 "Backline.nTEST");
    manager_wait(m, client, &m->opened, "answer to open");
    assert_true(m->progress == 1.0F);
}

void manager_save(manager *m, program *client)
{
    m->saved = m->clean = false;
    lo_send_from(m->client, m->server, LO_TT_IMMEDIATE, "/nsm/client/save", "");
    manager_wait(m, client, &m->saved, "answer to save");
    manager_wait(m, client, &m->clean, "is_clean");
}
