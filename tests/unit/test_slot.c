// SPDX-License-Identifier: MIT
// The slot: whoever takes owns, and with two threads at it nothing is lost or owned twice.

#include "backline/slot.h"

#include "support/cmocka_all.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static void test_put_and_take(void **state)
{
    (void)state;
    bl_slot slot = {NULL};
    int a, b;
    assert_true(bl_slot_is_empty(&slot));
    assert_null(bl_slot_take(&slot));
    assert_null(bl_slot_exchange(&slot, &a));
    assert_false(bl_slot_is_empty(&slot));
    assert_ptr_equal(bl_slot_exchange(&slot, &b), &a);
    assert_ptr_equal(bl_slot_take(&slot), &b);
    assert_null(bl_slot_take(&slot));
    assert_true(bl_slot_is_empty(&slot));
}

enum { ITEMS = 200000 };

typedef struct shared {
    bl_slot slot;
    uint8_t owned[ITEMS]; ///< 1 when put, and 1 for each time it came out, on whichever side
    atomic_bool done;
} shared;

static void *take_all(void *argument)
{
    shared *s = argument;
    for (;;) {
        const bool last = atomic_load(&s->done);
        uint8_t *item = bl_slot_take(&s->slot);
        if (item != NULL) {
            ++*item;
        } else if (last) {
            return NULL;
        } else {
            sched_yield();
        }
    }
}

static void test_two_threads(void **state)
{
    (void)state;
    static shared s;
    pthread_t taker;
    assert_int_equal(pthread_create(&taker, NULL, take_all, &s), 0);
    uint32_t displaced = 0;
    for (int i = 0; i < ITEMS; i++) {
        s.owned[i] = 1; // plain memory, handed over by the slot alone
        uint8_t *back = bl_slot_exchange(&s.slot, &s.owned[i]);
        if (back != NULL) {
            ++*back;
            displaced++;
        }
        if (i % 64 == 0) {
            sched_yield();
        }
    }
    atomic_store(&s.done, true);
    pthread_join(taker, NULL);
    for (int i = 0; i < ITEMS; i++) {
        assert_int_equal(s.owned[i], 2);
    }
    assert_true(displaced < ITEMS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_and_take),
        cmocka_unit_test(test_two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
