// SPDX-License-Identifier: MIT
// The gate's figures: open within 1 ms, closed after hold and release, no chatter on a decaying
// string, no trace while it is off or open, a memory that ends.

#include "support/engines.h"
#include "support/stages.h"

#include <math.h>
#include <string.h>

enum { RATE = STAGES_RATE, FRAMES = 10 * RATE, LOUD = RATE, MS = RATE / 1000 };

static float in[FRAMES], out[FRAMES], other[FRAMES];

static bl_chain_config gate_config(double threshold_db, double release_ms)
{
    bl_chain_config config = stages_config();
    config.parameters[BL_PARAMETER_GATE_ON] = 1.0;
    config.parameters[BL_PARAMETER_GATE_THRESHOLD] = threshold_db;
    config.parameters[BL_PARAMETER_GATE_RELEASE] = release_ms;
    return config;
}

static void play(const bl_chain_config *config, uint32_t block)
{
    bl_chain *chain = stages_chain(config);
    stages_run(chain, in, out, FRAMES, block);
    bl_chain_destroy(chain);
}

// A low E that begins at `from` and falls by `db_per_s`.
static void pluck(uint32_t from, double peak, double db_per_s)
{
    for (uint32_t i = 0; i < FRAMES - from; i++) {
        const double t = (double)i / RATE, loudness = peak * pow(10.0, -db_per_s * t / 20.0);
        in[from + i] += (float)(loudness * sin(2.0 * 3.14159265358979 * 82.4 * t));
    }
}

static void hiss(float level)
{
    fill_noise(in, FRAMES, 7);
    for (uint32_t i = 0; i < FRAMES; i++) {
        in[i] *= level;
    }
}

static void test_opens_within_a_millisecond(void **state)
{
    (void)state;
    hiss(1e-4F); // -80 dB
    pluck(LOUD, 0.5, 6.0);
    const bl_chain_config config = gate_config(-60.0, 100.0);
    play(&config, 64);
    uint32_t first = 0;
    while (fabsf(in[first]) <= 0.001F) {
        first++;
    }
    assert_in_range(first, LOUD, LOUD + MS);
    for (uint32_t i = 0; i < first; i++) {
        assert_true(out[i] == 0.0F); // the noise before is gone altogether
    }
    for (uint32_t i = first; i < first + MS; i++) {
        assert_true(fabsf(out[i]) <= fabsf(in[i]));
    }
    for (uint32_t i = first + MS; i < first + 2 * RATE; i++) {
        assert_memory_equal(&out[i], &in[i], sizeof *in);
    }
}

static void test_closes_smoothly_and_once(void **state)
{
    (void)state;
    hiss(2e-4F);
    pluck(LOUD, 0.5, 30.0); // under both thresholds after 2 s, with hiss on top
    const bl_chain_config config = gate_config(-60.0, 200.0);
    play(&config, 64);
    uint32_t falls = 0, rises = 0, last = 0;
    double before = 0.0, steepest = 0.0;
    for (uint32_t i = 0; i < FRAMES; i++) {
        if (in[i] == 0.0F) {
            continue;
        }
        const double gain = (double)out[i] / (double)in[i];
        falls += before == 1.0 && gain < 1.0;
        rises += before == 0.0 && gain > 0.0;
        last = gain > 0.0 ? i : last;
        steepest = fmax(steepest, before - gain);
        before = gain;
    }
    assert_int_equal(falls, 1);
    assert_int_equal(rises, 1);
    assert_true(steepest < 4.0 / (0.2 * RATE)); // 3 / release is the slope of a cube at its end
    // -66 dB is reached after 2 s, with hiss a little later; then hold and release.
    assert_in_range(last, LOUD + 2 * RATE - RATE / 20, LOUD + 2 * RATE + 450 * MS);
}

// Beats and hiss around one threshold, where a gate with one threshold opens and closes all along.
static void test_does_not_chatter(void **state)
{
    (void)state;
    hiss(2e-4F);
    for (uint32_t i = 0; i < FRAMES; i++) {
        const double t = (double)i / RATE;
        in[i] += (float)(0.0009 * (1.0 + 0.25 * sin(6.28318 * 5.0 * t)) * sin(6.28318 * 110.0 * t));
    }
    const bl_chain_config config = gate_config(-60.0, 10.0);
    play(&config, 64);
    uint32_t changes = 0;
    bool shut = true;
    for (uint32_t i = 0; i < FRAMES; i++) {
        if (in[i] != 0.0F && shut != (out[i] == 0.0F)) {
            shut = !shut;
            changes++;
        }
    }
    assert_int_equal(changes, 1);
}

static void test_off_changes_no_bit(void **state)
{
    (void)state;
    hiss(0.3F);
    bl_chain_config config = gate_config(-20.0, 100.0);
    config.parameters[BL_PARAMETER_GATE_ON] = 0.0;
    play(&config, 64);
    assert_memory_equal(out, in, sizeof in);
}

// Keyed from the input, before the trim: 24 dB of trim open nothing.
static void test_listens_to_the_clean_input(void **state)
{
    (void)state;
    hiss(5e-4F);
    bl_chain_config config = gate_config(-60.0, 100.0);
    config.parameters[BL_PARAMETER_INPUT_TRIM] = 24.0;
    play(&config, 64);
    for (uint32_t i = 0; i < FRAMES; i++) {
        assert_true(out[i] == 0.0F);
    }
}

static void test_blocks_make_no_difference(void **state)
{
    (void)state;
    hiss(2e-4F);
    pluck(LOUD, 0.01, 6.0);
    pluck(4 * RATE, 0.01, 12.0);
    const bl_chain_config config = gate_config(-50.0, 300.0);
    static const uint32_t blocks[] = {1, 7, 33};
    play(&config, 64);
    memcpy(other, out, sizeof out);
    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
        play(&config, blocks[b]);
        assert_memory_equal(out, other, sizeof out);
    }
}

// A level between the thresholds: open or closed is decided by the last two seconds.
static void test_memory_ends(void **state)
{
    (void)state;
    memset(in, 0, sizeof in);
    pluck(0, 0.5, 400.0);
    for (uint32_t i = 0; i < FRAMES; i++) {
        in[i] += (float)(0.0007 * sin(6.28318 * 110.0 * i / RATE));
    }
    const bl_chain_config config = gate_config(-60.0, 100.0);
    play(&config, 64);
    assert_true(fabsf(out[2 * RATE - RATE / 10 + 100]) > 0.0F); // held open so far
    for (uint32_t i = 4 * RATE; i < FRAMES; i++) {
        assert_true(out[i] == 0.0F);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens_within_a_millisecond),
        cmocka_unit_test(test_closes_smoothly_and_once),
        cmocka_unit_test(test_does_not_chatter),
        cmocka_unit_test(test_off_changes_no_bit),
        cmocka_unit_test(test_listens_to_the_clean_input),
        cmocka_unit_test(test_blocks_make_no_difference),
        cmocka_unit_test(test_memory_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
