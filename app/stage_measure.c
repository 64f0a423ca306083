// SPDX-License-Identifier: MIT
// MEASURER: finds out how loud rigs are that play with a guess so far, one at a time, when all are
// built; the chain takes the trim wherever it is. The playing is done by a thread of its own, which
// stands behind all others and so never takes the lock.

#include "stage_parts.h"

#include <string.h>
#include <sys/resource.h>

enum { NICE = 10 }; // behind all that plays and builds, but not idle: the end waits for it a moment

/// One measurement, copied out of the list.
typedef struct task {
    bl_stage_recipe recipe;
    const atomic_bool *given_up;
    bl_trim trim; ///< what came of it
} task;

static bl_stage_entry *find_entry(bl_stage *stage, uint64_t id)
{
    const int index = bl_stage_find_id(stage, id);
    return index != BL_STAGE_NONE                                ? &stage->entries[index]
           : stage->guest.chain != NULL && stage->guest.id == id ? &stage->guest
                                                                 : NULL;
}

/// What is to be measured next, or NULL: nothing, or something is still to be built.
static const bl_stage_entry *find_unmeasured(const bl_stage *stage)
{
    const bl_stage_entry *found =
        stage->guest.chain != NULL && stage->guest.shown.measuring ? &stage->guest : NULL;
    for (int n = 0; n < stage->count; n++) {
        const bl_stage_entry *entry = &stage->entries[stage->order[n]];
        if (entry->chain == NULL && entry->shown.phase != BL_STAGE_FAILED) {
            return NULL;
        }
        if (found == NULL && entry->shown.measuring) {
            found = entry;
        }
    }
    return stage->engine != NULL ? found : NULL;
}

static bool find_task(bl_stage *stage, task *next)
{
    const bl_stage_entry *entry = find_unmeasured(stage);
    if (entry == NULL) {
        return false;
    }
    *next = (task){.recipe = bl_stage_copy_recipe(stage, entry), .given_up = &stage->given_up};
    stage->measured_id = entry->id;
    atomic_store(&stage->given_up, false);
    return true;
}

static void *play(void *argument)
{
    task *t = argument;
    bl_stage_material material;
    setpriority(PRIO_PROCESS, 0, NICE); // of Linux, the calling thread and those that it starts
    if (bl_stage_read(&t->recipe, &material, NULL) == BL_STATUS_OK) {
        material.wish.given_up = t->given_up;
        bl_trim_find(&material.config, &material.wish, &t->trim);
        bl_cab_finish(&material.cab);
        bl_model_release(material.config.model);
    }
    return NULL;
}

/// What could not be measured keeps its guess. Under the lock.
static void hand_in(bl_stage *stage, const task *done)
{
    bl_stage_entry *entry = find_entry(stage, done->recipe.id);
    stage->measured_id = 0;
    if (stage->ending || entry == NULL || entry->chain == NULL) {
        return;
    }
    entry->shown.measuring = false;
    if (done->trim.source == BL_TRIM_MEASURED) {
        entry->shown.trim = done->trim;
        bl_chain_set_trim(entry->chain, done->trim.trim_db);
    }
    stage->changed = true;
    pthread_cond_broadcast(&stage->rouse);
}

void bl_stage_give_up_measuring(bl_stage *stage)
{
    if (stage->measured_id != 0 &&
        (stage->ending || find_entry(stage, stage->measured_id) == NULL)) {
        atomic_store(&stage->given_up, true);
    }
}

void *bl_stage_measure(void *argument)
{
    bl_stage *stage = argument;
    bl_stage_enter(stage);
    while (!stage->ending) {
        task next;
        if (!find_task(stage, &next)) {
            pthread_cond_wait(&stage->build, &stage->lock);
            continue;
        }
        pthread_t player;
        pthread_mutex_unlock(&stage->lock);
        if (pthread_create(&player, NULL, play, &next) == 0) {
            pthread_join(player, NULL);
        } else {
            bl_model_release(next.recipe.model);
        }
        bl_stage_enter(stage);
        hand_in(stage, &next);
    }
    bl_stage_leave(stage, &stage->measurer_ended);
    return NULL;
}
