// SPDX-License-Identifier: MIT
// Hot swap: the fade sample by sample, who owns which chain when, what is told, and what happens
// to parameters, latencies and faults on the way.

#include "backline/engine.h"

#include "support/chains.h"
#include "support/cmocka_all.h"
#include "support/engines.h"
#include "support/random.h"

#include <math.h>
#include <string.h>

enum { FADE = 240, FRAMES = 8192 }; // 5 ms at 48 kHz

static const double half_db = -6.020599913279624;
static const double quarter_db = -12.041199826559248;

static random_source random_periods = {1};
static float ones[FRAMES], out[FRAMES];

// An engine that plays gain 1, generation 1, and constant input for it.
static bl_engine *playing_engine(void)
{
    bl_engine *engine = engine_of(bare_config());
    fill_with(ones, FRAMES, 1.0F);
    assert_null(bl_engine_swap(engine, gain_chain(1, 0.0)));
    process(engine, ones, out, 100, &random_periods);
    assert_int_equal(last_telemetry(engine, BL_TELEMETRY_SWAPPED).generation, 1);
    return engine;
}

static void test_fade_is_linear_and_exactly_placed(void **state)
{
    (void)state;
    const double lengths_ms[] = {0.0, 0.1, 5.0, 20.0};
    for (int n = 0; n < 4; n++) {
        bl_engine_config config = bare_config();
        config.crossfade_ms = lengths_ms[n];
        const int fade = (int)lround(lengths_ms[n] * 48.0);
        bl_engine *engine = engine_of(config);
        fill_with(ones, FRAMES, 1.0F);
        bl_engine_swap(engine, gain_chain(1, 0.0));
        process(engine, ones, out, 100, &random_periods);
        bl_engine_swap(engine, gain_chain(2, half_db));
        process(engine, ones, out, 3000, &random_periods);
        for (int i = 0; i < 3000; i++) {
            const float weight = i < fade ? (float)(i + 1) / (float)fade : 1.0F;
            assert_true(fabsf(out[i] - (1.0F - 0.5F * weight)) < 1e-6F);
        }
        assert_true(out[fade] == 0.5F);
        assert_true(fade == 0 || out[fade - 1] == 0.5F);
        bl_chain *old = bl_engine_take_retired(engine);
        assert_int_equal(bl_chain_generation(old), 1);
        bl_chain_destroy(old);
        bl_engine_destroy(engine);
    }
}

static void test_slot_waits_while_a_fade_runs(void **state)
{
    (void)state;
    bl_engine *engine = playing_engine();
    assert_null(bl_engine_swap(engine, gain_chain(2, half_db)));
    bl_engine_process(engine, ones, out, 1);
    assert_null(bl_engine_swap(engine, gain_chain(3, quarter_db)));
    bl_engine_process(engine, ones, out + 1, FADE - 1); // ends the fade on its last frame
    assert_true(out[FADE - 1] == 0.5F);
    bl_chain *old = bl_engine_take_retired(engine);
    assert_int_equal(bl_chain_generation(old), 1);
    bl_chain_destroy(old);
    bl_engine_process(engine, ones, out, FADE);
    assert_true(out[0] < 0.5F && out[FADE - 1] == 0.25F);
    bl_engine_destroy(engine);
}

static void test_slot_waits_while_a_retired_chain_does(void **state)
{
    (void)state;
    bl_engine *engine = playing_engine();
    bl_engine_swap(engine, gain_chain(2, half_db));
    process(engine, ones, out, FADE, &random_periods);
    bl_engine_swap(engine, gain_chain(3, quarter_db));
    process(engine, ones, out, 5000, &random_periods);
    for (int i = 0; i < 5000; i++) {
        assert_true(out[i] == 0.5F);
    }
    bl_chain_destroy(bl_engine_take_retired(engine));
    process(engine, ones, out, FADE, &random_periods);
    assert_true(out[0] < 0.5F && out[FADE - 1] == 0.25F);
    bl_engine_destroy(engine);
}

static void test_displaced_chain_goes_back_to_the_loader(void **state)
{
    (void)state;
    bl_engine *engine = playing_engine();
    bl_chain *two = gain_chain(2, half_db), *three = gain_chain(3, quarter_db);
    assert_null(bl_engine_swap(engine, two));
    assert_ptr_equal(bl_engine_swap(engine, three), two);
    bl_chain_destroy(two);
    process(engine, ones, out, FADE, &random_periods);
    assert_int_equal(last_telemetry(engine, BL_TELEMETRY_SWAPPED).generation, 3);
    bl_chain_destroy(bl_engine_take_retired(engine));
    assert_null(bl_engine_take_retired(engine));
    bl_engine_destroy(engine);
}

// Every place that can hold a chain holds one; the leak checker of the asan build counts.
static void test_destroy_frees_chains_wherever_they_are(void **state)
{
    (void)state;
    bl_engine *engine = playing_engine();
    bl_engine_swap(engine, gain_chain(2, half_db));
    process(engine, ones, out, FADE, &random_periods); // 1 is retired now
    bl_engine_swap(engine, gain_chain(3, quarter_db));
    bl_engine_destroy(engine);

    engine = playing_engine();
    bl_engine_swap(engine, gain_chain(2, half_db));
    bl_engine_process(engine, ones, out, 10); // in the middle of the fade
    bl_engine_swap(engine, gain_chain(3, quarter_db));
    bl_engine_destroy(engine);
}

static void test_swap_is_told_when_its_fade_is_over(void **state)
{
    (void)state;
    bl_engine *engine = playing_engine();
    bl_engine_swap(engine, gain_chain(7, half_db));
    bl_telemetry record;
    bl_engine_process(engine, ones, out, FADE - 1);
    assert_false(bl_engine_poll(engine, &record));
    bl_engine_process(engine, ones, out, 1);
    assert_true(bl_engine_poll(engine, &record));
    assert_int_equal(record.kind, BL_TELEMETRY_SWAPPED);
    assert_int_equal(record.generation, 7);
    assert_int_equal(record.frames, 100 + FADE);
    assert_false(bl_engine_poll(engine, &record));
    bl_engine_destroy(engine);
}

static void send_level(bl_engine *engine, double level_db, uint64_t generation)
{
    assert_true(bl_engine_control(engine, &(bl_control){.kind = BL_CONTROL_PARAMETER,
                                                        .parameter = BL_PARAMETER_LEVEL,
                                                        .value = level_db,
                                                        .generation = generation}));
}

static float level_after(bl_engine *engine, uint32_t frames)
{
    process(engine, ones, out, frames, &random_periods);
    return out[frames - 1];
}

static void test_parameters_find_the_chain_they_mean(void **state)
{
    (void)state;
    bl_engine *engine = playing_engine();
    // Meant for load 2, still on its way: heard now, and kept for 2, which starts with it.
    send_level(engine, half_db, 2);
    assert_true(level_after(engine, 1000) == 0.5F);
    bl_engine_swap(engine, gain_chain(2, 12.0));
    process(engine, ones, out, 1000, &random_periods);
    for (int i = 0; i < 1000; i++) {
        assert_true(fabsf(out[i] - 0.5F) < 1e-6F);
    }
    bl_chain_destroy(bl_engine_take_retired(engine));
    // Load 3 was built later and knows better.
    bl_engine_swap(engine, gain_chain(3, quarter_db));
    assert_true(level_after(engine, 1000) == 0.25F);
    // A belated word about load 2 changes nothing any more, one to whatever plays does.
    send_level(engine, 0.0, 2);
    assert_true(level_after(engine, 1000) == 0.25F);
    send_level(engine, half_db, 0);
    assert_true(level_after(engine, 1000) == 0.5F);
    bl_chain_destroy(bl_engine_take_retired(engine));
    // While 4 fades in, a word about 3 leaves 4 alone; what was said to "whatever" is forgotten.
    bl_engine_swap(engine, gain_chain(4, 0.0));
    bl_engine_process(engine, ones, out, 10);
    send_level(engine, quarter_db, 3);
    assert_true(level_after(engine, 1000) == 1.0F);
    bl_engine_destroy(engine);
}

// A chain with delay is fed unheard until it has something to say: no gap, no dip.
static void test_latency_makes_no_gap(void **state)
{
    (void)state;
    enum { DELAY = 1000 };
    bl_engine *engine = playing_engine();
    bl_engine_swap(engine, net_chain(2, 0.5F, DELAY));
    process(engine, ones, out, 3000, &random_periods);
    for (int i = 0; i < 3000; i++) {
        const int into = i - DELAY + 1;
        const float weight = into <= 0 ? 0.0F : into < FADE ? (float)into / (float)FADE : 1.0F;
        assert_true(fabsf(out[i] - (1.0F - 0.5F * weight)) < 1e-6F);
    }
    assert_int_equal(bl_engine_latency_frames(engine), DELAY);
    bl_chain_destroy(bl_engine_take_retired(engine));

    bl_engine_swap(engine, gain_chain(3, 0.0));
    bl_engine_process(engine, ones, out, FADE - 1);
    assert_int_equal(bl_engine_latency_frames(engine), DELAY);
    bl_engine_process(engine, ones, out, 1);
    assert_true(out[0] == 1.0F);
    assert_int_equal(bl_engine_latency_frames(engine), 0);
    bl_engine_destroy(engine);
}

static void test_bypass_holds_through_a_swap(void **state)
{
    (void)state;
    enum { DELAY = 50 };
    static float in[FRAMES];
    fill_noise(in, FRAMES, 9);
    bl_engine *engine = playing_engine();
    send_control(engine, BL_CONTROL_BYPASS, 1.0);
    bl_engine_swap(engine, net_chain(2, -8.0F, DELAY));
    process(engine, in, out, FRAMES, &random_periods);
    assert_memory_equal(out, in, DELAY * sizeof *out);
    for (int i = DELAY; i < DELAY + FADE; i++) { // from the clean signal to the delayed one
        const float weight = (float)(i - DELAY + 1) / (float)FADE;
        assert_true(fabsf(out[i] - (in[i] * (1.0F - weight) + in[i - DELAY] * weight)) < 1e-6F);
    }
    assert_memory_equal(out + DELAY + FADE, in + FADE, (FRAMES - DELAY - FADE) * sizeof *out);
    bl_engine_destroy(engine);
}

// A successor that breaks is silenced alone: what still plays of the other chain goes on.
static void test_guard_works_on_each_chain_alone(void **state)
{
    (void)state;
    bl_engine *engine = playing_engine();
    bl_chain *broken = net_chain(2, 1.0F, 0);
    net_of(broken)->poison_above = 0.5F; // breaks on every block
    bl_engine_swap(engine, broken);
    bl_engine_process(engine, ones, out, FADE);
    for (int i = 0; i < FADE; i++) {
        assert_true(fabsf(out[i] - (1.0F - (float)(i + 1) / (float)FADE)) < 1e-6F);
    }
    assert_int_equal(net_of(broken)->resets, 4);
    bl_engine_process(engine, ones, out, FADE);
    for (int i = 0; i < FADE; i++) {
        assert_true(out[i] == 0.0F);
    }
    assert_int_equal(net_of(broken)->resets, 8);
    bl_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fade_is_linear_and_exactly_placed),
        cmocka_unit_test(test_slot_waits_while_a_fade_runs),
        cmocka_unit_test(test_slot_waits_while_a_retired_chain_does),
        cmocka_unit_test(test_displaced_chain_goes_back_to_the_loader),
        cmocka_unit_test(test_destroy_frees_chains_wherever_they_are),
        cmocka_unit_test(test_swap_is_told_when_its_fade_is_over),
        cmocka_unit_test(test_parameters_find_the_chain_they_mean),
        cmocka_unit_test(test_latency_makes_no_gap),
        cmocka_unit_test(test_bypass_holds_through_a_swap),
        cmocka_unit_test(test_guard_works_on_each_chain_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
