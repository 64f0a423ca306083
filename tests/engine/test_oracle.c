// SPDX-License-Identifier: MIT
// The engine against a plain model of it, in double and sample by sample, over random sequences of
// controls, chains, periods, polls and faults of the input: same sound, same owners of chains, same
// telemetry, same latency.

#include "backline/engine.h"

#include "support/chains.h"
#include "support/cmocka_all.h"
#include "support/engines.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 60000, RUNS = 60 };

// --- The model ---

typedef struct ramp {
    double from, to;
    uint32_t frames, done;
} ramp;

static double ramp_value(const ramp *r)
{
    return r->done >= r->frames ? r->to : r->from + (r->to - r->from) * r->done / r->frames;
}

static void ramp_move(ramp *r, double to)
{
    if (to != r->to) {
        *r = (ramp){.from = ramp_value(r), .to = to, .frames = r->frames};
    }
}

static double ramp_next(ramp *r)
{
    r->done += r->done < r->frames;
    return ramp_value(r);
}

// Input trim, a gain with a delay, level.
typedef struct model_chain {
    uint64_t generation;
    double gain;
    uint32_t delay;
    ramp parameters[BL_PARAMETER_COUNT];
    uint32_t from;        ///< frame since which it has listened
    double heard[FRAMES]; ///< its trimmed input
} model_chain;

typedef struct model {
    uint32_t frame, crossfade_frames, ramp_frames;
    bl_control controls[BL_CONTROL_CAPACITY];
    uint32_t control_count;
    model_chain *pending, *live, *next, *retired;
    uint32_t warm_up;
    ramp fade, audible, bypass;
    bl_control kept[BL_PARAMETER_COUNT];
    double clean[FRAMES];
    bl_telemetry queue[BL_TELEMETRY_CAPACITY];
    uint32_t queued;
    bl_telemetry totals;
    bool swap_untold;
    uint32_t swaps; ///< that came to their end
} model;

static double parameter_gain(bl_parameter parameter, double value)
{
    return pow(10.0, bl_parameter_clamp(parameter, value) / 20.0);
}

static void chain_hear(model_chain *chain, const bl_control *control)
{
    if (chain != NULL && (control->generation == 0 || chain->generation <= control->generation)) {
        ramp_move(&chain->parameters[control->parameter],
                  parameter_gain(control->parameter, control->value));
    }
}

static void chain_reset(model_chain *chain, uint32_t frame)
{
    if (chain != NULL) {
        chain->from = frame;
        for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
            chain->parameters[p].done = chain->parameters[p].frames;
        }
    }
}

static void model_apply(model *m, const bl_control *control)
{
    switch (control->kind) {
    case BL_CONTROL_PARAMETER:
        chain_hear(m->live, control);
        chain_hear(m->next, control);
        if (control->generation >= m->kept[control->parameter].generation) {
            m->kept[control->parameter] = *control;
        }
        break;
    case BL_CONTROL_MUTE:
        ramp_move(&m->audible, control->value != 0.0 ? 0.0 : 1.0);
        break;
    case BL_CONTROL_BYPASS:
        ramp_move(&m->bypass, control->value != 0.0 ? 1.0 : 0.0);
        break;
    case BL_CONTROL_RESET:
        chain_reset(m->live, m->frame);
        chain_reset(m->next, m->frame);
        break;
    }
}

static void model_arrive(model *m)
{
    if (m->next != NULL && m->warm_up == 0 && m->fade.done >= m->fade.frames) {
        m->retired = m->live;
        m->live = m->next;
        m->next = NULL;
        m->swaps++;
        m->totals.generation = m->live->generation;
        m->swap_untold = true;
    }
}

static void model_take(model *m)
{
    if (m->next != NULL || m->retired != NULL || m->pending == NULL) {
        return;
    }
    m->next = m->pending;
    m->pending = NULL;
    m->next->from = m->frame;
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        const bl_control *kept = &m->kept[p];
        if (kept->generation != 0 && kept->generation >= m->next->generation) {
            chain_hear(m->next, kept);
        }
    }
    chain_reset(m->next, m->frame);
    m->warm_up = m->live == NULL ? 0 : m->next->delay;
    m->fade = (ramp){.to = 1.0, .frames = m->live == NULL ? m->ramp_frames : m->crossfade_frames};
    model_arrive(m);
}

static double chain_play(model *m, model_chain *chain, double bypass)
{
    if (chain == NULL) {
        return 0.0;
    }
    const uint32_t t = m->frame, delay = chain->delay;
    chain->heard[t] = m->clean[t] * ramp_next(&chain->parameters[BL_PARAMETER_INPUT_TRIM]);
    const double past = t >= chain->from + delay ? chain->heard[t - delay] : 0.0;
    const double wet = past * chain->gain * ramp_next(&chain->parameters[BL_PARAMETER_LEVEL]);
    const double clean = t >= delay ? m->clean[t - delay] : 0.0;
    return wet + (clean - wet) * bypass;
}

static double model_frame(model *m, double clean)
{
    m->clean[m->frame] = clean;
    const double bypass = ramp_next(&m->bypass);
    double out = chain_play(m, m->live, bypass);
    if (m->next != NULL) {
        const double joining = chain_play(m, m->next, bypass);
        const double weight = m->warm_up > 0 ? 0.0 : ramp_next(&m->fade);
        m->warm_up -= m->warm_up > 0;
        out += (joining - out) * weight;
    }
    out *= ramp_next(&m->audible);
    m->frame++;
    return out;
}

static void model_tell(model *m, bl_telemetry_kind kind)
{
    assert_true(m->queued < BL_TELEMETRY_CAPACITY); // what a full ring does is tested elsewhere
    m->queue[m->queued] = m->totals;
    m->queue[m->queued++].kind = kind;
    if (kind == BL_TELEMETRY_METERS) {
        m->totals.in_peak = m->totals.out_peak = 0.0F;
    } else {
        m->swap_untold = false;
    }
}

// --- One run of both ---

typedef struct run {
    random_source random;
    bl_engine *engine;
    model m;
    uint64_t generation;
} run;

static bool chance(run *r, uint32_t one_in)
{
    return random_below(&r->random, one_in) == 0;
}

static void put_chain(run *r)
{
    r->generation++;
    model_chain *chain = calloc(1, sizeof *chain);
    assert_non_null(chain);
    chain->generation = r->generation;
    chain->gain = (double)random_float(&r->random, -1.0F, 1.0F);
    chain->delay = chance(r, 2) ? 0 : random_below(&r->random, 700);
    bl_chain *made = net_chain(r->generation, (float)chain->gain, chain->delay);
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        const double value = (double)random_float(&r->random, -9.0F, 6.0F);
        const double to = parameter_gain((bl_parameter)p, value);
        chain->parameters[p] = (ramp){.to = to, .frames = 480, .done = 480};
        bl_chain_set_parameter(made, (bl_parameter)p, value);
    }
    bl_chain *displaced = bl_engine_swap(r->engine, made);
    assert_int_equal(displaced != NULL, r->m.pending != NULL);
    if (displaced != NULL) {
        assert_int_equal(bl_chain_generation(displaced), r->m.pending->generation);
    }
    bl_chain_destroy(displaced);
    free(r->m.pending);
    r->m.pending = chain;
}

static void take_retired(run *r)
{
    bl_chain *old = bl_engine_take_retired(r->engine);
    assert_int_equal(old != NULL, r->m.retired != NULL);
    if (old != NULL) {
        assert_int_equal(bl_chain_generation(old), r->m.retired->generation);
    }
    bl_chain_destroy(old);
    free(r->m.retired);
    r->m.retired = NULL;
}

static void send_control_to_both(run *r)
{
    bl_control control = {.kind = (bl_control_kind)random_below(&r->random, 4),
                          .parameter = (bl_parameter)random_below(&r->random, BL_PARAMETER_COUNT),
                          .value = (double)random_float(&r->random, -9.0F, 6.0F)};
    if (control.kind == BL_CONTROL_PARAMETER) {
        control.generation =
            chance(r, 3) ? 0
                         : r->generation + 1 - random_below(&r->random, 3) % (r->generation + 1);
    } else {
        control.value = chance(r, 2) ? 1.0 : 0.0;
    }
    assert_true(bl_engine_control(r->engine, &control));
    r->m.controls[r->m.control_count++] = control;
}

static bool close_to(double got, double expected)
{
    return fabs(got - expected) <= 1e-5 * fmax(1.0, fabs(expected));
}

static void poll(run *r, uint32_t count)
{
    bl_telemetry got;
    for (uint32_t n = 0; n < count; n++) {
        const bool there = r->m.queued > 0;
        assert_int_equal(bl_engine_poll(r->engine, &got), there);
        if (!there) {
            return;
        }
        const bl_telemetry expected = r->m.queue[0];
        memmove(r->m.queue, r->m.queue + 1, --r->m.queued * sizeof expected);
        assert_int_equal(got.kind, expected.kind);
        assert_int_equal(got.generation, expected.generation);
        assert_int_equal(got.frames, expected.frames);
        assert_true(close_to((double)got.in_peak, (double)expected.in_peak));
        assert_true(close_to((double)got.out_peak, (double)expected.out_peak));
    }
}

// What the model does with one period; `out` is the engine's answer to compare with.
static void check_period(run *r, const float *in, const float *out, uint32_t frames)
{
    model *m = &r->m;
    for (uint32_t n = 0; n < m->control_count; n++) {
        model_apply(m, &m->controls[n]);
    }
    m->control_count = 0;
    model_take(m);
    for (uint32_t i = 0; i < frames; i++) {
        const float clean = isfinite(in[i]) ? in[i] : 0.0F;
        const double expected = model_frame(m, (double)clean);
        if (!close_to((double)out[i], expected)) {
            fail_msg("frame %u: the engine gives %.9g, the model %.9g", m->frame - 1,
                     (double)out[i], expected);
        }
        m->totals.in_peak = fmaxf(m->totals.in_peak, fabsf(clean));
        m->totals.out_peak = fmaxf(m->totals.out_peak, fabsf((float)expected));
        m->totals.frames++;
        if (m->frame % BL_METER_FRAMES == 0) {
            model_tell(m, BL_TELEMETRY_METERS);
        }
        model_arrive(m);
    }
    if (m->swap_untold) {
        model_tell(m, BL_TELEMETRY_SWAPPED);
    }
    assert_int_equal(bl_engine_latency_frames(r->engine), m->live != NULL ? m->live->delay : 0);
}

// Returns the number of swaps that came to their end.
static uint32_t run_once(uint64_t seed)
{
    static run r;
    static float in[FRAMES], out[FRAMES];
    memset(&r, 0, sizeof r);
    r.random = (random_source){seed};
    bl_engine_config config = bl_engine_config_default();
    config.crossfade_ms = (double)random_below(&r.random, 21);
    config.ramp_ms = (double)random_below(&r.random, 30);
    config.start_muted = chance(&r, 2);
    r.engine = engine_of(config);
    r.m.crossfade_frames = (uint32_t)config.crossfade_ms * 48;
    r.m.ramp_frames = (uint32_t)config.ramp_ms * 48;
    r.m.audible = (ramp){.to = config.start_muted ? 0.0 : 1.0, .frames = r.m.ramp_frames};
    r.m.bypass = (ramp){.to = 0.0, .frames = r.m.ramp_frames};
    r.m.audible.done = r.m.bypass.done = r.m.ramp_frames;
    fill_noise(in, FRAMES, seed);
    for (int n = 0; n < 20; n++) { // heard as zeros
        in[random_below(&r.random, FRAMES)] = chance(&r, 2) ? NAN : INFINITY;
    }
    while (r.m.frame < FRAMES) {
        while (chance(&r, 3)) {
            send_control_to_both(&r);
        }
        if (chance(&r, 4)) {
            put_chain(&r);
        }
        if (chance(&r, 3)) {
            take_retired(&r);
        }
        const uint32_t at = r.m.frame, left = FRAMES - at;
        uint32_t period = random_period(&r.random);
        period = period < left ? period : left;
        bl_engine_process(r.engine, in + at, out + at, period);
        check_period(&r, in + at, out + at, period);
        poll(&r, random_below(&r.random, 10));
    }
    poll(&r, BL_TELEMETRY_CAPACITY + 1);
    bl_engine_destroy(r.engine);
    free(r.m.pending);
    free(r.m.live);
    free(r.m.next);
    free(r.m.retired);
    return r.m.swaps;
}

static void test_engine_does_what_its_model_does(void **state)
{
    (void)state;
    uint32_t swaps = 0;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        swaps += run_once(seed);
    }
    print_message("%u swaps\n", swaps);
    assert_true(swaps > 10 * RUNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_does_what_its_model_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
