// SPDX-License-Identifier: MIT
// A gig for tests of switching: rigs as files, a stage with an engine, what every rig would give if
// it alone had played from the first frame, and how far the sound is from that.

#ifndef TESTS_APP_GIG_H
#define TESTS_APP_GIG_H

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

enum { RIGS_MAX = 64, FIRST_LIST = 1 };
enum { RATE_HZ = 48000, FADE = 240, PERIOD = 64, PATIENCE_MS = 60000 };

static test_rig files[RIGS_MAX];
static bl_rig rigs[RIGS_MAX];
static int rig_count;

static inline void add_rig(const test_rig *file)
{
    assert_true(rig_count < RIGS_MAX);
    files[rig_count] = *file;
    bl_rig *rig = &rigs[rig_count++];
    *rig = bl_rig_default();
    rig->match_loudness = false;
    memcpy(rig->model, file->model, sizeof file->model);
    memcpy(rig->cab, file->cab, sizeof file->cab);
    memcpy(rig->parameters, file->parameters, sizeof rig->parameters);
}

static inline int make_rigs(void **state)
{
    if (test_folder_make(state) != 0) {
        return -1;
    }
    for (int r = 0; r < TEST_RIGS; r++) {
        const test_rig file = test_rig_make(r);
        add_rig(&file);
    }
    return 0;
}

/// A chain of rig `r` as the stage builds it.
static inline bl_chain *chain_of(int r)
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
static inline float *always_played(int r, const float *in, uint32_t frames)
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
    float *in, *out, *of[RIGS_MAX];
} world;

static inline void fill_guitar(float *in, uint32_t frames)
{
    test_guitar_fill(in, frames, 11);
}

static inline world world_make(uint32_t frames, void (*fill)(float *in, uint32_t frames))
{
    world w = {.frames = frames};
    w.in = malloc(frames * sizeof *w.in);
    w.out = malloc(frames * sizeof *w.out);
    assert_true(w.in != NULL && w.out != NULL);
    fill(w.in, frames);
    for (int r = 0; r < rig_count; r++) {
        w.of[r] = always_played(r, w.in, frames);
    }
    w.engine = engine_of(bare_config());
    assert_int_equal(bl_stage_create(-1, &w.stage, NULL), BL_STATUS_OK);
    bl_stage_set_engine(w.stage, w.engine, RATE_HZ, 1.0, true);
    return w;
}

static inline void world_finish(world *w)
{
    bl_stage_destroy(w->stage, PATIENCE_MS);
    bl_engine_destroy(w->engine);
    for (int r = 0; r < rig_count; r++) {
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

/// The largest distance of what was heard from what each rig gives, and during a fade from the
/// straight line between two, against the peak.
static inline double distance(const world *w, const passage *passages, int count)
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

#endif
