// SPDX-License-Identifier: MIT
// LOADER: brings chains along with the input, hands over the one that shall be heard, takes back
// the one that was. What is chosen is a state, not an event: each round compares it with where the
// chains are and does what is missing.

#include "stage_parts.h"

enum {
    REST_US = 2000,     // while all is as it shall be: what a program change may wait
    REST_SOON_US = 100, // while a chain is on its way
};

bl_stage_entry *bl_stage_find_chain(bl_stage *stage, const bl_chain *chain)
{
    for (int i = 0; i < stage->count && chain != NULL; i++) {
        if (stage->entries[i].chain == chain) {
            return &stage->entries[i];
        }
    }
    return chain != NULL && stage->guest.chain == chain ? &stage->guest : NULL;
}

bl_stage_entry *bl_stage_get_chosen(bl_stage *stage)
{
    return stage->chosen >= 0                ? &stage->entries[stage->chosen]
           : stage->chosen == BL_STAGE_GUEST ? &stage->guest
                                             : NULL;
}

int bl_stage_find_id(const bl_stage *stage, uint64_t id)
{
    for (int i = 0; i < stage->count; i++) {
        if (stage->entries[i].id == id) {
            return i;
        }
    }
    return BL_STAGE_NONE;
}

void bl_stage_discard(bl_stage *stage, bl_chain *chain, bl_model *model)
{
    if (chain == NULL && model == NULL) {
        return;
    }
    if (stage->waste_count == BL_STAGE_TRASH_MAX) {
        bl_chain_destroy(chain);
        bl_model_release(model);
        return;
    }
    stage->waste[stage->waste_count++] = (bl_stage_waste){chain, model};
    pthread_cond_broadcast(&stage->build);
}

void bl_stage_set_parameters(bl_stage_entry *entry)
{
    for (int p = 0; p < BL_PARAMETER_COUNT && entry->chain != NULL; p++) {
        bl_chain_set_parameter(entry->chain, (bl_parameter)p, entry->rig.parameters[p]);
    }
}

/// Adds a rig to the order, once, and arms it while there is room.
static void rank(bl_stage *stage, int index, int *ranked, double *share)
{
    if (index < 0 || index >= stage->count) {
        return;
    }
    for (int n = 0; n < *ranked; n++) {
        if (stage->order[n] == index) {
            return;
        }
    }
    bl_stage_entry *entry = &stage->entries[index];
    stage->order[(*ranked)++] = index;
    entry->wanted = entry->chain != NULL && *share + entry->shown.share <= BL_STAGE_ARMED_SHARE;
    entry->armed = entry->armed && entry->wanted;
    *share += entry->wanted ? entry->shown.share : 0.0;
}

void bl_stage_sort(bl_stage *stage)
{
    const int chosen = stage->chosen >= 0 ? stage->chosen : 0;
    int ranked = 0;
    double share = 0.0;
    // The one that plays costs LOADER nothing now, but will be armed as soon as it is left.
    rank(stage, chosen, &ranked, &share);
    rank(stage, bl_stage_find_id(stage, stage->before_id), &ranked, &share);
    for (int distance = 1; ranked < stage->count; distance++) {
        rank(stage, chosen + distance, &ranked, &share);
        rank(stage, chosen - distance, &ranked, &share);
    }
}

void bl_stage_take_requests(bl_stage *stage)
{
    bl_stage_request request;
    for (int n = 0; n < BL_STAGE_REQUESTS && bl_ring_read(stage->requests, &request); n++) {
        if (request.list == stage->list && request.stamp > stage->choice.stamp &&
            request.index >= 0 && request.index < stage->count) {
            stage->choice = request;
            stage->chosen = request.index;
            stage->changed = true;
            bl_stage_sort(stage);
            pthread_cond_broadcast(&stage->build);
        }
    }
}

/// A chain is with LOADER again, exactly where the audio thread left it.
static void come_home(bl_stage *stage, bl_chain *chain)
{
    bl_stage_entry *entry = bl_stage_find_chain(stage, chain);
    if (entry == &stage->guest && stage->chosen != BL_STAGE_GUEST) {
        stage->guest.chain = NULL;
        entry = NULL;
    }
    if (entry == NULL) {
        bl_stage_discard(stage, chain, NULL); // its rig is not in the list any more
        return;
    }
    entry->place = BL_STAGE_HOME;
    if (entry != &stage->guest) {
        bl_stage_set_parameters(entry);
    }
    stage->changed = true;
}

static void take_back(bl_stage *stage)
{
    bl_chain *retired = bl_engine_take_retired(stage->engine);
    if (retired != NULL) {
        come_home(stage, retired);
    }
    const bl_join_state state = bl_engine_join_state(stage->engine);
    if (stage->joining == NULL || state == BL_JOIN_WAITING) {
        return;
    }
    bl_chain *stale = state == BL_JOIN_STALE ? bl_engine_withdraw(stage->engine) : NULL;
    bl_stage_entry *entry = bl_stage_find_chain(stage, stage->joining);
    if (stale != NULL) {
        come_home(stage, stale);
    } else if (entry != NULL) {
        entry->place = BL_STAGE_AWAY;
    }
    stage->joining = NULL;
}

static void note_switch(bl_stage *stage)
{
    uint64_t since = 0;
    const uint64_t generation = bl_engine_sounding(stage->engine, &since);
    if (generation == stage->sounding_generation) {
        return;
    }
    stage->sounding_generation = generation;
    stage->state.sounding = stage->guest.chain != NULL && stage->guest.generation == generation
                                ? BL_STAGE_GUEST
                                : BL_STAGE_NONE;
    for (int i = 0; i < stage->count; i++) {
        const bl_stage_entry *entry = &stage->entries[i];
        if (entry->generation == generation) {
            stage->before_id = stage->sounding_id;
            stage->sounding_id = entry->id;
            stage->state.sounding = i;
            stage->state.asked_frame = entry->asked_frame;
        }
    }
    stage->state.sounds_frame = since;
    stage->state.switches++;
    stage->changed = true;
    bl_stage_sort(stage);
}

/// How far behind a chain is after `frames` more.
static uint64_t bring(bl_stage *stage, bl_stage_entry *entry, uint32_t frames)
{
    const uint64_t behind = bl_engine_replay(stage->engine, entry->chain, frames);
    const bool armed =
        entry->wanted && (double)behind <= BL_STAGE_ARMED_MS * 1e-3 * stage->sample_rate_hz;
    stage->changed = stage->changed || armed != entry->armed;
    entry->armed = armed;
    entry->shown.behind_frames = behind < UINT32_MAX ? (uint32_t)behind : UINT32_MAX;
    return behind;
}

static bool is_home(const bl_stage_entry *entry)
{
    return entry->chain != NULL && entry->place == BL_STAGE_HOME;
}

/// Brings what is chosen to now and puts it in the audio thread's way. Returns how far it is.
static uint64_t hand_over(bl_stage *stage)
{
    bl_stage_entry *entry = bl_stage_get_chosen(stage);
    if (entry == NULL || !is_home(entry) || stage->joining != NULL) {
        return 0;
    }
    const uint64_t behind = bring(stage, entry, BL_STAGE_SLICE);
    const uint64_t generation =
        entry == &stage->guest ? entry->generation : bl_stage_next_generation(stage);
    if (!bl_engine_join(stage->engine, entry->chain, generation)) {
        return behind > 0 ? behind : 1; // or the next period has begun
    }
    entry->place = BL_STAGE_ON_WAY;
    entry->generation = generation;
    entry->asked_frame = stage->choice.frame;
    stage->joining = entry->chain;
    return 0;
}

/// Brings all that shall be armed a little nearer. True if some have still far to go.
static bool arm(bl_stage *stage)
{
    bool far = false;
    for (int n = 0; n < stage->count; n++) {
        bl_stage_entry *entry = &stage->entries[stage->order[n]];
        if (is_home(entry) && entry->wanted) {
            far = bring(stage, entry, BL_STAGE_SLICE) > BL_STAGE_SLICE || far;
        }
    }
    return far;
}

/// Whether all is as near to what is asked for as it can be before the next process call.
static bool is_settled(const bl_stage *stage, uint64_t heard)
{
    if (stage->chosen == BL_STAGE_GUEST &&
        (stage->guest.shown.measuring || (stage->joining == NULL && is_home(&stage->guest)))) {
        return false;
    }
    for (int i = 0; i < stage->count; i++) {
        const bl_stage_entry *entry = &stage->entries[i];
        const bool is_built = entry->chain != NULL || entry->shown.phase == BL_STAGE_FAILED;
        const bool is_due = i == stage->chosen && stage->joining == NULL;
        if (!is_built || entry->shown.measuring ||
            (is_home(entry) && (is_due || (entry->wanted && entry->shown.behind_frames > 0)))) {
            return false;
        }
    }
    return heard == bl_engine_heard_frames(stage->engine);
}

long bl_stage_step(bl_stage *stage)
{
    if (stage->engine == NULL) {
        return REST_US;
    }
    const uint64_t stamp = atomic_load(&stage->stamps);
    const uint64_t heard = bl_engine_heard_frames(stage->engine);
    bl_stage_take_requests(stage);
    take_back(stage);
    bl_stage_give_up_measuring(stage);
    note_switch(stage);
    const uint64_t behind = hand_over(stage);
    const bool near =
        behind > 0 && (double)behind <= BL_STAGE_ARMED_MS * 1e-3 * stage->sample_rate_hz;
    const bool far = !near && arm(stage); // what is chosen comes first, but for a long replay
    if (behind == 0 && !far && is_settled(stage, heard)) {
        stage->settled_stamp = stamp;
        stage->settled_frame = heard;
        pthread_cond_broadcast(&stage->settled);
    }
    return behind > 0 || far ? 0 : stage->joining != NULL ? REST_SOON_US : REST_US;
}
