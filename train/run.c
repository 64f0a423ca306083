// SPDX-License-Identifier: MIT
// The run folder: config.yaml, progress.ndjson, checkpoint.safetensors after every epoch, the best
// model, native and as .nam, at every better validation, and the report at the end.

#include "train/train.h"

#include "backline/export.h"
#include "backline/file.h"
#include "backline/text.h"
#include "train/checkpoint.h"
#include "train/loudness.h"
#include "train/replay.h"
#include "train/report.h"
#include "train/trainer.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, CONFIG_SIZE = 8192 };

static const double report_every_s = 0.2;
static const double silence_esr = 0.9, hopeless_share = 0.25;
static const uint64_t hopeless_steps = 400;
static const double steps_min = 100.0; // however short the time
static const double report_s = 0.4;    // that the report takes, beside playing the model
static const double measured_share = 0.02, measured_min_s = 0.5, measured_max_s = 1.0;
static const double esr_told_max = 1e6; // beyond, a model is noise and the figure says nothing

/// The files of a run folder.
typedef enum run_file { CHECKPOINT, BEST, BEST_NAM, CONFIG, LOG, PICTURE, FIGURES, FILES } run_file;

static const char *const file_names[FILES] = {
    [CHECKPOINT] = "checkpoint.safetensors",
    [BEST] = "best_model.safetensors",
    [BEST_NAM] = "best_model.nam",
    [CONFIG] = "config.yaml",
    [LOG] = "progress.ndjson",
    [PICTURE] = "report.svg",
    [FIGURES] = "report.json",
};

typedef struct run {
    const bl_train_job *job;
    bl_config config; ///< minutes turned into epochs
    bl_trainer *trainer;
    bl_trainer_state *state;
    char paths[FILES][PATH_SIZE];
    char config_text[CONFIG_SIZE];
    FILE *progress;
    double started_s, reported_s;
    uint64_t first_step;
    bool stop_asked;
    size_t step_frames;
} run;

static double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bl_train_progress progress_of(const run *r)
{
    const bl_trainer_state *state = r->state;
    const double elapsed = now_s() - r->started_s;
    const double done = (double)(state->step - r->first_step);
    const double per_step = done > 0.0 ? elapsed / done : 0.0;
    return (bl_train_progress){.epoch = state->epoch,
                               .step = state->step,
                               .steps = state->steps,
                               .train_esr = state->train_esr,
                               .validation_esr = state->validation_esr,
                               .best_esr = state->best_esr,
                               .elapsed_s = elapsed,
                               .left_s = per_step * (double)(state->steps - state->step),
                               .samples_per_s =
                                   per_step > 0.0 ? (double)r->step_frames / per_step : 0.0};
}

static void write_progress(const run *r, const bl_train_progress *progress)
{
    char train[BL_TEXT_NUMBER_MAX], validation[BL_TEXT_NUMBER_MAX], best[BL_TEXT_NUMBER_MAX];
    bl_text_format_number(progress->train_esr, train);
    bl_text_format_number(progress->validation_esr, validation);
    bl_text_format_number(progress->best_esr, best);
    fprintf(r->progress,
            "{\"epoch\":%" PRIu64 ",\"step\":%" PRIu64 ",\"steps\":%" PRIu64
            ",\"train_esr\":%s,\"validation_esr\":%s,\"best_esr\":%s,\"elapsed_ms\":%.0f}\n",
            progress->epoch, progress->step, progress->steps, train, validation, best,
            1e3 * progress->elapsed_s);
    fflush(r->progress);
}

static void report(run *r, const bl_train_progress *progress)
{
    r->reported_s = now_s();
    if (r->job->report != NULL) {
        r->job->report(r->job->data_of_calls, progress);
    }
}

static bool after_step(void *data, const bl_trainer_state *state)
{
    (void)state;
    run *r = data;
    if (now_s() - r->reported_s > report_every_s) {
        const bl_train_progress progress = progress_of(r);
        report(r, &progress);
    }
    r->stop_asked = r->stop_asked || (r->job->stop != NULL && r->job->stop(r->job->data_of_calls));
    return r->stop_asked;
}

static bl_status save_best(const run *r, bl_error *error)
{
    bl_model *model = NULL;
    bl_status status = bl_model_from_config(&r->config, r->state->best, r->state->parameter_count,
                                            r->job->name, &model, error);
    if (status == BL_STATUS_OK) {
        if (r->state->best_esr < esr_told_max) {
            bl_model_set_esr(model, r->state->best_esr);
        }
        double loudness_db = 0.0;
        status = bl_loudness_measure(model, &loudness_db, error);
        bl_model_set_loudness(model, loudness_db);
    }
    if (status == BL_STATUS_OK) {
        status = bl_model_save(model, r->paths[BEST], error);
    }
    // A centred network and an LSTM with a direct path have no such form.
    if (status == BL_STATUS_OK) {
        status = bl_model_export(model, BL_EXPORT_NAM, r->paths[BEST_NAM], error);
        status = status == BL_STATUS_UNSUPPORTED ? BL_STATUS_OK : status;
    }
    bl_model_release(model);
    return status;
}

static bl_status save_epoch(run *r, double best_before, bl_error *error)
{
    bl_status status = BL_STATUS_OK;
    if (r->state->best_esr < best_before || !isfinite(best_before)) {
        status = save_best(r, error);
    }
    if (status == BL_STATUS_OK) {
        status = bl_checkpoint_save(r->paths[CHECKPOINT], r->state, r->config_text, error);
    }
    return status;
}

// An ESR of 1 is that of silence.
static bool learns_nothing(const bl_trainer_state *state)
{
    return state->best_esr > silence_esr && state->step >= hopeless_steps &&
           (double)state->step >= hopeless_share * (double)state->steps;
}

static bl_status train(run *r, bl_train_result *result, bl_error *error)
{
    bl_status status = BL_STATUS_OK;
    while (status == BL_STATUS_OK && r->state->step < r->state->steps) {
        const double best_before = r->state->best_esr;
        const bl_trainer_outcome outcome = bl_trainer_run_epoch(r->trainer, after_step, r);
        bl_train_progress progress = progress_of(r);
        switch (outcome) {
        case BL_TRAINER_EPOCH:
        case BL_TRAINER_FINISHED:
            progress.epoch_ended = true;
            progress.learns_nothing = learns_nothing(r->state);
            write_progress(r, &progress);
            status = save_epoch(r, best_before, error);
            break;
        case BL_TRAINER_RECOVERED:
            progress.recovered = true;
            break;
        case BL_TRAINER_STOPPED:
            result->stopped = true;
            return BL_STATUS_OK;
        case BL_TRAINER_DIVERGED:
            return bl_error_set(error, BL_STATUS_VALUE,
                                "%s: the training gives infinite numbers again and again, even "
                                "with a %gth of the rate; lower training.learning_rate",
                                r->job->output, 1.0 / r->state->rate_scale);
        }
        report(r, &progress);
    }
    return status;
}

static bl_status open_folder(run *r, bl_error *error)
{
    const bl_train_job *job = r->job;
    for (int file = 0; file < FILES; file++) {
        if (snprintf(r->paths[file], PATH_SIZE, "%s/%s", job->output, file_names[file]) >=
            PATH_SIZE) {
            return bl_error_set(error, BL_STATUS_LIMIT, "%.100s...: the path is too long",
                                job->output);
        }
    }
    struct stat facts;
    if (stat(job->output, &facts) == 0 && !S_ISDIR(facts.st_mode)) {
        return bl_error_set(error, BL_STATUS_IO,
                            "%s: found a file, expected a folder; choose another name",
                            job->output);
    }
    if (mkdir(job->output, 0777) != 0 && errno != EEXIST) {
        return bl_error_set(error, BL_STATUS_IO, "%s: the folder cannot be made: %s", job->output,
                            strerror(errno));
    }
    if (!job->resume && access(r->paths[CHECKPOINT], F_OK) == 0) {
        return bl_error_set(error, BL_STATUS_REFUSED,
                            "%s holds a training already; go on with --resume, or choose another "
                            "folder",
                            job->output);
    }
    return BL_STATUS_OK;
}

// Steps that fit into the config's minutes, counted from the command to the report; saves the first
// model, to know what saving takes.
static bl_status fit_steps(run *r, bl_error *error)
{
    const double budget_s = 60.0 * r->config.training.minutes - r->job->spent_s;
    const double saving_s = now_s();
    const bl_status status = save_best(r, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    double step_s, validation_s;
    const double saved_s = now_s() - saving_s;
    bl_trainer_measure(r->trainer,
                       fmin(fmax(measured_share * budget_s, measured_min_s), measured_max_s),
                       &step_s, &validation_s);
    const double epoch_end_s = validation_s + saved_s;
    const double replay_s = report_s + (double)r->job->threads * validation_s;
    const double left_s = budget_s - (now_s() - r->started_s) - epoch_end_s - replay_s;
    const double whole_step_s = step_s + epoch_end_s / (double)bl_trainer_epoch_steps(r->trainer);
    const double steps = left_s / whole_step_s;
    r->state->steps = steps > steps_min ? (uint64_t)steps : (uint64_t)steps_min;
    return BL_STATUS_OK;
}

// What a model to start from is good for, told before the first step.
static void settle_start(run *r)
{
    const bl_trainer_start start = bl_trainer_choose_start(r->trainer);
    bl_train_progress progress = progress_of(r);
    progress.start_settled = true;
    progress.start_dropped = start.dropped;
    progress.start_esr = start.esr;
    progress.taught_esr = start.taught_esr;
    progress.drawn_esr = start.drawn_esr;
    report(r, &progress);
}

// The run's own config: that of the folder when it is resumed, where `minutes` have become epochs.
static bl_status settle_steps(run *r, bl_error *error)
{
    const bool resumed = r->job->resume && access(r->paths[CHECKPOINT], F_OK) == 0;
    bl_status status =
        bl_config_write(r->job->config, r->config_text, sizeof r->config_text, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    if (resumed) {
        return bl_checkpoint_load(r->paths[CHECKPOINT], r->config_text, r->state, error);
    }
    if (r->job->start != NULL) {
        settle_start(r);
    }
    // From the first moment there is something to play and something to resume.
    status = r->config.training.minutes > 0.0 ? fit_steps(r, error) : save_best(r, error);
    if (status == BL_STATUS_OK) {
        status = bl_file_write(r->paths[CONFIG], r->config_text, strlen(r->config_text), error);
    }
    if (status == BL_STATUS_OK) {
        status = bl_checkpoint_save(r->paths[CHECKPOINT], r->state, r->config_text, error);
    }
    return status;
}

// Plays the best model as the engine does, for its ESR and the report.
static bl_status report_best(const run *r, double *esr, bl_error *error)
{
    bl_replay replay;
    bl_report_epoch *epochs = NULL;
    size_t count = 0;
    bl_status status = bl_replay_init(&replay, r->paths[BEST], r->job->data, error);
    if (status == BL_STATUS_OK) {
        *esr = replay.esr;
        status = bl_report_load_epochs(r->paths[LOG], &epochs, &count, error);
    }
    if (status == BL_STATUS_OK && replay.take.frames >= BL_COMPARE_FFT) {
        const bl_report report = {.name = r->job->name,
                                  .model = replay.model,
                                  .take = replay.take,
                                  .checks = {r->job->checks[0], r->job->checks[1]},
                                  .epochs = epochs,
                                  .epoch_count = count};
        status = bl_report_write(&report, r->paths[PICTURE], r->paths[FIGURES], error);
    }
    free(epochs);
    bl_replay_finish(&replay);
    return status;
}

bl_status bl_train_run(const bl_train_job *job, bl_train_result *result, bl_error *error)
{
    run r = {.job = job, .config = *job->config, .started_s = now_s()};
    *result = (bl_train_result){0};
    bl_status status = open_folder(&r, error);
    if (status == BL_STATUS_OK) {
        status =
            bl_trainer_create(job->config, job->data, job->start, job->threads, &r.trainer, error);
    }
    if (status != BL_STATUS_OK) {
        return status;
    }
    r.state = bl_trainer_get_state(r.trainer);
    r.step_frames = bl_trainer_step_frames(r.trainer);
    status = settle_steps(&r, error);
    r.first_step = r.state->step;
    result->already_finished = status == BL_STATUS_OK && r.state->step >= r.state->steps;
    if (status == BL_STATUS_OK && !result->already_finished) {
        r.progress = fopen(r.paths[LOG], "ae");
        if (r.progress == NULL) {
            status = bl_error_set(error, BL_STATUS_IO, "%s: cannot be written: %s", r.paths[LOG],
                                  strerror(errno));
        } else {
            status = train(&r, result, error);
            fclose(r.progress);
        }
    }
    if (status == BL_STATUS_OK && !result->stopped) {
        status = report_best(&r, &result->played_esr, error);
    }
    result->epochs = r.state->epoch;
    result->best_esr = r.state->best_esr;
    result->verdict = bl_compare_verdict(result->played_esr);
    result->meaning = bl_compare_meaning(result->played_esr);
    bl_trainer_destroy(r.trainer);
    return status;
}
