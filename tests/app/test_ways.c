// SPDX-License-Identifier: MIT
// Three ways to switch, by one measure: the stage's, and two naive ones that exist only here. "Swap
// pointer" loads while the old sound plays on and puts the new chain in its place between two
// periods; "fade, load, fade" is silent while it loads. Prints the table of share/doc/switching.md.

#include "gig.h"

#include <time.h>

enum { SWITCHES = 12, STEP = 14400, FRAMES = (SWITCHES + 1) * STEP };

typedef enum way { WAY_STAGE, WAY_POINTER, WAY_FADE_LOAD_FADE, WAYS } way;

static const char *const way_names[] = {"stage", "swap pointer", "fade, load, fade"};

/// The worst over all switches.
typedef struct measures {
    double gap_ms; ///< longest time with less than a tenth of either sound
    double step;   ///< largest step of a sample beyond those of both sounds there, full scale 1.0
    double new_ms; ///< from the request until the new sound is there to within 1e-3 for good
} measures;

/// Strummed without a pause: a gap shows.
static void fill_chords(float *in, uint32_t frames)
{
    const float hz[] = {110.0F, 164.8F, 220.0F, 277.2F};
    for (uint32_t f = 0; f < frames; f++) {
        const float t = (float)f / RATE_HZ, since = fmodf(t, 0.4F);
        in[f] = 0.0F;
        for (int s = 0; s < 4; s++) {
            in[f] += 0.12F * sinf(6.2831853F * hz[s] * t) * (0.5F + 0.5F * expf(-5.0F * since));
        }
    }
}

static float peak_around(const float *samples, uint64_t at)
{
    float peak = 0.0F;
    for (uint64_t f = at - PERIOD; f < at + PERIOD; f++) {
        peak = fmaxf(peak, fabsf(samples[f]));
    }
    return peak;
}

/// Of the switch from rig `a` to `b` that was asked for at frame `asked`.
static measures measure(const world *w, int a, int b, uint64_t asked)
{
    measures m = {0};
    const uint64_t end = asked + STEP - 1000;
    const float *from = w->of[a], *to = w->of[b], *out = w->out;
    float step = 0.0F;
    uint64_t gap = 0, longest = 0, last_other = asked;
    for (uint64_t f = asked; f < end; f++) {
        const float quiet = 0.1F * fminf(peak_around(from, f), peak_around(to, f));
        gap = peak_around(out, f) < quiet ? gap + 1 : 0;
        longest = gap > longest ? gap : longest;
        const float own = fmaxf(fabsf(from[f] - from[f - 1]), fabsf(to[f] - to[f - 1]));
        step = fmaxf(step, fabsf(out[f] - out[f - 1]) - own);
        last_other = fabsf(out[f] - to[f]) > 1e-3F ? f + 1 : last_other;
    }
    m.gap_ms = longest > 0 ? 1e3 * (double)(longest + 2 * PERIOD) / RATE_HZ : 0.0;
    m.step = (double)step;
    m.new_ms = 1e3 * (double)(last_other - asked) / RATE_HZ;
    return m;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/// One switch the naive ways: `frames` after the request play, `loading` of them before the swap.
static void switch_naively(world *w, way how, bl_chain *chain, uint32_t asked, uint32_t loading)
{
    for (uint32_t at = asked; at < asked + STEP; at += PERIOD) {
        if (chain != NULL && at >= asked + loading) {
            assert_null(bl_engine_swap(w->engine, chain));
            chain = NULL;
        }
        bl_engine_process(w->engine, w->in + at, w->out + at, PERIOD);
        bl_chain_destroy(bl_engine_take_retired(w->engine));
    }
    const uint32_t back = (loading + PERIOD - 1) / PERIOD * PERIOD;
    for (uint32_t i = 0; how == WAY_FADE_LOAD_FADE && i < back + FADE; i++) {
        const float fade_out = i < FADE ? 1.0F - (float)(i + 1) / FADE : 0.0F;
        const float fade_in = i >= back ? (float)(i + 1 - back) / FADE : 0.0F;
        w->out[asked + i] *= fmaxf(fade_out, fade_in);
    }
}

static int rig_after(int rig, random_source *random)
{
    return (rig + 1 + (int)random_below(random, (uint32_t)rig_count - 1)) % rig_count;
}

static void play_naively(world *w, way how, int *played)
{
    random_source random = {8};
    bl_engine_config config = bare_config();
    config.crossfade_ms = 0.0;
    bl_engine_destroy(w->engine);
    w->engine = engine_of(config);
    played[0] = 0;
    switch_naively(w, WAY_POINTER, chain_of(0), 0, 0);
    for (int n = 1; n <= SWITCHES; n++) {
        played[n] = rig_after(played[n - 1], &random);
        const double start = now_s();
        bl_chain *chain = chain_of(played[n]);
        const double loading_s = fmin(now_s() - start, 0.2);
        const uint32_t loading = (uint32_t)(loading_s * RATE_HZ);
        switch_naively(w, how, chain, (uint32_t)n * STEP, loading > FADE ? loading : FADE);
    }
}

static void play_on_stage(world *w, int *played)
{
    random_source random = {8};
    played[0] = 0;
    assert_int_equal(bl_stage_set_rigs(w->stage, rigs, rig_count, 0, NULL), BL_STATUS_OK);
    for (int n = 0; n <= SWITCHES; n++) {
        if (n > 0) {
            played[n] = rig_after(played[n - 1], &random);
        }
        for (uint32_t at = (uint32_t)n * STEP; at < ((uint32_t)n + 1) * STEP; at += PERIOD) {
            assert_true(bl_stage_wait(w->stage, PATIENCE_MS));
            if (n > 0 && at == (uint32_t)n * STEP) {
                bl_stage_choose_now(w->stage, FIRST_LIST,
                                    played[n]); // in the callback: heard in the next one
            }
            bl_engine_process(w->engine, w->in + at, w->out + at, PERIOD);
        }
    }
}

static measures measure_all(world *w, way how)
{
    int played[SWITCHES + 1];
    if (how == WAY_STAGE) {
        play_on_stage(w, played);
    } else {
        play_naively(w, how, played);
    }
    measures worst = {0};
    for (int n = 1; n <= SWITCHES; n++) {
        const measures m = measure(w, played[n - 1], played[n], (uint64_t)n * STEP);
        worst.gap_ms = fmax(worst.gap_ms, m.gap_ms);
        worst.step = fmax(worst.step, m.step);
        worst.new_ms = fmax(worst.new_ms, m.new_ms);
    }
    return worst;
}

static void test_three_ways_by_one_measure(void **state)
{
    (void)state;
    measures of[WAYS];
    for (int how = 0; how < WAYS; how++) {
        world w = world_make(FRAMES, fill_chords);
        if (how != WAY_STAGE) {
            bl_stage_set_engine(w.stage, NULL, RATE_HZ, 1.0, true);
        }
        of[how] = measure_all(&w, (way)how);
        print_message("| %-16s | %5.1f ms | %6.4f | %6.1f ms |\n", way_names[how], of[how].gap_ms,
                      of[how].step, of[how].new_ms);
        world_finish(&w);
    }
    assert_true(of[WAY_STAGE].gap_ms == 0.0);
    assert_true(of[WAY_STAGE].step <= 2.0 / FADE);
    assert_true(of[WAY_STAGE].new_ms <= 25.0);
    // What the measure is there to see.
    assert_true(of[WAY_POINTER].step > 0.1);
    assert_true(of[WAY_POINTER].new_ms > 25.0);
    assert_true(of[WAY_FADE_LOAD_FADE].gap_ms > 5.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_ways_by_one_measure),
    };
    return cmocka_run_group_tests(tests, make_rigs, test_folder_remove);
}
