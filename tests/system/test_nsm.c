// SPDX-License-Identifier: MIT
// The program as a client of a session manager that the test plays, after the published API 1.1:
// announce, open, save, dirty, quit; and a session that is moved, with the files it was made from
// gone, sounds as before.

#include "stage.h"

#include "support/cmocka_all.h"

#include <lo/lo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct manager {
    lo_server server;
    lo_address client; // of the last announce
    char capabilities[128], executable[128];
    int32_t pid;
    bool refuses;
    bool announced, opened, saved, dirty, clean, failed;
    float progress;
    uint32_t messages;
} manager;

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
    m->messages += strcmp(path, "/nsm/client/message") == 0;
    if (strcmp(path, "/nsm/client/progress") == 0) {
        memcpy(&m->progress, argv[0], sizeof m->progress);
    }
    return 0;
}

static void start_manager(manager *m)
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

static void stop_manager(manager *m)
{
    unsetenv("NSM_URL");
    if (m->client != NULL) {
        lo_address_free(m->client);
    }
    lo_server_free(m->server);
}

static void wait_for(manager *m, program *live, const bool *flag, const char *what)
{
    const long long until = now_ms() + DEADLINE_MS;
    while (!*flag && now_ms() < until) {
        lo_server_recv_noblock(m->server, 20);
        if (!program_listen(live, 0)) {
            fail_msg("it ended while waiting for %s: %s", what, live->err);
        }
    }
    if (!*flag) {
        fail_msg("no %s", what);
    }
}

// Starts the program in the session `folder` and waits until it says that it is open.
static void open_session(manager *m, program *live, const char *folder,
                         const char *const *arguments)
{
    start_manager(m);
    stage_live_start(live, arguments);
    wait_for(m, live, &m->announced, "announcement");
    assert_int_equal(m->pid, live->pid);
    assert_string_equal(m->executable, "backline");
    assert_non_null(strstr(m->capabilities, ":dirty:"));
    assert_false(m->opened); // not before it knows where
    lo_send_from(m->client, m->server, LO_TT_IMMEDIATE, "/nsm/client/open", "sss", folder, "Song",
                 "Backline.nTEST");
    wait_for(m, live, &m->opened, "answer to open");
    assert_true(m->progress == 1.0F);
}

static void save_session(manager *m, program *live)
{
    m->saved = m->clean = false;
    lo_send_from(m->client, m->server, LO_TT_IMMEDIATE, "/nsm/client/save", "");
    wait_for(m, live, &m->saved, "answer to save");
    wait_for(m, live, &m->clean, "is_clean");
}

static void test_a_session_can_be_moved(void **state)
{
    (void)state;
    char folder[512], moved[512], rig[512], model[512];
    manager m;
    static program live;
    snprintf(folder, sizeof folder, "%s", stage_path("session-one"));
    snprintf(moved, sizeof moved, "%s", stage_path("session-two"));
    snprintf(rig, sizeof rig, "%s", stage_path("mine.yaml"));
    snprintf(model, sizeof model, "%s", stage_make_model("mine.safetensors", 3, true, 48000.0));
    // Not measured: that plays half a minute through the rig, which a sanitizer makes long.
    stage_write("mine.yaml", "version: 1\nmodel: mine.safetensors\nmatch_loudness: false\n"
                             "parameters:\n  bass: 7\n");
    stage_server_start(&(stage_server){.rate_hz = 48000, .period = 256, .async = true});

    open_session(&m, &live, folder, (const char *[]){"--rig", rig, NULL});
    size_t seen = 0;
    json_t *line = stage_wait_state(&live, &seen, "playing");
    assert_string_equal(json_string_value(json_object_get(line, "client")), "Backline.nTEST");
    json_decref(line);
    save_session(&m, &live);
    assert_false(m.failed);
    stage_live_stop(&live); // SIGTERM is how a manager ends its clients
    stop_manager(&m);

    assert_int_equal(rename(folder, moved), 0);
    assert_int_equal(unlink(model), 0);
    assert_int_equal(unlink(rig), 0);
    open_session(&m, &live, moved, (const char *[]){NULL});
    seen = 0;
    bool found = false;
    for (const long long until = now_ms() + DEADLINE_MS; !found; json_decref(line)) {
        assert_true(now_ms() < until);
        line = stage_wait_state(&live, &seen, "playing");
        const char *path = json_string_value(json_object_get(line, "model_path"));
        found =
            strncmp(path, moved, strlen(moved)) == 0 && strstr(path, "mine.safetensors") != NULL;
    }
    stage_live_stop(&live);
    stop_manager(&m);
    stage_server_stop();
}

static void test_plays_without_a_manager_that_refuses(void **state)
{
    (void)state;
    static program live;
    manager m;
    start_manager(&m);
    m.refuses = true;
    stage_server_start(&(stage_server){.rate_hz = 48000, .period = 256, .async = true});
    stage_live_start(&live, (const char *[]){NULL});
    wait_for(&m, &live, &m.announced, "announcement");
    size_t seen = 0;
    stage_wait_message(&live, &seen, "refuses: no room; it plays without a session");
    json_decref(stage_wait_state(&live, &seen, "playing"));
    stage_live_stop(&live);
    stop_manager(&m);
    stage_server_stop();
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_session_can_be_moved),
        cmocka_unit_test(test_plays_without_a_manager_that_refuses),
    };
    return cmocka_run_group_tests_name("nsm", tests, stage_open, stage_close);
}
