// SPDX-License-Identifier: MIT
// The set list of a bl_app: where the player is, the actions, files that are edited meanwhile.
// MAIN's.

#include "app_parts.h"

#include "paths.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { RELOAD_MS = 100 }; ///< editors write in several steps

static const bl_setlist_part *part_at(const bl_app *app, size_t place)
{
    return &app->setlist.parts[place];
}

static const bl_setlist_song *song_at(const bl_app *app, size_t place)
{
    return &app->setlist.songs[part_at(app, place)->song];
}

static bl_setlist_rig *rig_at(bl_app *app, size_t place)
{
    return &app->setlist.rigs[part_at(app, place)->rig];
}

/// The name in the file, else that of the file.
static void name_rig(const bl_setlist_rig *rig, char name[128])
{
    const char *slash = strrchr(rig->path, '/');
    snprintf(name, 128, "%.127s",
             rig->rig.name[0] != '\0' ? rig->rig.name
             : slash != NULL          ? slash + 1
                                      : rig->path);
}

void bl_app_show_place(bl_app *app)
{
    bl_app_place *p = &app->state.place;
    const size_t at = app->place;
    const bl_setlist_part *part = part_at(app, at);
    const bl_setlist_song *song = song_at(app, at);
    app->state.changes++;
    app->state.parts_serial++;
    app->state.tempo_bpm = app->tempo.bpm > 0.0 ? app->tempo.bpm : song->tempo_bpm;
    memset(p, 0, sizeof *p);
    snprintf(p->setlist, sizeof p->setlist, "%s", app->setlist.name);
    snprintf(p->song, sizeof p->song, "%s", song->name);
    snprintf(p->part, sizeof p->part, "%s", part->name);
    name_rig(rig_at(app, at), p->rig);
    p->number = at + 1;
    p->count = app->setlist.part_count;
    p->song_number = part->song + 1;
    p->song_count = app->setlist.song_count;
    p->part_number = at - song->first + 1;
    p->part_count = song->count;
    p->bank = part->bank;
    p->program = part->program;
    p->other_model = app->other_model;
    if (at + 1 < app->setlist.part_count) {
        snprintf(p->next_song, sizeof p->next_song, "%s", song_at(app, at + 1)->name);
        snprintf(p->next_part, sizeof p->next_part, "%s", part_at(app, at + 1)->name);
    }
}

/// Where the player is now, for the next start; saved by LOADER.
static void remember_place(bl_app *app)
{
    bl_memory *m = &app->memory;
    bl_memory_open_setlist(m, app->setlist_copy[0] != '\0' ? app->setlist_copy : app->setlist_path);
    snprintf(m->song, sizeof m->song, "%s", song_at(app, app->place)->name);
    snprintf(m->part, sizeof m->part, "%s", part_at(app, app->place)->name);
    m->place = app->place;
    if (app->loader != NULL) { // else at the start: with what is saved next
        bl_app_save_memory(app);
    }
}

/// The rigs that the session has written over are in their files now as they were kept, so that
/// only an edit by somebody else counts as one.
static void take_as_read(bl_setlist *list, const bl_setlist *kept)
{
    for (size_t i = 0; i < list->rig_count; i++) {
        for (size_t k = 0; k < kept->rig_count; k++) {
            if (strcmp(list->rigs[i].path, kept->rigs[k].path) == 0) {
                memcpy(list->rigs[i].as_read, kept->rigs[k].rig.parameters,
                       sizeof list->rigs[i].as_read);
            }
        }
    }
}

void bl_app_keep_setlist(bl_app *app, const char *path, const bl_setlist *kept, const char *copy)
{
    if (strcmp(app->setlist_path, path) == 0) { // neither closed meanwhile nor left for another
        take_as_read(&app->setlist, kept);
        snprintf(app->setlist_copy, sizeof app->setlist_copy, "%s", copy);
        remember_place(app);
    }
}

size_t bl_app_current_rig(const bl_app *app)
{
    return part_at(app, app->place)->rig;
}

/// Shows the knobs of the rig of the place, and says if it cannot be played.
static void show_rig(bl_app *app)
{
    const bl_setlist_rig *rig = rig_at(app, app->place);
    memcpy(app->state.parameters, rig->rig.parameters, sizeof app->state.parameters);
    if (rig->error.status != BL_STATUS_OK) {
        bl_app_tell(app, BL_APP_WARNING, "%s; the old sound plays on", rig->error.text);
    }
}

/// Shows and remembers another place; what sounds is chosen already.
static void arrive(bl_app *app, size_t place)
{
    const bool returns = bl_app_drop_other_model(app);
    if (place == app->place) {
        if (returns) {
            app->stage_serial = 0; // what sounds is shown again
            show_rig(app);
            bl_app_show_place(app);
        }
        return;
    }
    if (part_at(app, place)->song != part_at(app, app->place)->song) {
        app->tempo = (bl_tempo){.count = 0};
    }
    app->last_place = app->place;
    app->place = place;
    show_rig(app);
    bl_app_show_place(app);
    remember_place(app);
}

/// Goes to a place, if it is one.
static void go(bl_app *app, size_t place)
{
    if (place < app->setlist.part_count) {
        bl_app_choose_rig(app, part_at(app, place)->rig);
        arrive(app, place);
    }
}

void bl_app_return_to_part(bl_app *app)
{
    go(app, app->place);
}

static void go_to_song(bl_app *app, size_t song)
{
    if (song < app->setlist.song_count) {
        go(app, app->setlist.songs[song].first);
    }
}

static void go_to_part(bl_app *app, size_t number)
{
    const bl_setlist_song *song = song_at(app, app->place);
    if (number >= 1 && number <= song->count) {
        go(app, song->first + number - 1);
    }
}

/// The actions that mean something only in a set list.
static void move(bl_app *app, bl_action action, size_t number)
{
    const size_t song = app->setlist.part_count > 0 ? part_at(app, app->place)->song : 0;
    if (app->setlist.part_count == 0) {
        bl_app_tell(app, BL_APP_INFO,
                    "there is no set list; open one, or start with --setlist FILE");
        return;
    }
    switch (action) {
    case BL_ACTION_NEXT:
        go(app, app->place + 1);
        break;
    case BL_ACTION_PREVIOUS:
        go(app, app->place - 1); // before the first one: none
        break;
    case BL_ACTION_NEXT_SONG:
        go_to_song(app, song + 1);
        break;
    case BL_ACTION_PREVIOUS_SONG:
        go_to_song(app, song - 1);
        break;
    case BL_ACTION_LAST:
        go(app, app->last_place);
        break;
    case BL_ACTION_PART:
        go_to_part(app, number);
        break;
    default: // BL_ACTION_JUMP
        go(app, number - 1);
        break;
    }
}

void bl_app_do(bl_app *app, bl_action action, int value)
{
    const bool toggle = value == BL_ACTION_TOGGLE;
    switch (action) {
    case BL_ACTION_MUTE:
        bl_app_set_mute(app, toggle ? !app->state.muted : value != 0);
        break;
    case BL_ACTION_BYPASS:
        bl_app_set_bypass(app, toggle ? !app->state.bypassed : value != 0);
        break;
    case BL_ACTION_TUNER:
        bl_app_set_tuner(app, toggle ? !app->state.tuner.on : value != 0);
        break;
    case BL_ACTION_PANIC:
        bl_app_panic(app);
        break;
    case BL_ACTION_TAP:
        bl_tempo_tap(&app->tempo, bl_clock_ms());
        app->state.tempo_bpm = app->tempo.bpm > 0.0 ? app->tempo.bpm : app->state.tempo_bpm;
        app->state.changes++;
        break;
    case BL_ACTION_COUNT:
        break;
    default:
        move(app, action, value > 0 ? (size_t)value : 0);
        break;
    }
}

void bl_app_act(bl_app *app, bl_action action, int value)
{
    bl_app_hear_midi(app); // what was chosen there before comes before
    bl_app_do(app, action, value);
}

bool bl_app_get_part(const bl_app *app, size_t number, bl_app_part *part)
{
    if (number == 0 || number > app->setlist.part_count) {
        return false;
    }
    const bl_setlist_part *p = part_at(app, number - 1);
    const bl_setlist_rig *rig = &app->setlist.rigs[p->rig];
    *part = (bl_app_part){
        .song = app->setlist.songs[p->song].name,
        .part = p->name,
        .rig = rig->rig.name[0] != '\0' ? rig->rig.name : rig->path,
        .bank = p->bank,
        .program = p->program,
    };
    part->readiness = bl_app_rig_readiness(app, p->rig, part->fault);
    return true;
}

// Files ---------------------------------------------------------------------------------------

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

static void tell_faults(bl_app *app, const char *consequence)
{
    for (size_t i = 0; i < app->setlist.rig_count; i++) {
        const bl_error *error = &app->setlist.rigs[i].error;
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

/// Brings the list that was read on stage.
static void begin(bl_app *app)
{
    const bl_memory *m = &app->memory;
    const bool same = strcmp(m->setlist, app->setlist_path) == 0;
    app->place = same ? bl_setlist_resume(&app->setlist, m->song, m->part, m->place) : 0;
    app->last_place = app->place;
    app->tempo = (bl_tempo){.count = 0};
    tell_faults(app, "what plays then plays on");
    bl_app_stage_rigs(app, (int)bl_app_current_rig(app));
    memcpy(app->state.parameters, rig_at(app, app->place)->rig.parameters,
           sizeof app->state.parameters);
    bl_app_show_place(app);
    remember_place(app);
    watch(app);
}

bl_status bl_app_read_setlist(bl_app *app, bl_error *error)
{
    bl_error gone = {0};
    bool named = false;
    if (!choose_setlist(app, &named)) {
        app->memory.setlist[0] = '\0'; // it ends where something else is asked for
        watch(app);
        return BL_STATUS_OK;
    }
    if (bl_setlist_load(app->setlist_path, &app->setlist, &gone) != BL_STATUS_OK) {
        bl_setlist_finish(&app->setlist);
        app->setlist_path[0] = '\0';
        if (named) {
            return bl_error_set(error, gone.status, "%s", gone.text);
        }
        bl_app_tell(app, BL_APP_WARNING, "%s", gone.text);
        watch(app);
        return BL_STATUS_OK;
    }
    begin(app);
    return BL_STATUS_OK;
}

void bl_app_open_setlist(bl_app *app, const char *path)
{
    bl_setlist fresh;
    bl_error error = {0};
    char absolute[BL_PATH_MAX];
    bl_path_absolute(path, absolute);
    if (bl_setlist_load(absolute, &fresh, &error) != BL_STATUS_OK) {
        bl_setlist_finish(&fresh);
        bl_app_tell(app, BL_APP_WARNING, "%s; what plays plays on", error.text);
        return;
    }
    bl_app_hear_midi(app); // what was chosen before was chosen from the old list
    bl_app_drop_other_model(app);
    bl_setlist_finish(&app->setlist);
    app->setlist = fresh;
    memcpy(app->setlist_path, absolute, sizeof app->setlist_path);
    app->setlist_copy[0] = '\0';
    begin(app);
}

/// The rig to play on with alone: that of the part, or, where it could not be read, the one that
/// sounds, with its knobs shown.
static bl_setlist_rig last_rig(bl_app *app)
{
    bl_setlist_rig last = *rig_at(app, app->place);
    bl_stage_state now;
    bl_stage_get_state(app->stage, &now);
    if (last.error.status != BL_STATUS_OK && now.sounding >= 0 && !app->other_model) {
        last = app->setlist.rigs[app->rig_on_stage[now.sounding]];
        memcpy(app->state.parameters, last.rig.parameters, sizeof app->state.parameters);
    }
    return last;
}

void bl_app_close_setlist(bl_app *app)
{
    if (app->setlist.part_count == 0) {
        return;
    }
    bl_app_hear_midi(app);
    bl_setlist_rig last = last_rig(app);
    const bool other = app->other_model;
    bl_app_drop_other_model(app);
    bl_setlist_finish(&app->setlist);
    app->setlist_path[0] = app->setlist_copy[0] = app->memory.setlist[0] = '\0';
    memset(&app->state.place, 0, sizeof app->state.place);
    memset(&app->state.stage, 0, sizeof app->state.stage);
    app->state.tempo_bpm = app->tempo.bpm; // the song's is gone
    app->state.changes++;
    app->state.parts_serial++;
    bl_app_stage_rigs(app, -1);
    watch(app);
    if (other) {
        snprintf(last.rig.model, sizeof last.rig.model, "%s", app->state.model_path);
    }
    snprintf(app->rig_path, sizeof app->rig_path, "%s", last.path);
    bl_app_play_rig(app, &last.rig);
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
    size_t k = 0;
    while (k < old->rig_count && strcmp(old->rigs[k].path, rig->path) != 0) {
        k++;
    }
    if (k == old->rig_count || old->rigs[k].error.status != BL_STATUS_OK) {
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
    const bl_setlist_part *was = part_at(app, app->place);
    app->place = bl_setlist_resume(&fresh, old.songs[was->song].name, was->name, app->place);
    app->last_place = app->last_place < fresh.part_count ? app->last_place : app->place;
    app->setlist = fresh;
    tell_faults(app, "it plays on as it was");
    for (size_t i = 0; i < fresh.rig_count; i++) {
        keep_old_rig(&old, &fresh.rigs[i]);
    }
    bl_setlist_finish(&old);
    bl_app_stage_rigs(app, app->other_model ? -1 : (int)bl_app_current_rig(app));
    if (!app->other_model) {
        show_rig(app);
    }
    bl_app_show_place(app);
    watch(app);
    remember_place(app);
    bl_app_tell(app, BL_APP_INFO, "the edited set list has %zu songs with %zu parts",
                fresh.song_count, fresh.part_count);
}

void bl_app_watch_files(bl_app *app, int64_t now_ms)
{
    if (bl_watch_take(&app->watch_files)) {
        app->reload_due_ms = now_ms + RELOAD_MS;
    }
    if (app->reload_due_ms == 0 || now_ms < app->reload_due_ms || app->session.saving != NULL) {
        return; // what a save writes is no edit
    }
    app->reload_due_ms = 0;
    bl_app_read_midi_map(app);
    if (app->setlist.part_count > 0) {
        reload(app);
    }
}

// Programs ------------------------------------------------------------------------------------

bool bl_app_choose_program(bl_app *app, const bl_midi_event *event)
{
    const size_t place = bl_setlist_find_program(&app->setlist, event->bank, event->number);
    if (place == BL_SETLIST_NONE) {
        return false;
    }
    if (event->list != 0 && event->list == bl_stage_get_list(app->stage)) {
        arrive(app, place); // choosing it once more could overtake a later program change
    } else {
        go(app, place);
    }
    return true;
}

void bl_app_finish_setlist(bl_app *app)
{
    bl_setlist_finish(&app->setlist);
    bl_watch_close(&app->watch_files);
    bl_midi_intake_finish(&app->midi);
}
