// SPDX-License-Identifier: MIT
// What is heard live is what `backline render` writes: sample by sample, at any period, over live
// period changes and in freewheel.

#include "peer.h"
#include "skip.h"
#include "stage.h"
#include "support/cmocka_all.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE 1e-6

/// One sound, its rendering, and the program playing the same model.
typedef struct scene {
    bl_audio sound, rendered;
    program live;
    size_t seen;
    peer peer;
    float *heard;
    uint64_t from; ///< the first frame that is compared
} scene;

static void open_scene_with(scene *s, uint32_t period, const char *model, double seconds)
{
    memset(s, 0, sizeof *s);
    stage_make_sound("sound.wav", seconds, &s->sound);
    stage_render(stage_path("sound.wav"), model, &s->rendered);
    assert_int_equal(s->rendered.frames, s->sound.frames);
    s->heard = calloc((size_t)s->sound.frames, sizeof *s->heard);
    assert_non_null(s->heard);
    stage_server_start(&(stage_server){.rate_hz = 48000, .period = period});
    const bool is_rig = strstr(model, ".yaml") != NULL;
    stage_live_start(&s->live,
                     (const char *const[]){"--no-connect", "--no-ramp", is_rig ? "--rig" : model,
                                           is_rig ? model : NULL, NULL});
    json_decref(stage_wait_state(&s->live, &s->seen, "playing"));
    peer_open(&s->peer);
    assert_true(peer_connect(&s->peer, "backline:in", "backline:out_left"));
}

static void open_scene(scene *s, uint32_t period)
{
    open_scene_with(s, period, stage_make_model("model.safetensors", 7, true, 48000.0), 1.2);
}

static void close_scene(scene *s)
{
    stage_live_stop(&s->live);
    peer_close(&s->peer);
    stage_server_stop();
    bl_audio_finish(&s->sound);
    bl_audio_finish(&s->rendered);
    free(s->heard);
}

static void check_same(const scene *s, const bl_audio *rendered, const float *heard)
{
    stage_check_same(rendered->samples + s->from, heard + s->from, s->sound.frames - s->from,
                     TOLERANCE);
}

/// Plays the sound and compares.
static void check(scene *s, const peer_plan *plan)
{
    memset(s->heard, 0, (size_t)s->sound.frames * sizeof *s->heard);
    peer_run(&s->peer, s->sound.samples, s->heard, s->sound.frames, plan);
    check_same(s, &s->rendered, s->heard);
}

static void at_period(uint32_t period)
{
    scene s;
    open_scene(&s, period);
    check(&s, &(peer_plan){.freewheel = false});
    close_scene(&s);
}

static void test_period_32(void **state)
{
    (void)state;
    at_period(32);
}

static void test_period_64(void **state)
{
    (void)state;
    at_period(64);
}

static void test_period_100(void **state)
{
    (void)state;
    at_period(100);
}

static void test_period_128(void **state)
{
    (void)state;
    at_period(128);
}

static void test_period_1024(void **state)
{
    (void)state;
    at_period(1024);
}

/// The model hears silence between the passes for longer than its receptive field.
static void test_changing_periods(void **state)
{
    (void)state;
    static const uint32_t periods[] = {64, 1024, 100, 333, 32, 8192, 17, 128};
    scene s;
    open_scene(&s, 256);
    check(&s, &(peer_plan){.periods = periods, .period_count = 8});
    check(&s, &(peer_plan){.freewheel = false});
    close_scene(&s);
}

static void test_freewheel(void **state)
{
    (void)state;
    static const uint32_t periods[] = {100, 64, 1024};
    scene s;
    open_scene(&s, 1024);
    check(&s, &(peer_plan){.freewheel = true});
    check(&s, &(peer_plan){.periods = periods, .period_count = 3});
    check(&s, &(peer_plan){.freewheel = true});
    close_scene(&s);
}

/// A model that is too heavy to be played live at its whole width is heard at it from the first
/// frame on.
static void test_freewheel_waits(void **state)
{
    (void)state;
#ifdef BL_SANITIZED
    bl_test_skip("a sanitizer makes every model too heavy");
#endif
    scene s;
    open_scene_with(&s, 128, stage_make_heavy_model("heavy.safetensors", 160), 0.1);
    check(&s, &(peer_plan){.freewheel = true});
    close_scene(&s);
}

/// Both outs carry the same.
static void test_right_is_left(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, 128);
    assert_int_equal(jack_port_disconnect(s.peer.recorder, s.peer.sink), 0);
    assert_int_equal(
        jack_connect(s.peer.recorder, "backline:out_right", jack_port_name(s.peer.sink)), 0);
    check(&s, &(peer_plan){.freewheel = false});
    close_scene(&s);
}

// Two outputs -----------------------------------------------------------------------------------

enum { TAPS = 2000 };

/// A rig with a stereo cab of decaying noise.
static const char *make_stereo_rig(void)
{
    static float left[TAPS], right[TAPS];
    random_source random = {12};
    for (int i = 0; i < TAPS; i++) {
        left[i] = random_float(&random, -0.3F, 0.3F) * expf(-0.004F * (float)i);
        right[i] = random_float(&random, -0.3F, 0.3F) * expf(-0.002F * (float)i);
    }
    const bl_audio cab = {.samples = left, .right = right, .frames = TAPS, .sample_rate_hz = 48000};
    assert_int_equal(bl_audio_save(stage_path("cab.wav"), &cab, BL_AUDIO_FLOAT_32, NULL),
                     BL_STATUS_OK);
    stage_make_model("model.safetensors", 7, true, 48000.0);
    stage_write("stereo.yaml", "version: 1\nmodel: model.safetensors\ncab: cab.wav\n"
                               "match_loudness: false\n");
    return stage_path("stereo.yaml");
}

/// The second ear hears the port `second`, which has to play what is `expected`.
static void check_both(scene *s, const char *second, const bl_audio *expected)
{
    float *other = calloc((size_t)s->sound.frames, sizeof *other);
    assert_non_null(other);
    assert_int_equal(jack_connect(s->peer.recorder, second, jack_port_name(s->peer.second)), 0);
    s->peer.other = other;
    check(s, &(peer_plan){.freewheel = false});
    check_same(s, expected, other);
    assert_true(stage_difference(s->heard, other, s->sound.frames) > 0.01);
    s->peer.other = NULL;
    free(other);
}

static void test_stereo_cab(void **state)
{
    (void)state;
    const char *rig = make_stereo_rig();
    scene s;
    bl_audio right = {0};
    open_scene_with(&s, 128, rig, 1.2);
    s.from = TAPS; // what the model makes of silence is in the cab already
    assert_int_equal(bl_audio_load(stage_path("rendered.wav"), 1, &right, NULL), BL_STATUS_OK);
    check_both(&s, "backline:out_right", &right);
    bl_audio_finish(&right);
    close_scene(&s);
}

/// Each plays its own, from one guitar.
static void test_two_at_once(void **state)
{
    (void)state;
    scene s;
    bl_audio rendered = {0};
    program second;
    size_t seen = 0;
    open_scene(&s, 128);
    const char *model = stage_make_model("second.safetensors", 8, true, 48000.0);
    stage_render(stage_path("sound.wav"), model, &rendered);
    stage_live_start(&second, (const char *const[]){model, "--name", "second", "--no-connect",
                                                    "--no-ramp", NULL});
    json_decref(stage_wait_state(&second, &seen, "playing"));
    assert_int_equal(jack_connect(s.peer.player, jack_port_name(s.peer.source), "second:in"), 0);
    check_both(&s, "second:out_left", &rendered);
    stage_live_stop(&second);
    bl_audio_finish(&rendered);
    close_scene(&s);
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_period_32),       cmocka_unit_test(test_period_64),
        cmocka_unit_test(test_period_100),      cmocka_unit_test(test_period_128),
        cmocka_unit_test(test_period_1024),     cmocka_unit_test(test_changing_periods),
        cmocka_unit_test(test_freewheel_waits), cmocka_unit_test(test_freewheel),
        cmocka_unit_test(test_right_is_left),   cmocka_unit_test(test_stereo_cab),
        cmocka_unit_test(test_two_at_once),
    };
    return cmocka_run_group_tests(tests, stage_open, stage_close);
}
