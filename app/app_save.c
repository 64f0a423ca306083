// SPDX-License-Identifier: MIT
// The rig that plays, as it is now, into its file: that of the part of the set list, or the one
// that was named. LOADER writes it, since a disk can be slow. MAIN's.

#include "app_parts.h"

#include <stdio.h>
#include <string.h>

/// What is to be saved and where, NULL: nothing, which is told.
static const char *find_rig(bl_app *app, bl_rig *rig)
{
    const bool listed = app->setlist.part_count > 0;
    const bl_setlist_rig *of_part = listed ? &app->setlist.rigs[bl_app_current_rig(app)] : NULL;
    if (listed && of_part->error.status != BL_STATUS_OK) {
        bl_app_tell(app, BL_APP_WARNING, "%s; nothing is saved", of_part->error.text);
        return NULL;
    }
    if (!listed && (!app->has_rig || app->rig_path[0] == '\0')) {
        bl_app_tell(app, BL_APP_INFO,
                    "no rig plays that could be saved; start with --rig FILE, or open a set list");
        return NULL;
    }
    *rig = listed ? of_part->rig : app->rig;
    if (!listed || bl_app_plays_guest(app)) {
        snprintf(rig->model, sizeof rig->model, "%s", app->state.model_path);
        memcpy(rig->parameters, app->state.parameters, sizeof rig->parameters);
    }
    return listed ? of_part->path : app->rig_path;
}

void bl_app_save_rig(bl_app *app)
{
    if (app->rig_saving || app->session.saving != NULL) {
        bl_app_tell(app, BL_APP_INFO, "it is being saved already");
        return;
    }
    const char *path = find_rig(app, &app->saved_rig);
    if (path == NULL) {
        return;
    }
    app->rig_saving = bl_loader_save_rig(app->loader, path, &app->saved_rig);
    if (!app->rig_saving) {
        bl_app_tell(app, BL_APP_ERROR, "not enough memory to save the rig; nothing is saved");
    }
}

/// The list has the rig as it is in its file now, so that this counts as no edit.
static void take_into_list(bl_app *app, const char *path)
{
    bl_setlist *list = &app->setlist;
    const size_t index = bl_setlist_find_rig(list, path);
    if (index == BL_SETLIST_NONE || list->rigs[index].error.status != BL_STATUS_OK) {
        return;
    }
    bl_setlist_rig *rig = &list->rigs[index];
    memcpy(rig->as_read, app->saved_rig.parameters, sizeof rig->as_read);
    app->knobs_turned = true;                                // not any more
    if (strcmp(rig->rig.model, app->saved_rig.model) != 0) { // the other one is the list's now
        rig->rig = app->saved_rig;
        bl_app_stage_rigs(app, list, (int)bl_app_current_rig(app));
        bl_app_show_rig(app);
        bl_app_show_place(app);
    }
}

void bl_app_rig_saved(bl_app *app, const bl_loader_answer *answer)
{
    app->rig_saving = false;
    if (answer->error.status != BL_STATUS_OK) {
        bl_app_tell(app, BL_APP_ERROR, "%s; the rig plays on as it is", answer->error.text);
        return;
    }
    take_into_list(app, answer->path);
    bl_app_tell(app, BL_APP_INFO, "the rig is saved: %s", answer->path);
}
