// SPDX-License-Identifier: MIT
// Builds a chain and finds out whether it fits.

#include "fit.h"

#include "backline/limits.h"
#include "backline/voice.h"

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

// Of the cost of what it stands by for: 0.70 of a period, where the guard falls, and as much of it
// again stay below 0.95, so that it can be fed until then.
#define STAND_BY_RATIO 0.35

enum {
    PASS_FRAMES = 1024,
    PASSES = 9,
    BUDGET_NS = 40000000, // for a model that will not fit in any case
};

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static uint64_t play_pass(bl_chain *chain, uint32_t *noise)
{
    float block[BL_INNER_FRAMES], left[BL_INNER_FRAMES] = {0}, right[BL_INNER_FRAMES] = {0};
    const uint64_t start = cpu_ns();
    for (int at = 0; at < PASS_FRAMES; at += BL_INNER_FRAMES) {
        for (int i = 0; i < BL_INNER_FRAMES; i++) {
            *noise = *noise * 1664525U + 1013904223U; // Numerical Recipes' generator
            block[i] = (float)(int32_t)*noise * 0x1p-33F;
        }
        bl_chain_process(chain, block, (float *[]){left, right}, BL_INNER_FRAMES);
    }
    return cpu_ns() - start;
}

double bl_fit_measure_chain(bl_chain *chain)
{
    uint64_t passes[PASSES], spent = 0;
    uint32_t noise = 1;
    size_t count = 0;
    bl_voice_prepare_thread();
    spent += play_pass(chain, &noise); // fills the caches
    while (count < PASSES && (count == 0 || spent < BUDGET_NS)) {
        passes[count] = play_pass(chain, &noise);
        spent += passes[count++];
    }
    bl_chain_reset(chain);
    qsort(passes, count, sizeof *passes, compare);
    const uint64_t median_ns = passes[count / 2];
    return (double)median_ns / PASS_FRAMES;
}

// The next narrower chain that can be had, in place of `*chain`.
static bool narrow_down(bl_chain_config *config, bl_fit_measure measure, bl_chain **chain,
                        double *share)
{
    bl_chain *narrower = NULL;
    if (!bl_voice_quality_below(config->model, config->quality, &config->quality) ||
        bl_chain_create(config, &narrower, NULL) != BL_STATUS_OK) {
        return false;
    }
    bl_chain_destroy(*chain);
    *chain = narrower;
    *share = measure(narrower) * config->sample_rate_hz * 1e-9;
    return true;
}

// The widest form that saves enough, else the narrowest. One that costs next to nothing would tell
// little about what the full width would need now.
static void add_stand_by(const bl_chain_config *config, bl_fit_measure measure, bl_chain *chain,
                         double share)
{
    bl_chain_config at = *config;
    bl_chain *stand_by = NULL;
    double ratio = 1.0;
    while (ratio > STAND_BY_RATIO && narrow_down(&at, measure, &stand_by, &ratio)) {
        ratio /= share;
    }
    if (stand_by != NULL && !bl_chain_set_narrow(chain, stand_by, ratio)) {
        bl_chain_destroy(stand_by); // saves nothing
    }
}

bl_status bl_fit_build(const bl_chain_config *config, bool may_narrow, bl_fit_measure measure,
                       bl_chain **chain, bl_fit *fit, bl_error *error)
{
    *fit = (bl_fit){0};
    bl_chain *made = NULL;
    const bl_status status = bl_chain_create(config, &made, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    if (config->model != NULL) {
        bl_chain_config at = *config;
        fit->asked = measure(made) * config->sample_rate_hz * 1e-9;
        fit->share = fit->asked;
        while (may_narrow && fit->share > BL_FIT_MOST &&
               narrow_down(&at, measure, &made, &fit->share)) {
        }
        add_stand_by(&at, measure, made, fit->share);
    }
    *chain = made;
    return BL_STATUS_OK;
}
