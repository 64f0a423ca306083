// SPDX-License-Identifier: MIT
// Frames are lost now and then: what the sound card plays next begins where it stands, be that the
// last sample or silence, and is what it would be anyway one fade later.

#include "support/chains.h"
#include "support/engines.h"

#include <math.h>
#include <stdio.h>

enum { RATE = 48000, FADE = 240, FRAMES = 10 * RATE };

static float tone(uint64_t frame)
{
    return 0.5F * sinf((float)(6.283185307179586 * 440.0 * (double)(frame % RATE) / RATE));
}

static bl_engine *playing_engine(double ramp_ms)
{
    bl_engine_config config = bl_engine_config_default();
    config.start_muted = false;
    config.ramp_ms = ramp_ms;
    bl_engine *engine = engine_of(config);
    bl_chain *chain = gain_chain(1, 0.0);
    bl_chain_set_parameter(chain, BL_PARAMETER_HOWL_GUARD, 0.0); // a tone that stands is one
    bl_chain_settle(chain);
    bl_engine_swap(engine, chain);
    return engine;
}

/// The largest steps at the gaps and in the fades after them, with and without being told.
static void play(bool held, double *told, double *untold)
{
    static float in[8192], out[8192], other[8192], plain[8192];
    bl_engine *engine = playing_engine(20.0), *deaf = playing_engine(20.0);
    random_source random = {held ? 1 : 2};
    uint64_t frame = 0, since_gap = 0;
    float stands = 0.0F, deaf_stands = 0.0F; // what the card played last
    *told = *untold = 0.0;
    while (frame < FRAMES) {
        const uint32_t period = random_period(&random);
        if (frame > RATE / 8 && random_below(&random, 6) == 0) {
            frame += 1 + random_below(&random, 5000);
            bl_engine_report_gap(engine, held);
            stands = held ? stands : 0.0F;
            deaf_stands = held ? deaf_stands : 0.0F;
            since_gap = 0;
        }
        for (uint32_t i = 0; i < period; i++) {
            in[i] = tone(frame + i);
        }
        bl_engine_process_stereo(engine, in, out, other, period);
        bl_engine_process(deaf, in, plain, period);
        assert_memory_equal(out, other, period * sizeof *out);
        for (uint32_t i = 0; i < period; i++, since_gap++) {
            if (frame > RATE / 8) { // the ramp of the beginning is over
                *told = fmax(*told, fabs((double)out[i] - (double)stands));
                *untold = fmax(*untold, fabs((double)plain[i] - (double)deaf_stands));
            }
            stands = out[i];
            deaf_stands = plain[i];
            if (since_gap + 1 >= FADE) {
                assert_memory_equal(&out[i], &plain[i], sizeof *out);
            }
        }
        frame += period;
    }
    bl_engine_destroy(engine);
    bl_engine_destroy(deaf);
}

static void test_no_step(void **state)
{
    (void)state;
    const double own = 0.5 * 0.0576, fade = 1.0 / FADE; // both sides are within 0.5 of zero
    for (int held = 0; held < 2; held++) {
        double told, untold;
        play(held != 0, &told, &untold);
        printf("after %s: the largest step is %.3f, the tone's own %.3f; %.3f if nothing is told\n",
               held ? "the last period again" : "silence", told, own, untold);
        assert_true(told <= own + fade);
        assert_true(untold > 0.3);
    }
}

/// Without ramps nothing is faded: what is compared sample by sample stays as it is.
static void test_at_once(void **state)
{
    (void)state;
    bl_engine *engine = playing_engine(0.0);
    float in[64], out[64];
    fill_with(in, 64, 0.5F);
    bl_engine_process(engine, in, out, 64);
    bl_engine_report_gap(engine, false);
    bl_engine_process(engine, in, out, 64);
    assert_memory_equal(in, out, sizeof in);
    bl_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_step),
        cmocka_unit_test(test_at_once),
    };
    return cmocka_run_group_tests_name("gap", tests, NULL, NULL);
}
