// SPDX-License-Identifier: MIT
// What others see of the stage: its threads, the list of rigs, what is asked for.

#include "stage_parts.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void bl_stage_enter(bl_stage *stage)
{
    atomic_fetch_add(&stage->visitors, 1);
    pthread_mutex_lock(&stage->lock);
    atomic_fetch_sub(&stage->visitors, 1);
}

static struct timespec moment_in(long microseconds)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += microseconds % 1000000 * 1000;
    t.tv_sec += microseconds / 1000000 + t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

static void tell_main(bl_stage *stage)
{
    const uint64_t one = 1;
    stage->state.serial += stage->changed;
    if (stage->changed && stage->wake_fd >= 0 && write(stage->wake_fd, &one, sizeof one) < 0) {
        return; // full: MAIN has not looked since
    }
    stage->changed = false;
}

static void *run_loader(void *argument)
{
    bl_stage *stage = argument;
    pthread_mutex_lock(&stage->lock);
    while (!stage->ending) {
        const long pause_us = bl_stage_step(stage);
        tell_main(stage);
        if (pause_us > 0) {
            const struct timespec until = moment_in(pause_us);
            pthread_cond_timedwait(&stage->rouse, &stage->lock, &until);
        }
        pthread_mutex_unlock(&stage->lock);
        while (atomic_load(&stage->visitors) > 0) {
            sched_yield();
        }
        pthread_mutex_lock(&stage->lock);
    }
    pthread_mutex_unlock(&stage->lock);
    return NULL;
}

static void init_conditions(bl_stage *stage)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&stage->lock, NULL);
    pthread_cond_init(&stage->build, &monotonic);
    pthread_cond_init(&stage->rouse, &monotonic);
    pthread_cond_init(&stage->settled, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

/// All or none.
static bool start_threads(bl_stage *stage)
{
    static void *(*const what[])(void *) = {bl_stage_build, bl_stage_measure, run_loader};
    pthread_t *const threads[] = {&stage->builder, &stage->measurer, &stage->loader};
    int started = 0;
    while (started < 3 && pthread_create(threads[started], NULL, what[started], stage) == 0) {
        started++;
    }
    if (started == 3) {
        return true;
    }
    bl_stage_enter(stage);
    stage->ending = true;
    pthread_cond_broadcast(&stage->build);
    pthread_mutex_unlock(&stage->lock);
    while (started-- > 0) {
        pthread_join(*threads[started], NULL);
    }
    return false;
}

bl_status bl_stage_create(int wake_fd, bl_stage **stage, bl_error *error)
{
    bl_stage *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to start");
    }
    s->wake_fd = wake_fd;
    s->chosen = BL_STAGE_NONE;
    s->state.sounding = BL_STAGE_NONE;
    init_conditions(s);
    s->requests = bl_ring_create(BL_STAGE_REQUESTS, sizeof(bl_stage_request));
    if (s->requests == NULL || !start_threads(s)) {
        bl_ring_destroy(s->requests);
        free(s);
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "cannot start a thread");
    }
    *stage = s;
    return BL_STATUS_OK;
}

static void free_entry(bl_stage_entry *entry)
{
    if (entry->place == BL_STAGE_HOME) {
        bl_chain_destroy(entry->chain);
    }
    bl_model_release(entry->model);
}

static void free_stage(bl_stage *stage)
{
    for (int i = 0; i < stage->count; i++) {
        free_entry(&stage->entries[i]);
    }
    free_entry(&stage->guest);
    free(stage->entries);
    free(stage->order);
    bl_ring_destroy(stage->requests);
    pthread_cond_destroy(&stage->build);
    pthread_cond_destroy(&stage->rouse);
    pthread_cond_destroy(&stage->settled);
    pthread_mutex_destroy(&stage->lock);
    free(stage);
}

void bl_stage_leave(bl_stage *stage, bool *ended)
{
    *ended = true;
    const bool last = stage->abandoned && stage->builder_ended && stage->measurer_ended;
    pthread_cond_broadcast(&stage->build);
    pthread_mutex_unlock(&stage->lock);
    if (last) {
        free_stage(stage);
    }
}

void bl_stage_destroy(bl_stage *stage, int patience_ms)
{
    if (stage == NULL) {
        return;
    }
    const struct timespec until = moment_in(patience_ms * 1000L);
    bl_stage_enter(stage);
    stage->ending = true;
    stage->engine = NULL;
    bl_stage_give_up_measuring(stage);
    pthread_cond_broadcast(&stage->build);
    bool ended = false;
    for (int code = 0; !ended && code == 0;) {
        ended = stage->builder_ended && stage->measurer_ended;
        code = ended ? 0 : pthread_cond_timedwait(&stage->build, &stage->lock, &until);
    }
    pthread_mutex_unlock(&stage->lock);
    pthread_join(stage->loader, NULL);
    bl_stage_enter(stage);
    const pthread_t threads[] = {stage->builder, stage->measurer};
    const bool abandoned = !stage->builder_ended || !stage->measurer_ended;
    stage->abandoned = abandoned; // one of them reads from a disk that does not answer
    pthread_mutex_unlock(&stage->lock);
    for (int i = 0; i < 2; i++) {
        if (abandoned) {
            pthread_detach(threads[i]);
        } else {
            pthread_join(threads[i], NULL);
        }
    }
    if (!abandoned) {
        free_stage(stage);
    }
}

void bl_stage_set_engine(bl_stage *stage, bl_engine *engine, double sample_rate_hz, double quality,
                         bool whole)
{
    bl_stage_enter(stage);
    // What the old engine holds is its own, and goes with it.
    for (int i = 0; i < stage->count; i++) {
        bl_stage_entry *entry = &stage->entries[i];
        bl_stage_discard(stage, entry->place == BL_STAGE_HOME ? entry->chain : NULL, entry->model);
        entry->chain = NULL;
        entry->model = NULL;
        entry->place = BL_STAGE_HOME;
        entry->generation = 0;
        entry->armed = false;
        entry->shown = (bl_stage_rig){.phase = BL_STAGE_WAITING};
        entry->id = ++stage->ids;
    }
    bl_stage_discard(stage, stage->guest.place == BL_STAGE_HOME ? stage->guest.chain : NULL, NULL);
    stage->guest = (bl_stage_entry){.chain = NULL};
    stage->engine = engine;
    atomic_store(&stage->engine_now, engine);
    stage->sample_rate_hz = sample_rate_hz;
    stage->quality = quality;
    stage->whole = whole;
    stage->joining = NULL;
    stage->sounding_generation = 0;
    stage->state.sounding = BL_STAGE_NONE;
    stage->choice.frame = 0;
    bl_stage_sort(stage);
    pthread_cond_broadcast(&stage->build);
    pthread_mutex_unlock(&stage->lock);
}

uint64_t bl_stage_next_generation(bl_stage *stage)
{
    return atomic_fetch_add(&stage->stamps, 1) + 1;
}

// Stamped by whoever chooses, so that the newest wins whatever order they arrive in.
static bl_stage_request make_request(bl_stage *stage, int index)
{
    bl_engine *engine = atomic_load_explicit(&stage->engine_now, memory_order_acquire);
    return (bl_stage_request){
        .index = index,
        .stamp = bl_stage_next_generation(stage),
        .frame = engine != NULL ? bl_engine_heard_frames(engine) : 0,
    };
}

void bl_stage_set_calibration(bl_stage *stage, bool calibrate, double interface_dbu)
{
    bl_stage_enter(stage);
    stage->calibrate = calibrate;
    stage->interface_dbu = interface_dbu;
    pthread_mutex_unlock(&stage->lock);
}

static bool same_files(const bl_rig *a, const bl_rig *b)
{
    return strcmp(a->model, b->model) == 0 && strcmp(a->cab, b->cab) == 0 &&
           a->match_loudness == b->match_loudness && a->spill == b->spill;
}

/// Moves into `entry` what an old entry has that fits: one with the same parameters if there is
/// one.
static void take_over(bl_stage *stage, bl_stage_entry *entry, int index, bool *taken)
{
    int best = BL_STAGE_NONE;
    for (int n = 0; n < stage->count; n++) {
        const int i = (index + n) % stage->count; // the same place first
        const bl_rig *old = &stage->entries[i].rig;
        if (taken[i] || !same_files(old, &entry->rig)) {
            continue;
        }
        if (bl_rig_same_parameters(old->parameters, entry->rig.parameters)) {
            best = i;
            break;
        }
        best = best == BL_STAGE_NONE ? i : best;
    }
    if (best == BL_STAGE_NONE) {
        return;
    }
    const bl_rig rig = entry->rig;
    taken[best] = true;
    *entry = stage->entries[best];
    entry->rig = rig;
}

/// Parameters of a chain that is not at home go to the audio thread.
static void send_parameter(bl_stage *stage, const bl_stage_entry *entry, bl_parameter parameter)
{
    bl_engine_control(stage->engine, &(bl_control){.kind = BL_CONTROL_PARAMETER,
                                                   .parameter = parameter,
                                                   .value = entry->rig.parameters[parameter],
                                                   .generation = entry->generation});
}

static void apply_parameters(bl_stage *stage, bl_stage_entry *entry, const bl_rig *before)
{
    if (entry->place == BL_STAGE_HOME) {
        bl_stage_set_parameters(entry);
        return;
    }
    for (int p = 0; p < BL_PARAMETER_COUNT && stage->engine != NULL; p++) {
        if (entry->rig.parameters[p] != before->parameters[p]) {
            send_parameter(stage, entry, (bl_parameter)p);
        }
    }
}

static void replace_entries(bl_stage *stage, bl_stage_entry *entries, int count, bool *taken)
{
    for (int i = 0; i < count; i++) {
        entries[i].id = ++stage->ids;
        if (stage->count > 0) {
            take_over(stage, &entries[i], i, taken);
        }
        const int old = bl_stage_find_id(stage, entries[i].id);
        if (old != BL_STAGE_NONE) {
            apply_parameters(stage, &entries[i], &stage->entries[old].rig);
        }
    }
    for (int i = 0; i < stage->count; i++) {
        bl_stage_entry *old = &stage->entries[i];
        if (!taken[i]) {
            bl_stage_discard(stage, old->place == BL_STAGE_HOME ? old->chain : NULL, old->model);
        }
    }
}

bl_status bl_stage_set_rigs(bl_stage *stage, const bl_rig *rigs, int count, int chosen,
                            bl_error *error)
{
    if (count < 0 || count > BL_LIMIT_RIGS) {
        return bl_error_set(error, BL_STATUS_LIMIT,
                            "the set list has %d rigs, more than the %d allowed", count,
                            BL_LIMIT_RIGS);
    }
    bl_stage_entry *entries = calloc((size_t)count + 1, sizeof *entries);
    int *order = calloc((size_t)count + 1, sizeof *order);
    bool *taken = calloc(BL_LIMIT_RIGS, sizeof *taken);
    if (entries == NULL || order == NULL || taken == NULL) {
        free(entries);
        free(order);
        free(taken);
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory for the set list");
    }
    for (int i = 0; i < count; i++) {
        entries[i].rig = rigs[i];
        entries[i].shown.phase = BL_STAGE_WAITING;
    }
    bl_stage_enter(stage);
    replace_entries(stage, entries, count, taken);
    free(stage->entries);
    free(stage->order);
    stage->entries = entries;
    stage->order = order;
    stage->count = count;
    stage->list++;
    if (chosen >= 0 && chosen < count) {
        stage->choice = make_request(stage, chosen);
        stage->chosen = chosen;
    } else if (stage->chosen != BL_STAGE_GUEST) {
        stage->chosen = BL_STAGE_NONE;
    }
    if (stage->state.sounding != BL_STAGE_GUEST) {
        stage->state.sounding = bl_stage_find_id(stage, stage->sounding_id);
    }
    stage->changed = true;
    bl_stage_sort(stage);
    pthread_cond_broadcast(&stage->build);
    pthread_mutex_unlock(&stage->lock);
    free(taken);
    return BL_STATUS_OK;
}

uint32_t bl_stage_get_list(const bl_stage *stage)
{
    return stage->list;
}

bool bl_stage_choose_now(bl_stage *stage, uint32_t list, int index)
{
    bl_stage_request request = make_request(stage, index);
    request.list = list;
    return bl_ring_write(stage->requests, &request);
}

bool bl_stage_give(bl_stage *stage, bl_chain *chain, const bl_trim *trim, const bl_rig *unmeasured)
{
    bl_stage_enter(stage);
    const uint64_t generation = bl_chain_generation(chain);
    const bool wanted = stage->engine != NULL && generation > stage->choice.stamp;
    if (wanted) {
        bl_stage_entry *guest = &stage->guest;
        bl_stage_discard(stage, guest->place == BL_STAGE_HOME ? guest->chain : NULL, NULL);
        *guest = (bl_stage_entry){.chain = chain, .generation = generation, .id = ++stage->ids};
        guest->shown.measuring = unmeasured != NULL;
        guest->shown.trim = trim != NULL ? *trim : (bl_trim){.source = BL_TRIM_OFF};
        guest->rig = unmeasured != NULL ? *unmeasured : (bl_rig){.name = ""};
        stage->choice = make_request(stage, BL_STAGE_GUEST);
        stage->choice.stamp = generation;
        stage->chosen = BL_STAGE_GUEST;
        stage->changed = true;
        bl_stage_step(stage); // the first one is there before the audio thread begins
        pthread_cond_broadcast(&stage->rouse);
        pthread_cond_broadcast(&stage->build);
    }
    pthread_mutex_unlock(&stage->lock);
    return wanted;
}

void bl_stage_choose(bl_stage *stage, int index)
{
    bl_stage_enter(stage);
    if (index >= 0 && index < stage->count) {
        stage->choice = make_request(stage, index);
        stage->chosen = index;
        stage->changed = true;
        bl_stage_sort(stage);
        pthread_cond_broadcast(&stage->build);
        pthread_cond_broadcast(&stage->rouse);
    } else if (index == BL_STAGE_NONE) {
        stage->choice.stamp = bl_stage_next_generation(stage);
    }
    pthread_mutex_unlock(&stage->lock);
}

int bl_stage_get_heard(bl_stage *stage)
{
    bl_stage_enter(stage);
    bl_stage_take_requests(stage);
    const int heard = stage->chosen != BL_STAGE_NONE ? stage->chosen : stage->state.sounding;
    pthread_mutex_unlock(&stage->lock);
    return heard;
}

void bl_stage_set_parameter(bl_stage *stage, int index, bl_parameter parameter, double value)
{
    bl_stage_enter(stage);
    if (index >= 0 && index < stage->count) {
        bl_stage_entry *entry = &stage->entries[index];
        entry->rig.parameters[parameter] = bl_parameter_clamp(parameter, value);
        if (entry->place == BL_STAGE_HOME) {
            bl_stage_set_parameters(entry);
        } else if (stage->engine != NULL) {
            send_parameter(stage, entry, parameter);
        }
    }
    pthread_mutex_unlock(&stage->lock);
}

void bl_stage_get_state(bl_stage *stage, bl_stage_state *state)
{
    bl_stage_enter(stage);
    bl_stage_state *s = &stage->state;
    s->rig_count = stage->count;
    s->chosen = stage->chosen;
    s->loaded = s->armed = s->failed = 0;
    s->memory_bytes = s->locked_bytes = s->loose_bytes = 0;
    for (int i = 0; i < stage->count; i++) {
        const bl_stage_entry *entry = &stage->entries[i];
        s->loaded += entry->chain != NULL;
        s->armed += entry->chain != NULL && (entry->armed || entry->place != BL_STAGE_HOME);
        s->failed += entry->shown.phase == BL_STAGE_FAILED;
        s->memory_bytes += bl_stage_model_bytes(stage, i) + entry->shown.bytes;
        s->locked_bytes += entry->shown.locked_bytes;
        s->loose_bytes += entry->shown.bytes - entry->shown.locked_bytes;
    }
    *state = *s;
    pthread_mutex_unlock(&stage->lock);
}

bool bl_stage_get_model(bl_stage *stage, int index, bl_model_info *model)
{
    bl_stage_enter(stage);
    const bl_model *found = index >= 0 && index < stage->count ? stage->entries[index].model : NULL;
    if (found != NULL) {
        *model = *bl_model_get_info(found);
    }
    pthread_mutex_unlock(&stage->lock);
    return found != NULL;
}

bool bl_stage_get_rig(bl_stage *stage, int index, bl_stage_rig *rig)
{
    bl_stage_enter(stage);
    const bool is_guest = index == BL_STAGE_GUEST && stage->guest.chain != NULL;
    const bool found = is_guest || (index >= 0 && index < stage->count);
    if (found) {
        const bl_stage_entry *entry = is_guest ? &stage->guest : &stage->entries[index];
        *rig = entry->shown;
        if (entry->chain != NULL) {
            rig->phase = entry->place != BL_STAGE_HOME ? BL_STAGE_PLAYING
                         : entry->armed                ? BL_STAGE_ARMED
                                                       : BL_STAGE_LOADED;
        }
    }
    pthread_mutex_unlock(&stage->lock);
    return found;
}

bool bl_stage_wait(bl_stage *stage, int timeout_ms)
{
    const struct timespec until = moment_in(timeout_ms * 1000L);
    bl_stage_enter(stage);
    const uint64_t stamp = atomic_load(&stage->stamps);
    const uint64_t frame = stage->engine != NULL ? bl_engine_heard_frames(stage->engine) : 0;
    bool settled = false;
    stage->settled_frame = UINT64_MAX; // only what is seen from now on counts
    for (int code = 0; !settled && code == 0;) {
        pthread_cond_broadcast(&stage->rouse);
        code = pthread_cond_timedwait(&stage->settled, &stage->lock, &until);
        settled = stage->settled_frame == frame && stage->settled_stamp >= stamp;
    }
    pthread_mutex_unlock(&stage->lock);
    return settled;
}
