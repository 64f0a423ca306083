// SPDX-License-Identifier: MIT
// Hot swap through the stage: what sounds is, sample by sample, what a chain would sound like that
// had played from the first frame; during a fade the straight line from one such chain to the next.

#include "gig.h"
#include "support/chains.h"

// Loudness is waited for here, and a busy machine starves who stands behind all others. The linker
// gives the name.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
int __wrap_setpriority(int which, unsigned who, int priority);

// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
int __wrap_setpriority(int which, unsigned who, int priority)
{
    (void)which;
    (void)who;
    (void)priority;
    return 0;
}

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
    assert_true(bl_stage_choose_now(g->w.stage, FIRST_LIST, rig));
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

// What is above hearing too tells one grid of a resampler from another.
static void fill_noisy(float *in, uint32_t frames)
{
    random_source random = {12};
    fill_guitar(in, frames);
    for (uint32_t f = 0; f < frames; f++) {
        in[f] = 0.7F * in[f] + random_float(&random, -0.2F, 0.2F);
    }
}

// Loaded late: what they remember is replayed from the tape, from a frame on where their grid is.
static void test_late_rigs_sound_as_if_they_had_always_played(void **state)
{
    (void)state;
    enum { LATE = 19 * RATE_HZ + 37, STEP = 9600 };
    passage passages[TEST_RIGS];
    gig g = {world_make(LATE + TEST_RIGS * STEP, fill_noisy), passages, .room = TEST_RIGS};
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

/// A stage that has the first `count` rigs and plays number 0.
static gig small_gig(passage *passages, int room, int count)
{
    gig g = {world_make(20 * 4800, fill_guitar), passages, .room = room};
    assert_int_equal(bl_stage_set_rigs(g.w.stage, rigs, count, 0, NULL), BL_STATUS_OK);
    play(&g, 0, 4800);
    return g;
}

static int sounding(const gig *g)
{
    bl_stage_state state;
    bl_stage_get_state(g->w.stage, &state);
    return state.sounding;
}

static void test_the_newest_choice_wins(void **state)
{
    (void)state;
    passage passages[4];
    gig g = small_gig(passages, 4, 3);
    assert_true(bl_stage_choose_now(g.w.stage, FIRST_LIST, 1));
    bl_stage_choose(g.w.stage, 2);
    play(&g, 4800, 9600);
    assert_int_equal(sounding(&g), 2);
    bl_stage_choose(g.w.stage, 0);
    assert_true(bl_stage_choose_now(g.w.stage, FIRST_LIST, 1));
    assert_true(bl_stage_choose_now(g.w.stage, FIRST_LIST, 7)); // not in the list
    play(&g, 9600, 14400);
    assert_int_equal(sounding(&g), 1);
    world_finish(&g.w);
}

static void test_a_load_that_comes_too_late_is_refused(void **state)
{
    (void)state;
    passage passages[4];
    gig g = small_gig(passages, 4, 2);
    bl_chain *late = gain_chain(bl_stage_next_generation(g.w.stage), 0.0);
    bl_stage_choose(g.w.stage, 1);
    assert_false(bl_stage_give(g.w.stage, late, NULL, NULL));
    bl_chain_destroy(late);
    play(&g, 4800, 9600);
    assert_int_equal(sounding(&g), 1);
    bl_chain *guest = gain_chain(bl_stage_next_generation(g.w.stage), 0.0);
    assert_true(bl_stage_give(g.w.stage, guest, NULL, NULL));
    play(&g, 9600, 14400);
    assert_int_equal(sounding(&g), BL_STAGE_GUEST);
    assert_memory_equal(g.w.out + 14300, g.w.in + 14300, 100 * sizeof(float));
    bl_stage_choose(g.w.stage, 0);
    play(&g, 14400, 19200);
    assert_int_equal(sounding(&g), 0);
    world_finish(&g.w);
}

// What is edited sounds as edited; what is not keeps its chain, and plays on.
static void test_an_edited_list_keeps_what_it_can(void **state)
{
    (void)state;
    passage passages[4];
    gig g = small_gig(passages, 4, 3);
    const uint64_t before = bl_engine_sounding(g.w.engine, NULL);
    bl_rig edited[4] = {rigs[3], rigs[0], rigs[1], rigs[1]};
    memset(edited[3].model, 'x', 10);
    edited[2].parameters[BL_PARAMETER_LEVEL] = -60.0;
    assert_int_equal(bl_stage_set_rigs(g.w.stage, edited, 4, 1, NULL), BL_STATUS_OK);
    play(&g, 4800, 9600);
    assert_int_equal(sounding(&g), 1);
    assert_int_equal(bl_engine_sounding(g.w.engine, NULL), before); // not a switch
    bl_stage_rig broken;
    assert_true(bl_stage_get_rig(g.w.stage, 3, &broken));
    assert_int_equal(broken.phase, BL_STAGE_FAILED);
    assert_non_null(strstr(broken.error.text, edited[3].model));
    bl_stage_choose(g.w.stage, 2);
    play(&g, 9600, 14400);
    for (int i = 14300; i < 14400; i++) {
        assert_true(fabsf(g.w.out[i]) <= 2e-3F);
    }
    bl_stage_choose(g.w.stage, 3); // cannot be had: what plays goes on
    play(&g, 14400, 19200);
    assert_int_equal(sounding(&g), 2);
    assert_false(bl_stage_get_rig(g.w.stage, 4, &broken));
    world_finish(&g.w);
}

static void test_too_many_rigs_change_nothing(void **state)
{
    (void)state;
    passage passages[4];
    gig g = small_gig(passages, 4, 2);
    bl_error error = {0};
    assert_int_equal(bl_stage_set_rigs(g.w.stage, rigs, BL_LIMIT_RIGS + 1, 0, &error),
                     BL_STATUS_LIMIT);
    assert_non_null(strstr(error.text, "1025"));
    bl_stage_state after;
    bl_stage_get_state(g.w.stage, &after);
    assert_int_equal(after.rig_count, 2);
    assert_true(after.memory_bytes > 0);
    world_finish(&g.w);
}

// A rig that nobody has measured is there with a guess; what plays it is moved to the figure when
// that is known, and ends where it would be if it had been known.
static void test_the_sound_does_not_wait_for_its_loudness(void **state)
{
    (void)state;
    enum { SECOND = RATE_HZ, FRAMES = 1200 * PERIOD };
    setenv("XDG_CACHE_HOME", test_folder_path(), 1);
    world w = world_make(FRAMES, fill_guitar);
    bl_stage_set_engine(w.stage, w.engine, RATE_HZ, 1.0, false);
    const bl_trim guess = {.trim_db = -12.0, .source = BL_TRIM_GUESSED};
    bl_rig clean = bl_rig_default();
    bl_chain_config config = bl_chain_config_default();
    bl_chain *chain = NULL;
    config.stages = true;
    config.trim_db = guess.trim_db;
    config.generation = bl_stage_next_generation(w.stage);
    assert_int_equal(bl_chain_create(&config, &chain, NULL), BL_STATUS_OK);
    assert_true(bl_stage_give(w.stage, chain, &guess, &clean));
    assert_true(bl_stage_wait(w.stage, PATIENCE_MS)); // the figure is there before the first frame
    bl_stage_rig shown;
    assert_true(bl_stage_get_rig(w.stage, BL_STAGE_GUEST, &shown));
    assert_false(shown.measuring);
    assert_int_equal(shown.trim.source, BL_TRIM_MEASURED);
    assert_true(fabs(shown.trim.trim_db - guess.trim_db) > 3.0);
    for (uint32_t at = 0; at < FRAMES; at += PERIOD) {
        for (uint32_t i = 0; i < PERIOD; i++) {
            w.in[at + i] *= 0.1F; // far below the ceiling
        }
        w.in[at] = 0.01F; // a mark in each period
        bl_engine_process(w.engine, w.in + at, w.out + at, PERIOD);
    }
    for (uint32_t at = FADE + PERIOD - FADE % PERIOD; at < FRAMES; at += PERIOD) {
        const double way = at + 1 < SECOND ? (double)(at + 1) / SECOND : 1.0;
        const double db = guess.trim_db + way * (shown.trim.trim_db - guess.trim_db);
        const double gain = (double)w.out[at] / (double)w.in[at];
        if (fabs(20.0 * log10(gain) - db) > 1e-3) {
            fail_msg("frame %u: %.4f dB, expected %.4f", at, 20.0 * log10(gain), db);
        }
    }
    world_finish(&w);
}

// While BUILDER is at one rig, another that it has built can sound already.
static void test_rigs_are_built_before_they_are_measured(void **state)
{
    (void)state;
    world w = world_make(PERIOD, fill_guitar);
    bl_stage_set_engine(w.stage, w.engine, RATE_HZ, 1.0, false);
    bl_rig both[2] = {rigs[0], rigs[1]};
    both[0].match_loudness = both[1].match_loudness = true;
    assert_int_equal(bl_stage_set_rigs(w.stage, both, 2, 0, NULL), BL_STATUS_OK);
    bl_stage_rig first = {0}, second = {0};
    for (bool seen = false; !seen && second.phase == BL_STAGE_WAITING;) {
        assert_true(bl_stage_get_rig(w.stage, 0, &first));
        assert_true(bl_stage_get_rig(w.stage, 1, &second));
        seen = first.phase != BL_STAGE_WAITING && second.phase == BL_STAGE_WAITING;
        assert_true(!seen || first.measuring);
    }
    assert_true(bl_stage_wait(w.stage, PATIENCE_MS));
    for (int r = 0; r < 2; r++) {
        assert_true(bl_stage_get_rig(w.stage, r, &first));
        assert_true(!first.measuring && first.trim.source == BL_TRIM_MEASURED);
    }
    world_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_armed_rigs_sound_as_if_they_had_always_played),
        cmocka_unit_test(test_late_rigs_sound_as_if_they_had_always_played),
        cmocka_unit_test(test_the_newest_choice_wins),
        cmocka_unit_test(test_a_load_that_comes_too_late_is_refused),
        cmocka_unit_test(test_an_edited_list_keeps_what_it_can),
        cmocka_unit_test(test_too_many_rigs_change_nothing),
        cmocka_unit_test(test_the_sound_does_not_wait_for_its_loudness),
        cmocka_unit_test(test_rigs_are_built_before_they_are_measured),
    };
    return cmocka_run_group_tests(tests, make_rigs, test_folder_remove);
}
