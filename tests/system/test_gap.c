// SPDX-License-Identifier: MIT
// The program stands still while the server goes on: frames are lost, and what is heard next begins
// where the sound card stands, which plays the last period again, and is what it would be anyway
// one fade later. A server in sync mode waits so long that nothing else is ever lost.

#include "stage.h"
#include "support/cmocka_all.h"

#include <jack/jack.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    RATE = 48000,
    PERIOD = 256,
    FADE = RATE / 200,
    HOLDS = 5,
    HELD = 3, ///< periods of the others at least
    BETWEEN = 20,
    CYCLES = 4096,
    TURN = 4 * PERIOD, ///< frames in which the tone comes round, so that two that are lost turn it
    WAVES = 9,         ///< in them
};

#define PEAK 0.5
#define TOLERANCE 1e-4

typedef struct cycle {
    jack_nframes_t frame; ///< where the player is
    float samples[PERIOD];
} cycle;

// Written by the audio threads until the clients are closed.
static cycle heard[CYCLES];
static _Atomic uint32_t heard_count, played_count;
static _Atomic jack_nframes_t played_frame;

static jack_client_t *player, *recorder;
static jack_port_t *source, *sink;

static float tone(jack_nframes_t frame)
{
    const double phase = 0.125 + (double)WAVES * (double)(frame % TURN) / TURN;
    return (float)(PEAK * sin(6.283185307179586 * phase));
}

/// A guitar goes on while frames are lost: it sounds by the server's clock.
static int play(jack_nframes_t frames, void *nothing)
{
    (void)nothing;
    float *out = jack_port_get_buffer(source, frames);
    const jack_nframes_t now = jack_last_frame_time(player);
    for (jack_nframes_t i = 0; i < frames; i++) {
        out[i] = tone(now + i);
    }
    played_frame = now;
    played_count++;
    return 0;
}

static int record(jack_nframes_t frames, void *nothing)
{
    (void)nothing;
    if (frames == PERIOD && heard_count < CYCLES) {
        cycle *c = &heard[heard_count];
        c->frame = played_frame;
        memcpy(c->samples, jack_port_get_buffer(sink, frames), sizeof c->samples);
        heard_count++;
    }
    return 0;
}

static void wait_for(const _Atomic uint32_t *count, uint32_t more)
{
    const long long until = now_ms() + DEADLINE_MS;
    const uint32_t end = *count + more;
    while (*count < end) {
        assert_true(now_ms() < until);
        poll(NULL, 0, 1);
    }
}

static void open_peers(void)
{
    player = jack_client_open("player", JackNoStartServer, NULL);
    recorder = jack_client_open("recorder", JackNoStartServer, NULL);
    assert_non_null(player);
    assert_non_null(recorder);
    source = jack_port_register(player, "out", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
    sink = jack_port_register(recorder, "in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
    jack_set_process_callback(player, play, NULL);
    jack_set_process_callback(recorder, record, NULL);
    assert_int_equal(jack_activate(player), 0);
    assert_int_equal(jack_activate(recorder), 0);
    assert_int_equal(jack_connect(player, "player:out", "backline:in"), 0);
    assert_int_equal(jack_connect(recorder, "backline:out_left", "recorder:in"), 0);
    wait_for(&heard_count, RATE / PERIOD / 2); // the ramp of the beginning is over
}

/// Holds the program up again and again. Returns the first cycle that counts; `*end` is behind the
/// last.
static uint32_t hold_up(program *live, uint32_t *end)
{
    const uint32_t begin = heard_count;
    for (int i = 0; i < HOLDS; i++) {
        wait_for(&heard_count, BETWEEN);
        program_signal(live, SIGSTOP);
        wait_for(&played_count, HELD);
        program_signal(live, SIGCONT);
    }
    wait_for(&heard_count, BETWEEN);
    *end = heard_count;
    return begin;
}

static void test_no_step(void **state)
{
    (void)state;
    static program live;
    size_t seen = 0;
    uint32_t end, gaps = 0;
    double largest = 0.0, untold = 0.0;
    stage_write("rig.yaml", "version: 1\nmatch_loudness: false\nparameters: {howl_guard: false}\n");
    stage_server_start(&(stage_server){.rate_hz = RATE, .period = PERIOD, .patience_ms = 100});
    stage_live_start(&live,
                     (const char *const[]){"--rig", stage_path("rig.yaml"), "--no-connect", NULL});
    json_decref(stage_wait_state(&live, &seen, "playing"));
    open_peers();
    const uint32_t begin = hold_up(&live, &end);
    stage_live_stop(&live);
    jack_client_close(player);
    jack_client_close(recorder);
    stage_server_stop();

    for (uint32_t n = begin; n < end; n++) {
        const cycle *c = &heard[n], *before = &heard[n - 1];
        const bool gap = c->frame != before->frame + PERIOD;
        float stands = before->samples[PERIOD - 1];
        gaps += gap;
        untold = fmax(untold, fabs((double)tone(c->frame) - (double)stands));
        for (jack_nframes_t i = 0; i < PERIOD; i++) {
            largest = fmax(largest, fabs((double)c->samples[i] - (double)stands));
            stands = c->samples[i];
            if (!gap || i + 1 >= FADE) {
                assert_float_equal(stands, tone(c->frame + i), TOLERANCE);
            }
        }
    }
    const double own = PEAK * 6.283185307179586 * WAVES / TURN;
    print_message("%u gaps: the largest step is %.3f, the tone's own %.3f; %.3f without a fade\n",
                  gaps, largest, own, untold);
    assert_true(gaps >= HOLDS);
    assert_true(untold > 0.3);
    assert_true(largest <= own + 2.0 * PEAK / FADE + TOLERANCE);
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_step)};
    return cmocka_run_group_tests_name("gap", tests, stage_open, stage_close);
}
