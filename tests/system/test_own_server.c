// SPDX-License-Identifier: MIT
// Our own server on sound cards that come, go and break: the cards are made up, the server is jackd
// on its dummy driver whatever card it is asked for.

#include "peer.h"
#include "stage.h"
#include "support/cmocka_all.h"

#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

// Not on the stack: they outlive a test that fails.
static program live;
static size_t seen;
static peer p;

static const char server_script[] = "echo $$ >$0.pid\n"
                                    "if [ \"$4\" = hw:Broken ]; then\n"
                                    "    echo 'ERROR: hw:Broken is in use by another program'\n"
                                    "    exit 1\n"
                                    "fi\n"
                                    "case \"$4\" in hw:*)\n"
                                    "    if [ \"$4\" = hw:0 ] && [ -s \"$BL_FAKE_CARDS\" ]; then\n"
                                    "        :\n"
                                    "    elif ! grep -qx \"${4#hw:}\" \"$BL_FAKE_CARDS\"; then\n"
                                    "        echo \"ERROR: $4 is gone\"\n"
                                    "        exit 1\n"
                                    "    fi\n"
                                    "esac\n"
                                    "exec jackd $RIGHTS -p 128 -n $1 -d dummy -r 48000 -p 128\n";

static void set_cards(const char *cards)
{
    stage_write("cards", cards);
}

static int open_test(void **state)
{
    stage_rename_server(state);
    stage_write("XDG_STATE_HOME/backline/state.yaml", "version: 1\n");
    setenv("RIGHTS", "-r", 1);
    return 0;
}

static int close_test(void **state)
{
    (void)state;
    if (p.player != NULL) {
        peer_close(&p);
    }
    program_end(&live);
    return 0;
}

static void set_command(void)
{
    char text[512];
    snprintf(text, sizeof text, "version: 1\nserver_command: 'sh %s {server} {driver}'\n",
             stage_path("server.sh"));
    stage_write("XDG_CONFIG_HOME/backline/settings.yaml", text);
}

static int open_stage(void **state)
{
    stage_open(state);
    unsetenv("JACK_NO_START_SERVER");
    stage_write("server.sh", server_script);
    set_command();
    setenv("BL_FAKE_CARDS", stage_path("cards"), 1);
    return 0;
}

static void start_live_on(const char *cards, const char *option, const char *driver)
{
    const char *model = stage_make_model("m.safetensors", 1, true, 48000.0);
    set_cards(cards);
    seen = 0;
    setenv("LD_PRELOAD", BL_FAKE_CARDS_LIBRARY, 1);
    stage_live_start(&live, (const char *const[]){model, option, driver, NULL});
    unsetenv("LD_PRELOAD");
}

static void start_live(const char *cards)
{
    start_live_on(cards, NULL, NULL);
}

/// Waits until it plays on our server on this device.
static void wait_for_device(const char *device)
{
    const long long until = now_ms() + DEADLINE_MS;
    for (bool there = false; !there;) {
        assert_true(now_ms() < until);
        json_t *line = stage_wait_state(&live, &seen, "playing");
        there = strcmp(json_string_value(json_object_get(line, "device")), device) == 0 &&
                json_is_true(json_object_get(line, "own_server"));
        json_decref(line);
    }
}

static void signal_server(int number)
{
    FILE *file = fopen(stage_path("server.sh.pid"), "r");
    int pid = 0;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &pid), 1);
    fclose(file);
    assert_int_equal(kill(pid, number), 0);
}

/// No card: the dummy driver, and the riff, since nobody can plug in. A card that comes is taken,
/// and the riff makes room for the guitar.
static void test_card_comes(void **state)
{
    (void)state;
    start_live("");
    stage_wait_message(&live, &seen, "without a sound card: there is none that works");
    stage_wait_message(&live, &seen, "the shipped riff plays");
    wait_for_device("dummy");
    set_cards("USB");
    stage_wait_message(&live, &seen, "sound card USB is there now");
    stage_wait_message(&live, &seen, "Backline started a JACK server on sound card USB");
    stage_wait_message(&live, &seen, "the riff ends");
    wait_for_device("alsa:USB");
    stage_live_stop(&live);
}

/// The cable falls out and is put back: the connections of that card are back too.
static void test_card_goes_and_returns(void **state)
{
    (void)state;
    start_live("USB");
    stage_wait_message(&live, &seen, "Backline started a JACK server on sound card USB");
    wait_for_device("alsa:USB");
    peer_open(&p);
    assert_true(peer_wait_connected(&p, "system:capture_1", "backline:in", true));
    assert_int_equal(jack_disconnect(p.player, "system:capture_1", "backline:in"), 0);
    assert_int_equal(jack_connect(p.player, "system:capture_2", "backline:in"), 0);
    assert_true(stage_wait_remembered("system:capture_1", false));
    assert_true(stage_wait_remembered("system:capture_2", true));
    for (int i = 0; i < 2; i++) { // what is undone while ports go is believed to have gone with one
        json_decref(stage_wait_state(&live, &seen, "playing"));
    }
    peer_close(&p);
    set_cards("");
    signal_server(SIGKILL);
    stage_wait_message(&live, &seen, "the JACK server has gone");
    stage_wait_message(&live, &seen, "without a sound card: there is none that works");
    wait_for_device("dummy");
    set_cards("USB");
    stage_wait_message(&live, &seen, "Backline started a JACK server on sound card USB");
    wait_for_device("alsa:USB");
    peer_open(&p);
    assert_true(peer_wait_connected(&p, "system:capture_2", "backline:in", true));
    assert_false(peer_is_connected(&p, "system:capture_1", "backline:in"));
    stage_live_stop(&live);
}

/// A card that fails is told in its server's words, and not tried again and again.
static void test_card_is_broken(void **state)
{
    (void)state;
    start_live("Broken");
    stage_wait_message(&live, &seen, "hw:Broken is in use by another program");
    wait_for_device("dummy");
    for (int i = 0; i < 4; i++) { // longer than cards are looked for
        json_decref(stage_wait_state(&live, &seen, "playing"));
    }
    assert_null(strstr(live.err, "is there now"));
    set_cards("");
    for (int i = 0; i < 4; i++) {
        json_decref(stage_wait_state(&live, &seen, "playing"));
    }
    set_cards("Good");
    stage_wait_message(&live, &seen, "Backline started a JACK server on sound card Good");
    wait_for_device("alsa:Good");
    stage_live_stop(&live);
}

/// Behind a card that fails the next one is taken, at the start and later.
static void test_second_card(void **state)
{
    (void)state;
    start_live("Broken\nGood");
    stage_wait_message(&live, &seen, "hw:Broken is in use by another program");
    stage_wait_message(&live, &seen, "Backline started a JACK server on sound card Good");
    wait_for_device("alsa:Good");
    stage_live_stop(&live);
    start_live("Broken");
    wait_for_device("dummy");
    set_cards("Broken\nUSB");
    stage_wait_message(&live, &seen, "Backline started a JACK server on sound card USB");
    wait_for_device("alsa:USB");
    stage_live_stop(&live);
}

/// The card that the player named is waited for, and no other is taken meanwhile.
static void test_named_card_returns(void **state)
{
    (void)state;
    start_live_on("USB", "--driver", "alsa:USB");
    wait_for_device("alsa:USB");
    set_cards("Good");
    signal_server(SIGKILL);
    stage_wait_message(&live, &seen, "the JACK server has gone");
    stage_wait_message(&live, &seen, "hw:USB is gone");
    for (int i = 0; i < 3; i++) {
        json_decref(stage_wait_state(&live, &seen, "no server"));
    }
    set_cards("Good\nUSB");
    stage_wait_message(&live, &seen, "Backline started a JACK server on sound card USB");
    wait_for_device("alsa:USB");
    stage_live_stop(&live);
}

/// The same for a card that was named by its number.
static void test_numbered_card_returns(void **state)
{
    (void)state;
    start_live_on("USB", "--driver", "alsa:0");
    wait_for_device("alsa:USB");
    set_cards("");
    signal_server(SIGKILL);
    stage_wait_message(&live, &seen, "hw:0 is gone");
    json_decref(stage_wait_state(&live, &seen, "no server"));
    set_cards("USB");
    stage_wait_message(&live, &seen, "Backline started a JACK server on sound card 0");
    wait_for_device("alsa:USB");
    stage_live_stop(&live);
}

/// Another program on our own server hears beforehand that the server ends with us.
static void test_guest_is_told(void **state)
{
    (void)state;
    start_live("USB");
    wait_for_device("alsa:USB");
    peer_open(&p);
    stage_wait_message(&live, &seen,
                       "\"peer_play\" plays on the JACK server that Backline started");
    stage_live_stop(&live);
}

/// A client that never gets closed is left behind: another one plays beside it, again and again.
static void test_close_hangs(void **state)
{
    (void)state;
    setenv("BL_FAKE_HANG", "1", 1);
    start_live("USB");
    unsetenv("BL_FAKE_HANG");
    for (int i = 0; i < 2; i++) {
        wait_for_device("alsa:USB");
        signal_server(SIGKILL);
        stage_wait_message(&live, &seen, "the JACK server has gone");
    }
    wait_for_device("alsa:USB");
    peer_open(&p);
    assert_true(peer_wait_connected(&p, "system:capture_1", "backline:in", true));
    assert_true(peer_connect(&p, "backline:in", "backline:out_left"));
    stage_live_stop(&live);
}

/// Nobody else looks after our own server: when it stands still it is started anew.
static void test_own_server_freezes(void **state)
{
    (void)state;
    start_live("USB");
    wait_for_device("alsa:USB");
    signal_server(SIGSTOP);
    stage_wait_message(&live, &seen, "stands still");
    stage_wait_message(&live, &seen, "Backline started a JACK server on sound card USB");
    wait_for_device("alsa:USB");
    stage_live_stop(&live);
}

/// A system that gives no real-time priority is told of, with the remedy. Last, since the rights do
/// not come back.
static void test_no_priority(void **state)
{
    (void)state;
    const struct rlimit none = {0, 0};
    assert_int_equal(setrlimit(RLIMIT_RTPRIO, &none), 0);
    prctl(PR_CAPBSET_DROP, CAP_SYS_NICE); // of root; others have none
    setenv("RIGHTS", "-R", 1);
    start_live("USB");
    stage_wait_message(&live, &seen, "no real-time priority");
    stage_live_stop(&live);
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
#define OWN_TEST(test) cmocka_unit_test_setup_teardown(test, open_test, close_test)
    const struct CMUnitTest tests[] = {
        OWN_TEST(test_card_comes),
        OWN_TEST(test_card_goes_and_returns),
        OWN_TEST(test_card_is_broken),
        OWN_TEST(test_own_server_freezes),
        OWN_TEST(test_second_card),
        OWN_TEST(test_named_card_returns),
        OWN_TEST(test_numbered_card_returns),
        OWN_TEST(test_guest_is_told),
        OWN_TEST(test_close_hangs),
        OWN_TEST(test_no_priority),
    };
    return cmocka_run_group_tests(tests, open_stage, stage_close);
}
