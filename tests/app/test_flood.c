// SPDX-License-Identifier: MIT
// 100,000 MIDI messages a second while rigs play and change: what nothing listens to changes no bit
// of the sound, and of what turns knobs the last value of each period counts.

#include "gig.h"

#include "midi.h"
#include "midi_map.h"

#include <stdio.h>

enum {
    FRAMES = 2 * RATE_HZ,
    PERIODS = FRAMES / PERIOD,
    FLOOD = 100000 * PERIOD / RATE_HZ + 1, ///< messages in a period
    KNOBS = 4,
    FIRST_KNOB = 16, ///< the controllers from there on turn knobs
    SWITCH_EVERY = 100,
    PLAYED = 5, ///< of the rigs
};

typedef enum flood {
    QUIET,       ///< program changes alone
    NOISE,       ///< and anything that is not mapped
    KNOBS_ONCE,  ///< and one value of every knob in a period
    KNOBS_FLOOD, ///< and many more before it
} flood;

static const bl_parameter turned[KNOBS] = {BL_PARAMETER_INPUT_TRIM, BL_PARAMETER_BASS,
                                           BL_PARAMETER_TREBLE, BL_PARAMETER_LEVEL};

typedef struct gig {
    bl_stage *stage;
    bl_midi_intake midi;
    bl_midi_map map;
    random_source random;
    uint64_t sent;
} gig;

static void make_map(bl_midi_map *map)
{
    bl_midi_map_init(map);
    for (int k = 0; k < KNOBS; k++) {
        const bl_midi_event event = {.kind = BL_MIDI_CONTROL, .number = (uint8_t)(FIRST_KNOB + k)};
        bl_midi_wish wish;
        assert_true(bl_midi_wish_find(bl_parameter_get(turned[k])->key, &wish));
        assert_true(bl_midi_map_learn(map, &event, &wish));
    }
}

static void put(gig *g, uint8_t status, uint32_t number, uint32_t value)
{
    bl_midi_intake_put(&g->midi, (const uint8_t[]){status, (uint8_t)number, (uint8_t)value}, 3);
    g->sent++;
}

/// What a controller gone mad sends in a period: notes and `kind`'s controllers, on all channels if
/// they are not to be heard.
static void send_flood(gig *g, bool turns)
{
    for (int i = 0; i < FLOOD; i++) {
        const uint32_t value = random_below(&g->random, 128);
        if (i % 5 == 0) {
            put(g, 0x90, random_below(&g->random, 128), value);
        } else if (turns) {
            put(g, 0xB0, FIRST_KNOB + random_below(&g->random, KNOBS), value);
        } else {
            put(g, (uint8_t)(0xB0 | random_below(&g->random, 16)),
                40 + random_below(&g->random, 80), value);
        }
    }
}

/// The value that knob `k` ends at in a period; always another one than before.
static uint32_t last_value(int k, int period)
{
    return 48 + ((uint32_t)period * 7 + (uint32_t)k * 5) % 32;
}

static void send(gig *g, flood kind, int period)
{
    if (kind == NOISE || kind == KNOBS_FLOOD) {
        send_flood(g, kind == KNOBS_FLOOD);
    }
    for (int k = 0; k < KNOBS && kind >= KNOBS_ONCE; k++) {
        put(g, 0xB0, (uint32_t)(FIRST_KNOB + k), last_value(k, period));
    }
    if (period % SWITCH_EVERY == SWITCH_EVERY / 2) {
        const uint8_t rig = (uint8_t)((period / SWITCH_EVERY + 1) % PLAYED);
        bl_midi_intake_put(&g->midi, (const uint8_t[]){0xC0, rig}, 2);
    }
    bl_midi_event program;
    if (bl_midi_intake_end(&g->midi, &program)) {
        assert_true(bl_stage_choose_now(g->stage, FIRST_LIST, program.number));
    }
}

/// As MAIN does.
static void hear(gig *g)
{
    const double current[BL_PARAMETER_COUNT] = {0.0};
    bl_stage_state state;
    bl_midi_event event;
    bl_midi_effect effect;
    bl_stage_get_state(g->stage, &state);
    while (bl_midi_intake_take(&g->midi, &event)) {
        for (size_t i = 0; i < g->map.count && state.chosen >= 0; i++) {
            if (bl_midi_map_apply(&g->map, i, &event, current, &effect)) {
                bl_stage_set_parameter(g->stage, state.chosen, effect.target.parameter,
                                       effect.value);
            }
        }
    }
}

static void play(flood kind, const float *in, float *out)
{
    gig g = {.random = {21}};
    bl_engine *engine = engine_of(bare_config());
    assert_true(bl_midi_intake_init(&g.midi));
    assert_int_equal(bl_stage_create(-1, &g.stage, NULL), BL_STATUS_OK);
    make_map(&g.map);
    bl_stage_set_engine(g.stage, engine, RATE_HZ, 1.0, true);
    assert_int_equal(bl_stage_set_rigs(g.stage, rigs, PLAYED, 0, NULL), BL_STATUS_OK);
    assert_true(bl_stage_wait(g.stage, PATIENCE_MS));
    for (int p = 0; p < PERIODS; p++) {
        send(&g, kind, p);
        assert_true(bl_stage_wait(g.stage, PATIENCE_MS));
        hear(&g);
        bl_engine_process(engine, in + p * PERIOD, out + p * PERIOD, PERIOD);
    }
    bl_stage_state state;
    bl_stage_get_state(g.stage, &state);
    assert_int_equal(state.switches, 1 + PERIODS / SWITCH_EVERY);
    assert_true(g.sent == 0 || atomic_load(&g.midi.heard) >= g.sent);
    bl_stage_destroy(g.stage, PATIENCE_MS);
    bl_engine_destroy(engine);
    bl_midi_intake_finish(&g.midi);
}

static float in[FRAMES], plain[FRAMES], flooded[FRAMES];

static double difference(double *peak)
{
    double most = 0.0;
    *peak = 1.0;
    for (int i = 0; i < FRAMES; i++) {
        most = fmax(most, fabs((double)plain[i] - (double)flooded[i]));
        *peak = fmax(*peak, fabs((double)plain[i]));
    }
    return most;
}

static void test_what_is_not_mapped(void **state)
{
    (void)state;
    fill_guitar(in, FRAMES);
    play(QUIET, in, plain);
    play(NOISE, in, flooded);
    for (int i = 0; i < FRAMES; i++) {
        if (memcmp(&plain[i], &flooded[i], sizeof *plain) != 0) {
            fail_msg("frame %d is %.9g, and %.9g under the flood", i, (double)plain[i],
                     (double)flooded[i]);
        }
    }
}

static void test_what_turns_knobs(void **state)
{
    (void)state;
    double peak;
    fill_guitar(in, FRAMES);
    play(QUIET, in, flooded);
    play(KNOBS_ONCE, in, plain);
    assert_true(difference(&peak) > 0.01); // they are heard
    play(KNOBS_FLOOD, in, flooded);
    const double off = difference(&peak);
    print_message("knobs under %d messages a period: %g from their last values\n", FLOOD, off);
    assert_true(off <= 1e-6 * peak);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_mapped),
        cmocka_unit_test(test_what_turns_knobs),
    };
    return cmocka_run_group_tests_name("flood", tests, make_rigs, test_folder_remove);
}
