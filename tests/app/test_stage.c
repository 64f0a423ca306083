// SPDX-License-Identifier: MIT
// Hot swap through the stage: what sounds is, sample by sample, what a chain would sound like that
// had played from the first frame; during a fade the straight line from one such chain to the next.

#include "gig.h"

/// Switches that were asked for and the way they went.
typedef struct gig {
    world w;
    passage *passages;
    int count, room;
    int wanted; ///< the rig asked for last
    uint64_t asked, sounding;
} gig;

/// Plays the periods that begin in [from, to), the stage never behind.
static void play(gig *g, uint32_t from, uint32_t to)
{
    world *w = &g->w;
    for (uint32_t at = from; at < to; at += PERIOD) {
        assert_true(bl_stage_wait(w->stage, PATIENCE_MS));
        bl_engine_process(w->engine, w->in + at, w->out + at, PERIOD);
        uint64_t since;
        const uint64_t generation = bl_engine_sounding(w->engine, &since);
        if (generation != g->sounding) {
            assert_true(g->count < g->room);
            g->sounding = generation;
            g->passages[g->count++] = (passage){g->wanted, g->asked, since};
        }
    }
}

static void choose(gig *g, int rig, uint32_t at)
{
    g->wanted = rig;
    g->asked = at;
    assert_true(bl_stage_choose_now(g->w.stage, rig));
}

static void check_gig(gig *g, int switches)
{
    assert_int_equal(g->count, switches);
    const double worst = distance(&g->w, g->passages, g->count);
    print_message("%d switches, at most %.2g off\n", g->count, worst);
    assert_true(worst <= 1e-5);
    world_finish(&g->w);
}

// All loaded before the first frame: the chains themselves have always played.
static void test_armed_rigs_sound_as_if_they_had_always_played(void **state)
{
    (void)state;
    enum { SWITCHES = 40, STEP = 12032 };
    passage passages[SWITCHES + 1];
    gig g = {world_make((SWITCHES + 1) * STEP, fill_guitar), passages, .room = SWITCHES + 1};
    random_source random = {5};
    assert_int_equal(bl_stage_set_rigs(g.w.stage, rigs, TEST_RIGS, 0, NULL), BL_STATUS_OK);
    play(&g, 0, STEP);
    for (uint32_t n = 1; n <= SWITCHES; n++) {
        choose(&g, (g.wanted + 1 + (int)random_below(&random, TEST_RIGS - 1)) % TEST_RIGS,
               n * STEP);
        play(&g, n * STEP, (n + 1) * STEP);
    }
    for (int n = 1; n < g.count; n++) {
        assert_true((double)(passages[n].end - passages[n].asked) <= 0.025 * RATE_HZ);
    }
    check_gig(&g, SWITCHES + 1);
}

// Loaded late: what they remember is replayed from the tape, from a frame on where their grid is.
static void test_late_rigs_sound_as_if_they_had_always_played(void **state)
{
    (void)state;
    enum { LATE = 19 * RATE_HZ, STEP = 9600 };
    passage passages[TEST_RIGS];
    gig g = {world_make(LATE + TEST_RIGS * STEP, fill_guitar), passages, .room = TEST_RIGS};
    bl_engine_process(g.w.engine, g.w.in, g.w.out, LATE);
    for (int r = 0; r < TEST_RIGS; r++) {
        bl_chain *chain = chain_of(r);
        const uint32_t memory = bl_chain_memory_frames(chain) + bl_chain_grid_frames(chain);
        print_message("%s: %.1f s\n", files[r].name, (double)memory / RATE_HZ);
        assert_true(memory < LATE); // else it is replayed from the first frame on
        bl_chain_destroy(chain);
    }
    assert_int_equal(bl_stage_set_rigs(g.w.stage, rigs, TEST_RIGS, BL_STAGE_NONE, NULL),
                     BL_STATUS_OK);
    for (uint32_t n = 0; n < TEST_RIGS; n++) {
        choose(&g, (int)n, LATE + n * STEP);
        play(&g, LATE + n * STEP, LATE + (n + 1) * STEP);
    }
    check_gig(&g, TEST_RIGS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_armed_rigs_sound_as_if_they_had_always_played),
        cmocka_unit_test(test_late_rigs_sound_as_if_they_had_always_played),
    };
    return cmocka_run_group_tests(tests, make_rigs, test_folder_remove);
}
