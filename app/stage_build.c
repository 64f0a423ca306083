// SPDX-License-Identifier: MIT
// BUILDER: reads models and cabs, builds chains, frees what is not wanted any more. Holds the lock
// only to look what is next and to hand in what it has made.

#include "stage_parts.h"

#include "fit.h"

#include "backline/cab.h"

#include <string.h>

/// One build, copied out of the list.
typedef struct job {
    bl_rig rig;
    uint64_t id;
    double sample_rate_hz, quality;
    bool whole, calibrate;
    double interface_dbu;
    bl_model *model; ///< that some rig has loaded already, a reference, or NULL
} job;

/// What came of it.
typedef struct product {
    bl_chain *chain;
    bl_model *model;
    bl_stage_rig shown;
} product;

size_t bl_stage_model_bytes(const bl_stage *stage, int index)
{
    const bl_model *model = stage->entries[index].model;
    for (int i = 0; i < index; i++) {
        if (stage->entries[i].model == model) {
            return 0; // counted there
        }
    }
    return model != NULL ? bl_model_get_info(model)->parameters * sizeof(float) : 0;
}

static uint64_t memory_in_use(const bl_stage *stage)
{
    uint64_t bytes = 0;
    for (int i = 0; i < stage->count; i++) {
        bytes += stage->entries[i].shown.bytes + bl_stage_model_bytes(stage, i);
    }
    return bytes;
}

static bool find_job(const bl_stage *stage, job *next)
{
    for (int n = 0; n < stage->count && stage->engine != NULL; n++) {
        const bl_stage_entry *entry = &stage->entries[stage->order[n]];
        if (entry->chain != NULL || entry->shown.phase == BL_STAGE_FAILED) {
            continue;
        }
        *next = (job){.rig = entry->rig,
                      .id = entry->id,
                      .sample_rate_hz = stage->sample_rate_hz,
                      .quality = stage->quality,
                      .whole = stage->whole,
                      .calibrate = stage->calibrate,
                      .interface_dbu = stage->interface_dbu};
        for (int i = 0; i < stage->count && next->model == NULL; i++) {
            const bl_stage_entry *other = &stage->entries[i];
            if (other->model != NULL && strcmp(other->rig.model, entry->rig.model) == 0) {
                next->model = bl_model_retain(other->model);
            }
        }
        return true;
    }
    return false;
}

static bl_status build_chain(const job *j, product *made)
{
    bl_error *error = &made->shown.error;
    bl_cab cab = {0};
    if (j->model != NULL) {
        made->model = j->model;
    } else if (j->rig.model[0] != '\0' &&
               bl_model_load(j->rig.model, NULL, &made->model, error) != BL_STATUS_OK) {
        return error->status;
    }
    if (j->rig.cab[0] != '\0' &&
        bl_cab_load(j->rig.cab, j->sample_rate_hz, &cab, error) != BL_STATUS_OK) {
        return error->status;
    }
    bl_chain_config config = bl_chain_config_default();
    config.stages = true;
    config.spill = j->rig.spill;
    config.model = made->model;
    config.cab = cab.channels > 0 ? &cab : NULL;
    config.sample_rate_hz = j->sample_rate_hz;
    config.quality = j->quality;
    memcpy(config.parameters, j->rig.parameters, sizeof config.parameters);
    const bl_trim_wish wish = {.model = j->rig.model,
                               .config = "",
                               .cab = j->rig.cab,
                               .match_loudness = j->rig.match_loudness,
                               .calibrate = j->calibrate,
                               .interface_dbu = j->interface_dbu};
    if (j->whole) {
        bl_trim_find(&config, &wish, &made->shown.trim);
    } else {
        made->shown.measuring = !bl_trim_guess(&config, &wish, &made->shown.trim);
    }
    bl_fit fit = {0};
    const bl_status status =
        bl_fit_build(&config, !j->whole, bl_fit_measure_chain, &made->chain, &fit, error);
    bl_cab_finish(&cab);
    if (status == BL_STATUS_OK) {
        made->shown.share = fit.share;
        made->shown.asked_share = fit.asked;
        made->shown.bytes = bl_chain_bytes(made->chain);
        made->shown.locked_bytes = bl_chain_lock(made->chain);
    }
    return status;
}

/// Puts the product into the list, unless its rig is there no more. Under the lock.
static void hand_in(bl_stage *stage, const job *j, product *made)
{
    const int index = bl_stage_find_id(stage, j->id);
    bl_stage_entry *entry = index != BL_STAGE_NONE ? &stage->entries[index] : NULL;
    if (entry != NULL && made->chain != NULL &&
        memory_in_use(stage) + made->shown.bytes > BL_LIMIT_STAGE_BYTES) {
        bl_error_set(&made->shown.error, BL_STATUS_LIMIT,
                     "%s: the rigs of the set list need more than the %d MiB they may take "
                     "together; make the list shorter",
                     j->rig.name[0] != '\0' ? j->rig.name : j->rig.model,
                     (int)(BL_LIMIT_STAGE_BYTES >> 20));
    }
    if (entry == NULL || made->shown.error.status != BL_STATUS_OK) {
        bl_stage_discard(stage, made->chain, made->model);
        made->chain = NULL;
        made->model = NULL;
        made->shown.bytes = made->shown.locked_bytes = 0;
        made->shown.measuring = false;
    }
    if (entry != NULL) {
        made->shown.phase = made->chain != NULL ? BL_STAGE_LOADED : BL_STAGE_FAILED;
        entry->chain = made->chain;
        entry->model = made->model;
        entry->shown = made->shown;
        entry->place = BL_STAGE_HOME;
        if (made->chain != NULL) {
            bl_stage_set_parameters(entry); // they may have been turned meanwhile
        }
        bl_stage_sort(stage);
        pthread_cond_broadcast(&stage->build); // for MEASURER
    }
    stage->changed = true;
}

/// Frees everything that waits for it. Called and left with the lock held.
static void empty_waste(bl_stage *stage)
{
    while (stage->waste_count > 0) {
        const bl_stage_waste waste = stage->waste[--stage->waste_count];
        pthread_mutex_unlock(&stage->lock);
        bl_chain_destroy(waste.chain);
        bl_model_release(waste.model);
        bl_stage_enter(stage);
    }
}

void *bl_stage_build(void *argument)
{
    bl_stage *stage = argument;
    bl_stage_enter(stage);
    while (!stage->ending) {
        job next;
        if (find_job(stage, &next)) {
            product made = {.chain = NULL};
            pthread_mutex_unlock(&stage->lock);
            build_chain(&next, &made);
            bl_stage_enter(stage);
            hand_in(stage, &next, &made);
        } else if (stage->waste_count == 0) {
            pthread_cond_wait(&stage->build, &stage->lock);
        }
        empty_waste(stage);
    }
    bl_stage_leave(stage, &stage->builder_ended);
    return NULL;
}
