// SPDX-License-Identifier: MIT
// The ring: order, fullness, wrap of the counters, and two threads at once.

#include "backline/ring.h"

#include "rt/ring.h"
#include "support/cmocka_all.h"

#include <pthread.h>
#include <sched.h>

typedef struct record {
    uint64_t number, square;
} record;

static void test_refuses_what_cannot_be(void **state)
{
    (void)state;
    assert_null(bl_ring_create(8, 0));
    assert_null(bl_ring_create(UINT32_MAX, 8));
    bl_ring_destroy(NULL);
}

static void test_capacity_is_at_least_as_asked(void **state)
{
    (void)state;
    const uint32_t asked[] = {0, 1, 2, 3, 7, 8, 100};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        bl_ring *ring = bl_ring_create(asked[i], 1);
        assert_non_null(ring);
        uint32_t held = 0;
        for (uint8_t byte = 0; bl_ring_write(ring, &byte); byte++) {
            held++;
        }
        assert_true(held >= asked[i] && held <= 2 * asked[i] + 1);
        bl_ring_destroy(ring);
    }
}

static void test_keeps_order_and_bytes(void **state)
{
    (void)state;
    bl_ring *ring = bl_ring_create(4, sizeof(record));
    record got = {.number = 77};
    assert_false(bl_ring_read(ring, &got));
    assert_int_equal(got.number, 77);
    uint64_t written = 0, read = 0;
    for (int round = 0; round < 100; round++) {
        for (int n = 0; n < 1 + round % 4; n++) {
            assert_true(bl_ring_write(ring, &(record){written, written * written}));
            written++;
        }
        while (bl_ring_read(ring, &got)) {
            assert_int_equal(got.number, read);
            assert_int_equal(got.square, read * read);
            read++;
        }
        assert_int_equal(read, written);
    }
    bl_ring_destroy(ring);
}

static void test_full_ring_loses_nothing(void **state)
{
    (void)state;
    bl_ring *ring = bl_ring_create(4, sizeof(record));
    for (uint64_t i = 0; i < 4; i++) {
        assert_true(bl_ring_write(ring, &(record){.number = i}));
    }
    assert_false(bl_ring_write(ring, &(record){.number = 99}));
    record got;
    for (uint64_t i = 0; i < 4; i++) {
        assert_true(bl_ring_read(ring, &got));
        assert_int_equal(got.number, i);
    }
    assert_false(bl_ring_read(ring, &got));
    bl_ring_destroy(ring);
}

static void test_counters_wrap(void **state)
{
    (void)state;
    bl_ring *ring = bl_ring_create(4, sizeof(record));
    atomic_store(&ring->written, UINT32_MAX - 5);
    atomic_store(&ring->read, UINT32_MAX - 5);
    record got;
    for (uint64_t i = 0; i < 20; i += 4) {
        for (uint64_t n = i; n < i + 4; n++) {
            assert_true(bl_ring_write(ring, &(record){.number = n}));
        }
        assert_false(bl_ring_write(ring, &(record){.number = 99}));
        for (uint64_t n = i; n < i + 4; n++) {
            assert_true(bl_ring_read(ring, &got));
            assert_int_equal(got.number, n);
        }
        assert_false(bl_ring_read(ring, &got));
    }
    bl_ring_destroy(ring);
}

enum { RECORDS = 200000 };

static void *produce(void *argument)
{
    bl_ring *ring = argument;
    for (uint64_t i = 0; i < RECORDS; i++) {
        while (!bl_ring_write(ring, &(record){i, i * i})) {
            sched_yield();
        }
    }
    return NULL;
}

static void test_two_threads(void **state)
{
    (void)state;
    bl_ring *ring = bl_ring_create(64, sizeof(record));
    pthread_t producer;
    assert_int_equal(pthread_create(&producer, NULL, produce, ring), 0);
    uint64_t wrong = 0;
    for (uint64_t i = 0; i < RECORDS; i++) {
        record got;
        while (!bl_ring_read(ring, &got)) {
            sched_yield();
        }
        wrong += got.number != i || got.square != i * i;
    }
    pthread_join(producer, NULL);
    record got;
    assert_int_equal(wrong, 0);
    assert_false(bl_ring_read(ring, &got));
    bl_ring_destroy(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses_what_cannot_be),
        cmocka_unit_test(test_capacity_is_at_least_as_asked),
        cmocka_unit_test(test_keeps_order_and_bytes),
        cmocka_unit_test(test_full_ring_loses_nothing),
        cmocka_unit_test(test_counters_wrap),
        cmocka_unit_test(test_two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
