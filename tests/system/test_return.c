// SPDX-License-Identifier: MIT
// The server dies or stands still: the program lives on, and when a server is back it has its
// connections and sounds as before. How long that takes is printed, not judged. BL_TEST_RETURNS=10
// does each ten times and lets the server stand still for ten seconds.

#include "peer.h"
#include "stage.h"
#include "support/cmocka_all.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE 1e-6

enum { ROUNDS_MAX = 100 };

// Not on the stack: the peer's audio threads outlive a test that fails.
static struct {
    bl_audio sound, rendered;
    bl_audio rendered_96k; ///< the same samples played twice as fast
    bl_audio phases;       ///< at 44.1 kHz, once for each beginning on the resamplers' grid
    float *heard;
    program live;
    size_t seen;
    peer peer;
    int took_ms[ROUNDS_MAX];
    int returns;
} s;

/// In sync mode, which loses no samples. Its patience is shorter than the heartbeat's.
static const stage_server usual = {.rate_hz = 48000, .period = 128, .patience_ms = 300};

/// The usual ones and three of the player's own making, two of them with another program. All must
/// come back.
static const char *const connections[][2] = {
    {"system:capture_1", "backline:in"},
    {"backline:out_left", "system:playback_1"},
    {"backline:out_right", "system:playback_2"},
    {"backline:out_left", "system:playback_2"},
    {"peer_play:out", "backline:in"},
    {"backline:out_left", "peer_record:in"},
};
enum { CONNECTIONS = sizeof connections / sizeof connections[0], USUAL_CONNECTIONS = 3 };

static int rounds(void)
{
    const char *wanted = getenv("BL_TEST_RETURNS");
    const int count = wanted != NULL ? atoi(wanted) : 4;
    return count < 1 ? 1 : count > ROUNDS_MAX ? ROUNDS_MAX : count;
}

/// Waits until all stand, and keeps how long that took since `from_ms`.
static void wait_connections(long long from_ms)
{
    for (int i = 0; i < CONNECTIONS; i++) {
        if (!peer_wait_connected(&s.peer, connections[i][0], connections[i][1], true)) {
            program_listen(&s.live, 0);
            fail_msg("%s and %s are not connected; it wrote: %s", connections[i][0],
                     connections[i][1], s.live.err);
        }
    }
    s.took_ms[s.returns++] = (int)(now_ms() - from_ms);
}

/// A model of 48 kHz on a server at 44.1 kHz: the grid of the resamplers comes back every 147
/// frames, and where in it the sound begins is not known. So a rendering of it with each beginning,
/// far enough apart for silence in between; one of them must be what was heard.
enum { PHASES = 147, PHASED = 6000, GAP = 21 * PHASES, STRIDE = PHASED / PHASES * PHASES + GAP };
_Static_assert(STRIDE % PHASES == 0 && STRIDE > PHASED + PHASES, "one beginning each");

static void render_phases(void)
{
    bl_audio all = {
        .frames = (uint64_t)PHASES * STRIDE, .sample_rate_hz = 44100, .file_channels = 1};
    all.samples = calloc((size_t)all.frames, sizeof *all.samples);
    assert_non_null(all.samples);
    for (size_t i = 0; i < PHASES; i++) {
        memcpy(all.samples + i * STRIDE + i, s.sound.samples, PHASED * sizeof *all.samples);
    }
    assert_int_equal(bl_audio_save(stage_path("phases.wav"), &all, BL_AUDIO_FLOAT_32, NULL),
                     BL_STATUS_OK);
    bl_audio_finish(&all);
    stage_render(stage_path("phases.wav"), stage_path("model.safetensors"), &s.phases);
}

/// Whether the sound as heard is one of those, which are rendered without the delay of the
/// resamplers.
static bool is_resampled(void)
{
    enum { LATEST = 200 };
    for (size_t i = 0; i < PHASES; i++) {
        for (size_t late = 0; late < LATEST; late++) {
            const float *expected = s.phases.samples + i * STRIDE + i;
            const double difference = stage_difference(expected, s.heard + late, PHASED - LATEST);
            if (difference >= 0.0 && difference <= TOLERANCE) {
                return true;
            }
        }
    }
    return false;
}

static bool is_as_rendered(uint32_t rate_hz)
{
    if (rate_hz == 44100) {
        if (s.phases.samples == NULL) {
            render_phases();
        }
        return is_resampled();
    }
    const bl_audio *expected = rate_hz == 96000 ? &s.rendered_96k : &s.rendered;
    const double difference = stage_difference(expected->samples, s.heard, s.sound.frames);
    return difference >= 0.0 && difference <= TOLERANCE;
}

/// Plays the sound through and compares with the rendering for the server's rate; once more where
/// it differs and the server was late.
static void check_sound(void)
{
    const long long until = now_ms() + DEADLINE_MS;
    const uint32_t rate_hz = jack_get_sample_rate(s.peer.player);
    program_listen(&s.live, 0);
    bool whole = false;
    do {
        memset(s.heard, 0, (size_t)s.sound.frames * sizeof *s.heard);
        whole = peer_run(&s.peer, s.sound.samples, s.heard, s.sound.frames, &(peer_plan){0});
    } while (!is_as_rendered(rate_hz) && !whole && now_ms() < until);
    if (rate_hz == 44100) {
        assert_true(is_resampled());
    } else {
        const bl_audio *expected = rate_hz == 96000 ? &s.rendered_96k : &s.rendered;
        stage_check_same(expected->samples, s.heard, s.sound.frames, TOLERANCE);
    }
}

/// It plays, all connections stand, and it sounds as it should.
static int open_scene(void **state)
{
    memset(&s, 0, sizeof s);
    stage_rename_server(state);
    const char *model = stage_make_model("model.safetensors", 7, true, 48000.0);
    stage_make_sound("sound.wav", 0.25, &s.sound);
    stage_render(stage_path("sound.wav"), model, &s.rendered);
    bl_audio fast = s.sound;
    fast.sample_rate_hz = 96000;
    assert_int_equal(bl_audio_save(stage_path("fast.wav"), &fast, BL_AUDIO_FLOAT_32, NULL),
                     BL_STATUS_OK);
    stage_render(stage_path("fast.wav"), model, &s.rendered_96k);
    s.heard = calloc((size_t)s.sound.frames, sizeof *s.heard);
    assert_non_null(s.heard);
    stage_server_start(&usual);
    stage_live_start(&s.live, (const char *const[]){model, "--no-ramp", NULL});
    json_decref(stage_wait_state(&s.live, &s.seen, "playing"));
    peer_open(&s.peer);
    for (int i = 0; i < USUAL_CONNECTIONS; i++) {
        assert_true(peer_wait_connected(&s.peer, connections[i][0], connections[i][1], true));
    }
    for (int i = USUAL_CONNECTIONS; i < CONNECTIONS; i++) { // one that is remembered stands already
        jack_connect(s.peer.player, connections[i][0], connections[i][1]);
    }
    wait_connections(now_ms());
    s.returns = 0;
    // It has seen them; what was made in the very moment before a crash may be lost.
    assert_true(stage_wait_remembered("out_left\n    theirs: system:playback_2", true));
    assert_true(stage_wait_remembered("theirs: peer_play:out", true));
    assert_true(stage_wait_remembered("theirs: peer_record:in", true));
    check_sound();
    peer_close(&s.peer);
    return 0;
}

static int by_time(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static int close_scene(void **state)
{
    (void)state;
    qsort(s.took_ms, (size_t)s.returns, sizeof *s.took_ms, by_time);
    if (s.returns > 0) {
        printf("%d returns took %d, %d, %d ms (min, median, max)\n", s.returns, s.took_ms[0],
               s.took_ms[s.returns / 2], s.took_ms[s.returns - 1]);
    }
    if (s.peer.player != NULL) {
        peer_close(&s.peer);
    }
    program_end(&s.live);
    stage_server_stop();
    bl_audio_finish(&s.sound);
    bl_audio_finish(&s.rendered);
    bl_audio_finish(&s.rendered_96k);
    bl_audio_finish(&s.phases);
    free(s.heard);
    return 0;
}

/// A new server, and everything is back.
static void come_back(const stage_server *server)
{
    stage_server_start(server);
    const long long from_ms = now_ms();
    peer_open(&s.peer);
    wait_connections(from_ms);
    check_sound();
    peer_close(&s.peer);
}

static void die_by(int number)
{
    for (int i = 0; i < rounds(); i++) {
        stage_server_signal(number);
        stage_wait_message(&s.live, &s.seen,
                           "the JACK server has gone (\"JACK server has been closed\"); nothing");
        come_back(&usual);
    }
    stage_live_stop(&s.live);
}

static void test_killed(void **state)
{
    (void)state;
    die_by(SIGKILL);
}

static void test_terminated(void **state)
{
    (void)state;
    die_by(SIGTERM);
}

/// It comes back with another rate and another period each time.
static void test_other_format(void **state)
{
    (void)state;
    static const stage_server formats[] = {
        {.rate_hz = 44100, .period = 256, .patience_ms = 300},
        {.rate_hz = 48000, .period = 100, .patience_ms = 300},
        {.rate_hz = 96000, .period = 1024, .patience_ms = 300},
        {.rate_hz = 48000, .period = 64, .patience_ms = 300},
    };
    for (int i = 0; i < rounds(); i++) {
        const stage_server *format = &formats[i % 4];
        stage_server_signal(i % 2 == 0 ? SIGKILL : SIGTERM);
        stage_wait_message(&s.live, &s.seen, "the JACK server has gone");
        come_back(format);
        json_t *line = stage_wait_state(&s.live, &s.seen, "playing");
        assert_int_equal(json_integer_value(json_object_get(line, "sample_rate_hz")),
                         format->rate_hz);
        assert_int_equal(json_integer_value(json_object_get(line, "period_frames")),
                         format->period);
        json_decref(line);
    }
    stage_live_stop(&s.live);
}

static void freeze(void)
{
    stage_server_signal(SIGSTOP);
    stage_wait_message(&s.live, &s.seen, "is there but does not move");
}

/// It stands still and goes on.
static void test_frozen(void **state)
{
    (void)state;
    const int length_ms = getenv("BL_TEST_RETURNS") != NULL ? 10000 : 500;
    for (int i = 0; i < rounds(); i++) {
        freeze();
        poll(NULL, 0, length_ms);
        stage_server_signal(SIGCONT);
        const long long from_ms = now_ms();
        stage_wait_message(&s.live, &s.seen, "answers again");
        peer_open(&s.peer);
        wait_connections(from_ms);
        check_sound();
        peer_close(&s.peer);
    }
    stage_live_stop(&s.live);
}

/// Frozen and then killed: nothing that hung in the old server holds up the new one.
static void test_frozen_then_killed(void **state)
{
    (void)state;
    freeze();
    json_decref(stage_wait_state(&s.live, &s.seen, "server frozen"));
    stage_server_signal(SIGKILL);
    stage_wait_message(&s.live, &s.seen, "the JACK server has gone");
    json_decref(stage_wait_state(&s.live, &s.seen, "no server"));
    come_back(&usual);
    stage_live_stop(&s.live);
}

/// While the server stands still the program still ends when it is told to.
static void test_ends_while_frozen(void **state)
{
    (void)state;
    freeze();
    stage_live_stop(&s.live);
    stage_server_signal(SIGKILL);
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
#define SCENE_TEST(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_killed),
        SCENE_TEST(test_terminated),
        SCENE_TEST(test_other_format),
        SCENE_TEST(test_frozen),
        SCENE_TEST(test_frozen_then_killed),
        SCENE_TEST(test_ends_while_frozen),
    };
    return cmocka_run_group_tests(tests, stage_open, stage_close);
}
