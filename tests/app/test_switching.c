// SPDX-License-Identifier: MIT
// Random switches among every model there is, asked for by the audio thread and by MAIN at once:
// what is heard stays exact, no step is larger than a fade makes, the audio thread allocates
// nothing. BL_SWITCHES says how many (100).

#include "gig.h"

#ifdef BL_GUARDED
#include "rt_guard.h"
#endif

#include <glob.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

enum { SWITCHES = 100, GAP_MAX = 3000, PERIOD_MOST = 300 };

/// Frames in which nobody chooses any more, so that the last fade ends.
enum { END = 8000 };

static glob_t goldens;

/// The reference player's files, where they are.
static void add_goldens(void)
{
    const char *shared = getenv("BL_SHARED");
    char pattern[1024];
    snprintf(pattern, sizeof pattern, "%s/golden/*.nam",
             shared != NULL ? shared : BL_SOURCE_DIR "/../shared");
    glob_t found = {0};
    if (glob(pattern, 0, NULL, &found) != 0) {
        print_message("no models in %s: the project's own alone\n", pattern);
    }
    for (size_t i = 0; i < found.gl_pathc && rig_count < RIGS_MAX; i++) {
        test_rig file = files[i % TEST_RIGS];
        file.name = strrchr(found.gl_pathv[i], '/') + 1;
        snprintf(file.model, sizeof file.model, "%s", found.gl_pathv[i]);
        add_rig(&file);
    }
    goldens = found; // their names are kept
}

static int remove_all(void **state)
{
    globfree(&goldens);
    return test_folder_remove(state);
}

static int make_all_rigs(void **state)
{
    const int failed = make_rigs(state);
    add_goldens();
    return failed;
}

typedef struct match {
    world w;
    uint32_t switches;
    passage *passages;
    int count;
    _Atomic uint32_t played; ///< frames, RT -> MAIN
} match;

static void process_guarded(world *w, uint32_t at, uint32_t frames)
{
#ifdef BL_GUARDED
    rt_guard_enter();
#endif
    bl_engine_process(w->engine, w->in + at, w->out + at, frames);
#ifdef BL_GUARDED
    rt_guard_leave();
#endif
}

/// Notes who sounds, once the stage has seen it.
static void note(match *m)
{
    bl_stage_state state;
    bl_stage_get_state(m->w.stage, &state);
    const bool first = m->count == 0 && state.switches > 0;
    if (first || (m->count > 0 && state.switches == (uint64_t)m->count + 1)) {
        m->passages[m->count++] = (passage){state.sounding, state.asked_frame, state.sounds_frame};
    }
}

static void *run_audio(void *argument)
{
    match *m = argument;
    world *w = &m->w;
    random_source random = {3};
    uint32_t next = 0;
    for (uint32_t at = 0; at < w->frames;) {
        const uint32_t wish = 1 + random_below(&random, PERIOD_MOST), left = w->frames - at;
        const uint32_t frames = wish < left ? wish : left;
        if (at >= next && left > END) {
            bl_stage_choose_now(w->stage, FIRST_LIST,
                                (int)random_below(&random, (uint32_t)rig_count));
            next = at + random_below(&random, GAP_MAX);
        }
        bl_stage_wait(w->stage, PATIENCE_MS); // MAIN may choose again meanwhile: then not settled
        note(m);
        process_guarded(w, at, frames);
        at += frames;
        atomic_store(&m->played, at);
    }
    bl_stage_wait(w->stage, PATIENCE_MS);
    note(m);
    return NULL;
}

/// MAIN: chooses at random moments, looks at the state all the time.
static void choose_along(match *m)
{
    random_source random = {4};
    while (atomic_load(&m->played) + END < m->w.frames) {
        const uint32_t until = atomic_load(&m->played) + random_below(&random, GAP_MAX);
        while (atomic_load(&m->played) < until && atomic_load(&m->played) + END < m->w.frames) {
            sched_yield();
        }
        bl_stage_choose(m->w.stage, (int)random_below(&random, (uint32_t)rig_count));
        bl_telemetry record;
        while (bl_engine_poll(m->w.engine, &record)) {
        }
    }
}

/// Steps that are larger than the larger of both sides' own and the fade's share.
static int count_clicks(const match *m)
{
    int clicks = 0;
    for (int n = 0; n + 1 < m->count; n++) {
        const uint64_t end = m->passages[n + 1].end;
        const float *a = m->w.of[m->passages[n].rig], *b = m->w.of[m->passages[n + 1].rig];
        for (uint64_t f = end - FADE; f < end; f++) {
            const float own = fmaxf(fabsf(a[f] - a[f - 1]), fabsf(b[f] - b[f - 1]));
            const float apart = fmaxf(fabsf(b[f] - a[f]), fabsf(b[f - 1] - a[f - 1]));
            const float step = fabsf(m->w.out[f] - m->w.out[f - 1]);
            clicks += !(step <= own + apart / FADE + 1e-5F);
        }
    }
    return clicks;
}

static void test_random_switches_from_two_threads(void **state)
{
    (void)state;
    const char *asked = getenv("BL_SWITCHES");
    match m = {.switches = asked != NULL ? (uint32_t)atoi(asked) : SWITCHES};
    m.w = world_make(m.switches * GAP_MAX / 2, fill_guitar);
    m.passages = calloc(m.w.frames / FADE + 2, sizeof *m.passages);
    assert_non_null(m.passages);
    assert_int_equal(bl_stage_set_rigs(m.w.stage, rigs, rig_count, 0, NULL), BL_STATUS_OK);
    assert_true(bl_stage_wait(m.w.stage, PATIENCE_MS));
    pthread_t audio;
    assert_int_equal(pthread_create(&audio, NULL, run_audio, &m), 0);
    choose_along(&m);
    pthread_join(audio, NULL);

    bl_stage_state end;
    bl_stage_get_state(m.w.stage, &end);
    print_message("%d rigs, %d switches, %.0f MiB in memory, %.0f locked\n", rig_count, m.count,
                  (double)end.memory_bytes / 1048576.0, (double)end.locked_bytes / 1048576.0);
    assert_int_equal(end.failed, 0);
    assert_int_equal(end.loaded, rig_count);
    assert_int_equal(end.switches, m.count); // none was missed
    assert_true(m.count > (int)m.switches / 4);
    const double worst = distance(&m.w, m.passages, m.count);
    const int clicks = count_clicks(&m);
    print_message("at most %.2g off, %d clicks\n", worst, clicks);
    assert_true(worst <= 1e-5);
    assert_int_equal(clicks, 0);
    free(m.passages);
    world_finish(&m.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_switches_from_two_threads),
    };
    return cmocka_run_group_tests(tests, make_all_rigs, remove_all);
}
