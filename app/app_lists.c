// SPDX-License-Identifier: MIT
// The set list of a bl_app as files: opened, closed, edited meanwhile, kept by a session. MAIN's.

#include "app_parts.h"

#include "paths.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { RELOAD_MS = 100 }; ///< editors write in several steps

static void watch(bl_app *app)
{
    bl_watch_clear(&app->watch_files);
    bl_app_watch_midi_map(app);
    if (app->setlist.part_count == 0) {
        return;
    }
    bl_watch_add(&app->watch_files, app->setlist_path);
    for (size_t i = 0; i < app->setlist.rig_count; i++) {
        bl_watch_add(&app->watch_files, app->setlist.rigs[i].path);
    }
}

static void tell_faults(bl_app *app, const bl_setlist *list, const char *consequence)
{
    for (size_t i = 0; i < list->rig_count; i++) {
        const bl_error *error = &list->rigs[i].error;
        if (error->status != BL_STATUS_OK) {
            bl_app_tell(app, BL_APP_WARNING, "%s; %s", error->text, consequence);
        }
    }
}

/// Which set list, and whether the player has named it; false: none.
static bool choose_setlist(bl_app *app, bool *named)
{
    const bl_app_config *c = &app->config;
    *named = c->setlist != NULL;
    if (*named) {
        bl_path_absolute(c->setlist, app->setlist_path);
    } else if (c->model == NULL && c->rig == NULL && app->memory.setlist[0] != '\0') {
        snprintf(app->setlist_path, sizeof app->setlist_path, "%s", app->memory.setlist);
    }
    return app->setlist_path[0] != '\0';
}

/// Plays this list from now on, which becomes the app's. False if that does not work, which is
/// told: nothing changes then.
static bool begin(bl_app *app, bl_setlist *list, const char *path)
{
    const bl_memory *m = &app->memory;
    const bool same = strcmp(m->setlist, path) == 0;
    const size_t place = same ? bl_setlist_resume(list, m->song, m->part, m->place) : 0;
    if (same) {
        bl_app_restore_turned(app, list);
    }
    if (!bl_app_stage_rigs(app, list, (int)list->parts[place].rig)) {
        return false;
    }
    app->knobs_turned = true; // remembered of this list, and of no other, from now on
    bl_setlist_finish(&app->setlist);
    app->setlist = *list;
    app->place = app->last_place = place;
    memmove(app->setlist_path, path, strlen(path) + 1);
    app->setlist_copy[0] = '\0';
    app->tempo = (bl_tempo){.count = 0};
    tell_faults(app, list, "what plays then plays on");
    bl_app_show_rig(app);
    bl_app_show_place(app);
    bl_app_remember_place(app);
    watch(app);
    return true;
}

bl_status bl_app_read_setlist(bl_app *app, bl_error *error)
{
    bl_setlist list;
    bl_error gone = {0};
    bool named = false;
    if (!choose_setlist(app, &named)) {
        app->memory.setlist[0] = '\0'; // it ends where something else is asked for
        watch(app);
        return BL_STATUS_OK;
    }
    const bl_status status = bl_setlist_load(app->setlist_path, &list, &gone);
    if (status == BL_STATUS_OK && begin(app, &list, app->setlist_path)) {
        return BL_STATUS_OK;
    }
    bl_setlist_finish(&list);
    app->setlist_path[0] = '\0';
    if (status != BL_STATUS_OK && named) {
        return bl_error_set(error, gone.status, "%s", gone.text);
    }
    if (status != BL_STATUS_OK) {
        bl_app_tell(app, BL_APP_WARNING, "%s", gone.text);
    }
    watch(app);
    return BL_STATUS_OK;
}

void bl_app_open_setlist(bl_app *app, const char *path)
{
    bl_setlist fresh;
    bl_error error = {0};
    char absolute[BL_PATH_MAX];
    bl_path_absolute(path, absolute);
    const bool read = bl_setlist_load(absolute, &fresh, &error) == BL_STATUS_OK;
    if (!read) {
        bl_app_tell(app, BL_APP_WARNING, "%s; what plays plays on", error.text);
    }
    bl_app_hear_midi(app); // what was chosen before was chosen from the old list
    if (!read || !begin(app, &fresh, absolute)) {
        bl_setlist_finish(&fresh);
        return;
    }
    bl_app_drop_model(app);
}

/// What plays on alone: a model that the list does not name, in the rig it was chosen for; else the
/// rig of the part, or, where that could not be read, the one that sounds.
static bl_setlist_rig last_rig(bl_app *app)
{
    bl_setlist_rig last = app->setlist.rigs[bl_app_current_rig(app)];
    const int heard = bl_stage_get_heard(app->stage);
    if (last.error.status != BL_STATUS_OK && heard >= 0) {
        last = app->setlist.rigs[app->rig_on_stage[heard]];
    } else if (heard == BL_STAGE_GUEST) {
        last.rig = app->rig;
        snprintf(last.rig.model, sizeof last.rig.model, "%s", app->state.model_path);
        last.path[0] = last.error.status == BL_STATUS_OK ? last.path[0] : '\0';
    }
    return last;
}

void bl_app_close_setlist(bl_app *app)
{
    if (app->setlist.part_count == 0) {
        return;
    }
    static const bl_setlist none = {.part_count = 0};
    bl_app_hear_midi(app);
    const bl_setlist_rig last = last_rig(app);
    const bool plays_on = bl_app_plays_guest(app) && !app->has_rig; // the model alone, from before
    if (!bl_app_stage_rigs(app, &none, -1)) {
        return;
    }
    bl_app_drop_model(app);
    bl_setlist_finish(&app->setlist);
    app->setlist_path[0] = app->setlist_copy[0] = app->memory.setlist[0] = '\0';
    memset(&app->state.place, 0, sizeof app->state.place);
    memset(&app->state.stage, 0, sizeof app->state.stage);
    app->state.tempo_bpm = app->tempo.bpm; // the song's is gone
    app->state.changes++;
    app->state.parts_serial++;
    watch(app);
    snprintf(app->rig_path, sizeof app->rig_path, "%s", plays_on ? "" : last.path);
    if (!plays_on) {
        bl_app_play_rig(app, &last.rig);
    }
    bl_app_save_memory(app);
}

const char *bl_app_get_setlist(const bl_app *app, size_t index)
{
    return index < app->memory.setlist_count ? app->memory.setlists[index] : NULL;
}

/// The rig as it was before the edit, where the new one cannot be used; and its knobs as they are,
/// where the file has not moved them.
static void keep_old_rig(const bl_setlist *old, bl_setlist_rig *rig)
{
    const size_t k = bl_setlist_find_rig(old, rig->path);
    if (k == BL_SETLIST_NONE || old->rigs[k].error.status != BL_STATUS_OK) {
        return;
    }
    const bl_setlist_rig *before = &old->rigs[k];
    if (rig->error.status != BL_STATUS_OK) {
        *rig = *before;
    } else if (bl_rig_same_parameters(before->as_read, rig->as_read)) {
        memcpy(rig->rig.parameters, before->rig.parameters, sizeof rig->rig.parameters);
    }
}

/// The edited list instead of the old one; what has not changed plays on untouched.
static void reload(bl_app *app)
{
    bl_setlist fresh, old = app->setlist;
    bl_error error = {0};
    if (bl_setlist_load(app->setlist_path, &fresh, &error) != BL_STATUS_OK) {
        bl_setlist_finish(&fresh);
        bl_app_tell(app, BL_APP_WARNING, "%s; the list plays on as it was", error.text);
        return;
    }
    if (bl_setlist_same(&old, &fresh)) {
        bl_setlist_finish(&fresh);
        return;
    }
    bl_app_hear_midi(app);
    const bl_setlist_part *was = &app->setlist.parts[app->place];
    const size_t place =
        bl_setlist_resume(&fresh, old.songs[was->song].name, was->name, app->place);
    const bool guest = bl_app_plays_guest(app);
    tell_faults(app, &fresh, "it plays on as it was");
    for (size_t i = 0; i < fresh.rig_count; i++) {
        keep_old_rig(&old, &fresh.rigs[i]);
    }
    if (!bl_app_stage_rigs(app, &fresh, guest ? -1 : (int)fresh.parts[place].rig)) {
        bl_setlist_finish(&fresh);
        return;
    }
    bl_setlist_finish(&old);
    app->setlist = fresh;
    app->knobs_turned = true; // files may have moved them
    app->place = place;
    app->last_place = app->last_place < fresh.part_count ? app->last_place : place;
    if (!guest) {
        bl_app_show_rig(app);
    }
    bl_app_show_place(app);
    watch(app);
    bl_app_remember_place(app);
    bl_app_tell(app, BL_APP_INFO, "the edited set list has %zu songs with %zu parts",
                fresh.song_count, fresh.part_count);
}

void bl_app_watch_files(bl_app *app, int64_t now_ms)
{
    if (bl_watch_take(&app->watch_files)) {
        app->reload_due_ms = now_ms + RELOAD_MS;
    }
    if (app->reload_due_ms == 0 || now_ms < app->reload_due_ms || app->session.saving != NULL ||
        app->rig_saving) {
        return; // what a save writes is no edit
    }
    app->reload_due_ms = 0;
    bl_app_read_midi_map(app);
    if (app->setlist.part_count > 0) {
        reload(app);
    }
}

/// The rigs that the session has written over are in their files now as they were kept, so that
/// only an edit by somebody else counts as one.
static void take_as_read(bl_setlist *list, const bl_setlist *kept)
{
    for (size_t i = 0; i < list->rig_count; i++) {
        const size_t k = bl_setlist_find_rig(kept, list->rigs[i].path);
        if (k != BL_SETLIST_NONE) {
            memcpy(list->rigs[i].as_read, kept->rigs[k].rig.parameters,
                   sizeof list->rigs[i].as_read);
        }
    }
}

void bl_app_keep_setlist(bl_app *app, const char *path, const bl_setlist *kept, const char *copy)
{
    if (strcmp(app->setlist_path, path) == 0) { // neither closed meanwhile nor left for another
        take_as_read(&app->setlist, kept);
        snprintf(app->setlist_copy, sizeof app->setlist_copy, "%s", copy);
        bl_app_remember_place(app);
    }
}
