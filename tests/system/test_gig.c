// SPDX-License-Identifier: MIT
// A gig: the app with a set list on a real server, most of it in freewheel. Random parts, knobs,
// mute and bypass over MIDI, floods of it, periods that change. Nothing that is heard is NaN or
// over full scale, what is muted is silent, all is where the last messages put it, and memory does
// not grow. BL_GIG_S says how many seconds (300); tests/gig/run.sh plays an hour.

#include "app.h"
#include "peer.h"
#include "rig.h"
#include "stage.h"
#include "support/cmocka_all.h"
#include "support/folder.h"
#include "support/random.h"
#include "support/rigs.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RATE = 48000,
    SECONDS = 300,
    PASS = 50 * RATE, ///< frames in freewheel at a time
    REST = RATE,      ///< of those the last, in which nobody does anything
    LIVE = RATE / 2,  ///< and then in real time
    STEP = 1024,      ///< frames between two moments in which something may happen
    FLOOD = 2000,     ///< messages at once
    MESSAGES_MAX = 100000,
    FIRST_KNOB = 16, ///< controllers
    MUTE = 80,
    BYPASS = 81,
    GROWTH_KB = 8192,
};

/// Freewheel begins where no period is missed even on a busy machine.
static const uint32_t long_periods[] = {2048, 4096, 3000, 8192};
static const uint32_t short_periods[] = {64, 100, 441, 16, 256, 37};

static struct {
    bl_app *app;
    peer peer;
    random_source random;
    peer_message messages[MESSAGES_MAX];
    size_t message_count;
    float in[PASS], left[PASS], right[PASS];
    uint8_t part;
    bool muted, bypassed;
    uint64_t frames, loud, silent, programs;
    float peak;
} night;

static uint32_t below(uint32_t bound)
{
    return random_below(&night.random, bound);
}

static void put(uint64_t frame, uint8_t status, uint32_t number, uint32_t value)
{
    assert_true(night.message_count < MESSAGES_MAX);
    night.messages[night.message_count++] = (peer_message){
        .frame = frame,
        .size = status == 0xC0 ? 2 : 3,
        .bytes = {status, (uint8_t)number, (uint8_t)value},
    };
}

static void put_switches(uint64_t frame)
{
    put(frame, 0xB0, MUTE, night.muted ? 127 : 0);
    put(frame, 0xB0, BYPASS, night.bypassed ? 127 : 0);
    put(frame, 0xC0, night.part, 0);
    night.programs++;
}

/// The player's hands and feet, and a controller gone mad now and then, for one pass.
static void plan_pass(void)
{
    night.message_count = 0;
    for (uint64_t frame = 0; frame + REST < PASS; frame += STEP) {
        const uint64_t at = frame + below(STEP);
        if (below(10) == 0) {
            put(at, 0xB0, FIRST_KNOB + below(BL_PARAMETER_COUNT), below(128));
        }
        if (below(400) == 0) { // of anything but the switches
            for (int i = 0; i < FLOOD; i++) {
                put(at, (uint8_t)(below(3) == 0 ? 0x90 : 0xB0 | below(16)), 1 + below(31),
                    below(128));
            }
        }
        if (below(40) == 0) {
            night.part = (uint8_t)below(TEST_RIGS);
            night.muted = below(4) == 0;
            night.bypassed = below(8) == 0;
            put_switches(frame + STEP - 1);
        }
    }
    night.muted = below(3) == 0; // and how it ends
    put_switches(PASS - REST);
}

static void check(uint64_t frames, bool silent)
{
    for (uint64_t i = 0; i < frames; i++) {
        const float a = fabsf(night.left[i]), b = fabsf(night.right[i]);
        if (!(a <= 1.0F && b <= 1.0F) || (silent && (a != 0.0F || b != 0.0F))) {
            fail_msg("%g and %g at %.3f s%s", (double)a, (double)b,
                     (double)(night.frames + i) / RATE, silent ? ", and muted" : "");
        }
        night.peak = fmaxf(night.peak, a);
        night.loud += a > 1e-4F;
    }
    night.silent += silent ? frames : 0;
    night.frames += frames;
}

// MAIN.
static void pump(void)
{
    struct pollfd wait = {bl_app_fd(night.app), POLLIN, 0};
    poll(&wait, 1, 1);
    bl_app_dispatch(night.app);
}

/// Waits until all is where the last messages put it.
static void wait_for_state(void)
{
    const long long until = now_ms() + DEADLINE_MS;
    bl_app_state s;
    for (;;) {
        bl_app_get_state(night.app, &s);
        if (s.place.number == night.part + 1U && s.muted == night.muted &&
            s.bypassed == night.bypassed && !s.freewheel && s.phase == BL_APP_PLAYING) {
            break;
        }
        if (now_ms() > until) {
            fail_msg("after %.0f s: part %zu, %s; expected %d, %s%s; the last message: %s",
                     (double)night.frames / RATE, s.place.number, s.word, night.part + 1,
                     night.muted ? "muted" : "not muted", night.bypassed ? ", bypassed" : "",
                     s.message.text);
        }
        pump();
    }
    assert_int_equal(s.not_finite_blocks, 0);
    assert_int_equal(s.stage.failed, 0);
}

static void play_pass(uint64_t pass)
{
    const uint32_t periods[] = {
        short_periods[pass % (sizeof short_periods / sizeof *short_periods)],
        long_periods[pass % (sizeof long_periods / sizeof *long_periods)],
    };
    test_guitar_fill(night.in, PASS, pass);
    plan_pass();
    peer_run(&night.peer, night.in, night.left, PASS,
             &(peer_plan){.freewheel = true,
                          .messages = night.messages,
                          .message_count = night.message_count,
                          .meanwhile = pump});
    check(PASS, false);
    wait_for_state();
    peer_run(&night.peer, night.in, night.left, LIVE,
             &(peer_plan){.periods = periods, .period_count = 2, .meanwhile = pump});
    check(LIVE, night.muted);
}

static void write_files(void)
{
    char name[32], text[160], list[4096] = "version: 1\nsongs:\n";
    static char map[8192] = "version: 1\ncontrols:\n- {cc: 80, action: mute}\n"
                            "- {cc: 81, action: bypass}\n";
    for (int r = 0; r < TEST_RIGS; r++) {
        const test_rig file = test_rig_make(r);
        bl_rig rig = bl_rig_default();
        rig.match_loudness = false;
        memcpy(rig.model, file.model, sizeof file.model);
        memcpy(rig.cab, file.cab, sizeof file.cab);
        snprintf(name, sizeof name, "%d.yaml", r);
        assert_int_equal(bl_rig_save(stage_path(name), &rig, NULL), BL_STATUS_OK);
        snprintf(text, sizeof text, "- {name: %d, rig: %s, program: %d}\n", r, name, r);
        strcat(list, text);
    }
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        snprintf(text, sizeof text, "- {cc: %d, parameter: %s}\n", FIRST_KNOB + p,
                 bl_parameter_get((bl_parameter)p)->key);
        strcat(map, text);
    }
    stage_write("list.yaml", list);
    stage_write("XDG_CONFIG_HOME/backline/midi.yaml", map);
}

static void open_night(void)
{
    bl_app_config config = bl_app_config_default();
    bl_app_state s = {.stage.armed = 0};
    const long long until = now_ms() + DEADLINE_MS;
    write_files();
    stage_server_start(&(stage_server){.rate_hz = RATE, .period = 2048});
    config.setlist = stage_path("list.yaml");
    config.no_connect = true;
    assert_int_equal(bl_app_create(&config, &night.app, NULL), BL_STATUS_OK);
    while (s.stage.loaded < TEST_RIGS || s.phase != BL_APP_PLAYING) {
        assert_true(now_ms() < until);
        pump();
        bl_app_get_state(night.app, &s);
    }
    peer_open(&night.peer);
    assert_true(peer_connect(&night.peer, "backline:in", "backline:out_left"));
    assert_int_equal(
        jack_connect(night.peer.recorder, "backline:out_right", jack_port_name(night.peer.second)),
        0);
    peer_plug_in(&night.peer, "backline:midi_in");
    night.peer.other = night.right;
    night.random = (random_source){77};
}

static uint64_t resident_kb(void)
{
    unsigned long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &size, &resident), 2);
    (void)fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static void test_gig(void **state)
{
    (void)state;
    const char *wish = getenv("BL_GIG_S");
    const uint64_t seconds = wish != NULL ? strtoul(wish, NULL, 10) : SECONDS;
    const long long began = now_ms();
    bl_app_state s;
    open_night();
    uint64_t before_kb = 0, passes = 0;
    do {
        play_pass(passes++);
        // Every buffer has been touched, and the allocator has what it needs.
        before_kb = passes == 1 || night.frames < seconds * RATE / 4 ? resident_kb() : before_kb;
    } while (night.frames < seconds * RATE);
    const uint64_t after_kb = resident_kb();
    bl_app_get_state(night.app, &s);
    print_message("%lu s in %lld: %lu swaps, %lu program changes, %lu MIDI events; %.0f s loud, "
                  "%.1f s muted, peak %.3f; memory %lu, then %lu KB\n",
                  (unsigned long)(night.frames / RATE), (now_ms() - began) / 1000,
                  (unsigned long)s.swaps, (unsigned long)night.programs,
                  (unsigned long)s.midi.heard, (double)night.loud / RATE,
                  (double)night.silent / RATE, (double)night.peak, (unsigned long)before_kb,
                  (unsigned long)after_kb);
#ifndef BL_SANITIZED // which keeps what is freed
    assert_true(after_kb < before_kb + GROWTH_KB);
#endif
    assert_true(s.swaps > night.programs / 2 && s.midi.heard > 1000 && night.loud > 0);
    bl_app_destroy(night.app);
    peer_close(&night.peer);
    stage_server_stop();
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_gig, test_folder_make, test_folder_remove)};
    return cmocka_run_group_tests_name("gig", tests, stage_open, stage_close);
}
