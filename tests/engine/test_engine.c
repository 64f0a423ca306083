// SPDX-License-Identifier: MIT
// The engine with one chain: periods, ramps, bypass, guard, meters, controls, denormals.

#include "backline/engine.h"

#include "skip.h"
#include "support/chains.h"
#include "support/cmocka_all.h"
#include "support/engines.h"
#include "support/random.h"

#include <math.h>
#include <string.h>

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

enum { FRAMES = 20000 };

static random_source random_periods = {1};

static void test_refuses_settings_out_of_range(void **state)
{
    (void)state;
    const bl_engine_config good = bl_engine_config_default();
    bl_engine_config bad[] = {good, good, good, good, good, good};
    bad[0].sample_rate_hz = 7999.0;
    bad[1].sample_rate_hz = (double)NAN;
    bad[2].crossfade_ms = 20.1;
    bad[3].crossfade_ms = -1.0;
    bad[4].ramp_ms = 1001.0;
    bad[5].ramp_ms = (double)NAN;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bl_engine *engine = NULL;
        bl_error error = {0};
        assert_int_equal(bl_engine_create(&bad[i], &engine, &error), BL_STATUS_VALUE);
        assert_null(engine);
        assert_non_null(strstr(error.text, "expected"));
    }
    bl_engine_destroy(NULL);
}

static void test_silent_without_a_chain(void **state)
{
    (void)state;
    bl_engine *engine = engine_of(bare_config());
    static float in[FRAMES], out[FRAMES], zeros[FRAMES];
    fill_noise(in, FRAMES, 1);
    memset(out, 0xff, sizeof out);
    process(engine, in, out, FRAMES, &random_periods);
    assert_memory_equal(out, zeros, sizeof out);
    assert_int_equal(bl_engine_latency_frames(engine), 0);
    bl_engine_destroy(engine);
}

static void test_adds_nothing_to_the_chain(void **state)
{
    (void)state;
    static float in[FRAMES], out[FRAMES], expected[FRAMES];
    fill_noise(in, FRAMES, 2);
    in[100] = -0.0F;
    in[101] = 1e-42F;
    in[102] = 1e30F;
    static const uint32_t fixed[] = {1, 2, 7, 63, 64, 65, 100, 128, 1024, 8192};
    for (uint32_t p = 0; p < sizeof fixed / sizeof *fixed; p++) {
        bl_engine *engine = engine_of(bare_config());
        assert_null(bl_engine_swap(engine, gain_chain(1, 0.0)));
        memcpy(out, in, sizeof out);
        for (uint32_t at = 0; at < FRAMES; at += fixed[p]) {
            const uint32_t left = FRAMES - at;
            bl_engine_process(engine, out + at, out + at, fixed[p] < left ? fixed[p] : left);
        }
        assert_memory_equal(out, in, sizeof out);
        bl_engine_destroy(engine);
    }

    bl_chain *alone = net_chain(1, 0.7F, 33);
    for (uint32_t at = 0; at < FRAMES; at += 50) {
        bl_chain_process(alone, in + at, (float *[]){expected + at}, 50);
    }
    bl_chain_destroy(alone);
    bl_engine *engine = engine_of(bare_config());
    bl_engine_swap(engine, net_chain(1, 0.7F, 33));
    process(engine, in, out, FRAMES, &random_periods);
    assert_memory_equal(out, expected, sizeof out);
    assert_int_equal(bl_engine_latency_frames(engine), 33);
    bl_engine_destroy(engine);
}

static void test_starts_muted_and_ramps(void **state)
{
    (void)state;
    bl_engine_config config = bl_engine_config_default();
    assert_true(config.start_muted);
    config.ramp_ms = 10.0;
    bl_engine *engine = engine_of(config);
    bl_engine_swap(engine, gain_chain(1, 0.0));
    static float in[FRAMES], out[FRAMES];
    fill_with(in, FRAMES, 0.5F);
    process(engine, in, out, 1000, &random_periods);
    for (int i = 0; i < 1000; i++) {
        assert_true(out[i] == 0.0F);
    }
    send_control(engine, BL_CONTROL_MUTE, 0.0);
    process(engine, in, out, 1000, &random_periods);
    for (int i = 0; i < 1000; i++) {
        const float gain = i < 480 ? (float)(i + 1) / 480.0F : 1.0F;
        assert_true(fabsf(out[i] - 0.5F * gain) < 1e-6F);
    }
    send_control(engine, BL_CONTROL_MUTE, 1.0);
    process(engine, in, out, 240, &random_periods);
    send_control(engine, BL_CONTROL_MUTE, 0.0); // turns round half-way, without a step
    process(engine, in, out + 240, 1000, &random_periods);
    for (int i = 1; i < 1240; i++) {
        assert_true(fabsf(out[i] - out[i - 1]) <= 0.5F / 480.0F + 1e-6F);
    }
    assert_true(out[239] < 0.26F && out[1239] == 0.5F);
    bl_engine_destroy(engine);
}

static void test_first_chain_fades_in(void **state)
{
    (void)state;
    bl_engine_config config = bl_engine_config_default();
    config.start_muted = false;
    config.ramp_ms = 10.0;
    bl_engine *engine = engine_of(config);
    bl_engine_swap(engine, gain_chain(1, 0.0));
    float in[1000], out[1000];
    fill_with(in, 1000, 1.0F);
    process(engine, in, out, 1000, &random_periods);
    for (int i = 0; i < 1000; i++) {
        const float gain = i < 480 ? (float)(i + 1) / 480.0F : 1.0F;
        assert_true(fabsf(out[i] - gain) < 1e-6F);
    }
    bl_engine_destroy(engine);
}

static void test_bypass_passes_the_clean_signal_delayed(void **state)
{
    (void)state;
    enum { DELAY = 333 };
    bl_engine_config config = bare_config();
    config.ramp_ms = 1.0;
    bl_engine *engine = engine_of(config);
    bl_engine_swap(engine, net_chain(1, 0.1F, DELAY));
    static float in[FRAMES], out[FRAMES];
    fill_noise(in, FRAMES, 3);
    process(engine, in, out, 1000, &random_periods);
    send_control(engine, BL_CONTROL_BYPASS, 1.0);
    process(engine, in + 1000, out + 1000, 9000, &random_periods);
    send_control(engine, BL_CONTROL_BYPASS, 0.0);
    process(engine, in + 10000, out + 10000, 10000, &random_periods);
    for (int i = 500; i < FRAMES; i++) {
        const float clean = in[i - DELAY], wet = clean * 0.1F;
        float weight = i < 1000 ? 0.0F : i < 10000 ? 1.0F : 0.0F;
        if (i >= 1000 && i < 1048) {
            weight = (float)(i - 999) / 48.0F;
        } else if (i >= 10000 && i < 10048) {
            weight = 1.0F - (float)(i - 9999) / 48.0F;
        }
        assert_true(fabsf(out[i] - (wet + (clean - wet) * weight)) < 1e-6F);
    }
    assert_memory_equal(out + 1048, in + 1048 - DELAY, (10000 - 1048) * sizeof *out);
    bl_engine_destroy(engine);
}

static void test_guard_silences_resets_counts_and_recovers(void **state)
{
    (void)state;
    bl_engine *engine = engine_of(bare_config());
    bl_chain *chain = net_chain(1, 0.5F, 0);
    net_of(chain)->poison_above = 2.0F;
    bl_engine_swap(engine, chain);
    float in[1024], out[1024];
    fill_with(in, 1024, 0.25F);
    in[200] = 3.0F;
    bl_engine_process(engine, in, out, 1024);
    for (int i = 0; i < 1024; i++) {
        assert_true(out[i] == (i / 64 == 200 / 64 ? 0.0F : 0.125F));
    }
    assert_int_equal(net_of(chain)->resets, 1);
    assert_int_equal(last_telemetry(engine, BL_TELEMETRY_METERS).not_finite_blocks, 1);
    bl_engine_destroy(engine);
}

static void test_guard_keeps_bad_input_from_the_chain(void **state)
{
    (void)state;
    bl_engine *engine = engine_of(bare_config());
    bl_chain *chain = net_chain(1, 1.0F, 10);
    bl_engine_swap(engine, chain);
    float in[1024], out[1024];
    fill_with(in, 1024, 0.25F);
    in[100] = NAN;
    in[101] = -INFINITY;
    in[500] = INFINITY;
    bl_engine_process(engine, in, out, 1024);
    for (int i = 10; i < 1024; i++) {
        const bool bad = i == 110 || i == 111 || i == 510;
        assert_true(out[i] == (bad ? 0.0F : 0.25F));
    }
    assert_int_equal(net_of(chain)->resets, 0);
    const bl_telemetry record = last_telemetry(engine, BL_TELEMETRY_METERS);
    assert_int_equal(record.not_finite_blocks, 2);
    assert_true(record.in_peak == 0.25F);
    bl_engine_destroy(engine);
}

static void test_meters_are_exact_and_do_not_know_the_period(void **state)
{
    (void)state;
    static float in[FRAMES], out[FRAMES];
    fill_noise(in, FRAMES, 4);
    for (int i = 0; i < FRAMES; i++) {
        const int softer = 1 + i / 3000;
        in[i] *= 1.2F / (float)softer;
    }
    bl_engine *engine = engine_of(bare_config());
    bl_engine_swap(engine, gain_chain(5, -3.0));
    process(engine, in, out, FRAMES, &random_periods);

    bl_telemetry record;
    uint64_t clipped = 0;
    for (uint32_t from = 0; from + BL_METER_FRAMES <= FRAMES; from += BL_METER_FRAMES) {
        do {
            assert_true(bl_engine_poll(engine, &record));
        } while (record.kind != BL_TELEMETRY_METERS);
        float in_peak = 0.0F, out_peak = 0.0F;
        for (uint32_t i = from; i < from + BL_METER_FRAMES; i++) {
            in_peak = fmaxf(in_peak, fabsf(in[i]));
            out_peak = fmaxf(out_peak, fabsf(out[i]));
            clipped += fabsf(out[i]) > 1.0F;
        }
        assert_int_equal(record.frames, from + BL_METER_FRAMES);
        assert_true(record.in_peak == in_peak && record.out_peak == out_peak);
        assert_int_equal(record.clipped_frames, clipped);
        assert_int_equal(record.not_finite_blocks, 0);
    }
    assert_int_equal(record.generation, 5);
    assert_true(clipped == 0);
    bl_engine_destroy(engine);
}

static void test_clipped_frames_are_counted(void **state)
{
    (void)state;
    bl_engine *engine = engine_of(bare_config());
    bl_engine_swap(engine, gain_chain(1, 0.0));
    float samples[BL_METER_FRAMES] = {[3] = 1.0F, [4] = 1.0001F, [900] = -1.5F, [901] = -1.0F};
    bl_engine_process(engine, samples, samples, BL_METER_FRAMES);
    const bl_telemetry record = last_telemetry(engine, BL_TELEMETRY_METERS);
    assert_int_equal(record.clipped_frames, 2);
    assert_true(record.in_peak == 1.5F && record.out_peak == 1.5F);
    bl_engine_destroy(engine);
}

// Nobody polls for long: peaks of the lost records are in the next one, totals are whole, and the
// swap is still told.
static void test_full_telemetry_ring_loses_nothing_that_counts(void **state)
{
    (void)state;
    bl_engine *engine = engine_of(bare_config());
    bl_engine_swap(engine, gain_chain(1, 0.0));
    static float samples[BL_METER_FRAMES];
    for (int i = 0; i < BL_TELEMETRY_CAPACITY + 10; i++) {
        bl_engine_process(engine, samples, samples, BL_METER_FRAMES);
    }
    samples[7] = 1.25F; // in a record that finds no room
    bl_engine_process(engine, samples, samples, BL_METER_FRAMES);
    memset(samples, 0, sizeof samples);
    bl_engine_swap(engine, gain_chain(2, -6.0));
    bl_engine_process(engine, samples, samples, BL_METER_FRAMES);

    uint64_t frames = 0;
    bl_telemetry record;
    while (bl_engine_poll(engine, &record)) {
        assert_true(record.generation <= 1 && record.out_peak == 0.0F);
        assert_true(record.frames >= frames);
        frames = record.frames;
    }
    const uint64_t total = (uint64_t)(BL_TELEMETRY_CAPACITY + 13) * BL_METER_FRAMES;
    bl_engine_process(engine, samples, samples, BL_METER_FRAMES);
    bool swapped = false, metered = false;
    while (bl_engine_poll(engine, &record)) {
        assert_int_equal(record.generation, 2);
        assert_int_equal(record.frames, total);
        assert_int_equal(record.clipped_frames, 1);
        swapped |= record.kind == BL_TELEMETRY_SWAPPED;
        if (record.kind == BL_TELEMETRY_METERS) {
            assert_true(record.in_peak == 1.25F && record.out_peak == 1.25F);
            metered = true;
        }
    }
    assert_true(swapped && metered);
    bl_engine_destroy(engine);
}

static void test_control_ring_says_when_it_is_full(void **state)
{
    (void)state;
    bl_engine *engine = engine_of(bare_config());
    const bl_control mute = {.kind = BL_CONTROL_MUTE, .value = 1.0};
    const bl_control unmute = {.kind = BL_CONTROL_MUTE, .value = 0.0};
    for (int i = 0; i < BL_CONTROL_CAPACITY - 1; i++) {
        assert_true(bl_engine_control(engine, &mute));
    }
    assert_true(bl_engine_control(engine, &unmute));
    assert_false(bl_engine_control(engine, &mute));
    bl_engine_swap(engine, gain_chain(1, 0.0));
    float sample = 0.5F;
    bl_engine_process(engine, &sample, &sample, 1);
    assert_true(sample == 0.5F);
    assert_true(bl_engine_control(engine, &mute));
    bl_engine_destroy(engine);
}

static void test_parameters_move_smoothly_and_are_clamped(void **state)
{
    (void)state;
    bl_engine *engine = engine_of(bare_config());
    bl_engine_swap(engine, gain_chain(1, 0.0));
    static float in[FRAMES], out[FRAMES];
    fill_with(in, FRAMES, 1.0F);
    process(engine, in, out, 1, &random_periods);
    const double asked[] = {-6.0, 100.0, -6.0, (double)NAN};
    const double heard[] = {-6.0, 12.0, -6.0, 0.0};
    float before = 1.0F;
    for (int n = 0; n < 4; n++) {
        const bl_control level = {.kind = BL_CONTROL_PARAMETER,
                                  .parameter = BL_PARAMETER_LEVEL,
                                  .value = asked[n],
                                  .generation = (uint64_t)n % 2};
        assert_true(bl_engine_control(engine, &level));
        process(engine, in, out, 1000, &random_periods);
        const float after = (float)pow(10.0, heard[n] / 20.0);
        for (int i = 0; i < 1000; i++) {
            const float part = i < 480 ? (float)(i + 1) / 480.0F : 1.0F;
            assert_true(fabsf(out[i] - (before + (after - before) * part)) < 2e-6F);
        }
        assert_true(out[999] == after);
        before = after;
    }
    bl_engine_destroy(engine);
}

static void test_reset_empties_the_chain(void **state)
{
    (void)state;
    bl_engine *engine = engine_of(bare_config());
    bl_chain *chain = net_chain(1, 1.0F, 100);
    bl_engine_swap(engine, chain);
    float in[200], out[200];
    fill_with(in, 200, 1.0F);
    process(engine, in, out, 200, &random_periods);
    assert_true(out[150] == 1.0F);
    send_control(engine, BL_CONTROL_RESET, 0.0);
    process(engine, in, out, 200, &random_periods);
    assert_int_equal(net_of(chain)->resets, 1);
    for (int i = 0; i < 200; i++) {
        assert_true(out[i] == (i < 100 ? 0.0F : 1.0F));
    }
    bl_engine_destroy(engine);
}

// The mode is set again by every call, because a library may have turned it back.
static void test_denormals_are_off(void **state)
{
    (void)state;
#ifdef __SSE2__
    _mm_setcsr(_mm_getcsr() | 0x8040U);
    if ((_mm_getcsr() & 0x8040U) != 0x8040U) {
        bl_test_skip("this processor keeps no mode without denormals (valgrind's does not)");
    }
#endif
    bl_engine *engine = engine_of(bare_config());
    bl_engine_swap(engine, net_chain(1, 0.5F, 0));
    for (int round = 0; round < 2; round++) {
#ifdef __SSE2__
        _mm_setcsr(_mm_getcsr() & ~0x8040U);
#endif
        float in[64], out[64];
        for (int i = 0; i < 64; i++) {
            in[i] = i % 2 == 0 ? 1e-40F : 1.2e-38F; // a denormal, and what half of becomes one
        }
        bl_engine_process(engine, in, out, 64);
#ifdef __SSE2__
        assert_int_equal(_mm_getcsr() & 0x8040U, 0x8040U);
#endif
#if defined(__SSE2__) || defined(__aarch64__)
        const float zeros[64] = {0.0F};
        assert_memory_equal(out, zeros, sizeof out);
#endif
    }
    bl_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses_settings_out_of_range),
        cmocka_unit_test(test_silent_without_a_chain),
        cmocka_unit_test(test_adds_nothing_to_the_chain),
        cmocka_unit_test(test_starts_muted_and_ramps),
        cmocka_unit_test(test_first_chain_fades_in),
        cmocka_unit_test(test_bypass_passes_the_clean_signal_delayed),
        cmocka_unit_test(test_guard_silences_resets_counts_and_recovers),
        cmocka_unit_test(test_guard_keeps_bad_input_from_the_chain),
        cmocka_unit_test(test_meters_are_exact_and_do_not_know_the_period),
        cmocka_unit_test(test_clipped_frames_are_counted),
        cmocka_unit_test(test_full_telemetry_ring_loses_nothing_that_counts),
        cmocka_unit_test(test_control_ring_says_when_it_is_full),
        cmocka_unit_test(test_parameters_move_smoothly_and_are_clamped),
        cmocka_unit_test(test_reset_empties_the_chain),
        cmocka_unit_test(test_denormals_are_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
