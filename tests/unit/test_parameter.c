// SPDX-License-Identifier: MIT
// The parameter table: rows that make sense, and clamping of everything.

#include "backline/parameter.h"

#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

static void test_rows_make_sense(void **state)
{
    (void)state;
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        const bl_parameter_info *info = bl_parameter_get((bl_parameter)p);
        assert_true(info->min < info->max);
        assert_true(info->default_value >= info->min && info->default_value <= info->max);
        assert_true(info->smoothing_ms >= 0.0 && info->smoothing_ms <= 1000.0);
        assert_true(info->label[0] != '\0' && info->key[0] != '\0');
        assert_int_equal(strspn(info->key, "abcdefghijklmnopqrstuvwxyz0123456789_"),
                         strlen(info->key));
        for (int other = 0; other < p; other++) {
            assert_string_not_equal(info->key, bl_parameter_get((bl_parameter)other)->key);
        }
    }
}

static void test_clamps(void **state)
{
    (void)state;
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        const bl_parameter parameter = (bl_parameter)p;
        const bl_parameter_info *info = bl_parameter_get(parameter);
        const double middle = (info->min + info->max) / 2;
        const double cases[][2] = {
            {info->min, info->min},     {info->max, info->max},
            {middle, middle},           {info->min - 1e-9, info->min},
            {info->max + 1, info->max}, {-HUGE_VAL, info->min},
            {HUGE_VAL, info->max},      {(double)NAN, info->default_value},
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const double got = bl_parameter_clamp(parameter, cases[i][0]);
            assert_memory_equal(&got, &cases[i][1], sizeof got);
        }
    }
}

static void check_target(bl_parameter parameter, double value, double expected)
{
    assert_true(fabs(bl_parameter_target(parameter, value) - expected) < 1e-12);
}

static void test_targets_follow_the_curve(void **state)
{
    (void)state;
    check_target(BL_PARAMETER_LEVEL, -20.0, 0.1);
    assert_true(bl_parameter_target(BL_PARAMETER_LEVEL, 0.0) == 1.0);
    check_target(BL_PARAMETER_LEVEL, 100.0, pow(10.0, 12.0 / 20.0));
    check_target(BL_PARAMETER_LOW_CUT, 128.0, 7.0);
    check_target(BL_PARAMETER_BASS, 7.5, 7.5);
    check_target(BL_PARAMETER_GATE_ON, 0.7, 1.0);
    check_target(BL_PARAMETER_GATE_ON, 0.2, 0.0);
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        const bl_parameter_info *info = bl_parameter_get((bl_parameter)p);
        assert_true(info->curve != BL_CURVE_LOG || info->min > 0.0);
        assert_true(info->curve != BL_CURVE_SWITCH || (info->min == 0.0 && info->max == 1.0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_make_sense),
        cmocka_unit_test(test_clamps),
        cmocka_unit_test(test_targets_follow_the_curve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
