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

void bl_app_save_memory(bl_app *app)
{
    if (!app->is_guest) {
        bl_loader_save(app->loader, app->config.name, &app->memory);
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
    if (same || (!now && ms - app->knobs_saved_ms < EVERY_MS)) {
        return;
    }
    *old = knobs;
    app->knobs_saved_ms = ms;
    bl_app_save_memory(app);
}
