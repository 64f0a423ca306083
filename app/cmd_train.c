// SPDX-License-Identifier: MIT
// `backline train`: two recordings and a config in, a run folder with the best model out.

#include "command.h"
#include "pair.h"
#include "progress.h"

#include "backline/config.h"
#include "backline/export.h"
#include "backline/model.h"
#include "train/train.h"

#include "lstm_recipe.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct settings {
    const char *input, *target, *config, *output, *start, *validation;
    uint32_t channel, threads, epochs;
    double minutes, seed;
    bool resume, force;
    unsigned priority, progress, also;
} settings;

static const char *const priorities[] = {"idle", "normal", NULL};
static const char *const progress_forms[] = {"bar", "json", NULL};
static const char *const also_forms[] = {"none", "aidax", NULL};

enum { PRIORITY_IDLE, PRIORITY_NORMAL };
enum { PROGRESS_BAR, PROGRESS_JSON };
enum { ALSO_NONE, ALSO_AIDAX };

static const bl_option options[] = {
    {"input", 'i', BL_OPTION_TEXT, "DI", offsetof(settings, input), 0, 0, NULL, 1,
     "The clean guitar, as it went into the amplifier."},
    {"target", 't', BL_OPTION_TEXT, "AMP", offsetof(settings, target), 0, 0, NULL, 1,
     "What the amplifier made of it."},
    {"config", 'c', BL_OPTION_TEXT, "FILE", offsetof(settings, config), 0, 0, NULL, 1,
     "The network and how it learns; configs/ has commented ones."},
    {"output", 'o', BL_OPTION_TEXT, "DIR", offsetof(settings, output), 0, 0, NULL, 1,
     "The run folder: it is made, and holds the checkpoint and best_model.safetensors."},
    {"validation", 0, BL_OPTION_TEXT, "DI AMP", offsetof(settings, validation), 0, 0, NULL, 0,
     "Another pair that the model is judged by; all of the first is then learnt from. Without it "
     "the end of the first is kept back."},
    {"channel", 0, BL_OPTION_COUNT, "N", offsetof(settings, channel), 1, 1024, NULL, 0,
     "Channel of both files that is used. Default: 1."},
    {"minutes", 'm', BL_OPTION_NUMBER, "M", offsetof(settings, minutes), 0.01, 1e5, NULL, 0,
     "Train for this long, instead of what the config says."},
    {"epochs", 'e', BL_OPTION_COUNT, "N", offsetof(settings, epochs), 1, 1000000, NULL, 0,
     "Train for so many passes over the recording, instead of what the config says."},
    {"init", 0, BL_OPTION_TEXT, "MODEL", offsetof(settings, start), 0, 0, NULL, 0,
     "Start from this model, of the same shape. Where it is so far from the amplifier that it "
     "would "
     "hinder, that is said, and the training starts from nothing."},
    {"resume", 0, BL_OPTION_FLAG, NULL, offsetof(settings, resume), 0, 0, NULL, 0,
     "Go on where the run in the output folder stopped."},
    {"force", 0, BL_OPTION_FLAG, NULL, offsetof(settings, force), 0, 0, NULL, 0,
     "Train in spite of faults that `backline check` finds."},
    {"also", 0, BL_OPTION_CHOICE, NULL, offsetof(settings, also), 0, 0, also_forms, 0,
     "aidax: afterwards, for as long again, an LSTM of 16 cells is trained in DIR/aidax and "
     "written "
     "to DIR/best_model.aidax, which AIDA-X plays. Default: none."},
    {"threads", 0, BL_OPTION_COUNT, "N", offsetof(settings, threads), 1, 256, NULL, 0,
     "Processor cores to use; the result does not depend on it. Default: all."},
    {"seed", 0, BL_OPTION_NUMBER, "S", offsetof(settings, seed), 0, 9007199254740991.0, NULL, 0,
     "Start of the random numbers, instead of the config's."},
    {"priority", 0, BL_OPTION_CHOICE, NULL, offsetof(settings, priority), 0, 0, priorities, 0,
     "idle gives way to everything else on the machine; normal does not. Default: idle."},
    {"progress", 0, BL_OPTION_CHOICE, NULL, offsetof(settings, progress), 0, 0, progress_forms, 0,
     "A bar on a terminal, or one JSON object a line. Default: bar."},
    {.name = NULL},
};

static volatile sig_atomic_t interrupted;
static bl_pair_findings findings; ///< of this command's recordings
static bool findings_told;        ///< they are, once the training has begun
static bool advised;              ///< what to try where nothing is learnt
static double began_s;            ///< the command

static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static bool was_interrupted(void *data)
{
    (void)data;
    return interrupted != 0;
}

static void report_json(const bl_train_progress *progress)
{
    printf("{\"epoch\":%" PRIu64 ",\"step\":%" PRIu64 ",\"steps\":%" PRIu64
           ",\"epoch_ended\":%s,\"elapsed_ms\":%.0f,\"left_ms\":%.0f",
           progress->epoch, progress->step, progress->steps,
           progress->epoch_ended ? "true" : "false", 1e3 * progress->elapsed_s,
           1e3 * progress->left_s);
    if (progress->epoch > 0) {
        // In millionths, so that no locale's decimal comma gets in.
        printf(",\"train_esr_ppm\":%.0f,\"validation_esr_ppm\":%.0f,\"best_esr_ppm\":%.0f",
               1e6 * progress->train_esr, 1e6 * progress->validation_esr, 1e6 * progress->best_esr);
    }
    printf("}\n");
    fflush(stdout);
}

static void report_bar(const bl_train_progress *progress)
{
    const bool terminal = isatty(STDERR_FILENO) != 0;
    if (!terminal && !progress->epoch_ended && !progress->recovered) {
        return;
    }
    if (progress->recovered) {
        fprintf(stderr, "%sinfinite numbers: back to epoch %" PRIu64 " with half the rate\n",
                terminal ? "\r\033[K" : "", progress->epoch);
        return;
    }
    fprintf(stderr, "%s%3.0f %%  epoch %" PRIu64, terminal ? "\r\033[K" : "",
            100.0 * (double)progress->step / (double)progress->steps, progress->epoch);
    if (progress->epoch > 0) {
        fprintf(stderr, "  ESR %.4f (best %.4f, training %.4f)", progress->validation_esr,
                progress->best_esr, progress->train_esr);
    }
    fprintf(stderr, "  %.0f s left%s", progress->left_s, terminal ? "" : "\n");
    fflush(stderr);
}

static void advise(const bl_train_progress *progress)
{
    if (progress->learns_nothing && !advised) {
        fprintf(
            stderr,
            "%snothing is learnt so far: ESR %.2f, and silence has 1. If it stays so, stop with "
            "Ctrl-C and train with half the learning_rate, optimizer: soap, another --seed or "
            "another config; `backline check` tells whether the recordings belong together\n",
            isatty(STDERR_FILENO) != 0 ? "\r\033[K" : "", progress->best_esr);
        advised = true;
    }
}

// What --init is good for.
static void tell_start(const settings *chosen, const bl_train_progress *progress)
{
    FILE *to = chosen->progress == PROGRESS_JSON ? stderr : stdout;
    const char *slash = strrchr(chosen->start, '/');
    const char *name = slash != NULL ? slash + 1 : chosen->start;
    if (progress->start_dropped) {
        fprintf(
            to,
            "%s is too far from this amplifier (ESR %.2f at its loudness) to help: a few steps "
            "on, the ESR is %.2f, and %.2f from nothing; so this training starts from nothing\n",
            name, progress->start_esr, progress->taught_esr, progress->drawn_esr);
    } else {
        fprintf(to, "starts from %s, which has an ESR of %.4f at this amplifier's loudness\n", name,
                progress->start_esr);
    }
    fflush(to);
}

static void report(void *data, const bl_train_progress *progress)
{
    const settings *chosen = data;
    if (!findings_told) {
        bl_pair_print(&findings, chosen->progress == PROGRESS_JSON ? stderr : stdout);
        findings_told = true;
    }
    if (progress->start_settled) {
        tell_start(chosen, progress);
        return;
    }
    if (chosen->progress == PROGRESS_JSON) {
        report_json(progress);
    } else {
        report_bar(progress);
    }
    advise(progress);
}

// The kernel gives an idle process only what nobody else wants, so that a guitar can play on.
static void lower_priority(void)
{
    const struct sched_param none = {0};
    if (sched_setscheduler(0, SCHED_IDLE, &none) != 0) {
        setpriority(PRIO_PROCESS, 0, 19);
    }
}

static void apply_settings(const settings *chosen, bl_config *config)
{
    if (chosen->minutes > 0.0) {
        config->training.minutes = chosen->minutes;
        config->training.epochs = 0;
    } else if (chosen->epochs > 0) {
        config->training.epochs = chosen->epochs;
        config->training.minutes = 0.0;
    }
    if (chosen->seed >= 0.0) {
        config->training.seed = (uint64_t)chosen->seed;
    }
}

static void print_result(const settings *chosen, const char *output, const bl_train_result *result)
{
    FILE *to = chosen->progress == PROGRESS_JSON ? stderr : stdout;
    if (chosen->progress == PROGRESS_BAR && isatty(STDERR_FILENO) != 0) {
        fputc('\n', stderr);
    }
    if (result->already_finished) {
        fprintf(to, "%s: this training is finished: best ESR %.4f\n", output, result->best_esr);
        return;
    }
    if (result->stopped) {
        fprintf(to, "stopped after epoch %" PRIu64 "; the same command with --resume goes on\n",
                result->epochs);
        return;
    }
    fprintf(to,
            "%s/best_model.safetensors: ESR %.4f (played by the engine: %.4f). %s: %s.\n"
            "%s/report.svg shows where it differs\n",
            output, result->best_esr, result->played_esr, result->verdict, result->meaning, output);
}

static bl_status load_pairs(const settings *chosen, const char *validation_target,
                            const bl_config *config, bl_train_data *data, bl_error *error)
{
    const bl_pair_request request = {.input = chosen->input,
                                     .target = chosen->target,
                                     .validation_input = chosen->validation,
                                     .validation_target = validation_target,
                                     .channel = chosen->channel - 1,
                                     .force = chosen->force};
    return bl_pair_load(&request, &config->data, data, &findings, error);
}

// What one command trains: a config in a folder.
static bl_status train_in(const settings *chosen, const bl_config *config,
                          const bl_train_data *data, const bl_model *start, const char *output,
                          bl_train_result *result, bl_error *error)
{
    const char *slash = strrchr(chosen->output, '/');
    settings calls = *chosen;
    advised = false;
    const bl_train_job job = {
        .config = config,
        .data = data,
        .start = start,
        .checks = {&findings.pairs[0], chosen->validation != NULL ? &findings.pairs[1] : NULL},
        .output = output,
        .name = slash != NULL && slash[1] != '\0' ? slash + 1 : chosen->output,
        .threads = chosen->threads,
        .spent_s = output == chosen->output ? bl_progress_clock_s() - began_s : 0.0,
        .resume = chosen->resume,
        .report = report,
        .stop = was_interrupted,
        .data_of_calls = &calls};
    const bl_status status = bl_train_run(&job, result, error);
    if (status == BL_STATUS_OK) {
        print_result(chosen, output, result);
    }
    return status;
}

// The network that AIDA-X calls standard, on the same recordings for as long.
static bl_status train_aidax(const settings *chosen, const bl_config *config,
                             const bl_train_data *data, bl_error *error)
{
    char folder[PATH_MAX], from[PATH_MAX], to[PATH_MAX];
    if (snprintf(from, sizeof from, "%s/aidax/best_model.safetensors", chosen->output) >=
        PATH_MAX) {
        return bl_error_set(error, BL_STATUS_LIMIT, "%.100s...: the path is too long",
                            chosen->output);
    }
    snprintf(folder, sizeof folder, "%s/aidax", chosen->output);
    snprintf(to, sizeof to, "%s/best_model.aidax", chosen->output);
    bl_config lstm;
    bl_train_result result = {0};
    bl_model *model = NULL;
    bl_status status =
        bl_config_parse(lstm_recipe, strlen(lstm_recipe), "configs/lstm.yaml", &lstm, error);
    if (status == BL_STATUS_OK) {
        const uint32_t segment_frames = lstm.data.segment_frames;
        lstm.model.skip = true;
        lstm.data = config->data;
        lstm.data.segment_frames = segment_frames;
        lstm.training.epochs = config->training.epochs;
        lstm.training.minutes = config->training.minutes;
        lstm.training.seed = config->training.seed;
        status = train_in(chosen, &lstm, data, NULL, folder, &result, error);
    }
    status = status == BL_STATUS_OK ? bl_model_load(from, NULL, &model, error) : status;
    status = status == BL_STATUS_OK ? bl_model_export(model, BL_EXPORT_AIDAX, to, error) : status;
    bl_model_release(model);
    return status;
}

static int run(int argc, char **argv);

const bl_command bl_command_train = {
    .name = "train",
    .summary = "make a model from two recordings",
    .synopsis = "--input DI --target AMP --config FILE --output DIR [OPTION...]",
    .description =
        "Trains a network to do to the clean recording what the amplifier did, on this machine's "
        "processor. Part of the end of the recording is kept back: the ESR printed after every "
        "epoch is the energy of the difference over the energy of the amplifier on that part, "
        "which the network never learns from.\n\n"
        "Before it starts it says what is wrong with the recordings, as `backline check` does, and "
        "takes off delay and drift.\n\n"
        "The output folder holds the best model so far at any moment. Ctrl-C ends within two "
        "seconds; --resume goes on from the last whole epoch and ends with the same bits as if "
        "nothing had happened.",
    .options = options,
    .operands_max = 1, // the second of --validation
    .examples =
        "backline train -i di.wav -t amp.wav -c configs/config_realtime.yaml -o my-amp -m 5\n"
        "Trains for five minutes.\n"
        "backline live my-amp/best_model.safetensors\n"
        "Plays the result.\n",
    .run = run,
};

static int run(int argc, char **argv)
{
    settings chosen = {
        .channel = 1, .threads = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN), .seed = -1};
    const char *const *operands;
    uint32_t operand_count;
    const int ended =
        bl_options_parse(&bl_command_train, argc, argv, &chosen, &operands, &operand_count);
    if (ended != BL_OPTIONS_RUN) {
        return ended;
    }
    if ((chosen.validation != NULL) != (operand_count == 1)) {
        return bl_command_fail_usage(&bl_command_train,
                                     "--validation takes two recordings: --validation DI AMP");
    }
    if (chosen.minutes > 0.0 && chosen.epochs > 0) {
        return bl_command_fail_usage(&bl_command_train, "--minutes and --epochs: give one of them");
    }
    began_s = bl_progress_clock_s();
    if (chosen.priority == PRIORITY_IDLE) {
        lower_priority();
    }
    signal(SIGINT, interrupt);
    signal(SIGTERM, interrupt);

    bl_error error = {0};
    bl_config config;
    bl_model *start = NULL;
    bl_train_data data = {0};
    bl_train_result result = {0};
    bl_status status = bl_config_load(chosen.config, &config, &error);
    apply_settings(&chosen, &config);
    if (status == BL_STATUS_OK && chosen.start != NULL) {
        status = bl_model_load(chosen.start, NULL, &start, &error);
    }
    if (status == BL_STATUS_OK) {
        status =
            load_pairs(&chosen, operand_count > 0 ? operands[0] : NULL, &config, &data, &error);
    }
    if (status == BL_STATUS_OK) {
        status = train_in(&chosen, &config, &data, start, chosen.output, &result, &error);
    }
    if (status == BL_STATUS_OK && chosen.also == ALSO_AIDAX && !result.stopped) {
        status = train_aidax(&chosen, &config, &data, &error);
    }
    bl_train_data_finish(&data);
    bl_model_release(start);
    if (status != BL_STATUS_OK) {
        return bl_command_fail(&bl_command_train, &error);
    }
    return BL_EXIT_DONE;
}
