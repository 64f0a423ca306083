// SPDX-License-Identifier: MIT
// What comes over MIDI in a bl_app: acted on by the map, learnt, or a program change that the audio
// thread has acted on already. MAIN's.

#include "app_parts.h"

#include "paths.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char map_file[] = "midi.yaml";

enum { PROGRAM_TOLD_MS = 1000 };

/// From now on the map's channel is the one that is listened to.
static void listen_to_map(bl_app *app)
{
    atomic_store(&app->midi.channel, app->midi_map.channel);
}

void bl_app_read_midi_map(bl_app *app)
{
    char path[BL_PATH_MAX];
    bl_error error = {0};
    if (!bl_path_user(BL_PATH_CONFIG, map_file, path)) {
        return;
    }
    if (access(path, F_OK) == 0 && bl_midi_map_load(path, &app->midi_map, &error) != BL_STATUS_OK) {
        bl_app_tell(app, BL_APP_WARNING, "%s; the map stays as it was", error.text);
    }
    listen_to_map(app);
    app->state.controls_serial++;
}

void bl_app_watch_midi_map(bl_app *app)
{
    char path[BL_PATH_MAX];
    if (bl_path_user(BL_PATH_CONFIG, map_file, path) && bl_path_make_folder(path)) {
        bl_watch_add(&app->watch_files, path);
    }
}

static void save_map(bl_app *app)
{
    app->state.controls_serial++;
    char path[BL_PATH_MAX];
    bl_error error = {0};
    if (!bl_path_user(BL_PATH_CONFIG, map_file, path) || !bl_path_make_folder(path)) {
        bl_app_tell(app, BL_APP_WARNING, "there is no folder to keep the MIDI map in");
    } else if (bl_midi_map_save(path, &app->midi_map, &error) != BL_STATUS_OK) {
        bl_app_tell(app, BL_APP_WARNING, "%s", error.text);
    }
}

// Learning ------------------------------------------------------------------------------------

bool bl_app_learn(bl_app *app, const char *words)
{
    app->learning = words != NULL && bl_midi_wish_find(words, &app->learn_wish);
    app->state.controls_serial++;
    snprintf(app->learn_name, sizeof app->learn_name, "%s", app->learning ? words : "");
    if (app->learning) {
        bl_app_tell(app, BL_APP_INFO, "move the control, or press the key, that shall do \"%s\"",
                    words);
    }
    return app->learning;
}

bool bl_app_forget(bl_app *app, const char *name)
{
    bl_midi_target target;
    if (!bl_midi_target_find(name, &target) || !bl_midi_map_forget(&app->midi_map, &target)) {
        return false;
    }
    save_map(app);
    bl_app_tell(app, BL_APP_INFO, "nothing does \"%s\" over MIDI any more", name);
    return true;
}

static void learn(bl_app *app, const bl_midi_event *event)
{
    app->learning = false;
    app->state.controls_serial++;
    if (!bl_midi_map_learn(&app->midi_map, event, &app->learn_wish)) {
        bl_app_tell(app, BL_APP_WARNING, "the MIDI map is full; forget something");
        return;
    }
    save_map(app);
    bl_app_tell(app, BL_APP_INFO, "%s %d of channel %d does \"%s\" now",
                event->kind == BL_MIDI_NOTE ? "note" : "controller", event->number,
                event->channel + 1, app->learn_name);
}

// Hearing -------------------------------------------------------------------------------------

static void act_by_map(bl_app *app, const bl_midi_event *event)
{
    bl_midi_effect effect;
    for (size_t i = 0; i < app->midi_map.count; i++) {
        if (!bl_midi_map_apply(&app->midi_map, i, event, app->state.parameters, &effect)) {
            continue;
        }
        if (effect.target.action != BL_ACTION_COUNT) {
            bl_app_do(app, effect.target.action, (int)effect.value);
        } else {
            bl_app_set_parameter(app, effect.target.parameter, effect.value);
        }
    }
}

/// Says so, though not oftener than can be read.
static void tell_unknown_program(bl_app *app, const bl_midi_event *event)
{
    app->state.midi.unknown_programs++;
    const bl_setlist *list = &app->setlist;
    const int64_t now_ms = bl_clock_ms();
    size_t other = 0;
    if (list->part_count == 0 || now_ms < app->program_told_ms + PROGRAM_TOLD_MS) {
        return;
    }
    app->program_told_ms = now_ms;
    while (other < list->part_count && list->parts[other].program != event->number) {
        other++;
    }
    char hint[64] = "";
    if (other < list->part_count) {
        snprintf(hint, sizeof hint, ", but in bank %d", list->parts[other].bank);
    }
    bl_app_tell(app, BL_APP_INFO,
                "no part has program %d in bank %d%s; what plays plays on (numbers are as on the "
                "wire, from 0 on)",
                event->number, event->bank, hint);
}

void bl_app_hear_midi(bl_app *app)
{
    bl_midi_event event;
    for (int i = 0; i < BL_MIDI_CAPACITY && bl_midi_intake_take(&app->midi, &event); i++) {
        if (event.kind == BL_MIDI_PROGRAM) {
            if (!bl_app_choose_program(app, &event)) {
                tell_unknown_program(app, &event);
            }
        } else if (app->learning && (event.kind == BL_MIDI_CONTROL || event.value > 0)) {
            learn(app, &event);
        } else {
            act_by_map(app, &event);
        }
    }
}
