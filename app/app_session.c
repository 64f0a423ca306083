// SPDX-License-Identifier: MIT
// A bl_app under a session manager: what it asks for, what it is told. MAIN's; copying files is
// done by a thread of its own.

#include "app_parts.h"

#include "paths.h"
#include "session.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { OPEN_PATIENCE_MS = 5000 }; ///< for a sound server: a session opens without one too

/// One save. Filled by MAIN, done by its thread, joined by MAIN.
struct bl_app_saving {
    pthread_t thread;
    char folder[4096];
    bl_session_sound sound;
    bl_error error;
    int wake_fd;
    _Atomic bool done; ///< thread -> MAIN
};

void bl_app_join_session(bl_app_config *config)
{
    bl_error error = {0};
    if (bl_nsm_join(&config->nsm, config->has_window, &error) != BL_STATUS_OK) {
        snprintf(config->note, sizeof config->note, "%s", error.text);
    }
    if (config->nsm != NULL) {
        config->name = bl_nsm_client(config->nsm);
        config->no_connect = true; // the session makes the connections
        config->strict = false;
        bl_path_set_session(bl_nsm_folder(config->nsm));
    }
}

bool bl_app_enter_session(bl_app *app)
{
    struct epoll_event event = {.events = EPOLLIN};
    app->session.nsm = app->config.nsm;
    if (app->session.nsm == NULL) {
        return true;
    }
    app->session.begun_ms = bl_clock_ms();
    bl_nsm_tell_progress(app->session.nsm, 0.0F);
    return epoll_ctl(app->epoll_fd, EPOLL_CTL_ADD, bl_nsm_fd(app->session.nsm), &event) == 0;
}

static bl_app_sounding sounding(const bl_app *app)
{
    bl_app_sounding s = {.muted = app->state.muted, .bypassed = app->state.bypassed};
    memcpy(s.parameters, app->state.parameters, sizeof s.parameters);
    snprintf(s.model, sizeof s.model, "%s", app->state.model_path);
    snprintf(s.rig, sizeof s.rig, "%s",
             app->setlist.part_count > 0 ? app->setlist_path : app->rig_path);
    return s;
}

static void *save_files(void *argument)
{
    struct bl_app_saving *saving = argument;
    const uint64_t one = 1;
    bl_session_keep(saving->folder, &saving->sound, &saving->error);
    atomic_store(&saving->done, true);
    const ssize_t wrote = write(saving->wake_fd, &one, sizeof one);
    (void)wrote; // the timer wakes MAIN as well
    return NULL;
}

static void free_saving(struct bl_app_saving *saving)
{
    if (saving != NULL) {
        bl_setlist_finish(&saving->sound.setlist);
        free(saving);
    }
}

/// What plays now, to be saved while it may change; NULL: memory is short.
static struct bl_app_saving *make_saving(const bl_app *app)
{
    struct bl_app_saving *saving = calloc(1, sizeof *saving);
    // What is still being loaded is what the player will hear.
    const char *model = app->state.model_path[0] != '\0' ? app->state.model_path
                        : app->has_rig                   ? app->rig.model
                                                         : app->first_model;
    if (saving == NULL) {
        return NULL;
    }
    bl_session_sound *sound = &saving->sound;
    snprintf(saving->folder, sizeof saving->folder, "%s", bl_nsm_folder(app->session.nsm));
    saving->wake_fd = app->wake_fd;
    if (app->setlist.part_count > 0) {
        snprintf(sound->setlist_path, sizeof sound->setlist_path, "%s", app->setlist_path);
        if (!bl_setlist_copy(&app->setlist, &sound->setlist)) {
            free(saving);
            return NULL;
        }
        return saving;
    }
    sound->rig = app->rig;
    sound->has_rig = app->has_rig;
    memcpy(sound->rig.parameters, app->state.parameters, sizeof sound->rig.parameters);
    snprintf(sound->rig.model, sizeof sound->rig.model, "%s", model);
    return saving;
}

static void begin_save(bl_app *app)
{
    bl_app_session *s = &app->session;
    bl_error error = {0};
    if (s->saving != NULL) {
        bl_error_set(&error, BL_STATUS_REFUSED, "it is being saved already");
        bl_nsm_answer(s->nsm, BL_NSM_SAVE, &error);
        return;
    }
    struct bl_app_saving *saving = make_saving(app);
    if (saving == NULL || pthread_create(&saving->thread, NULL, save_files, saving) != 0) {
        free_saving(saving);
        bl_error_set(&error, BL_STATUS_NO_MEMORY, "not enough memory to save");
        bl_nsm_answer(s->nsm, BL_NSM_SAVE, &error);
        return;
    }
    s->saving = saving;
    s->saving_sound = sounding(app);
}

/// What was kept is what the session plays the next time.
static void remember_kept(bl_app *app, const bl_session_sound *sound)
{
    bl_memory *m = &app->memory;
    if (sound->setlist.part_count > 0) {
        bl_app_keep_setlist(app, app->session.saving_sound.rig, &sound->setlist,
                            sound->setlist_path);
        return;
    }
    snprintf(m->model, sizeof m->model, "%s", sound->rig.model);
    m->rig[0] = '\0';
    if (sound->has_rig) {
        snprintf(m->rig, sizeof m->rig, "%s/rig.yaml", bl_nsm_folder(app->session.nsm));
    }
    bl_app_save_memory(app);
}

static void end_save(bl_app *app)
{
    bl_app_session *s = &app->session;
    struct bl_app_saving *saving = s->saving;
    if (saving == NULL || !atomic_load(&saving->done)) {
        return;
    }
    pthread_join(saving->thread, NULL);
    const bool good = saving->error.status == BL_STATUS_OK;
    if (good) {
        remember_kept(app, &saving->sound);
        s->saved = s->saving_sound;
        s->dirty = false;
        bl_nsm_tell_dirty(s->nsm, false);
    } else {
        bl_app_tell(app, BL_APP_ERROR, "%s", saving->error.text);
    }
    bl_nsm_answer(s->nsm, BL_NSM_SAVE, good ? NULL : &saving->error);
    free_saving(saving);
    s->saving = NULL;
}

static bool same_sound(const bl_app_sounding *a, const bl_app_sounding *b)
{
    return a->muted == b->muted && a->bypassed == b->bypassed && strcmp(a->model, b->model) == 0 &&
           strcmp(a->rig, b->rig) == 0 && bl_rig_same_parameters(a->parameters, b->parameters);
}

static void tell_changes(bl_app *app)
{
    bl_app_session *s = &app->session;
    const bl_app_sounding now = sounding(app);
    if (!s->dirty && !same_sound(&now, &s->saved)) {
        s->dirty = true;
        bl_nsm_tell_dirty(s->nsm, true);
    }
    if (s->told != app->state.message_count) {
        s->told = app->state.message_count;
        const bl_app_message *m = &app->state.message;
        bl_nsm_tell_message(s->nsm, m->severity == BL_APP_INFO ? 0 : 2, m->text);
    }
}

static void answer_open(bl_app *app)
{
    bl_app_session *s = &app->session;
    const bool waited = bl_clock_ms() - s->begun_ms > OPEN_PATIENCE_MS;
    if (s->opened || (app->state.phase != BL_APP_PLAYING && !waited)) {
        return;
    }
    s->opened = true;
    s->saved = sounding(app);
    bl_nsm_tell_progress(s->nsm, 1.0F);
    bl_nsm_answer(s->nsm, BL_NSM_OPEN, NULL);
}

void bl_app_hear_session(bl_app *app)
{
    bl_app_session *s = &app->session;
    if (s->nsm == NULL) {
        return;
    }
    for (bl_nsm_request r = bl_nsm_poll(s->nsm); r != BL_NSM_NOTHING; r = bl_nsm_poll(s->nsm)) {
        if (r == BL_NSM_SAVE) {
            begin_save(app);
        } else if (r == BL_NSM_SHOW || r == BL_NSM_HIDE) {
            s->window_wished = true;
            s->window_seen = r == BL_NSM_SHOW;
        }
    }
    end_save(app);
    answer_open(app);
    if (s->opened) {
        tell_changes(app);
    }
}

bool bl_app_take_window_wish(bl_app *app, bool *seen)
{
    const bool wished = app->session.window_wished;
    *seen = app->session.window_seen;
    app->session.window_wished = false;
    return wished;
}

bool bl_app_is_in_session(const bl_app *app)
{
    return app->session.nsm != NULL;
}

void bl_app_tell_window(bl_app *app, bool seen)
{
    if (app->session.nsm != NULL) {
        bl_nsm_tell_window(app->session.nsm, seen);
    }
}

void bl_app_leave_session(bl_app *app)
{
    if (app->session.saving != NULL) {
        pthread_join(app->session.saving->thread, NULL);
        free_saving(app->session.saving);
    }
    bl_nsm_destroy(app->config.nsm);
}
