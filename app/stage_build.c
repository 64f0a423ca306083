// SPDX-License-Identifier: MIT
// BUILDER: reads models and cabs, builds chains, frees what is not wanted any more. Holds the lock
// only to look what is next and to hand in what it has made.

#include "stage_parts.h"

#include "fit.h"

#include <string.h>

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

bl_stage_recipe bl_stage_copy_recipe(const bl_stage *stage, const bl_stage_entry *entry)
{
    bl_stage_recipe copy = {.rig = entry->rig,
                            .id = entry->id,
                            .sample_rate_hz = stage->sample_rate_hz,
                            .quality = stage->quality,
                            .whole = stage->whole,
                            .calibrate = stage->calibrate,
                            .interface_dbu = stage->interface_dbu};
    for (int i = 0; i < stage->count && copy.model == NULL; i++) {
        const bl_stage_entry *other = &stage->entries[i];
        if (other->model != NULL && strcmp(other->rig.model, entry->rig.model) == 0) {
            copy.model = bl_model_retain(other->model);
        }
    }
    return copy;
}

bl_status bl_stage_read(const bl_stage_recipe *recipe, bl_stage_material *material, bl_error *error)
{
    const bl_rig *rig = &recipe->rig;
    bl_chain_config *config = &material->config;
    *material = (bl_stage_material){.config = bl_chain_config_default()};
    config->model = recipe->model;
    bl_status status = BL_STATUS_OK;
    if (config->model == NULL && rig->model[0] != '\0') {
        status = bl_model_load(rig->model, NULL, &config->model, error);
    }
    if (status == BL_STATUS_OK && rig->cab[0] != '\0') {
        status = bl_cab_load(rig->cab, recipe->sample_rate_hz, &material->cab, error);
    }
    if (status != BL_STATUS_OK) {
        bl_model_release(config->model);
        return status;
    }
    config->stages = true;
    config->spill = rig->spill;
    config->cab = material->cab.channels > 0 ? &material->cab : NULL;
    config->sample_rate_hz = recipe->sample_rate_hz;
    config->quality = recipe->quality;
    memcpy(config->parameters, rig->parameters, sizeof config->parameters);
    material->wish = (bl_trim_wish){.model = rig->model,
                                    .config = "",
                                    .cab = rig->cab,
                                    .match_loudness = rig->match_loudness,
                                    .calibrate = recipe->calibrate,
                                    .interface_dbu = recipe->interface_dbu};
    return BL_STATUS_OK;
}

static bool find_job(const bl_stage *stage, bl_stage_recipe *next)
{
    for (int n = 0; n < stage->count && stage->engine != NULL; n++) {
        const bl_stage_entry *entry = &stage->entries[stage->order[n]];
        if (entry->chain == NULL && entry->shown.phase != BL_STAGE_FAILED) {
            *next = bl_stage_copy_recipe(stage, entry);
            return true;
        }
    }
    return false;
}

static bl_status build_chain(const bl_stage_recipe *recipe, product *made)
{
    bl_error *error = &made->shown.error;
    bl_stage_material material;
    bl_status status = bl_stage_read(recipe, &material, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    made->model = material.config.model;
    if (recipe->whole) {
        bl_trim_find(&material.config, &material.wish, &made->shown.trim);
    } else {
        made->shown.measuring = !bl_trim_guess(&material.config, &material.wish, &made->shown.trim);
    }
    bl_fit fit = {0};
    status = bl_fit_build(&material.config, !recipe->whole, bl_fit_measure_chain, &made->chain,
                          &fit, error);
    bl_cab_finish(&material.cab);
    if (status == BL_STATUS_OK) {
        made->shown.share = fit.share;
        made->shown.asked_share = fit.asked;
        made->shown.bytes = bl_chain_bytes(made->chain);
        made->shown.locked_bytes = bl_chain_lock(made->chain);
    }
    return status;
}

/// Puts the product into the list, unless its rig is there no more. Under the lock.
static void hand_in(bl_stage *stage, const bl_stage_recipe *recipe, product *made)
{
    const int index = bl_stage_find_id(stage, recipe->id);
    bl_stage_entry *entry = index != BL_STAGE_NONE ? &stage->entries[index] : NULL;
    if (entry != NULL && made->chain != NULL &&
        memory_in_use(stage) + made->shown.bytes > BL_LIMIT_STAGE_BYTES) {
        bl_error_set(&made->shown.error, BL_STATUS_LIMIT,
                     "%s: the rigs of the set list need more than the %d MiB they may take "
                     "together; make the list shorter",
                     recipe->rig.name[0] != '\0' ? recipe->rig.name : recipe->rig.model,
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
        bl_stage_recipe next;
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
