// SPDX-License-Identifier: MIT
// What a bl_app was left with: knobs, mute and bypass are remembered soon after they have moved, so
// that a power cut loses nothing, and come back with the rig they belong to. MAIN's.

#include "app_parts.h"

#include <string.h>
#include <sys/stat.h>

enum { EVERY_MS = 250 }; ///< a knob that is turned is saved a few times a second

static bool is_newer(const char *path, const char *than)
{
    struct stat a, b;
    return stat(path, &a) == 0 && stat(than, &b) == 0 &&
           (a.st_mtim.tv_sec > b.st_mtim.tv_sec ||
            (a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec > b.st_mtim.tv_nsec));
}

void bl_app_restore_knobs(bl_app *app)
{
    const bl_knobs *knobs = &app->memory.knobs;
    char state[4096];
    const bool named =
        app->config.model != NULL || app->config.rig != NULL || app->setlist.part_count > 0;
    if (!knobs->known || named) {
        return;
    }
    app->state.muted = knobs->muted;
    app->state.bypassed = knobs->bypassed;
    const bool edited = app->has_rig && bl_memory_path(app->config.name, state) &&
                        is_newer(app->rig_path, state); // then the file says what is wanted
    if (strcmp(app->rig_path, app->memory.rig) == 0 && !edited) {
        memcpy(app->state.parameters, knobs->parameters, sizeof app->state.parameters);
    }
}

static bool is_turned(const bl_setlist_rig *rig)
{
    return rig->error.status == BL_STATUS_OK &&
           !bl_rig_same_parameters(rig->rig.parameters, rig->as_read);
}

void bl_app_restore_turned(bl_app *app, bl_setlist *list)
{
    char state[4096];
    if (!bl_memory_path(app->config.name, state)) {
        return;
    }
    for (size_t k = 0; k < app->memory.turned_count; k++) {
        const bl_turned *turned = &app->memory.turned[k];
        const size_t i = bl_setlist_find_rig(list, turned->rig);
        if (i == BL_SETLIST_NONE || is_newer(turned->rig, state)) {
            continue; // gone, or the file says what is wanted
        }
        for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
            double *value = &list->rigs[i].rig.parameters[p];
            *value = turned->is_turned[p] ? turned->parameters[p] : *value;
        }
    }
}

void bl_app_save_memory(bl_app *app)
{
    if (!app->is_guest) {
        bl_loader_save(app->loader, app->config.name, &app->memory);
    }
}

/// Puts the knobs of the list's rigs that stand elsewhere than in their files into what is
/// remembered.
static void remember_turned(bl_app *app)
{
    const bl_setlist *list = &app->setlist;
    size_t count = 0;
    app->knobs_turned = false;
    for (size_t i = 0; i < list->rig_count; i++) {
        count += is_turned(&list->rigs[i]);
    }
    if (!bl_memory_make_turned(&app->memory, count)) {
        return; // memory is short: what was remembered before stays
    }
    bl_turned *turned = app->memory.turned;
    for (size_t i = 0; i < list->rig_count; i++) {
        const bl_setlist_rig *rig = &list->rigs[i];
        if (!is_turned(rig)) {
            continue;
        }
        memcpy(turned->rig, rig->path, sizeof turned->rig);
        memcpy(turned->parameters, rig->rig.parameters, sizeof turned->parameters);
        for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
            turned->is_turned[p] = rig->rig.parameters[p] != rig->as_read[p];
        }
        turned++;
    }
}

void bl_app_remember_knobs(bl_app *app, bool now)
{
    bl_knobs *old = &app->memory.knobs;
    bl_knobs knobs = {.known = true, .muted = app->state.muted, .bypassed = app->state.bypassed};
    memcpy(knobs.parameters, app->state.parameters, sizeof knobs.parameters);
    bool same = old->known && old->muted == knobs.muted && old->bypassed == knobs.bypassed &&
                bl_rig_same_parameters(old->parameters, knobs.parameters);
    // They belong to what is remembered: not before that is what plays.
    same = same || strcmp(app->memory.model, app->state.model_path) != 0;
    const int64_t ms = bl_clock_ms();
    if ((same && !app->knobs_turned) || (!now && ms - app->knobs_saved_ms < EVERY_MS)) {
        return;
    }
    if (!same) {
        *old = knobs;
    }
    if (app->knobs_turned) {
        remember_turned(app);
    }
    app->knobs_saved_ms = ms;
    bl_app_save_memory(app);
}
