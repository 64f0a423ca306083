// SPDX-License-Identifier: MIT
// `backline check`: what is wrong with a pair of recordings, before time is spent on training.
// Thread: MAIN.

#include "command.h"
#include "json.h"
#include "progress.h"

#include "train/check.h"
#include "train/check_json.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct check_settings {
    const char *input, *target;
    uint32_t channel;
    double rate_hz;
    bool json;
} check_settings;

static const bl_option options[] = {
    {"input", 'i', BL_OPTION_TEXT, "DI", offsetof(check_settings, input), 0, 0, NULL, 1,
     "The clean guitar, as it went into the amplifier."},
    {"target", 't', BL_OPTION_TEXT, "AMP", offsetof(check_settings, target), 0, 0, NULL, 1,
     "What the amplifier made of it."},
    {"channel", 0, BL_OPTION_COUNT, "N", offsetof(check_settings, channel), 1, 1024, NULL, 0,
     "Channel of both files that is used. Default: 1."},
    {"rate", 0, BL_OPTION_NUMBER, "HZ", offsetof(check_settings, rate_hz), 8000, 768000, NULL, 0,
     "Rate that both are taken to first. Default: that of the clean recording."},
    {"json", 0, BL_OPTION_FLAG, NULL, offsetof(check_settings, json), 0, 0, NULL, 0,
     "Prints one JSON document."},
    {.name = NULL},
};

static json_t *pack_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static void print_json(const check_settings *settings, const bl_check *check, double rate_hz)
{
    const bl_alignment *a = &check->alignment;
    json_t *alignment =
        json_pack("{s:b, s:b, s:f, s:f, s:f, s:f, s:f, s:b, s:f, s:f}", "sure", a->sure, "vague",
                  a->vague, "delay_frames", a->delay_frames, "delay_ms",
                  1e3 * a->delay_frames / rate_hz, "delay_error_frames", a->error_frames,
                  "drift_ppm", a->drift_ppm, "correction_frames", check->correction_frames,
                  "inverted", a->inverted, "related", a->related, "linear_esr", a->linear_esr);
    bl_json_print(json_pack(
        "{s:o, s:o, s:b, s:f, s:f, s:o, s:o, s:o, s:o, s:o}", "input",
        bl_json_from_text(settings->input), "target", bl_json_from_text(settings->target), "usable",
        bl_check_fault(check) == NULL, "sample_rate_hz", rate_hz, "duration_s", check->duration_s,
        "alignment", alignment, "noise_floor_dbfs", pack_number(check->noise_dbfs),
        "noise_floor_esr", pack_number(check->noise_esr), "repeat_esr",
        pack_number(check->repeat_esr), "findings", bl_check_list_findings(check)));
}

static void print_text(const bl_check *check)
{
    size_t worse = 0;
    for (size_t i = 0; i < check->count; i++) {
        const bl_finding *f = &check->findings[i];
        worse += f->severity != BL_SEVERITY_NOTE;
        printf("%s: %s: %s.\n", bl_severity_name(f->severity), bl_finding_name(f->kind), f->text);
    }
    if (worse == 0) {
        printf("%.1f s that a model can learn from; nothing is wrong.\n", check->duration_s);
    }
}

static void tell(void *context, double done)
{
    bl_progress_update(context, done);
}

static int run(int argc, char **argv);

const bl_command bl_command_check = {
    .name = "check",
    .summary = "look for faults in two recordings before training",
    .synopsis = "--input DI --target AMP [OPTION...]",
    .description =
        "Compares a clean guitar with what an amplifier made of it: length, rate, channel, "
        "clipping, silence, hum, noise (and the best ESR that it allows), DC, polarity, delay and "
        "drift to a fraction of a frame, gates, delay effects, reverb, and whether the amplifier "
        "answers the same to the same. Each finding says what and where it is and what to do. "
        "`backline train` does the same before it starts, and takes off delay and drift.\n\n"
        "Notes need nothing done, warnings make the model worse, faults make it useless: with one "
        "of those this command fails.",
    .options = options,
    .examples = "backline check -i di.wav -t amp.wav\nChecks a pair.\n"
                "backline check -i di.wav -t amp.wav --json\nThe same for another program.\n",
    .run = run,
};

static int run(int argc, char **argv)
{
    check_settings settings = {.channel = 1};
    const char *const *operands = NULL;
    uint32_t count = 0;
    const int end = bl_options_parse(&bl_command_check, argc, argv, &settings, &operands, &count);
    if (end != BL_OPTIONS_RUN) {
        return end;
    }
    bl_progress progress;
    bl_progress_begin(&progress, false);
    const bl_check_request request = {.input = settings.input,
                                      .target = settings.target,
                                      .channel = settings.channel - 1,
                                      .sample_rate_hz = settings.rate_hz,
                                      .tell = tell,
                                      .context = &progress};
    bl_audio input, target;
    bl_check check;
    bl_error error = {0};
    const bl_status status = bl_check_load(&request, &input, &target, &check, &error);
    bl_progress_end(&progress);
    if (status != BL_STATUS_OK) {
        return bl_command_fail(&bl_command_check, &error);
    }
    if (settings.json) {
        print_json(&settings, &check, input.sample_rate_hz);
    } else {
        print_text(&check);
    }
    bl_audio_finish(&input);
    bl_audio_finish(&target);
    const bl_finding *fault = bl_check_fault(&check);
    if (fault != NULL) {
        bl_error_set(&error, BL_STATUS_REFUSED, "%s", fault->text);
        return bl_command_fail(&bl_command_check, &error);
    }
    return BL_EXIT_DONE;
}
