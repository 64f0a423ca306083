// SPDX-License-Identifier: MIT
// A hundred thousand swaps against a spinning audio thread: every output sample is checked against
// the two chains that may sound in it, every chain is freed once, generations never run backwards.

#include "backline/engine.h"

#include "rt/engine.h"
#include "support/chains.h"
#include "support/cmocka_all.h"
#include "support/engines.h"
#include "support/random.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { SWAPS = 100000, FADE = 48, PERIOD_MAX = 200 }; // fades of 1 ms at 48 kHz

typedef struct rig {
    bl_engine *engine;
    atomic_bool loaded; ///< LOADER has put its last chain
    atomic_bool ended;  ///< RT has stopped
    _Atomic uint32_t destroyed;
    // RT alone until it has ended.
    uint64_t heard, wrong;
} rig;

static float gain_of(const bl_chain *chain)
{
    return chain == NULL ? 0.0F : chain->parameters[BL_PARAMETER_LEVEL].target;
}

static uint64_t generation_of(const bl_chain *chain)
{
    return chain == NULL ? 0 : chain->generation;
}

// One period of ones: between the two gains throughout, in steps no larger than a linear fade
// makes, and where it ended.
static uint64_t wrong_samples(const float *out, uint32_t frames, float from, float to, float *last)
{
    const float rounding = 1e-6F;
    const float step = fabsf(to - from) / (float)FADE + rounding;
    uint64_t wrong = 0;
    for (uint32_t i = 0; i < frames; i++) {
        const bool between =
            out[i] >= fminf(from, to) - rounding && out[i] <= fmaxf(from, to) + rounding;
        wrong += !between || !(fabsf(out[i] - *last) <= step);
        *last = out[i];
    }
    return wrong;
}

static void *run_audio(void *argument)
{
    rig *r = argument;
    bl_engine *engine = r->engine;
    random_source random = {1};
    float ones[PERIOD_MAX], out[PERIOD_MAX], last = gain_of(engine->live);
    fill_with(ones, PERIOD_MAX, 1.0F);
    for (bool last_round = false; !last_round;) {
        // Done once a round that began after the last put found nothing left to do.
        last_round = atomic_load(&r->loaded) && bl_slot_is_empty(&engine->next) &&
                     engine->successor == NULL && !engine->swap_untold;
        const float from = gain_of(engine->live);
        const uint64_t generation = generation_of(engine->live);
        const bool fading = engine->successor != NULL;
        float to = gain_of(engine->successor);
        const uint32_t frames = random_below(&random, PERIOD_MAX + 1);
        bl_engine_process(engine, ones, out, frames);
        if (!fading) { // then one may have been taken, and even have arrived
            to = gain_of(engine->successor != NULL ? engine->successor : engine->live);
            r->heard += engine->successor != NULL || generation_of(engine->live) != generation;
        }
        r->wrong += wrong_samples(out, frames, from, to, &last);
        r->wrong += generation_of(engine->live) < generation;
        if (!fading) {
            sched_yield(); // lets the other two run where there are fewer processors than threads
        }
    }
    atomic_store(&r->ended, true);
    return NULL;
}

static void *run_loader(void *argument)
{
    rig *r = argument;
    random_source random = {2};
    for (uint64_t generation = 2; generation <= SWAPS; generation++) {
        bl_chain *chain = gain_chain(generation, (double)random_float(&random, -20.0F, 0.0F));
        bl_chain *displaced = bl_engine_swap(r->engine, chain);
        if (displaced != NULL) {
            atomic_fetch_add(&r->destroyed, 1);
            bl_chain_destroy(displaced);
        }
        // Half are let through, the others are displaced or not as it happens.
        const bool patient = random_below(&random, 2) == 0;
        while (patient && !bl_slot_is_empty(&r->engine->next)) {
            sched_yield();
        }
    }
    atomic_store(&r->loaded, true);
    return NULL;
}

static void test_swaps_against_a_spinning_audio_thread(void **state)
{
    (void)state;
    bl_engine_config config = bare_config();
    config.crossfade_ms = 1.0;
    rig r = {.engine = engine_of(config)};
    bl_engine_swap(r.engine, gain_chain(1, 0.0));
    float silence = 0.0F;
    bl_engine_process(r.engine, &silence, &silence, 1); // the first chain has no fade here
    pthread_t audio, loader;
    assert_int_equal(pthread_create(&audio, NULL, run_audio, &r), 0);
    assert_int_equal(pthread_create(&loader, NULL, run_loader, &r), 0);

    uint64_t told = 0, backwards = 0, resets = 0;
    bool ended = false;
    while (!ended) {
        ended = atomic_load(&r.ended);
        bl_chain *old = bl_engine_take_retired(r.engine);
        if (old != NULL) {
            atomic_fetch_add(&r.destroyed, 1);
            bl_chain_destroy(old);
        }
        bl_telemetry record;
        while (bl_engine_poll(r.engine, &record)) {
            backwards += record.generation < told;
            told = record.generation;
        }
        resets += bl_engine_control(r.engine, &(bl_control){.kind = BL_CONTROL_RESET});
        sched_yield();
    }
    pthread_join(loader, NULL);
    pthread_join(audio, NULL);
    bl_chain *old = bl_engine_take_retired(r.engine);
    r.destroyed += old != NULL;
    bl_chain_destroy(old);

    print_message("%d swaps, %lu heard, %lu resets\n", SWAPS, (unsigned long)r.heard,
                  (unsigned long)resets);
    assert_int_equal(r.wrong, 0);
    assert_int_equal(backwards, 0);
    assert_int_equal(told, SWAPS);
    assert_int_equal(r.destroyed, SWAPS - 1); // the last one plays on
    assert_int_equal(generation_of(r.engine->live), SWAPS);
    assert_true(r.heard > SWAPS / 4 && r.heard < SWAPS);
    bl_engine_destroy(r.engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_swaps_against_a_spinning_audio_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
