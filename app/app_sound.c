// SPDX-License-Identifier: MIT
// The sounding half of bl_app: engine, models, demo, meters. MAIN's; what the audio thread may
// still run goes to the trash until LINK has seen it let go.

#include "app_parts.h"

#include "paths.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    SETTLE_MS = 5000, // less than the ten seconds in which a server expects an answer
    SETTLE_STEP_MS = 200
};

static void control(bl_app *app, bl_control_kind kind, double value)
{
    const bl_control c = {.kind = kind, .value = value};
    // The ring holds far more than MAIN sends between two periods.
    if (app->engine != NULL && !bl_engine_control(app->engine, &c)) {
        bl_app_tell(app, BL_APP_WARNING, "the audio thread does not take commands at the moment");
    }
}

void bl_app_send_switches(bl_app *app)
{
    control(app, BL_CONTROL_BYPASS, app->state.bypassed ? 1.0 : 0.0);
    control(app, BL_CONTROL_MUTE, app->state.muted || app->state.tuner.on ? 1.0 : 0.0);
}

void bl_app_set_mute(bl_app *app, bool muted)
{
    app->state.changes += app->state.muted != muted;
    app->state.muted = muted;
    bl_app_send_switches(app);
}

void bl_app_set_bypass(bl_app *app, bool bypassed)
{
    app->state.changes += app->state.bypassed != bypassed;
    app->state.bypassed = bypassed;
    control(app, BL_CONTROL_BYPASS, bypassed ? 1.0 : 0.0);
}

void bl_app_panic(bl_app *app)
{
    bl_app_set_mute(app, true);
    control(app, BL_CONTROL_RESET, 0.0);
}

static void send_knob(bl_app *app, bl_parameter parameter)
{
    const bl_control c = {
        .kind = BL_CONTROL_PARAMETER,
        .parameter = parameter,
        .value = app->state.parameters[parameter],
        .generation = app->model_generation,
    };
    if (app->engine != NULL) {
        bl_engine_control(app->engine, &c);
    }
}

void bl_app_set_parameter(bl_app *app, bl_parameter parameter, double value)
{
    app->state.parameters[parameter] = bl_parameter_clamp(parameter, value);
    if (app->setlist.part_count > 0 && !bl_app_plays_guest(app)) {
        bl_app_turn_rig(app, parameter, app->state.parameters[parameter]);
        return;
    }
    send_knob(app, parameter);
}

/// Asks LOADER for a chain; `path` NULL: of the model that is loaded, "": without one.
static void request_model(bl_app *app, const char *path)
{
    if (path != NULL && strcmp(path, app->first_model) != 0) {
        app->first_model[0] = '\0'; // the player has moved on
        app->first_model_is_chosen = false;
    }
    app->model_whole = atomic_load(&app->pulse.freewheel);
    bl_loader_job job = {
        .generation = bl_stage_next_generation(app->stage),
        .clean = path != NULL && path[0] == '\0',
        .sample_rate_hz = app->engine_rate_hz,
        .quality = app->config.quality,
        .whole = app->model_whole,
        .stages = app->has_rig || app->setlist.part_count > 0,
        .spill = app->rig.spill,
        .match_loudness = app->rig.match_loudness,
        .calibrate = app->settings.has_interface_input,
        .interface_dbu = app->settings.interface_input_dbu,
    };
    snprintf(job.cab, sizeof job.cab, "%s", app->rig.cab);
    snprintf(job.path, sizeof job.path, "%s", path != NULL ? path : "");
    memcpy(job.parameters, app->state.parameters, sizeof job.parameters);
    app->model_generation = job.generation;
    app->model_awaited = true;
    app->model_requested = true;
    bl_loader_load_model(app->loader, &job);
}

void bl_app_follow_freewheel(bl_app *app)
{
    const bool freewheel = atomic_load(&app->pulse.freewheel);
    if (app->model_awaited) {
        return;
    }
    if (app->model_heavy && app->model_whole != freewheel) {
        request_model(app, NULL);
    } else if (freewheel) {
        atomic_store(&app->pulse.unsettled, false);
    }
}

// One step of waiting: true when there is nothing left to wait for.
static bool settle_further(bl_app *app)
{
    const struct timespec pause = {0, 1000000};
    if (atomic_load(&app->pulse.unsettled)) {
        nanosleep(&pause, NULL);
        return false;
    }
    return bl_stage_wait(app->stage, SETTLE_STEP_MS);
}

void bl_app_settle(void *app)
{
    bl_app *a = app;
    // What did not come once is not waited for again in every period.
    bool settled = a->settling_failed && !atomic_load(&a->pulse.unsettled);
    const int64_t until_ms = bl_clock_ms() + SETTLE_MS;
    while (!settled && bl_clock_ms() < until_ms) {
        settled = settle_further(a);
        a->settling_failed = !settled;
        atomic_fetch_add(&a->pulse.cycles, 1); // or MAIN would take the server for dead
    }
    atomic_store(&a->pulse.unsettled, false);
}

static void request_demo(bl_app *app)
{
    bl_loader_job job = {.generation = ++app->demo_generation,
                         .sample_rate_hz = app->engine_rate_hz};
    snprintf(job.path, sizeof job.path, "%s", app->demo_path);
    app->demo_awaited = true;
    bl_loader_load_demo(app->loader, &job);
}

/// Puts what the audio thread ran until now aside.
static void throw_away(bl_app *app, bl_engine *engine, bl_demo *demo)
{
    if (engine == NULL && demo == NULL) {
        return;
    }
    if (app->trash_count == BL_APP_TRASH_MAX) {
        return; // LINK hangs in a frozen server; leaking is the safe side
    }
    app->trash[app->trash_count++] = (bl_app_trash){engine, demo, app->attach_asked + 1};
}

void bl_app_attach(bl_app *app)
{
    app->attach_asked++;
    bl_link_attach(app->link, app->engine, app->demo);
}

void bl_app_attached(bl_app *app, bool all)
{
    app->attach_done += all ? 0 : 1;
    size_t kept = 0;
    for (size_t i = 0; i < app->trash_count; i++) {
        const bl_app_trash t = app->trash[i];
        if (all || t.until <= app->attach_done) {
            bl_engine_destroy(t.engine);
            bl_demo_destroy(t.demo);
        } else {
            app->trash[kept++] = t;
        }
    }
    app->trash_count = kept;
}

void bl_app_finish_sound(bl_app *app)
{
    bl_app_attached(app, true);
    bl_engine_destroy(app->engine);
    bl_demo_destroy(app->demo);
    app->engine = NULL;
    app->demo = NULL;
}

/// A new engine for a new rate. The chain follows by LOADER.
static bool make_engine(bl_app *app, double sample_rate_hz)
{
    bl_engine_config config = bl_engine_config_default();
    config.sample_rate_hz = sample_rate_hz;
    if (app->config.no_ramp) {
        config.ramp_ms = 0.0;
        config.crossfade_ms = 0.0;
        config.start_muted = app->state.muted;
    }
    bl_engine *engine = NULL;
    bl_error error = {0};
    if (bl_engine_create(&config, &engine, &error) != BL_STATUS_OK) {
        bl_app_fail(app, &error, true);
        return false;
    }
    bl_stage_set_engine(app->stage, engine, sample_rate_hz, app->config.quality,
                        atomic_load(&app->pulse.freewheel));
    throw_away(app, app->engine, NULL);
    app->engine = engine;
    app->engine_rate_hz = sample_rate_hz;
    return true;
}

void bl_app_prepare_sound(bl_app *app, double sample_rate_hz)
{
    if (app->engine != NULL && app->engine_rate_hz == sample_rate_hz) {
        control(app, BL_CONTROL_RESET, 0.0); // warm as it is, and in silence
        return;
    }
    if (!make_engine(app, sample_rate_hz)) {
        return;
    }
    const char *first = app->first_model[0] != '\0' ? app->first_model : NULL;
    // Beside a set list, too, what is on its way was for the old rate, or for none yet.
    if (app->setlist.part_count == 0 || bl_app_plays_guest(app) || app->model_awaited ||
        first != NULL) {
        request_model(app, first);
    }
    if (app->demo_path[0] != '\0') {
        throw_away(app, NULL, app->demo); // of the old rate
        app->demo = NULL;
        request_demo(app);
    }
}

bool bl_app_sound_is_ready(const bl_app *app)
{
    return !app->model_awaited && !app->demo_awaited && bl_app_stage_is_ready(app);
}

void bl_app_load_model(bl_app *app, const char *path)
{
    char absolute[BL_PATH_MAX];
    bl_path_absolute(path, absolute);
    if (app->setlist.part_count > 0) { // in the rig of the part
        const bl_setlist_rig *rig = &app->setlist.rigs[bl_app_current_rig(app)];
        app->rig = rig->error.status == BL_STATUS_OK ? rig->rig : app->rig;
        app->has_rig = true;
    }
    if (app->engine == NULL) { // as soon as there is a rate
        snprintf(app->first_model, sizeof app->first_model, "%s", absolute);
        app->first_model_is_chosen = true;
        return;
    }
    request_model(app, absolute);
}

void bl_app_play_rig(bl_app *app, const bl_rig *rig)
{
    app->rig = *rig;
    app->has_rig = true;
    if (app->engine == NULL) {
        snprintf(app->first_model, sizeof app->first_model, "%s", rig->model);
    } else {
        request_model(app, rig->model);
    }
}

void bl_app_drop_model(bl_app *app)
{
    app->model_awaited = app->model_heavy = false;
    app->model_generation = 0; // of no answer
    app->old_model[0] = app->first_model[0] = '\0';
}

void bl_app_set_demo(bl_app *app, const char *path)
{
    app->riff_plays = false;
    snprintf(app->demo_path, sizeof app->demo_path, "%s", path != NULL ? path : "");
    if (path != NULL && app->engine != NULL) {
        request_demo(app);
    } else if (path == NULL) {
        app->demo_generation++; // one on its way is not wanted any more
        app->demo_awaited = false;
        throw_away(app, NULL, app->demo);
        app->demo = NULL;
        app->state.demo[0] = '\0';
        bl_app_attach(app);
    }
}

/// What plays now plays the next time. A rig without a model is remembered as that.
static void remember_sound(bl_app *app, const char *path)
{
    bl_memory *m = &app->memory;
    if (strcmp(m->model, path) == 0 && strcmp(m->rig, app->rig_path) == 0 && m->played_count > 0) {
        return;
    }
    snprintf(m->model, sizeof m->model, "%s", path);
    snprintf(m->rig, sizeof m->rig, "%s", app->rig_path);
    if (path[0] != '\0') {
        bl_memory_play(m, path, app->state.model.name);
        app->state.models_serial++;
    }
    bl_app_save_memory(app);
}

/// All of them, since some may have been turned while the chain was built.
static void send_knobs(bl_app *app)
{
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        send_knob(app, (bl_parameter)p);
    }
}

static void hear_model(bl_app *app, bl_loader_answer *answer)
{
    if (answer->generation != app->model_generation) {
        return; // the player moved on
    }
    app->model_awaited = false;
    const bool is_first = app->first_model[0] != '\0';
    if (answer->error.status != BL_STATUS_OK) {
        char factory[BL_PATH_MAX];
        bl_app_fail(app, &answer->error, is_first && app->first_model_is_chosen);
        // What was remembered may be gone by now; a shipped one is there.
        if (is_first && !app->first_model_is_chosen && bl_path_factory_model(factory) &&
            strcmp(factory, app->first_model) != 0) {
            snprintf(app->first_model, sizeof app->first_model, "%s", factory);
            request_model(app, factory);
        }
        bl_app_follow_freewheel(app);
        return;
    }
    app->first_model[0] = '\0';
    const bool replaces = strcmp(app->state.model_path, answer->path) != 0;
    snprintf(app->state.model_path, sizeof app->state.model_path, "%s", answer->path);
    app->state.model_load = answer->fit.share;
    bl_app_show_trim(app, BL_STAGE_GUEST);
    app->model_heavy = answer->fit.asked > BL_FIT_MOST;
    bl_app_follow_freewheel(app);
    app->state.model =
        answer->model != NULL ? *bl_model_get_info(answer->model) : (bl_model_info){.name = ""};
    if (replaces && app->state.model.warning[0] != '\0') {
        bl_app_tell(app, BL_APP_WARNING, "\"%s\": %s", app->state.model.name,
                    app->state.model.warning);
    }
    if (answer->model != NULL || app->has_rig) {
        remember_sound(app, answer->path);
    }
    if (app->setlist.part_count > 0) {
        app->stage_serial = 0; // something of the list may have been chosen since
        send_knobs(app);
        bl_app_show_place(app);
    }
}

/// Tells what a model will cost before it is heard.
static void hear_heavy(bl_app *app, const bl_loader_answer *answer)
{
    const char *name = bl_model_get_info(answer->model)->name;
    const double asked = 100.0 * answer->fit.asked, share = 100.0 * answer->fit.share;
    const uint32_t period = app->state.period_frames, rate_hz = (uint32_t)answer->sample_rate_hz;
    if (answer->generation != app->model_generation || app->model_whole) {
        return; // the player moved on, or nothing can be late
    }
    const bool replaces = strcmp(app->state.model_path, answer->path) != 0;
    snprintf(app->old_model, sizeof app->old_model, "%s", replaces ? app->state.model_path : "");
    if (answer->fit.share <= BL_FIT_MOST) {
        bl_app_tell(app, BL_APP_WARNING,
                    "\"%s\" would need %.0f %% of a period of %u frames at %u Hz: it plays at a "
                    "smaller width, which needs %.0f %%",
                    name, asked, period, rate_hz, share);
    } else if (answer->fit.share <= 1.0) {
        bl_app_tell(app, BL_APP_WARNING,
                    "\"%s\" needs %.0f %% of a period of %u frames at %u Hz, which leaves little "
                    "room: if it crackles, choose a smaller model or a lower sample rate",
                    name, share, period, rate_hz);
    } else {
        bl_app_tell(app, BL_APP_ERROR,
                    "\"%s\" needs %.0f %% of a period of %u frames at %u Hz: it will crackle; "
                    "choose a smaller model or a lower sample rate",
                    name, share, period, rate_hz);
    }
    bl_app_message *told = &app->messages[(app->state.message_count - 1) % BL_APP_MESSAGES_KEPT];
    told->offers_old = app->old_model[0] != '\0';
}

void bl_app_keep_old_model(bl_app *app)
{
    const bool listed =
        app->setlist.part_count > 0 &&
        strcmp(app->old_model, app->setlist.rigs[bl_app_current_rig(app)].rig.model) == 0;
    if (listed) {
        bl_app_return_to_part(app);
    } else if (app->old_model[0] != '\0' && app->engine != NULL) {
        request_model(app, app->old_model);
    }
}

static void hear_demo(bl_app *app, bl_loader_answer *answer)
{
    if (answer->generation != app->demo_generation) {
        return;
    }
    app->demo_awaited = false;
    if (answer->error.status != BL_STATUS_OK) {
        bl_app_fail(app, &answer->error, app->config.demo != NULL);
        app->demo_path[0] = '\0';
        return;
    }
    throw_away(app, NULL, app->demo);
    app->demo = answer->demo;
    answer->demo = NULL;
    snprintf(app->state.demo, sizeof app->state.demo, "%s", answer->path);
    if (app->activated) {
        bl_app_attach(app);
    }
}

void bl_app_hear_loader(bl_app *app)
{
    for (bl_loader_answer *answer = bl_loader_poll(app->loader); answer != NULL;
         answer = bl_loader_poll(app->loader)) {
        if (answer->kind == BL_LOADER_MODEL) {
            hear_model(app, answer);
        } else if (answer->kind == BL_LOADER_DEMO) {
            hear_demo(app, answer);
        } else if (answer->kind == BL_LOADER_HEAVY) {
            hear_heavy(app, answer);
        } else if (answer->kind == BL_LOADER_RIG) {
            bl_app_rig_saved(app, answer);
        } else {
            bl_app_tell(app, BL_APP_WARNING, "%s", answer->error.text);
        }
        bl_loader_answer_free(answer);
    }
}

/// Tells when the overload guard falls, and when it comes back by itself.
static void hear_guard(bl_app *app, const bl_telemetry *t)
{
    bl_app_state *s = &app->state;
    if (t->narrowed && !s->narrowed) {
        bl_app_tell(app, BL_APP_WARNING,
                    "the load reached 70 %% of a period of %u frames: \"%s\" plays at a smaller "
                    "width until there is room again; end other programs or ask for a larger "
                    "period",
                    s->period_frames, s->model.name);
        app->narrowed_generation = t->generation;
    } else if (!t->narrowed && s->narrowed && t->generation == app->narrowed_generation) {
        bl_app_tell(app, BL_APP_INFO, "\"%s\" plays at its full width again", s->model.name);
    }
    s->narrowed = t->narrowed;
}

/// Tells feedback that was proved, and when it is over; nothing of a mere suspicion.
static void hear_howl(bl_app *app, const bl_telemetry *t)
{
    bl_app_state *s = &app->state;
    const bool proved = t->howls > s->howls;
    if (proved && !s->howling) {
        bl_app_tell(
            app, BL_APP_WARNING,
            "feedback: a tone came back from the loudspeaker, so the output is turned "
            "down until it is gone; turn the guitar away from the loudspeaker, or down. howl_guard "
            "switches this off");
    } else if (!t->howling && s->howling) {
        bl_app_tell(app, BL_APP_INFO, "the feedback is over: full level again");
    }
    s->howls = t->howls;
    s->howling = t->howling && (proved || s->howling);
}

void bl_app_poll_engine(bl_app *app)
{
    if (app->engine == NULL) {
        return;
    }
    bl_telemetry t;
    while (bl_engine_poll(app->engine, &t)) {
        bl_app_state *s = &app->state;
        s->in_peak = t.in_peak > s->in_peak ? t.in_peak : s->in_peak;
        s->out_peak = t.out_peak > s->out_peak ? t.out_peak : s->out_peak;
        app->sent_peak = t.out_peak > app->sent_peak ? t.out_peak : app->sent_peak;
        s->clipped_frames = t.clipped_frames;
        s->not_finite_blocks = t.not_finite_blocks;
        s->swaps += t.kind == BL_TELEMETRY_SWAPPED;
        hear_guard(app, &t);
        hear_howl(app, &t);
    }
}
