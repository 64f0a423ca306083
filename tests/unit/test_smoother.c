// SPDX-License-Identifier: MIT
// The smoother: straight lines, exact arrival, and no trace of how frames are cut into blocks.

#include "rt/smoother.h"

#include "backline/limits.h"
#include "support/cmocka_all.h"
#include "support/random.h"

#include <math.h>
#include <string.h>

static void test_moves_in_a_straight_line_and_arrives(void **state)
{
    (void)state;
    bl_smoother smoother = bl_smoother_at(0.25F, 100);
    assert_true(bl_smoother_rests_at(&smoother, 0.25F));
    bl_smoother_move(&smoother, 0.75F);
    assert_false(bl_smoother_rests_at(&smoother, 0.75F));
    float values[120];
    bl_smoother_fill(&smoother, values, 120);
    for (int i = 0; i < 100; i++) {
        assert_true(fabsf(values[i] - (0.25F + 0.5F * (float)(i + 1) / 100.0F)) < 1e-6F);
    }
    for (int i = 99; i < 120; i++) {
        assert_true(values[i] == 0.75F);
    }
    assert_true(bl_smoother_rests_at(&smoother, 0.75F));
}

static void test_length_zero_and_jump_act_at_once(void **state)
{
    (void)state;
    bl_smoother smoother = bl_smoother_at(0.0F, 0);
    bl_smoother_move(&smoother, 0.3F);
    assert_true(bl_smoother_rests_at(&smoother, 0.3F));
    smoother = bl_smoother_at(0.0F, 10);
    bl_smoother_move(&smoother, 1.0F);
    bl_smoother_jump(&smoother, 0.5F);
    float value;
    bl_smoother_fill(&smoother, &value, 1);
    assert_true(value == 0.5F);
}

static void test_turning_round_starts_where_it_is(void **state)
{
    (void)state;
    bl_smoother smoother = bl_smoother_at(0.0F, 100);
    float values[100];
    bl_smoother_move(&smoother, 1.0F);
    bl_smoother_fill(&smoother, values, 40);
    bl_smoother_move(&smoother, 1.0F); // on its way there already
    bl_smoother_fill(&smoother, values, 1);
    assert_true(fabsf(values[0] - 0.41F) < 1e-6F);
    bl_smoother_move(&smoother, 0.0F);
    bl_smoother_fill(&smoother, values, 100);
    for (int i = 0; i < 100; i++) {
        assert_true(fabsf(values[i] - 0.41F * (float)(99 - i) / 100.0F) < 1e-6F);
    }
    assert_true(values[99] == 0.0F);
}

static void test_blocks_leave_no_trace(void **state)
{
    (void)state;
    random_source random = {1};
    for (int round = 0; round < 50; round++) {
        enum { FRAMES = 500 };
        float whole[FRAMES], cut[FRAMES];
        bl_smoother one = bl_smoother_at(random_float(&random, 0.0F, 2.0F), 333);
        bl_smoother_move(&one, random_float(&random, 0.0F, 2.0F));
        bl_smoother other = one;
        bl_smoother_fill(&one, whole, FRAMES);
        for (uint32_t at = 0; at < FRAMES;) {
            uint32_t part = random_below(&random, 70);
            part = part < FRAMES - at ? part : FRAMES - at;
            bl_smoother_fill(&other, cut + at, part);
            at += part;
        }
        assert_memory_equal(whole, cut, sizeof whole);
    }
}

static void test_scale_at_one_changes_no_bit(void **state)
{
    (void)state;
    random_source random = {2};
    float samples[BL_INNER_FRAMES], before[BL_INNER_FRAMES];
    for (int i = 0; i < BL_INNER_FRAMES; i++) {
        const uint32_t bits = (uint32_t)random_bits(&random); // NaN, infinity, denormals and all
        memcpy(&samples[i], &bits, sizeof bits);
    }
    memcpy(before, samples, sizeof before);
    bl_smoother smoother = bl_smoother_at(1.0F, 10);
    bl_smoother_scale(&smoother, samples, BL_INNER_FRAMES);
    assert_memory_equal(samples, before, sizeof before);
    bl_smoother_jump(&smoother, 0.5F);
    samples[0] = 3.0F;
    bl_smoother_scale(&smoother, samples, 1);
    assert_true(samples[0] == 1.5F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves_in_a_straight_line_and_arrives),
        cmocka_unit_test(test_length_zero_and_jump_act_at_once),
        cmocka_unit_test(test_turning_round_starts_where_it_is),
        cmocka_unit_test(test_blocks_leave_no_trace),
        cmocka_unit_test(test_scale_at_one_changes_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
