// SPDX-License-Identifier: MIT
// Hot swap through the stage: what sounds is, sample by sample, what a chain would sound like that
// had played from the first frame; during a fade the straight line from one such chain to the next.

#include "stage.h"

#include "backline/cab.h"
#include "backline/voice.h"

#include "support/cmocka_all.h"
#include "support/engines.h"
#include "support/folder.h"
#include "support/rigs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RATE_HZ = 48000, FADE = 240, PERIOD = 64, PATIENCE_MS = 60000 };

static test_rig files[TEST_RIGS];
static bl_rig rigs[TEST_RIGS];

static int make_rigs(void **state)
{
    if (test_folder_make(state) != 0) {
        return -1;
    }
    for (int r = 0; r < TEST_RIGS; r++) {
        files[r] = test_rig_make(r);
        rigs[r] = bl_rig_default();
        rigs[r].match_loudness = false;
        memcpy(rigs[r].model, files[r].model, sizeof files[r].model);
        memcpy(rigs[r].cab, files[r].cab, sizeof files[r].cab);
        memcpy(rigs[r].parameters, files[r].parameters, sizeof rigs[r].parameters);
    }
    return 0;
}

/// A chain of rig `r` as the stage builds it.
static bl_chain *chain_of(int r)
{
    bl_error error = {0};
    bl_cab cab = {0};
    bl_chain_config config = bl_chain_config_default();
    config.stages = true;
    if (bl_model_load(files[r].model, NULL, &config.model, &error) != BL_STATUS_OK ||
        (files[r].cab[0] != '\0' &&
         bl_cab_load(files[r].cab, RATE_HZ, &cab, &error) != BL_STATUS_OK)) {
        fail_msg("%s", error.text);
    }
    config.cab = cab.channels > 0 ? &cab : NULL;
    memcpy(config.parameters, files[r].parameters, sizeof config.parameters);
    bl_chain *chain = NULL;
    if (bl_chain_create(&config, &chain, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    bl_model_release(config.model);
    bl_cab_finish(&cab);
    return chain;
}

/// What rig `r` gives for `in` if it plays from the first frame on.
static float *always_played(int r, const float *in, uint32_t frames)
{
    float *out = malloc(frames * sizeof *out);
    assert_non_null(out);
    bl_chain *chain = chain_of(r);
    bl_voice_prepare_thread();
    for (uint32_t at = 0; at < frames; at += BL_INNER_FRAMES) {
        const uint32_t block = frames - at < BL_INNER_FRAMES ? frames - at : BL_INNER_FRAMES;
        bl_chain_process(chain, in + at, (float *[]){out + at}, block);
    }
    bl_chain_destroy(chain);
    return out;
}

/// A stage with an engine, all rigs loaded, and what all of them would give.
typedef struct world {
    bl_engine *engine;
    bl_stage *stage;
    uint32_t frames;
    float *in, *out, *of[TEST_RIGS];
} world;

static world world_make(uint32_t frames)
{
    world w = {.frames = frames};
    w.in = malloc(frames * sizeof *w.in);
    w.out = malloc(frames * sizeof *w.out);
    assert_true(w.in != NULL && w.out != NULL);
    test_guitar_fill(w.in, frames, 11);
    for (int r = 0; r < TEST_RIGS; r++) {
        w.of[r] = always_played(r, w.in, frames);
    }
    w.engine = engine_of(bare_config());
    assert_int_equal(bl_stage_create(-1, &w.stage, NULL), BL_STATUS_OK);
    bl_stage_set_engine(w.stage, w.engine, RATE_HZ, 1.0, true);
    return w;
}

static void world_finish(world *w)
{
    bl_stage_destroy(w->stage, PATIENCE_MS);
    bl_engine_destroy(w->engine);
    for (int r = 0; r < TEST_RIGS; r++) {
        free(w->of[r]);
    }
    free(w->in);
    free(w->out);
}

/// Where the sound passed from one rig to another.
typedef struct passage {
    int rig;
    uint64_t asked, end; ///< frames
} passage;

static double distance(const world *w, const passage *passages, int count)
{
    double worst = 0.0;
    for (int n = 0; n < count; n++) {
        const uint64_t until = n + 1 < count ? passages[n + 1].end : w->frames;
        const float *own = w->of[passages[n].rig];
        double peak = 1.0, largest = 0.0;
        for (uint64_t f = passages[n].end; f < until; f++) {
            double expected = (double)own[f];
            if (n + 1 < count && f + FADE >= until) {
                const double weight = (double)(f + FADE + 1 - until) / FADE;
                expected += weight * ((double)w->of[passages[n + 1].rig][f] - expected);
            }
            peak = fmax(peak, fabs(expected));
            largest = fmax(largest, fabs((double)w->out[f] - expected));
        }
        if (largest / peak > 1e-5) {
            print_message("%s, from frame %lu: off by %g of %g\n", files[passages[n].rig].name,
                          (unsigned long)passages[n].end, largest, peak);
        }
        worst = fmax(worst, largest / peak);
    }
    return worst;
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
    gig g = {world_make((SWITCHES + 1) * STEP), passages, .room = SWITCHES + 1};
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
    gig g = {world_make(LATE + TEST_RIGS * STEP), passages, .room = TEST_RIGS};
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
