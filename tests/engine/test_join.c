// SPDX-License-Identifier: MIT
// Joining: a chain that has heard everything is taken at the one frame it stands at, and at no
// other; one that was missed goes back and comes again; in freewheel it is played what is missing.

#include "backline/engine.h"

#include "support/chains.h"
#include "support/cmocka_all.h"
#include "support/engines.h"

#include <string.h>

enum { FRAMES = 4096, FADE = 240, DELAY = 1000 };

static float in[FRAMES], out[FRAMES];

static uint64_t sounding(const bl_engine *engine)
{
    return bl_engine_sounding(engine, NULL);
}

/// Has played chain 2 alone for a while; chain 1 waits to be taken back, so that nothing joins.
static bl_engine *held_engine(uint32_t *at)
{
    bl_engine *engine = engine_of(bare_config());
    fill_noise(in, FRAMES, 1);
    bl_engine_swap(engine, gain_chain(1, 0.0));
    bl_engine_process(engine, in, out, 64);
    bl_engine_swap(engine, gain_chain(2, 0.0));
    bl_engine_process(engine, in + 64, out + 64, 320);
    assert_int_equal(sounding(engine), 2);
    *at = 384;
    return engine;
}

/// One that gives the input back later: it tells whether it has heard all of it.
static bl_chain *replayed_chain(bl_engine *engine)
{
    bl_chain *chain = net_chain(3, 1.0F, DELAY);
    chain->memory_frames = DELAY;
    while (bl_engine_replay(engine, chain, 100) > 0) {
    }
    return chain;
}

static void check_joined(bl_engine *engine, uint32_t at)
{
    bl_engine_process(engine, in + at, out + at, 300);
    assert_int_equal(sounding(engine), 3);
    at += 300;
    bl_engine_process(engine, in + at, out + at, 1000);
    assert_memory_equal(out + at, in + at - DELAY, 1000 * sizeof *out);
    bl_engine_destroy(engine);
}

static void test_one_that_was_missed_comes_again(void **state)
{
    (void)state;
    uint32_t at;
    bl_engine *engine = held_engine(&at);
    bl_chain *chain = replayed_chain(engine);
    assert_int_equal(bl_engine_join_state(engine), BL_JOIN_NONE);
    assert_true(bl_engine_join(engine, chain, 3));
    assert_int_equal(bl_engine_join_state(engine), BL_JOIN_WAITING);
    assert_null(bl_engine_withdraw(engine));
    bl_engine_process(engine, in + at, out + at, 64);
    at += 64;
    assert_int_equal(bl_engine_join_state(engine), BL_JOIN_STALE);
    bl_chain_destroy(bl_engine_take_retired(engine));
    bl_engine_process(engine, in + at, out + at, 640); // could be taken now, but is not where it is
    assert_memory_equal(out + at, in + at, 640 * sizeof *out);
    at += 640;
    assert_int_equal(sounding(engine), 2);
    assert_ptr_equal(bl_engine_withdraw(engine), chain);
    assert_int_equal(bl_engine_join_state(engine), BL_JOIN_NONE);
    assert_false(bl_engine_join(engine, chain, 3)); // nor yet
    assert_int_equal(bl_engine_replay(engine, chain, 700), 4);
    assert_int_equal(bl_engine_replay(engine, chain, 700), 0);
    assert_true(bl_engine_join(engine, chain, 3));
    check_joined(engine, at);
}

static void test_freewheel_plays_it_what_is_missing(void **state)
{
    (void)state;
    uint32_t at;
    bl_engine *engine = held_engine(&at);
    bl_chain *chain = replayed_chain(engine);
    assert_true(bl_engine_join(engine, chain, 3));
    bl_engine_process(engine, in + at, out + at, 500);
    at += 500;
    bl_chain_destroy(bl_engine_take_retired(engine));
    bl_engine_play_whole(engine);
    check_joined(engine, at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_that_was_missed_comes_again),
        cmocka_unit_test(test_freewheel_plays_it_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
