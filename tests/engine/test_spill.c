// SPDX-License-Identifier: MIT
// Spill-over: the cab of a rig that was left rings on, from what had gone into it; something new
// cuts it short; without it nothing of the old rig is left after the fade.

#include "backline/engine.h"

#include "support/chains.h"
#include "support/cmocka_all.h"
#include "support/engines.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TAPS = 6000, FADE = 240, SWAP = 640, FRAMES = 16000 };

static random_source random_periods = {1};
static float taps[TAPS], in[FRAMES], out[FRAMES];

/// Through a cab that rings for an eighth of a second.
static bl_chain *ringing_chain(bool spill)
{
    random_source random = {2};
    for (int i = 0; i < TAPS; i++) {
        taps[i] = 0.05F * random_float(&random, -1.0F, 1.0F) * expf(-(float)i / 2000.0F);
    }
    const bl_cab cab = {.taps = {taps}, .channels = 1, .frames = TAPS, .sample_rate_hz = 48000.0};
    bl_chain_config config = bl_chain_config_default();
    config.stages = true;
    config.cab = &cab;
    config.spill = spill;
    config.generation = 1;
    bl_chain *chain = NULL;
    assert_int_equal(bl_chain_create(&config, &chain, NULL), BL_STATUS_OK);
    return chain;
}

static float joined(int frame)
{
    return frame < SWAP ? 0.0F : fminf((float)(frame + 1 - SWAP) / FADE, 1.0F);
}

/// Plays the ringing chain for SWAP frames, then another of gain 1/2.
static bl_engine *swapped_engine(bool spill)
{
    bl_engine *engine = engine_of(bare_config());
    fill_noise(in, FRAMES, 3);
    for (int i = 0; i < FRAMES; i++) {
        in[i] *= 0.3F;
    }
    bl_engine_swap(engine, ringing_chain(spill));
    process(engine, in, out, SWAP, &random_periods);
    bl_engine_swap(engine, gain_chain(2, -6.020599913279624));
    return engine;
}

static void test_the_cab_rings_on(void **state)
{
    (void)state;
    bl_engine *engine = swapped_engine(true);
    process(engine, in + SWAP, out + SWAP, FRAMES - SWAP, &random_periods);
    bl_chain *alone = ringing_chain(false);
    double rang = 0.0;
    for (int i = 0; i < FRAMES; i++) {
        float fed = in[i] * (1.0F - joined(i)), rings = 0.0F;
        bl_chain_process(alone, &fed, (float *[]){&rings}, 1);
        assert_true(fabsf(out[i] - (0.5F * in[i] * joined(i) + rings)) < 1e-6F);
        rang = i > SWAP + FADE ? fmax(rang, fabs((double)rings)) : rang;
    }
    assert_true(rang > 0.01);
    bl_chain_destroy(alone);
    assert_int_equal(last_telemetry(engine, BL_TELEMETRY_SWAPPED).generation, 2);
    bl_chain *old = bl_engine_take_retired(engine); // it is through
    assert_int_equal(bl_chain_generation(old), 1);
    bl_chain_destroy(old);
    bl_engine_destroy(engine);
}

static void test_without_it_nothing_is_left(void **state)
{
    (void)state;
    bl_engine *engine = swapped_engine(false);
    process(engine, in + SWAP, out + SWAP, FRAMES - SWAP, &random_periods);
    for (int i = SWAP + FADE; i < FRAMES; i++) {
        assert_true(fabsf(out[i] - 0.5F * in[i]) < 1e-7F);
    }
    bl_engine_destroy(engine);
}

static void test_the_next_rig_cuts_it_short(void **state)
{
    (void)state;
    bl_engine *engine = swapped_engine(true);
    bl_engine_process(engine, in + SWAP, out + SWAP, FADE); // the tail begins
    assert_null(bl_engine_take_retired(engine));
    bl_engine_swap(engine, gain_chain(3, -12.041199826559248));
    int at = SWAP + FADE;
    for (; at < SWAP + 3 * FADE + 64; at += 16) {
        bl_engine_process(engine, in + at, out + at, 16);
        bl_chain_destroy(bl_engine_take_retired(engine));
    }
    uint64_t since = 0;
    assert_int_equal(bl_engine_sounding(engine, &since), 3);
    assert_true(since <= SWAP + 3 * FADE + 16);
    bl_engine_process(engine, in + at, out + at, 1000);
    for (int i = at; i < at + 1000; i++) {
        assert_true(fabsf(out[i] - 0.25F * in[i]) < 1e-7F);
    }
    bl_engine_destroy(engine);
}

// Both at full scale: the sum stays there.
static void test_the_sum_is_no_louder_than_full_scale(void **state)
{
    (void)state;
    bl_engine *engine = engine_of(bare_config());
    bl_chain *loud = ringing_chain(true);
    bl_chain_set_parameter(loud, BL_PARAMETER_LEVEL, 12.0);
    fill_noise(in, FRAMES, 4);
    bl_engine_swap(engine, loud);
    process(engine, in, out, SWAP, &random_periods);
    bl_engine_swap(engine, gain_chain(2, 0.0));
    process(engine, in + SWAP, out + SWAP, FRAMES - SWAP, &random_periods);
    for (int i = 0; i < FRAMES; i++) {
        assert_true(fabsf(out[i]) <= 1.0F);
    }
    bl_engine_destroy(engine);
}

// Wherever the tail is when the engine ends, its chain is freed; the leak checker counts.
static void test_destroy_frees_a_tail(void **state)
{
    (void)state;
    bl_engine *engine = swapped_engine(true);
    process(engine, in + SWAP, out + SWAP, 2 * FADE, &random_periods);
    bl_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_cab_rings_on),
        cmocka_unit_test(test_without_it_nothing_is_left),
        cmocka_unit_test(test_the_next_rig_cuts_it_short),
        cmocka_unit_test(test_the_sum_is_no_louder_than_full_scale),
        cmocka_unit_test(test_destroy_frees_a_tail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
