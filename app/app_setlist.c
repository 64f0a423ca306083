// SPDX-License-Identifier: MIT
// Where the player is in the set list of a bl_app, and the actions that go elsewhere. MAIN's.

#include "app_parts.h"

#include "paths.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
    p->other_model = bl_app_plays_guest(app);
    if (at + 1 < app->setlist.part_count) {
        snprintf(p->next_song, sizeof p->next_song, "%s", song_at(app, at + 1)->name);
        snprintf(p->next_part, sizeof p->next_part, "%s", part_at(app, at + 1)->name);
    }
}

void bl_app_remember_place(bl_app *app)
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

size_t bl_app_current_rig(const bl_app *app)
{
    return part_at(app, app->place)->rig;
}

void bl_app_show_rig(bl_app *app)
{
    const bl_setlist_rig *rig = rig_at(app, app->place);
    if (rig->error.status == BL_STATUS_OK) {
        memcpy(app->state.parameters, rig->rig.parameters, sizeof app->state.parameters);
    }
}

/// Says if the rig of the place cannot be played.
static void tell_rig(bl_app *app)
{
    const bl_error *error = &rig_at(app, app->place)->error;
    if (error->status != BL_STATUS_OK) {
        bl_app_tell(app, BL_APP_WARNING, "%s; the old sound plays on", error->text);
    }
}

/// Shows and remembers another place; what sounds is chosen already.
static void arrive(bl_app *app, size_t place)
{
    const bool returns = app->state.place.other_model || app->model_awaited;
    bl_app_drop_model(app);
    if (place == app->place) {
        if (returns) {
            app->stage_serial = 0; // what sounds is shown again
            bl_app_show_rig(app);
            tell_rig(app);
            bl_app_show_place(app);
        }
        return;
    }
    if (part_at(app, place)->song != part_at(app, app->place)->song) {
        app->tempo = (bl_tempo){.count = 0};
    }
    app->last_place = app->place;
    app->place = place;
    bl_app_show_rig(app);
    tell_rig(app);
    bl_app_show_place(app);
    bl_app_remember_place(app);
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
    case BL_ACTION_SAVE:
        bl_app_save_rig(app);
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
