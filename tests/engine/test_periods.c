// SPDX-License-Identifier: MIT
// The period does not matter: however a run is cut into process calls, every output bit, every
// meter and every swap is the same, as long as controls and chains arrive at the same frames.

#include "backline/engine.h"

#include "support/chains.h"
#include "support/cmocka_all.h"
#include "support/engines.h"
#include "support/random.h"

#include <string.h>

enum { FRAMES = 24000, METERS = FRAMES / BL_METER_FRAMES };

// What happens at a frame: a new chain (delay in frames, level in dB) and a control, which left out
// sets the input trim to 0 dB.
typedef struct event {
    uint32_t frame;
    bool swap;
    uint32_t delay;
    double level_db;
    bl_control control;
} event;

static const event events[] = {
    {.frame = 0, .swap = true, .delay = 0},
    {.frame = 77, .control = {.kind = BL_CONTROL_MUTE, .value = 0.0}},
    {.frame = 1000,
     .control = {.kind = BL_CONTROL_PARAMETER, .parameter = BL_PARAMETER_INPUT_TRIM, .value = 9.0}},
    {.frame = 1300,
     .swap = true,
     .delay = 100,
     .control = {.kind = BL_CONTROL_BYPASS, .value = 1.0}},
    {.frame = 4001, .control = {.kind = BL_CONTROL_BYPASS, .value = 0.0}},
    {.frame = 4200,
     .swap = true,
     .delay = 1500,
     .control = {.kind = BL_CONTROL_PARAMETER, .parameter = BL_PARAMETER_LEVEL, .value = -40.0}},
    {.frame = 7000, .swap = true, .delay = 3, .level_db = -7.0},
    {.frame = 7100, .control = {.kind = BL_CONTROL_RESET}},
    {.frame = 7211, .control = {.kind = BL_CONTROL_MUTE, .value = 1.0}},
    {.frame = 7600,
     .control = {.kind = BL_CONTROL_MUTE, .value = 0.0}}, // turns round inside the ramp
    {.frame = 12345,
     .swap = true,
     .level_db = 3.0,
     .control = {.kind = BL_CONTROL_BYPASS, .value = 1.0}},
    {.frame = 12445, .control = {.kind = BL_CONTROL_BYPASS, .value = 0.0}},
    {.frame = 20000, .swap = true, .delay = 64, .control = {.kind = BL_CONTROL_RESET}},
};
enum { EVENTS = sizeof events / sizeof *events };

typedef struct result {
    float out[FRAMES];
    bl_telemetry meters[METERS];
    uint64_t swapped[EVENTS];
    uint32_t meter_count, swap_count;
} result;

// A delay net with a level, so that both the net's and the engine's memory are in it.
static void apply(bl_engine *engine, const event *e, uint64_t generation)
{
    if (e->swap) {
        bl_chain *chain = net_chain(generation, -0.8F, e->delay);
        bl_chain_set_parameter(chain, BL_PARAMETER_LEVEL, e->level_db);
        bl_chain_settle(chain);
        bl_chain_destroy(bl_engine_take_retired(engine));
        assert_null(bl_engine_swap(engine, chain));
    }
    assert_true(bl_engine_control(engine, &e->control));
}

static void collect(bl_engine *engine, result *r)
{
    bl_telemetry record;
    while (bl_engine_poll(engine, &record)) {
        if (record.kind == BL_TELEMETRY_METERS) {
            r->meters[r->meter_count++] = record;
        } else {
            r->swapped[r->swap_count++] = record.generation;
        }
    }
}

// `period` 0: random ones.
static void run(const float *in, uint32_t period, uint64_t seed, result *r)
{
    random_source random = {seed};
    bl_engine_config config = bl_engine_config_default();
    bl_engine *engine = engine_of(config);
    memset(r, 0, sizeof *r);
    for (uint32_t n = 0; n < EVENTS; n++) {
        apply(engine, &events[n], n + 1);
        const uint32_t end = n + 1 < EVENTS ? events[n + 1].frame : FRAMES;
        for (uint32_t at = events[n].frame; at < end;) {
            uint32_t part = period != 0 ? period : random_period(&random);
            part = part < end - at ? part : end - at;
            bl_engine_process(engine, in + at, r->out + at, part);
            at += part;
            collect(engine, r);
        }
    }
    bl_engine_destroy(engine);
}

static void test_any_cut_gives_the_same_bits(void **state)
{
    (void)state;
    static float in[FRAMES];
    static result expected, got;
    fill_noise(in, FRAMES, 1);
    run(in, FRAMES, 0, &expected);
    assert_int_equal(expected.meter_count, METERS);
    assert_int_equal(expected.swap_count, 6);
    const uint32_t fixed[] = {1, 2, 3, 63, 64, 65, 127, 128, 1000, 1024, 8192};
    for (uint32_t n = 0; n < 60; n++) {
        const uint32_t period = n < sizeof fixed / sizeof *fixed ? fixed[n] : 0;
        run(in, period, n, &got);
        assert_memory_equal(got.out, expected.out, sizeof got.out);
        assert_int_equal(got.meter_count, METERS);
        for (uint32_t m = 0; m < METERS; m++) {
            assert_int_equal(got.meters[m].frames, expected.meters[m].frames);
            assert_true(got.meters[m].in_peak == expected.meters[m].in_peak);
            assert_true(got.meters[m].out_peak == expected.meters[m].out_peak);
            assert_int_equal(got.meters[m].clipped_frames, expected.meters[m].clipped_frames);
            assert_int_equal(got.meters[m].generation, expected.meters[m].generation);
        }
        assert_memory_equal(got.swapped, expected.swapped, sizeof got.swapped);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_cut_gives_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
