// SPDX-License-Identifier: MIT
// The overload guard: when it falls to the narrower form of a chain, when it comes back, and that
// both sound as if they had always played. The load is the test's own; no clock is read.

#include "backline/engine.h"
#include "backline/voice.h"

#include "rt/overload.h"
#include "support/chains.h"
#include "support/cmocka_all.h"
#include "support/engines.h"
#include "support/models.h"
#include "support/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 48000, PERIOD = 64, MEMORY = 3000, FADE = 240, WINDOW = BL_OVERLOAD_WINDOW };

#define RATIO 0.25
#define FULL 1.0F // gain of the test's chains: what is heard tells which it is
#define NARROW 0.5F

static float ones[PERIOD];

static bl_chain *pair(uint64_t generation)
{
    bl_chain *full = net_chain(generation, FULL, 0), *narrow = net_chain(generation, NARROW, 0);
    full->memory_frames = MEMORY;
    assert_true(bl_chain_set_narrow(full, narrow, RATIO));
    return full;
}

/// What one full width takes of a period; the narrow one takes RATIO of it, both the sum.
typedef struct machine {
    bl_engine *engine;
    bl_chain *full;
    double share;
    bool freewheel;
    float heard;   ///< the last frame
    bool narrowed; ///< what the meters said last
} machine;

static machine begin(void)
{
    fill_with(ones, PERIOD, 1.0F);
    machine m = {.engine = engine_of(bare_config()), .full = pair(1)};
    assert_null(bl_engine_swap(m.engine, m.full));
    return m;
}

static uint64_t played(bl_chain *chain)
{
    return net_of(chain)->frame;
}

static void play(machine *m, uint32_t frames, double share)
{
    float out[PERIOD];
    for (uint32_t at = 0; at < frames; at += PERIOD) {
        const uint64_t full = played(m->full), narrow = played(m->full->narrow);
        if (m->freewheel) {
            bl_engine_play_whole(m->engine);
        }
        bl_engine_process(m->engine, ones, out, PERIOD);
        m->heard = out[PERIOD - 1];
        const double load = (played(m->full) > full ? share : 0.0) +
                            (played(m->full->narrow) > narrow ? RATIO * share : 0.0);
        if (!m->freewheel) {
            bl_engine_report_load(m->engine, load, PERIOD);
        }
        bl_telemetry told;
        while (bl_engine_poll(m->engine, &told)) {
            m->narrowed = told.narrowed;
        }
    }
}

static void test_falls_at_seventy_percent(void **state)
{
    (void)state;
    machine m = begin();
    play(&m, 4 * WINDOW, 0.39);
    play(&m, 10 * RATE, 0.699); // 87 % with the armed one, which is not the full one's fault
    assert_true(m.heard == FULL);
    assert_true(played(m.full->narrow) > 9 * RATE);
    play(&m, MEMORY + FADE + 2 * PERIOD, 0.701);
    assert_true(m.heard == NARROW);
    play(&m, 2 * WINDOW, 0.701);
    assert_true(m.narrowed);
    const uint64_t full = played(m.full);
    play(&m, WINDOW, 0.701);
    assert_int_equal(played(m.full), full); // costs nothing any more
    bl_engine_destroy(m.engine);
}

static void test_is_armed_before_it_is_needed(void **state)
{
    (void)state;
    machine m = begin();
    play(&m, 10 * WINDOW, 0.39);
    assert_int_equal(played(m.full->narrow), 0);
    play(&m, WINDOW + MEMORY + PERIOD, 0.41);
    assert_true(played(m.full->narrow) > MEMORY);
    assert_true(m.heard == FULL);
    play(&m, 2 * WINDOW, 0.41); // 51 % with the armed one: stays
    assert_true(m.heard == FULL);
    float out[PERIOD];
    for (int i = 0; i < WINDOW / PERIOD + 1; i++) { // one window of overload, and it falls at once
        bl_engine_process(m.engine, ones, out, PERIOD);
        bl_engine_report_load(m.engine, 0.9, PERIOD);
    }
    play(&m, FADE + 2 * PERIOD, 0.9);
    assert_true(m.heard == NARROW);
    bl_engine_destroy(m.engine);
}

static void test_is_disarmed_when_it_is_quiet(void **state)
{
    (void)state;
    machine m = begin();
    play(&m, 4 * WINDOW, 0.45);
    assert_true(played(m.full->narrow) > 0);
    play(&m, 2 * WINDOW, 0.35); // between the two thresholds nothing changes
    uint64_t fed = played(m.full->narrow);
    play(&m, 2 * WINDOW, 0.35);
    assert_int_equal(played(m.full->narrow), fed + 2 * WINDOW);
    play(&m, WINDOW, 0.2);
    fed = played(m.full->narrow);
    play(&m, 2 * WINDOW, 0.2);
    assert_int_equal(played(m.full->narrow), fed);
    bl_engine_destroy(m.engine);
}

static void fall(machine *m)
{
    play(m, 2 * WINDOW + MEMORY + FADE, 0.8);
    assert_true(m->heard == NARROW);
}

static void test_comes_back_after_quiet_seconds(void **state)
{
    (void)state;
    machine m = begin();
    fall(&m);
    play(&m, 20 * RATE, 0.65); // would fit, but not well enough
    assert_true(m.heard == NARROW);
    play(&m, 4 * RATE, 0.3);
    assert_true(m.heard == NARROW);
    play(&m, 2 * WINDOW, 0.65); // not quiet for long enough
    play(&m, 4 * RATE, 0.3);
    assert_true(m.heard == NARROW);
    play(&m, RATE + 2 * WINDOW + MEMORY + FADE, 0.58);
    assert_true(m.heard == FULL);
    play(&m, 2 * WINDOW, 0.2);
    assert_false(m.narrowed);
    bl_engine_destroy(m.engine);
}

static void test_return_is_given_up_when_load_rises(void **state)
{
    (void)state;
    machine m = begin();
    fall(&m);
    const uint64_t full = played(m.full);
    for (int i = 0; i < 6 * RATE / PERIOD && played(m.full) == full; i++) {
        play(&m, PERIOD, 0.3);
    }
    assert_true(played(m.full) > full); // the full one is being fed
    play(&m, 4 * WINDOW + MEMORY, 0.65);
    assert_true(m.heard == NARROW);
    bl_engine_destroy(m.engine);
}

static void test_never_falls_in_freewheel(void **state)
{
    (void)state;
    machine m = begin();
    m.freewheel = true;
    play(&m, RATE, 30.0); // as fast as it goes, nothing is late
    assert_true(m.heard == FULL);
    assert_int_equal(played(m.full->narrow), 0);
    m.freewheel = false;
    fall(&m);
    m.freewheel = true;
    play(&m, PERIOD, 30.0);
    assert_true(m.heard == FULL); // from the first frame on
    bl_engine_destroy(m.engine);
}

static void test_one_late_period_is_no_overload(void **state)
{
    (void)state;
    machine m = begin();
    for (int i = 0; i < 20; i++) {
        play(&m, PERIOD, 20.0); // the processor was elsewhere
        play(&m, WINDOW - PERIOD, 0.3);
    }
    assert_int_equal(played(m.full->narrow), 0);
    play(&m, WINDOW, 20.0); // none in time
    assert_true(played(m.full->narrow) == 0);
    play(&m, PERIOD + FADE + PERIOD, 20.0);
    assert_true(played(m.full->narrow) > 0);
    bl_engine_destroy(m.engine);
}

// With periods as long as a window it takes more than one of them.
static void test_long_periods(void **state)
{
    (void)state;
    static const double shares[] = {1.0, 0.2, 0.2, 0.2, 0.2, 1.0, 0.2, 0.2, 0.75, 0.75, 0.75, 0.75};
    static float in[BL_PERIOD_MAX], out[BL_PERIOD_MAX];
    machine m = begin();
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        assert_int_equal(played(m.full->narrow), 0);
        bl_engine_process(m.engine, in, out, BL_PERIOD_MAX);
        bl_engine_report_load(m.engine, shares[i], BL_PERIOD_MAX);
    }
    bl_engine_process(m.engine, in, out, PERIOD);
    assert_int_equal(played(m.full->narrow), PERIOD);
    bl_engine_destroy(m.engine);
}

static void test_crossfade_is_a_straight_line(void **state)
{
    (void)state;
    machine m = begin();
    static float out[8 * WINDOW];
    for (int at = 0; at < 8 * WINDOW; at += PERIOD) {
        bl_engine_process(m.engine, ones, out + at, PERIOD);
        bl_engine_report_load(m.engine, 0.75, PERIOD);
    }
    int start = 0;
    while (out[start] == FULL) {
        start++;
    }
    assert_true(start >= WINDOW + MEMORY && start < WINDOW + MEMORY + 2 * PERIOD);
    for (int i = 0; i < FADE; i++) {
        const float w = (float)(i + 1) / FADE;
        assert_true(fabsf(out[start + i] - (FULL * (1.0F - w) + NARROW * w)) < 1e-6F);
    }
    for (int i = start + FADE; i < 8 * WINDOW; i++) {
        assert_true(out[i] == NARROW);
    }
    bl_engine_destroy(m.engine);
}

// 80 % and a quarter of it are too much at a time.
static void test_dips_where_both_do_not_fit(void **state)
{
    (void)state;
    enum { LAST = 2 * WINDOW };
    machine m = begin();
    static float out[LAST];
    for (int at = 0; at < LAST; at += PERIOD) {
        const uint64_t full = played(m.full), narrow = played(m.full->narrow);
        bl_engine_process(m.engine, ones, out + at, PERIOD);
        assert_true((played(m.full) > full) != (played(m.full->narrow) > narrow));
        bl_engine_report_load(m.engine, 0.8, PERIOD);
    }
    int start = 0, turn = WINDOW + FADE;
    while (out[start] == FULL) {
        start++;
    }
    assert_int_equal(start, WINDOW);
    while (out[turn] == 0.0F) {
        turn++;
    }
    assert_true(turn < WINDOW + FADE + PERIOD);
    for (int i = 0; i < FADE; i++) {
        const float w = (float)(i + 1) / FADE;
        assert_true(fabsf(out[start + i] - FULL * (1.0F - w)) < 1e-6F);
        assert_true(fabsf(out[turn + i] - NARROW * w) < 1e-6F);
    }
    assert_true(out[turn + FADE] == NARROW && out[LAST - 1] == NARROW);
    bl_engine_destroy(m.engine);
}

static void test_next_chain_begins_at_full_width(void **state)
{
    (void)state;
    machine m = begin();
    fall(&m);
    bl_chain *old = m.full;
    m.full = pair(2);
    assert_null(bl_engine_swap(m.engine, m.full));
    play(&m, 2 * WINDOW, 0.2);
    assert_true(m.heard == FULL);
    assert_false(m.narrowed);
    bl_chain *retired = bl_engine_take_retired(m.engine);
    assert_ptr_equal(retired, old);
    bl_chain_destroy(retired); // and its narrow one: the leak checker looks
    bl_engine_destroy(m.engine);
}

static void test_swap_is_no_overload(void **state)
{
    (void)state;
    enum { DELAY = 4000 };
    machine m = begin();
    play(&m, WINDOW, 0.2);
    // Fed unheard until its delay is filled: two chains at a time.
    assert_null(bl_engine_swap(m.engine, net_chain(2, FULL, DELAY)));
    play(&m, DELAY - WINDOW, 1.2);
    assert_int_equal(played(m.full->narrow), 0);
    bl_engine_destroy(m.engine);
}

static void test_parameters_reach_both_widths(void **state)
{
    (void)state;
    machine m = begin();
    const bl_control control = {.kind = BL_CONTROL_PARAMETER,
                                .parameter = BL_PARAMETER_LEVEL,
                                .value = -20.0,
                                .generation = 1};
    assert_true(bl_engine_control(m.engine, &control));
    play(&m, 2 * WINDOW + MEMORY + FADE, 0.8);
    assert_true(fabsf(m.heard - 0.1F * NARROW) < 1e-6F);
    bl_engine_destroy(m.engine);
}

static void test_refuses_what_cannot_stand_in(void **state)
{
    (void)state;
    bl_chain *full = net_chain(1, FULL, 0), *late = net_chain(1, NARROW, 5);
    bl_chain *narrow = net_chain(1, NARROW, 0);
    assert_false(bl_chain_set_narrow(full, late, 0.5));
    assert_false(bl_chain_set_narrow(full, narrow, 1.0));
    assert_false(bl_chain_set_narrow(full, narrow, 0.0));
    assert_false(bl_chain_set_narrow(full, narrow, (double)NAN));
    assert_true(bl_chain_set_narrow(full, narrow, 0.5));
    assert_false(bl_chain_set_narrow(full, late, 0.5));
    bl_chain_destroy(late);
    bl_chain_destroy(full);
}

// Both widths of a real model ----------------------------------------------------------------

#define SLIM                                                                                       \
    "{\"layers\": [{\"input_size\": 1, \"condition_size\": 1, \"head_size\": 1, \"channels\": 8, " \
    "\"kernel_size\": 3, \"dilations\": [1, 2, 4, 64], \"activation\": \"Tanh\", \"gated\": "      \
    "false, \"head_bias\": false, \"slimmable\": {\"method\": \"slice_channels_uniform\", "        \
    "\"kwargs\": {\"allowed_channels\": [2, 4, 8]}}}], \"head\": null, \"head_scale\": 1}"

enum { SLIM_WEIGHTS = 8 + 4 * (8 * 8 * 3 + 8 + 8 + 8 * 8 + 8) + 8 + 1, LENGTH = 12 * RATE };

static bl_chain *chain_at(bl_model *model, double quality)
{
    bl_chain_config config = bl_chain_config_default();
    config.model = model;
    config.quality = quality;
    config.generation = 1;
    bl_chain *chain = NULL;
    bl_error error = {0};
    if (bl_chain_create(&config, &chain, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return chain;
}

static float *play_alone(bl_model *model, double quality, const float *in)
{
    bl_chain *chain = chain_at(model, quality);
    float *out = malloc(LENGTH * sizeof *out);
    assert_non_null(out);
    for (uint32_t at = 0; at < LENGTH; at += PERIOD) {
        bl_chain_process(chain, in + at, (float *[]){out + at}, PERIOD);
    }
    bl_chain_destroy(chain);
    return out;
}

static void check_same(const float *out, const float *expected, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        if (!(fabsf(out[i] - expected[i]) <= 1e-6F)) {
            fail_msg("frame %u: %g, expected %g", i, (double)out[i], (double)expected[i]);
        }
    }
}

static void test_each_width_sounds_as_if_it_had_always_played(void **state)
{
    (void)state;
    bl_model *model = nam_model("WaveNet", SLIM, SLIM_WEIGHTS);
    float *in = malloc(LENGTH * sizeof *in), *out = malloc(LENGTH * sizeof *out);
    assert_true(in != NULL && out != NULL);
    fill_noise(in, LENGTH, 7);
    float *full = play_alone(model, 1.0, in), *narrow = play_alone(model, 0.0, in);
    bl_engine *engine = engine_of(bare_config());
    bl_chain *chain = chain_at(model, 1.0);
    assert_true(bl_chain_set_narrow(chain, chain_at(model, 0.0), RATIO));
    bl_engine_swap(engine, chain);
    enum { FALLS = RATE, FALLEN = 2 * RATE, BACK = 11 * RATE };
    for (uint32_t at = 0; at < LENGTH; at += PERIOD) {
        bl_engine_process(engine, in + at, out + at, PERIOD);
        const double load = at < FALLS ? 0.2 : at < FALLEN ? 0.8 : 0.1;
        bl_engine_report_load(engine, load, PERIOD);
    }
    check_same(out, full, 0, FALLS);
    check_same(out, narrow, FALLEN, 6 * RATE);
    check_same(out, full, BACK, LENGTH);
    assert_true(fabsf(full[FALLEN] - narrow[FALLEN]) > 1e-4F); // they do differ
    bl_engine_destroy(engine);
    bl_model_release(model);
    free(in);
    free(out);
    free(full);
    free(narrow);
}

// Which widths there are -----------------------------------------------------------------------

static void test_finds_the_widths_of_layers(void **state)
{
    (void)state;
    bl_model *model = nam_model("WaveNet", SLIM, SLIM_WEIGHTS);
    size_t bytes[4] = {0};
    double quality = 1.0;
    int count = 0;
    do {
        bl_voice *voice = NULL;
        const bl_voice_config config = {.quality = quality};
        assert_true(count < 4);
        assert_int_equal(bl_voice_create(model, &config, &voice, NULL), BL_STATUS_OK);
        bytes[count++] = bl_voice_bytes(voice);
        bl_voice_destroy(voice);
    } while (bl_voice_quality_below(model, quality, &quality));
    assert_int_equal(count, 3); // 8, 4, 2
    // Each its own; not always less, since narrow layers mirror less of a history that is longer.
    assert_true(bytes[0] != bytes[1] && bytes[1] != bytes[2] && bytes[0] != bytes[2]);
    bl_model_release(model);
    model = any_model(0);
    assert_false(bl_voice_quality_below(model, 1.0, &quality)); // has one width
    bl_model_release(model);
}

static void test_finds_the_models_of_a_container(void **state)
{
    (void)state;
    model_bytes parts[3] = {{0}}, config = {0};
    static const char *const taps[] = {"2", "3", "4"};
    for (size_t i = 0; i < 3; i++) {
        char linear[80];
        snprintf(linear, sizeof linear, "{\"receptive_field\": %s, \"bias\": false}", taps[i]);
        nam_file_write(&parts[i], "0.5.4", "Linear", linear, "48000", 2 + i, 1);
    }
    model_bytes_print(&config,
                      "{\"submodels\": [{\"max_value\": 0.2, \"model\": %s}, {\"max_value\": 0.5, "
                      "\"model\": %s}, {\"max_value\": 1.0, \"model\": %s}]}",
                      parts[0].data, parts[1].data, parts[2].data);
    bl_model *model = nam_model("SlimmableContainer", config.data, 0);
    double quality = 1.0;
    assert_true(bl_voice_quality_below(model, quality, &quality));
    assert_true(quality >= 0.2 && quality < 0.5);
    assert_true(bl_voice_quality_below(model, quality, &quality));
    assert_true(quality >= 0.0 && quality < 0.2);
    assert_false(bl_voice_quality_below(model, quality, &quality));
    bl_model_release(model);
    for (int i = 0; i < 3; i++) {
        model_bytes_finish(&parts[i]);
    }
    model_bytes_finish(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_falls_at_seventy_percent),
        cmocka_unit_test(test_is_armed_before_it_is_needed),
        cmocka_unit_test(test_is_disarmed_when_it_is_quiet),
        cmocka_unit_test(test_comes_back_after_quiet_seconds),
        cmocka_unit_test(test_return_is_given_up_when_load_rises),
        cmocka_unit_test(test_never_falls_in_freewheel),
        cmocka_unit_test(test_one_late_period_is_no_overload),
        cmocka_unit_test(test_long_periods),
        cmocka_unit_test(test_crossfade_is_a_straight_line),
        cmocka_unit_test(test_dips_where_both_do_not_fit),
        cmocka_unit_test(test_next_chain_begins_at_full_width),
        cmocka_unit_test(test_swap_is_no_overload),
        cmocka_unit_test(test_parameters_reach_both_widths),
        cmocka_unit_test(test_refuses_what_cannot_stand_in),
        cmocka_unit_test(test_each_width_sounds_as_if_it_had_always_played),
        cmocka_unit_test(test_finds_the_widths_of_layers),
        cmocka_unit_test(test_finds_the_models_of_a_container),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
