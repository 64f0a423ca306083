// SPDX-License-Identifier: MIT
// PipeWire as the server, started for the test with two devices without hardware. Smoke tests: it
// is found and joined by itself, follows its period, and lives through its death, which PipeWire
// announces to nobody.

#include "peer.h"
#include "skip.h"
#include "stage.h"
#include "support/cmocka_all.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOLERANCE 1e-6

static program bus, pipewire, wireplumber;

static bool is_there(const char *name)
{
    program look;
    return program_run(&look, (const char *const[]){"sh", "-c", "command -v \"$0\"", name, NULL}) ==
           0;
}

/// Runs a command of PipeWire's and returns what it says.
static const char *ask(const char *const *argv)
{
    static program tool;
    program_run(&tool, argv);
    return tool.out;
}

static void wait_for_text(const char *const *argv, const char *text)
{
    const long long until = now_ms() + DEADLINE_MS;
    while (strstr(ask(argv), text) == NULL) {
        if (now_ms() > until) {
            fail_msg("%s never said \"%s\" but: %s", argv[0], text, ask(argv));
        }
        poll(NULL, 0, 50);
    }
}

static const char *const list_links[] = {"pw-link", "-l", NULL};

/// Waits until so many of our links lead to this port of the output device.
static void wait_for_links(const char *port, int wanted)
{
    char arrow[64];
    const long long until = now_ms() + DEADLINE_MS;
    snprintf(arrow, sizeof arrow, "|-> stage-out:%s", port);
    for (int count = -1; count != wanted;) {
        const char *at = ask(list_links);
        if (now_ms() > until) {
            fail_msg("expected %d links to %s, found %d: %s", wanted, port, count, at);
        }
        for (count = 0; (at = strstr(at, arrow)) != NULL; at++) {
            count++;
        }
    }
}

static const char *const list_outputs[] = {"pw-link", "-o", NULL};

static void start_daemon(void)
{
    program_start(&pipewire, (const char *const[]){"pipewire", NULL});
    const long long until = now_ms() + DEADLINE_MS;
    while (access(stage_path("XDG_RUNTIME_DIR/pipewire-0"), F_OK) != 0) {
        assert_true(now_ms() < until);
        assert_true(program_listen(&pipewire, 10));
    }
    program_start(&wireplumber, (const char *const[]){"wireplumber", NULL});
    wait_for_text(list_outputs, "stage-in:");
}

static void stop_daemon(int number)
{
    program_signal(&pipewire, number);
    program_wait(&pipewire);
    program_end(&wireplumber); // ends by itself without its server
    unlink(stage_path("XDG_RUNTIME_DIR/pipewire-0"));
}

static int open_stage(void **state)
{
    static const char devices[] =
        "context.objects = [\n"
        "  { factory = adapter args = { factory.name = support.null-audio-sink node.name = "
        "stage-out\n"
        "    media.class = Audio/Sink audio.position = [ FL FR ] object.linger = true } }\n"
        "  { factory = adapter args = { factory.name = support.null-audio-sink node.name = "
        "stage-in\n"
        "    media.class = Audio/Source/Virtual audio.position = [ FL FR ] object.linger = true } "
        "}\n"
        "]\n";
    stage_open(state);
    if (!is_there("pipewire") || !is_there("wireplumber") || !is_there("pw-jack") ||
        !is_there("dbus-daemon")) {
        return 0; // the tests skip
    }
    mkdir(stage_path("XDG_CONFIG_HOME/pipewire"), 0700);
    stage_write("XDG_CONFIG_HOME/pipewire/pipewire.conf.d/stage.conf", devices);
    program_start(&bus, (const char *const[]){"dbus-daemon", "--session", "--nofork",
                                              "--print-address", NULL});
    const long long until = now_ms() + DEADLINE_MS;
    while (strchr(bus.out, '\n') == NULL) {
        assert_true(now_ms() < until);
        assert_true(program_listen(&bus, 10));
    }
    *strchr(bus.out, '\n') = '\0';
    setenv("DBUS_SESSION_BUS_ADDRESS", bus.out, 1);
    unsetenv("PIPEWIRE_REMOTE");
    unsetenv("PIPEWIRE_RUNTIME_DIR");
    start_daemon();
    return 0;
}

static int close_stage(void **state)
{
    program_end(&wireplumber);
    program_end(&pipewire);
    program_end(&bus);
    return stage_close(state);
}

static void need_pipewire(void)
{
    if (pipewire.pid == 0) {
        bl_test_skip("pipewire, pipewire-jack, wireplumber or dbus-daemon is not installed");
    }
}

static void start_live(program *live, size_t *seen, const char *const *arguments)
{
    stage_live_start(live, arguments);
    json_t *line = stage_wait_state(live, seen, "playing");
    assert_string_equal(json_string_value(json_object_get(line, "server")), "PipeWire");
    json_decref(line);
}

/// Without a word from the player: through pw-jack, to the devices that are there.
static void test_joins(void **state)
{
    (void)state;
    need_pipewire();
    program live;
    size_t seen = 0;
    start_live(&live, &seen,
               (const char *const[]){stage_make_model("a.safetensors", 1, true, 48000), NULL});
    wait_for_links("playback_FL", 1);
    wait_for_links("playback_FR", 1);
    // These devices report no latency, which is not none.
    program_listen(&live, 0);
    seen = live.out_size;
    json_decref(stage_wait_state(&live, &seen, "playing")); // it may be from before
    json_t *line = stage_wait_state(&live, &seen, "playing");
    json_t *parts = json_object_get(line, "latency");
    assert_true(json_is_null(json_object_get(parts, "driver_out_ms")));
    assert_true(json_is_null(json_object_get(parts, "total_ms")));
    json_decref(line);
    stage_live_stop(&live);
}

/// `backline ports` sees what `backline live` would play on.
static void test_ports(void **state)
{
    (void)state;
    need_pipewire();
    program list;
    assert_int_equal(program_run(&list, (const char *const[]){BL_PROGRAM, "ports", "--json", NULL}),
                     0);
    assert_non_null(strstr(list.out, "\"pipewire\""));
    assert_non_null(strstr(list.out, "stage-out:playback_FL"));
}

// Sounds --------------------------------------------------------------------------------------

/// A model at `path`, and the arguments to play it, with nothing remembered.
static const char *const *make_model(char path[PATH_MAX])
{
    // With an input the riff is silent.
    static const char *arguments[] = {NULL, "--no-ramp", "--input", "stage-in:capture_FL", NULL};
    stage_write("XDG_STATE_HOME/backline/state.yaml", "version: 1\n");
    snprintf(path, PATH_MAX, "%s", stage_make_model("a.safetensors", 1, true, 48000));
    arguments[0] = path;
    return arguments;
}

/// What the test starts under pw-jack, with PipeWire's library: plays one file through Backline
/// until what comes out is the other one. Not at the first time: links take their time to carry
/// sound, and a busy machine loses some.
static _Noreturn void play_through(const char *from, const char *expected)
{
    static peer p;
    bl_audio sound = {0};
    bl_audio rendered = {0};
    double difference = -1.0;
    const long long until = now_ms() + DEADLINE_MS / 2;
    if (bl_audio_load(from, 0, &sound, NULL) != BL_STATUS_OK ||
        bl_audio_load(expected, 0, &rendered, NULL) != BL_STATUS_OK) {
        exit(1);
    }
    float *heard = calloc((size_t)sound.frames, sizeof *heard);
    peer_open(&p);
    while (!peer_connect(&p, "backline:in", "backline:out_left") && now_ms() < until) {
        poll(NULL, 0, 10);
    }
    while ((difference < 0.0 || difference > TOLERANCE) && now_ms() < until) {
        peer_run(&p, sound.samples, heard, sound.frames, &(peer_plan){0});
        difference = stage_difference(rendered.samples, heard, sound.frames);
    }
    const uint32_t rate_hz = jack_get_sample_rate(p.player);
    printf("what was heard at %u Hz differed by %g\n", rate_hz, difference);
    peer_close(&p);
    const bool same = difference >= 0.0 && difference <= TOLERANCE;
    exit(same && rate_hz == sound.sample_rate_hz ? 0 : 1);
}

/// Backline sounds as it renders, at this rate.
static void check_sound(const char *model, uint32_t rate_hz)
{
    program player;
    char self[PATH_MAX] = "";
    bl_audio sound = {0};
    bl_audio rendered = {0};
    stage_make_sound("sound.wav", 0.25, &sound);
    sound.sample_rate_hz = rate_hz;
    assert_int_equal(bl_audio_save(stage_path("sound.wav"), &sound, BL_AUDIO_FLOAT_32, NULL),
                     BL_STATUS_OK);
    stage_render(stage_path("sound.wav"), model, &rendered);
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    setenv("STAGE_SOUND", stage_path("sound.wav"), 1);
    setenv("STAGE_EXPECTED", stage_path("rendered.wav"), 1);
    if (program_run(&player, (const char *const[]){"pw-jack", self, NULL}) != 0) {
        fail_msg("it does not sound as rendered: %s%s", player.out, player.err);
    }
    unsetenv("STAGE_SOUND");
    bl_audio_finish(&sound);
    bl_audio_finish(&rendered);
}

static void set_clock(const char *key, const char *value)
{
    ask((const char *const[]){"pw-metadata", "-n", "settings", "0", key, value, NULL});
}

/// The rate changes while it plays, and it sounds as at that rate.
static void test_rate_changes(void **state)
{
    (void)state;
    need_pipewire();
    program live;
    size_t seen = 0;
    char model[PATH_MAX];
    start_live(&live, &seen, make_model(model));
    check_sound(model, 48000);
    set_clock("clock.force-rate", "96000");
    stage_wait_message(&live, &seen, "the server's sample rate is 96000 Hz now");
    check_sound(model, 96000);
    set_clock("clock.force-rate", "48000");
    stage_wait_message(&live, &seen, "the server's sample rate is 48000 Hz now");
    check_sound(model, 48000);
    set_clock("clock.force-rate", "0");
    stage_live_stop(&live);
}

/// It stands still and moves again: that is said, and it sounds as before.
static void test_daemon_freezes(void **state)
{
    (void)state;
    need_pipewire();
    program live;
    size_t seen = 0;
    char model[PATH_MAX];
    start_live(&live, &seen, make_model(model));
    wait_for_links("playback_FR", 1);
    program_signal(&pipewire, SIGSTOP);
    stage_wait_message(&live, &seen, "PipeWire does not answer any more");
    stage_wait_message(&live, &seen, "PipeWire is there but does not answer");
    program_signal(&pipewire, SIGCONT);
    const long long from_ms = now_ms();
    json_decref(stage_wait_state(&live, &seen, "playing"));
    wait_for_links("playback_FL", 1);
    wait_for_links("playback_FR", 1);
    printf("the return took %lld ms\n", now_ms() - from_ms);
    check_sound(model, 48000);
    stage_live_stop(&live);
}

static void wait_period(program *live, size_t *seen, int frames)
{
    const long long until = now_ms() + DEADLINE_MS;
    for (;;) {
        json_t *line = stage_wait_state(live, seen, "playing");
        const bool same = json_integer_value(json_object_get(line, "period_frames")) == frames;
        json_decref(line);
        if (same) {
            return;
        }
        assert_true(now_ms() < until);
    }
}

static void test_period_changes(void **state)
{
    (void)state;
    need_pipewire();
    program live;
    size_t seen = 0;
    start_live(&live, &seen,
               (const char *const[]){stage_make_model("a.safetensors", 1, true, 48000), NULL});
    static const char *const periods[] = {"64", "1024", "256"};
    for (int i = 0; i < 3; i++) {
        set_clock("clock.force-quantum", periods[i]);
        wait_period(&live, &seen, atoi(periods[i]));
    }
    set_clock("clock.force-quantum", "0");
    stage_live_stop(&live);
}

static int by_time(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/// It dies without a word and comes back: so does the program, with its connections, one of them of
/// the player's own making.
static void test_daemon_dies(void **state)
{
    (void)state;
    need_pipewire();
    enum { ROUNDS_MAX = 100 };
    program live;
    size_t seen = 0;
    int took_ms[ROUNDS_MAX];
    const char *wanted = getenv("BL_TEST_RETURNS");
    const int rounds = wanted == NULL ? 2 : atoi(wanted) < ROUNDS_MAX ? atoi(wanted) : ROUNDS_MAX;
    char model[PATH_MAX];
    start_live(&live, &seen, make_model(model));
    wait_for_links("playback_FR", 1);
    ask((const char *const[]){"pw-link", "backline:out_left", "stage-out:playback_FR", NULL});
    wait_for_links("playback_FR", 2);
    assert_true(stage_wait_remembered("ours: out_left\n    theirs: stage-out:playback_FR", true));
    for (int i = 0; i < rounds; i++) {
        stop_daemon(i % 2 == 0 ? SIGKILL : SIGTERM);
        stage_wait_message(&live, &seen, "everything stays loaded");
        start_daemon();
        const long long from_ms = now_ms();
        json_decref(stage_wait_state(&live, &seen, "playing"));
        wait_for_links("playback_FL", 1);
        wait_for_links("playback_FR", 2);
        took_ms[i] = (int)(now_ms() - from_ms);
        check_sound(model, 48000);
    }
    qsort(took_ms, (size_t)rounds, sizeof *took_ms, by_time);
    printf("%d returns took %d, %d, %d ms (min, median, max)\n", rounds, took_ms[0],
           took_ms[rounds / 2], took_ms[rounds - 1]);
    stage_live_stop(&live);
}

/// Two of one name: PipeWire grants it to both; each is connected.
static void test_name_clash(void **state)
{
    (void)state;
    need_pipewire();
    program first;
    program second;
    size_t seen[2] = {0, 0};
    const char *model = stage_make_model("a.safetensors", 1, true, 48000);
    stage_write("XDG_STATE_HOME/backline/state.yaml", "version: 1\n");
    start_live(&first, &seen[0], (const char *const[]){model, NULL});
    wait_for_links("playback_FL", 1);
    start_live(&second, &seen[1], (const char *const[]){model, NULL});
    wait_for_links("playback_FL", 2);
    wait_for_links("playback_FR", 2);
    stage_live_stop(&second);
    wait_for_links("playback_FL", 1);
    stage_live_stop(&first);
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
    if (getenv("STAGE_SOUND") != NULL) {
        play_through(getenv("STAGE_SOUND"), getenv("STAGE_EXPECTED"));
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joins),          cmocka_unit_test(test_ports),
        cmocka_unit_test(test_period_changes), cmocka_unit_test(test_daemon_dies),
        cmocka_unit_test(test_rate_changes),   cmocka_unit_test(test_daemon_freezes),
        cmocka_unit_test(test_name_clash),
    };
    return cmocka_run_group_tests(tests, open_stage, close_stage);
}
