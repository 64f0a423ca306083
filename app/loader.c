// SPDX-License-Identifier: MIT
// The thread that loads. `lock` is held only to copy jobs and to give a chain to the stage, so MAIN
// may take it too. Saving what the program remembers is done here as well: a disk can be slow.

#include "loader.h"

#include "trim.h"

#include "backline/cab.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/// A rig to be written.
typedef struct rig_file {
    bl_rig rig;
    char path[4096];
} rig_file;

struct bl_loader {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;

    // Under the lock.
    bl_stage *stage;                   ///< chains go there; NULL: nowhere any more
    bl_loader_job model_job, demo_job; ///< valid while wanted
    bool model_wanted, demo_wanted, ending, ended;
    bl_memory *to_save; ///< NULL: nothing; owned
    char save_name[64];
    rig_file *rig_to_save; ///< NULL: none; owned
    uint64_t newest_model; ///< generation asked for last

    bl_mailbox answers;

    // LOADER alone.
    bl_model *model;
    char model_path[4096];
};

static void destroy_answer(bl_mail *mail)
{
    bl_loader_answer_free((bl_loader_answer *)mail);
}

void bl_loader_answer_free(bl_loader_answer *answer)
{
    if (answer != NULL) {
        bl_model_release(answer->model);
        bl_demo_destroy(answer->demo);
        free(answer);
    }
}

/// Makes `loader->model` the one the job names.
static bl_status get_model(bl_loader *loader, const bl_loader_job *job, bl_error *error)
{
    if (job->clean) {
        bl_model_release(loader->model);
        loader->model = NULL;
        loader->model_path[0] = '\0';
    }
    if (job->path[0] == '\0') {
        return BL_STATUS_OK;
    }
    bl_model *model = NULL;
    const bl_status status = bl_model_load(job->path, NULL, &model, error);
    if (status == BL_STATUS_OK) {
        bl_model_release(loader->model);
        loader->model = model;
        snprintf(loader->model_path, sizeof loader->model_path, "%s", job->path);
    }
    return status;
}

/// How loud a chain is to be.
typedef struct level {
    bl_rig rig; ///< as the trim finds it
    bl_trim trim;
    bool known; ///< false: the trim is a guess
} level;

/// Completes `config` by the trim; by playing the riff only where nobody waits for the sound.
static void find_level(const bl_loader *loader, const bl_loader_job *job, bl_chain_config *config,
                       level *made)
{
    bl_rig *rig = &made->rig;
    *made =
        (level){.rig = {.spill = job->spill, .match_loudness = job->match_loudness}, .known = true};
    snprintf(rig->model, sizeof rig->model, "%s", loader->model != NULL ? loader->model_path : "");
    snprintf(rig->cab, sizeof rig->cab, "%s", job->cab);
    memcpy(rig->parameters, job->parameters, sizeof rig->parameters);
    const bl_trim_wish wish = {.model = rig->model,
                               .config = "",
                               .cab = rig->cab,
                               .match_loudness = job->match_loudness,
                               .calibrate = job->calibrate,
                               .interface_dbu = job->interface_dbu};
    if (job->stages && job->whole) {
        bl_trim_find(config, &wish, &made->trim);
    } else if (job->stages) {
        made->known = bl_trim_guess(config, &wish, &made->trim);
    }
}

/// Says before it is heard that a model costs more than is safe.
static void warn(bl_loader *loader, const bl_loader_answer *about)
{
    bl_loader_answer *answer = calloc(1, sizeof *answer);
    if (answer != NULL) {
        *answer = *about;
        answer->kind = BL_LOADER_HEAVY;
        answer->model = bl_model_retain(loader->model);
        bl_mailbox_post(&loader->answers, &answer->mail);
    }
}

/// Hands the chain over, unless the player has moved on. Consumes it. False if it was too late.
static bool hand_over(bl_loader *loader, const bl_loader_job *job, const level *made,
                      bl_chain *chain)
{
    pthread_mutex_lock(&loader->lock);
    const bool wanted =
        loader->stage != NULL && loader->newest_model == job->generation &&
        bl_stage_give(loader->stage, chain, &made->trim, made->known ? NULL : &made->rig);
    pthread_mutex_unlock(&loader->lock);
    if (!wanted) {
        bl_chain_destroy(chain);
    }
    return wanted;
}

static void load_model(bl_loader *loader, const bl_loader_job *job, bl_loader_answer *answer)
{
    if (get_model(loader, job, &answer->error) != BL_STATUS_OK) {
        return;
    }
    bl_cab cab = {0};
    if (job->cab[0] != '\0' &&
        bl_cab_load(job->cab, job->sample_rate_hz, &cab, &answer->error) != BL_STATUS_OK) {
        return;
    }
    bl_chain_config config = bl_chain_config_default();
    config.stages = job->stages;
    config.spill = job->spill;
    config.cab = cab.channels > 0 ? &cab : NULL;
    config.model = loader->model;
    config.sample_rate_hz = job->sample_rate_hz;
    config.quality = job->quality;
    config.generation = job->generation;
    memcpy(config.parameters, job->parameters, sizeof config.parameters);
    level made;
    find_level(loader, job, &config, &made);
    bl_chain *chain = NULL;
    const bl_status status = bl_fit_build(&config, !job->whole, bl_fit_measure_chain, &chain,
                                          &answer->fit, &answer->error);
    bl_cab_finish(&cab);
    if (status != BL_STATUS_OK) {
        return;
    }
    snprintf(answer->path, sizeof answer->path, "%s", loader->model_path);
    if (answer->fit.asked > BL_FIT_MOST) {
        warn(loader, answer);
    }
    answer->latency_frames = bl_chain_latency_frames(chain);
    if (hand_over(loader, job, &made, chain)) {
        answer->model = loader->model != NULL ? bl_model_retain(loader->model) : NULL;
    } else {
        bl_error_set(&answer->error, BL_STATUS_REFUSED, "another model was chosen meanwhile");
    }
}

static void load_demo(const bl_loader_job *job, bl_loader_answer *answer)
{
    bl_demo_load(job->path, job->sample_rate_hz, &answer->demo, &answer->error);
}

static void serve(bl_loader *loader, bl_loader_kind kind, const bl_loader_job *job)
{
    bl_loader_answer *answer = calloc(1, sizeof *answer);
    if (answer == NULL) {
        return;
    }
    answer->kind = kind;
    answer->generation = job->generation;
    answer->sample_rate_hz = job->sample_rate_hz;
    snprintf(answer->path, sizeof answer->path, "%s", job->path);
    if (kind == BL_LOADER_DEMO) {
        load_demo(job, answer);
    } else {
        load_model(loader, job, answer);
    }
    bl_mailbox_post(&loader->answers, &answer->mail);
}

static void free_memory(bl_memory *memory)
{
    if (memory != NULL) {
        bl_memory_finish(memory);
        free(memory);
    }
}

/// Consumes `memory`.
static void save(bl_loader *loader, bl_memory *memory, const char *name)
{
    bl_loader_answer *answer = calloc(1, sizeof *answer);
    if (answer != NULL && bl_memory_save(name, memory, &answer->error) != BL_STATUS_OK) {
        answer->kind = BL_LOADER_SAVED;
        bl_mailbox_post(&loader->answers, &answer->mail);
    } else {
        free(answer);
    }
    free_memory(memory);
}

/// Consumes `file`.
static void save_rig(bl_loader *loader, rig_file *file)
{
    bl_loader_answer *answer = calloc(1, sizeof *answer);
    if (answer != NULL) {
        answer->kind = BL_LOADER_RIG;
        memcpy(answer->path, file->path, sizeof answer->path);
        bl_rig_save(file->path, &file->rig, &answer->error);
        bl_mailbox_post(&loader->answers, &answer->mail);
    }
    free(file);
}

/// What is to be saved comes first, and even at the end. False if there is nothing.
static bool step_saving(bl_loader *loader)
{
    bl_memory *memory = loader->to_save;
    rig_file *rig = loader->rig_to_save;
    char name[sizeof loader->save_name];
    if (memory == NULL && rig == NULL) {
        return false;
    }
    memcpy(name, loader->save_name, sizeof name);
    loader->to_save = NULL;
    loader->rig_to_save = NULL;
    pthread_mutex_unlock(&loader->lock);
    if (memory != NULL) {
        save(loader, memory, name);
    }
    if (rig != NULL) {
        save_rig(loader, rig);
    }
    pthread_mutex_lock(&loader->lock);
    return true;
}

/// Takes one thing to do under the lock, does it without. False if there is nothing.
static bool step(bl_loader *loader)
{
    if (step_saving(loader)) {
        return true;
    }
    const bool is_model = loader->model_wanted && !loader->ending;
    const bool is_demo = !is_model && loader->demo_wanted && !loader->ending;
    if (!is_model && !is_demo) {
        return false;
    }
    const bl_loader_job job = is_demo ? loader->demo_job : loader->model_job;
    loader->model_wanted = loader->model_wanted && !is_model;
    loader->demo_wanted = loader->demo_wanted && !is_demo;
    pthread_mutex_unlock(&loader->lock);
    serve(loader, is_demo ? BL_LOADER_DEMO : BL_LOADER_MODEL, &job);
    pthread_mutex_lock(&loader->lock);
    return true;
}

static void *run(void *argument)
{
    bl_loader *loader = argument;
    pthread_mutex_lock(&loader->lock);
    while (step(loader) || !loader->ending) {
        while (!loader->model_wanted && !loader->demo_wanted && loader->to_save == NULL &&
               loader->rig_to_save == NULL && !loader->ending) {
            pthread_cond_wait(&loader->wake, &loader->lock);
        }
    }
    loader->ended = true;
    pthread_cond_broadcast(&loader->wake);
    pthread_mutex_unlock(&loader->lock);
    return NULL;
}

bl_status bl_loader_create(int wake_fd, bl_stage *stage, bl_loader **loader, bl_error *error)
{
    bl_loader *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to start");
    }
    l->stage = stage;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->wake, NULL);
    if (!bl_mailbox_init(&l->answers, wake_fd) || pthread_create(&l->thread, NULL, run, l) != 0) {
        free(l);
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "cannot start a thread");
    }
    *loader = l;
    return BL_STATUS_OK;
}

void bl_loader_destroy(bl_loader *loader, int patience_ms)
{
    if (loader == NULL) {
        return;
    }
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)(patience_ms % 1000) * 1000000;
    until.tv_sec += patience_ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&loader->lock);
    loader->ending = true;
    loader->stage = NULL;
    pthread_cond_broadcast(&loader->wake);
    int code = 0;
    while (!loader->ended && code == 0) {
        code = pthread_cond_timedwait(&loader->wake, &loader->lock, &until);
    }
    const bool ended = loader->ended;
    pthread_mutex_unlock(&loader->lock);
    if (!ended) {
        pthread_detach(loader->thread); // reads from a disk that does not answer
        return;
    }
    pthread_join(loader->thread, NULL);
    bl_mailbox_finish(&loader->answers, destroy_answer);
    bl_model_release(loader->model);
    pthread_cond_destroy(&loader->wake);
    pthread_mutex_destroy(&loader->lock);
    free(loader);
}

void bl_loader_load_model(bl_loader *loader, const bl_loader_job *job)
{
    pthread_mutex_lock(&loader->lock);
    // A rebuild must not swallow a file that was asked for before and is still to be read.
    const bool keep_path = job->path[0] == '\0' && !job->clean && loader->model_wanted;
    const bool clean = loader->model_job.clean;
    char path[sizeof job->path];
    memcpy(path, loader->model_job.path, sizeof path);
    loader->model_job = *job;
    if (keep_path) {
        memcpy(loader->model_job.path, path, sizeof path);
        loader->model_job.clean = clean;
    }
    loader->model_wanted = true;
    loader->newest_model = job->generation;
    pthread_cond_broadcast(&loader->wake);
    pthread_mutex_unlock(&loader->lock);
}

void bl_loader_load_demo(bl_loader *loader, const bl_loader_job *job)
{
    pthread_mutex_lock(&loader->lock);
    loader->demo_job = *job;
    loader->demo_wanted = true;
    pthread_cond_broadcast(&loader->wake);
    pthread_mutex_unlock(&loader->lock);
}

void bl_loader_save(bl_loader *loader, const char *name, const bl_memory *memory)
{
    bl_memory *copy = calloc(1, sizeof *copy);
    if (copy == NULL || !bl_memory_copy(memory, copy)) {
        free(copy);
        return; // the next change asks again
    }
    pthread_mutex_lock(&loader->lock);
    free_memory(loader->to_save);
    loader->to_save = copy;
    snprintf(loader->save_name, sizeof loader->save_name, "%s", name);
    pthread_cond_broadcast(&loader->wake);
    pthread_mutex_unlock(&loader->lock);
}

bool bl_loader_save_rig(bl_loader *loader, const char *path, const bl_rig *rig)
{
    rig_file *file = calloc(1, sizeof *file);
    if (file == NULL) {
        return false;
    }
    file->rig = *rig;
    snprintf(file->path, sizeof file->path, "%s", path);
    pthread_mutex_lock(&loader->lock);
    assert(loader->rig_to_save == NULL);
    loader->rig_to_save = file;
    pthread_cond_broadcast(&loader->wake);
    pthread_mutex_unlock(&loader->lock);
    return true;
}

bl_loader_answer *bl_loader_poll(bl_loader *loader)
{
    return (bl_loader_answer *)bl_mailbox_take(&loader->answers);
}
