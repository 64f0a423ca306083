// SPDX-License-Identifier: MIT
// The rigs of a bl_app's set list on the stage, where they wait to be heard. MAIN's.

#include "app_parts.h"

#include "fit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Index on the stage of a rig of the list; BL_STAGE_NONE: it cannot be played.
static int stage_index(const bl_app *app, size_t rig)
{
    return app->stage_of_rig[rig];
}

bool bl_app_stage_rigs(bl_app *app, const bl_setlist *list, int chosen_rig)
{
    bl_rig *rigs = calloc(list->rig_count + 1, sizeof *rigs);
    int stage_of_rig[BL_SETLIST_RIGS_MAX], count = 0;
    bl_error error = {0};
    if (rigs == NULL) {
        bl_app_tell(app, BL_APP_ERROR, "not enough memory for the set list");
        return false;
    }
    for (size_t i = 0; i < list->rig_count; i++) {
        const bool playable = list->rigs[i].error.status == BL_STATUS_OK;
        stage_of_rig[i] = playable ? count : BL_STAGE_NONE;
        if (playable) {
            rigs[count++] = list->rigs[i].rig;
        }
    }
    const int chosen = chosen_rig >= 0 ? stage_of_rig[chosen_rig] : BL_STAGE_NONE;
    const bl_status status = bl_stage_set_rigs(app->stage, rigs, count, chosen, &error);
    free(rigs);
    if (status != BL_STATUS_OK) {
        bl_app_fail(app, &error, false);
        return false;
    }
    if (chosen_rig >= 0 && chosen == BL_STAGE_NONE) {
        bl_stage_choose(app->stage, BL_STAGE_NONE);
    }
    memcpy(app->stage_of_rig, stage_of_rig, list->rig_count * sizeof *stage_of_rig);
    for (size_t i = 0; i < list->rig_count; i++) {
        if (stage_of_rig[i] != BL_STAGE_NONE) {
            app->rig_on_stage[stage_of_rig[i]] = i;
            app->fault_told[stage_of_rig[i]] = false;
        }
    }
    bl_programs_set(&app->programs, list, bl_stage_get_list(app->stage), app->stage_of_rig);
    app->stage_serial = 0;
    return true;
}

void bl_app_choose_rig(bl_app *app, size_t rig)
{
    bl_stage_choose(app->stage, stage_index(app, rig));
}

bool bl_app_plays_guest(const bl_app *app)
{
    return bl_stage_get_heard(app->stage) == BL_STAGE_GUEST;
}

void bl_app_turn_rig(bl_app *app, bl_parameter parameter, double value)
{
    const int heard = bl_stage_get_heard(app->stage);
    if (heard >= 0) {
        app->setlist.rigs[app->rig_on_stage[heard]].rig.parameters[parameter] = value;
        bl_stage_set_parameter(app->stage, heard, parameter, value);
        app->knobs_turned = true;
    }
}

bl_app_readiness bl_app_rig_readiness(const bl_app *app, size_t rig, char fault[BL_APP_TEXT_MAX])
{
    const bl_error *error = &app->setlist.rigs[rig].error;
    bl_stage_rig staged = {.phase = BL_STAGE_FAILED};
    if (bl_stage_get_rig(app->stage, stage_index(app, rig), &staged)) {
        error = &staged.error;
    }
    snprintf(fault, BL_APP_TEXT_MAX, "%s", error->text);
    switch (staged.phase) {
    case BL_STAGE_WAITING:
        return BL_APP_RIG_WAITS;
    case BL_STAGE_LOADED:
        return BL_APP_RIG_LOADED;
    case BL_STAGE_ARMED:
    case BL_STAGE_PLAYING:
        return BL_APP_RIG_ARMED;
    case BL_STAGE_FAILED:
        break;
    }
    return BL_APP_RIG_FAILED;
}

/// Tells once of each rig what is wrong with it: that it cannot be built, costs too much, or plays
/// a model that was read with reservations.
static void tell_faults(bl_app *app, int count)
{
    for (int i = 0; i < count; i++) {
        bl_stage_rig rig;
        bl_model_info model;
        if (app->fault_told[i] || !bl_stage_get_rig(app->stage, i, &rig)) {
            continue;
        }
        const bl_setlist_rig *listed = &app->setlist.rigs[app->rig_on_stage[i]];
        if (rig.phase == BL_STAGE_FAILED) {
            app->fault_told[i] = true;
            bl_app_tell(app, BL_APP_ERROR, "%s; where it is chosen, what plays then plays on",
                        rig.error.text);
        } else if (rig.phase != BL_STAGE_WAITING && rig.asked_share > BL_FIT_MOST) {
            app->fault_told[i] = true;
            bl_app_tell(app, BL_APP_WARNING,
                        "the rig %s would need %.0f %% of a period of %u frames at %u Hz; as it "
                        "plays, it needs %.0f %%",
                        listed->path, 100.0 * rig.asked_share, app->state.period_frames,
                        app->state.sample_rate_hz, 100.0 * rig.share);
        } else if (bl_stage_get_model(app->stage, i, &model) && model.warning[0] != '\0') {
            app->fault_told[i] = true;
            bl_app_tell(app, BL_APP_WARNING, "%s: %s", listed->rig.model, model.warning);
        }
    }
}

/// Tells, once, that rigs may be swapped out, from where they would come back too late.
static void tell_loose(bl_app *app, const bl_stage_state *now)
{
    if (app->loose_told || now->loose_bytes == 0 || now->loaded + now->failed < now->rig_count) {
        return;
    }
    app->loose_told = true;
    bl_app_tell(app, BL_APP_WARNING,
                "the system lets only %.1f of %.1f MB of the rigs be locked in memory, so one that "
                "rested may come late; as root, run `dpkg-reconfigure -p high jackd2` and `usermod "
                "-aG audio %s`, then log in again",
                (double)now->locked_bytes * 1e-6,
                (double)(now->locked_bytes + now->loose_bytes) * 1e-6, bl_app_user_name());
}

void bl_app_show_trim(bl_app *app, int index)
{
    bl_app_state *s = &app->state;
    bl_stage_rig rig;
    if (bl_stage_get_rig(app->stage, index, &rig)) {
        s->trim_db = rig.trim.trim_db;
        s->calibration_db = rig.trim.calibration_db;
        s->trim_measured = rig.trim.source == BL_TRIM_MEASURED;
        s->trim_measuring = rig.measuring;
    }
}

/// What sounds, for display.
static void show_sounding(bl_app *app, int index)
{
    bl_app_state *s = &app->state;
    bl_stage_rig rig;
    if (index < 0 || !bl_stage_get_rig(app->stage, index, &rig)) {
        return;
    }
    const bl_setlist_rig *listed = &app->setlist.rigs[app->rig_on_stage[index]];
    snprintf(s->model_path, sizeof s->model_path, "%s", listed->rig.model);
    s->model_load = rig.share;
    bl_app_show_trim(app, index);
    if (!bl_stage_get_model(app->stage, index, &s->model)) {
        s->model = (bl_model_info){.name = ""};
    }
}

void bl_app_hear_stage(bl_app *app)
{
    bl_stage_state now;
    bl_stage_get_state(app->stage, &now);
    if (now.serial == app->stage_serial) {
        return;
    }
    app->stage_serial = now.serial;
    if (now.chosen == BL_STAGE_GUEST) {
        bl_app_show_trim(app, BL_STAGE_GUEST);
    }
    if (app->setlist.part_count == 0) {
        return;
    }
    bl_app_state *s = &app->state;
    const double ms = app->engine_rate_hz > 0.0 ? 1e3 / app->engine_rate_hz : 0.0;
    s->stage.rigs = (size_t)now.rig_count;
    s->stage.loaded = (size_t)now.loaded;
    s->stage.armed = (size_t)now.armed;
    s->stage.failed = (size_t)now.failed;
    s->stage.memory_bytes = now.memory_bytes;
    s->stage.locked_bytes = now.locked_bytes;
    if (now.switches != app->stage_switches && now.sounds_frame >= now.asked_frame) {
        s->stage.switch_ms = (double)(now.sounds_frame - now.asked_frame) * ms;
    }
    s->changes += now.switches != app->stage_switches;
    app->stage_switches = now.switches;
    s->loading = now.chosen != BL_STAGE_NONE && now.chosen != now.sounding;
    s->parts_serial++;
    if (now.chosen != BL_STAGE_GUEST) {
        show_sounding(app, now.sounding);
    }
    if (s->place.other_model != (now.chosen == BL_STAGE_GUEST)) {
        bl_app_show_place(app);
    }
    tell_faults(app, now.rig_count);
    tell_loose(app, &now);
}

bool bl_app_stage_is_ready(const bl_app *app)
{
    bl_stage_state now;
    bl_stage_rig rig;
    bl_stage_get_state(app->stage, &now);
    return !bl_stage_get_rig(app->stage, now.chosen, &rig) || rig.phase != BL_STAGE_WAITING;
}
