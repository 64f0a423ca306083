// SPDX-License-Identifier: MIT
// The arena: alignment, zeroes, its limit, and sizes that overflow.

#include "setup/arena.h"

#include "rt/net.h"
#include "support/cmocka_all.h"

static void test_pieces_are_aligned_zero_and_apart(void **state)
{
    (void)state;
    bl_arena *arena = bl_arena_create(1 << 20);
    unsigned char *pieces[100];
    for (size_t i = 0; i < 100; i++) {
        pieces[i] = bl_arena_take(arena, i, 3);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % BL_NET_ALIGN, 0);
        for (size_t byte = 0; byte < 3 * i; byte++) {
            assert_int_equal(pieces[i][byte], 0);
            pieces[i][byte] = (unsigned char)i;
        }
    }
    for (size_t i = 0; i < 100; i++) {
        for (size_t byte = 0; byte < 3 * i; byte++) {
            assert_int_equal(pieces[i][byte], i);
        }
    }
    bl_arena_destroy(arena);
}

static void test_limit_holds(void **state)
{
    (void)state;
    bl_arena *arena = bl_arena_create(10000);
    assert_null(bl_arena_take(arena, 1, 10001));
    assert_non_null(bl_arena_take(arena, 1, 5000));
    const size_t used = bl_arena_bytes(arena);
    assert_true(used >= 5000 && used < 5200);
    assert_null(bl_arena_take(arena, 1, 5000));
    assert_int_equal(bl_arena_bytes(arena), used);
    assert_non_null(bl_arena_take(arena, 1, 4000));
    assert_true(bl_arena_bytes(arena) <= 10000);
    bl_arena_destroy(arena);
}

static void test_sizes_do_not_overflow(void **state)
{
    (void)state;
    bl_arena *arena = bl_arena_create(SIZE_MAX);
    assert_null(bl_arena_take(arena, SIZE_MAX, 1));
    assert_null(bl_arena_take(arena, SIZE_MAX / 2, 2));
    assert_null(bl_arena_take(arena, SIZE_MAX / 8 + 2, 8));
    assert_null(bl_arena_take(arena, (size_t)1 << 33, (size_t)1 << 33));
    assert_int_equal(bl_arena_bytes(arena), 0);
    assert_non_null(bl_arena_take(arena, 0, 8));
    assert_non_null(bl_arena_take(arena, 8, 0));
    bl_arena_destroy(arena);
    bl_arena_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_are_aligned_zero_and_apart),
        cmocka_unit_test(test_limit_holds),
        cmocka_unit_test(test_sizes_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
