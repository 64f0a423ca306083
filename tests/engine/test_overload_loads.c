// SPDX-License-Identifier: MIT
// The overload guard under loads that move: ramps, wobble, jitter and steps, for narrow widths of
// many costs and for short and long periods. What plays is the guard's own state; no clock is read.

#include "backline/limits.h"
#include "rt/overload.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>

enum { RATE = 48000, MEMORY = 4096, FADE = 240, SWITCHES = 64 };

#define PI 3.14159265358979
#define JITTER 0.03

static const double ratios[] = {0.05, 0.1, 0.21, 0.3, 0.35, 0.36, 0.4, 0.5, 0.7, 0.9};
static const uint32_t periods[] = {64, 256, 1024, 4096};

enum { RATIOS = sizeof ratios / sizeof *ratios, PERIODS = sizeof periods / sizeof *periods };

/// Cost of the full width `s` seconds after the start.
typedef struct course {
    double (*cost)(const struct course *course, double s, bool narrow);
    double seconds, level, step;
    double jitter;
    double wobble_s; ///< length of one wobble
} course;

typedef struct outcome {
    int switches;
    double at_s[SWITCHES], cost[SWITCHES]; ///< when, and what the full width cost then
    double worst;                          ///< share of a period
    int late;                              ///< periods above 1.0
    bool narrow;                           ///< at the end
} outcome;

static outcome run(const course *c, double ratio, uint32_t period)
{
    outcome o = {0};
    uint32_t random = 1;
    bl_overload guard = bl_overload_at_rest(RATE, FADE);
    bl_overload_begin(&guard, ratio, MEMORY);
    const uint64_t end = (uint64_t)(c->seconds * RATE);
    for (uint64_t frame = 0; frame < end; frame += period) {
        const double s = (double)frame / RATE;
        random = random * 1664525U + 1013904223U;
        const double mean = c->cost(c, s, guard.narrow);
        const double full = mean * (1.0 + c->jitter * ((double)random * 0x1p-31 - 1.0));
        const bool was = guard.narrow;
        double share = 0.0;
        for (uint32_t at = 0; at < period; at += BL_INNER_FRAMES) {
            share += (guard.both     ? 1.0 + ratio
                      : guard.narrow ? ratio
                                     : 1.0) *
                     full * BL_INNER_FRAMES / period;
            bl_smoother_advance(&guard.gain, BL_INNER_FRAMES);
            if (guard.both) {
                bl_smoother_advance(&guard.fade, BL_INNER_FRAMES);
            }
            bl_overload_advance(&guard, BL_INNER_FRAMES);
        }
        if (guard.narrow != was) {
            assert_true(o.switches < SWITCHES);
            o.at_s[o.switches] = s;
            o.cost[o.switches++] = mean;
        }
        o.worst = share > o.worst ? share : o.worst;
        o.late += share >= 1.0;
        bl_overload_report(&guard, share, period);
    }
    o.narrow = guard.narrow;
    return o;
}

static double up_and_down(const course *c, double s, bool narrow)
{
    (void)narrow;
    const double half = 0.4 * c->seconds;
    const double x = s < half ? s / half : s < 2.0 * half ? 2.0 - s / half : 0.0;
    return 0.2 + c->level * x;
}

static void test_slow_ramps(void **state)
{
    (void)state;
    const course c = {up_and_down, .seconds = 120.0, .level = 0.75, .jitter = JITTER};
    double first = 1.0, last = 0.0, worst = 0.0;
    for (int r = 0; r < RATIOS; r++) {
        for (int p = 0; p < PERIODS; p++) {
            const outcome o = run(&c, ratios[r], periods[p]);
            assert_int_equal(o.switches, 2);
            first = fmin(first, o.cost[0]);
            last = fmax(last, o.cost[0]);
            assert_true(o.cost[1] < 0.61);
            assert_false(o.narrow);
            worst = fmax(worst, o.worst);
        }
    }
    print_message("falls at %.3f to %.3f, worst share %.3f\n", first, last, worst);
    assert_true(first > 0.65 && last < 0.75);
    assert_true(worst < 1.0);
}

static double wobbling(const course *c, double s, bool narrow)
{
    (void)narrow;
    return c->level * (1.0 + 0.05 * sin(2.0 * PI * s / c->wobble_s));
}

static int check_wobble(double ratio, uint32_t period, double wobble_s)
{
    int most = 0;
    for (int i = 0; i < 20; i++) {
        const double level = 0.25 + 0.0475 * i;
        const course c = {wobbling, .seconds = 2.0 * wobble_s + 20.0, .level = level,
                          .jitter = JITTER, .wobble_s = wobble_s};
        const outcome o = run(&c, ratio, period);
        most = o.switches > most ? o.switches : most;
        assert_int_equal(o.switches, level > 0.70 ? 1 : o.switches != 0);
        // Both at a time are never late where one is not.
        assert_true(o.worst < fmax(1.0, level * (1.05 * (1.0 + JITTER))));
    }
    return most;
}

static void test_wobble_around_any_level(void **state)
{
    (void)state;
    for (int r = 0; r < RATIOS; r++) {
        for (int p = 0; p < PERIODS; p++) {
            assert_int_equal(check_wobble(ratios[r], periods[p], 3.0), 1);
            assert_int_equal(check_wobble(ratios[r], periods[p], 20.0), 1); // longer than it waits
        }
    }
}

static double stepping(const course *c, double s, bool narrow)
{
    (void)narrow;
    return s < 2.0 || s > 10.0 ? c->level : c->level + c->step;
}

static void test_steps(void **state)
{
    (void)state;
    int late = 0;
    for (int r = 0; r < RATIOS; r++) {
        for (int p = 0; p < PERIODS; p++) {
            for (int from = 21; from < 60; from += 5) {
                for (int percent = 61; percent < 100; percent += 4) {
                    const double level = 0.01 * from, to = 0.01 * percent;
                    const course c = {stepping, .seconds = 20.0, .level = level,
                                      .step = to - level};
                    const outcome o = run(&c, ratios[r], periods[p]);
                    late = o.late > late ? o.late : late;
                    const bool stays = level * (1.0 + ratios[r]) > BL_OVERLOAD_SAFE;
                    assert_int_equal(o.switches, to < 0.70 ? 0 : stays ? 1 : 2);
                    assert_true(o.switches < 2 || o.at_s[1] - 10.0 >= BL_OVERLOAD_QUIET_S - 0.4);
                }
            }
        }
    }
    print_message("at most %d late periods\n", late);
    assert_true(late <= BL_OVERLOAD_LATE); // what it takes to see that feeding is too much
}

// What the narrow width tells about the full one is wrong: every return is in vain.
static double misleading(const course *c, double s, bool narrow)
{
    (void)s;
    return narrow ? c->level : c->level + c->step;
}

static void test_returns_in_vain_become_rare(void **state)
{
    (void)state;
    const course c = {misleading, .seconds = 400.0, .level = 0.4, .step = 0.35, .jitter = JITTER};
    for (int r = 0; r < RATIOS; r++) {
        const outcome o = run(&c, ratios[r], 256);
        double quiet_s = BL_OVERLOAD_QUIET_S;
        assert_true(o.switches >= 10);
        for (int i = 1; i < o.switches; i += 2) {
            const double fallen_s = o.at_s[i] - o.at_s[i - 1];
            assert_true(fallen_s > 0.98 * quiet_s && fallen_s < 1.02 * quiet_s + 0.3);
            quiet_s = fmin(2.0 * quiet_s, BL_OVERLOAD_QUIET_S << BL_OVERLOAD_DOUBLINGS);
        }
        assert_true(o.switches <= 17);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow_ramps),
        cmocka_unit_test(test_wobble_around_any_level),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_returns_in_vain_become_rare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
