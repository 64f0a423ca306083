// SPDX-License-Identifier: MIT
// Taps by a hand that is not quite even, one that changes its mind, and a pedal that bounces.

#include "tempo.h"

#include "support/cmocka_all.h"

#include <math.h>

static void tap_all(bl_tempo *tempo, const int64_t *times_ms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bl_tempo_tap(tempo, times_ms[i]);
    }
}

#define TAP(tempo, ...)                                                                            \
    tap_all(tempo, (const int64_t[]){__VA_ARGS__},                                                 \
            sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void expect(const bl_tempo *tempo, double bpm)
{
    if (!(fabs(tempo->bpm - bpm) < 0.05)) {
        fail_msg("%g bpm, expected %g", tempo->bpm, bpm);
    }
}

static void test_is_the_mean(void **state)
{
    (void)state;
    bl_tempo tempo = {0};
    TAP(&tempo, 1000);
    expect(&tempo, 0.0);
    TAP(&tempo, 1500);
    expect(&tempo, 120.0);
    TAP(&tempo, 2020, 2490, 3000);
    expect(&tempo, 120.0);
    TAP(&tempo, 3500, 4000, 4500, 5000, 5500); // the early ones count no more
    expect(&tempo, 120.0);
}

static void test_begins_anew(void **state)
{
    (void)state;
    bl_tempo tempo = {0};
    TAP(&tempo, 0, 500, 1000);
    TAP(&tempo, 9000); // after a pause: the old tempo until there is a new one
    expect(&tempo, 120.0);
    TAP(&tempo, 9600, 10200);
    expect(&tempo, 100.0);
    TAP(&tempo, 10500, 10800); // twice as fast, without a pause
    expect(&tempo, 200.0);
}

static void test_bounces_and_bounds(void **state)
{
    (void)state;
    bl_tempo tempo = {0};
    TAP(&tempo, 0, 30, 500, 540, 1000);
    expect(&tempo, 120.0);
    bl_tempo slow = {0}, fast = {0};
    TAP(&slow, 0, 2000);
    expect(&slow, 30.0);
    TAP(&slow, 4001); // slower than any
    expect(&slow, 30.0);
    TAP(&fast, 0, 200, 400);
    expect(&fast, 300.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_the_mean),
        cmocka_unit_test(test_begins_anew),
        cmocka_unit_test(test_bounces_and_bounds),
    };
    return cmocka_run_group_tests_name("tempo", tests, NULL, NULL);
}
