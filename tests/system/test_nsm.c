// SPDX-License-Identifier: MIT
// The program as a client of a session manager that the test plays, after the published API 1.1:
// announce, open, save, dirty, quit; and a session that is moved, with the files it was made from
// gone, sounds as before.

#include "manager.h"
#include "stage.h"

#include "support/cmocka_all.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Starts the program in the session `folder` and waits until it says that it is open.
static void open_session(manager *m, program *live, const char *folder,
                         const char *const *arguments)
{
    manager_start(m);
    stage_live_start(live, arguments);
    manager_open(m, live, folder);
    assert_string_equal(m->executable, "backline");
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
    manager_save(&m, &live);
    assert_false(m.failed);
    stage_live_stop(&live); // SIGTERM is how a manager ends its clients
    manager_stop(&m);

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
    manager_stop(&m);
    stage_server_stop();
}

/// Two rigs that are not measured, and what is not in any session.
static void write_setlist(void)
{
    static const char *const names[] = {"one", "two"};
    char name[64], text[256];
    for (size_t i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s.safetensors", names[i]);
        stage_make_model(name, i + 1, true, 48000.0);
        snprintf(text, sizeof text, "version: 1\nmodel: %s\nmatch_loudness: false\n", name);
        snprintf(name, sizeof name, "%s.yaml", names[i]);
        stage_write(name, text);
    }
    stage_write("list.yaml", "version: 1\nname: Evening\nsongs:\n"
                             "- {name: First, rig: one.yaml}\n- {name: Second, rig: two.yaml}\n");
}

static void remove_setlist(void)
{
    static const char *const files[] = {"one.safetensors", "two.safetensors", "one.yaml",
                                        "two.yaml", "list.yaml"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        assert_int_equal(unlink(stage_path(files[i])), 0);
    }
}

/// A status with the set list on stage, whole.
static json_t *wait_list(program *live)
{
    size_t seen = 0;
    const long long until = now_ms() + DEADLINE_MS;
    for (;;) {
        json_t *line = stage_wait_state(live, &seen, "playing");
        const json_t *stage = json_object_get(line, "stage");
        if (json_integer_value(json_object_get(stage, "loaded")) == 2) {
            return line;
        }
        assert_true(now_ms() < until);
        json_decref(line);
    }
}

static void test_a_set_list_moves_with_its_session(void **state)
{
    (void)state;
    char folder[512], moved[512], list[512];
    manager m;
    static program live;
    snprintf(folder, sizeof folder, "%s", stage_path("evening-one"));
    snprintf(moved, sizeof moved, "%s", stage_path("evening-two"));
    snprintf(list, sizeof list, "%s", stage_path("list.yaml"));
    write_setlist();
    stage_server_start(&(stage_server){.rate_hz = 48000, .period = 256, .async = true});
    open_session(&m, &live, folder, (const char *[]){"--setlist", list, NULL});
    json_decref(wait_list(&live));
    manager_save(&m, &live);
    assert_false(m.failed);
    stage_live_stop(&live);
    manager_stop(&m);

    assert_int_equal(rename(folder, moved), 0);
    remove_setlist();
    for (int start = 0; start < 2; start++) { // saved once more, it is still the same
        open_session(&m, &live, moved, (const char *[]){NULL});
        json_t *line = wait_list(&live);
        const char *path = json_string_value(json_object_get(line, "model_path"));
        const json_t *place = json_object_get(line, "place");
        assert_int_equal(strncmp(path, moved, strlen(moved)), 0);
        assert_string_equal(json_string_value(json_object_get(place, "setlist")), "Evening");
        assert_string_equal(json_string_value(json_object_get(place, "next_part")), "Second");
        assert_string_equal(json_string_value(json_object_get(place, "rig")), "one");
        json_decref(line);
        manager_save(&m, &live);
        stage_live_stop(&live);
        manager_stop(&m);
    }
    stage_server_stop();
}

static void test_plays_without_a_manager_that_refuses(void **state)
{
    (void)state;
    static program live;
    manager m;
    manager_start(&m);
    m.refuses = true;
    stage_server_start(&(stage_server){.rate_hz = 48000, .period = 256, .async = true});
    stage_live_start(&live, (const char *[]){NULL});
    manager_wait(&m, &live, &m.announced, "announcement");
    size_t seen = 0;
    stage_wait_message(&live, &seen, "refuses: no room; it plays without a session");
    json_decref(stage_wait_state(&live, &seen, "playing"));
    stage_live_stop(&live);
    manager_stop(&m);
    stage_server_stop();
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_session_can_be_moved),
        cmocka_unit_test(test_a_set_list_moves_with_its_session),
        cmocka_unit_test(test_plays_without_a_manager_that_refuses),
    };
    return cmocka_run_group_tests_name("nsm", tests, stage_open, stage_close);
}
