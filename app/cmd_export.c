// SPDX-License-Identifier: MIT
// `backline export`: a model in the form of another player. Thread: MAIN.

#include "command.h"
#include "output.h"

#include "backline/export.h"
#include "backline/limits.h"
#include "backline/voice.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct settings {
    const char *output;
    unsigned format, nam_version;
    bool verify;
} settings;

static const char *const formats[] = {"auto", "nam", "aidax", "safetensors", NULL};
static const char *const nam_versions[] = {"0.5", "0.7", NULL};

enum { FORMAT_AUTO, FORMAT_NAM, FORMAT_AIDAX, FORMAT_SAFETENSORS };

static const bl_option options[] = {
    {"format", 'f', BL_OPTION_CHOICE, NULL, offsetof(settings, format), 0, 0, formats, 0,
     "Form of the file: nam for NAM players, aidax for AIDA-X and other RTNeural players, "
     "safetensors for Backline itself and for Python. Default: auto, which goes by OUT's ending, "
     "and is nam if that says nothing."},
    {"output", 'o', BL_OPTION_TEXT, "OUT", offsetof(settings, output), 0, 0, NULL, 1,
     "The file that is written. It replaces an older one of its kind only."},
    {"nam-version", 0, BL_OPTION_CHOICE, NULL, offsetof(settings, nam_version), 0, 0, nam_versions,
     0,
     "How wavenet_amp is written as .nam: 0.5 plays everywhere, 0.7 needs a newer player and costs "
     "it a little less. Other networks get the oldest version that has words for them. Default: "
     "0.5."},
    {"verify", 0, BL_OPTION_FLAG, NULL, offsetof(settings, verify), 0, 0, NULL, 0,
     "Plays noise through the model and through the written file, and fails if they differ."},
    {.name = NULL},
};

enum { VERIFY_FRAMES = 48000 / BL_INNER_FRAMES * BL_INNER_FRAMES };

static const double tolerance = 2e-5; // times the peak, at least 1: float sums in another order

// Noise of -1..1, the same every time.
static void fill_noise(float block[BL_INNER_FRAMES], uint32_t *seed)
{
    for (int i = 0; i < BL_INNER_FRAMES; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        block[i] = (float)(*seed >> 8) / 8388608.0f - 1.0f;
    }
}

static bl_status verify(bl_model *model, const char *path, double *difference, bl_error *error)
{
    bl_model *written = NULL;
    bl_voice *voice = NULL, *other = NULL;
    bl_status status = bl_model_load(path, NULL, &written, error);
    status = status == BL_STATUS_OK ? bl_voice_create(model, NULL, &voice, error) : status;
    status = status == BL_STATUS_OK ? bl_voice_create(written, NULL, &other, error) : status;
    double worst = 0.0, peak = 1.0;
    uint32_t seed = 1;
    for (int at = 0; status == BL_STATUS_OK && at < VERIFY_FRAMES; at += BL_INNER_FRAMES) {
        float in[BL_INNER_FRAMES], out[BL_INNER_FRAMES], again[BL_INNER_FRAMES];
        fill_noise(in, &seed);
        bl_voice_process(voice, in, out, BL_INNER_FRAMES);
        bl_voice_process(other, in, again, BL_INNER_FRAMES);
        for (int i = 0; i < BL_INNER_FRAMES; i++) {
            worst = fmax(worst, fabs((double)out[i] - (double)again[i]));
            peak = fmax(peak, fabs((double)out[i]));
        }
    }
    *difference = worst / peak;
    if (status == BL_STATUS_OK && !(*difference <= tolerance)) {
        status = bl_error_set(error, BL_STATUS_VALUE,
                              "%s: found a sound that differs by %.2g from the model's, expected "
                              "at most %.2g; do not use the file",
                              path, *difference, tolerance);
    }
    bl_voice_destroy(voice);
    bl_voice_destroy(other);
    bl_model_release(written);
    return status;
}

static int run(int argc, char **argv);

const bl_command bl_command_export = {
    .name = "export",
    .summary = "write a model for another player",
    .synopsis = "MODEL --output OUT [OPTION...]",
    .description =
        "Writes a model in the form that another player reads, exactly: the file plays the same "
        "network. What a form has no words for is refused. .nam knows no lookahead and no "
        "direct path of an LSTM; .aidax knows LSTM and dense layers only.",
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .examples = "backline export my-amp/best_model.safetensors -o my-amp.nam --verify\n"
                "Writes the model for NAM players and plays both to compare.\n",
    .run = run,
};

static bl_output_kind choose_kind(const settings *chosen)
{
    bl_output_kind kind = BL_OUTPUT_NAM;
    switch (chosen->format) {
    case FORMAT_AIDAX:
        return BL_OUTPUT_AIDAX;
    case FORMAT_SAFETENSORS:
        return BL_OUTPUT_SAFETENSORS;
    case FORMAT_AUTO:
        bl_output_model_kind(chosen->output, &kind);
        break;
    }
    return kind;
}

static bl_status write_model(const settings *chosen, const char *path, bl_model **model,
                             bl_error *error)
{
    const bl_output_kind kind = choose_kind(chosen);
    const bl_export_format format = kind == BL_OUTPUT_AIDAX         ? BL_EXPORT_AIDAX
                                    : kind == BL_OUTPUT_SAFETENSORS ? BL_EXPORT_SAFETENSORS
                                    : chosen->nam_version == 1      ? BL_EXPORT_NAM_07
                                                                    : BL_EXPORT_NAM;
    bl_status status = bl_output_check_inputs(chosen->output, &path, 1, error);
    if (status == BL_STATUS_OK) {
        status = bl_output_check_kind(chosen->output, kind, error);
    }
    if (status == BL_STATUS_OK) {
        status = bl_model_load(path, NULL, model, error);
    }
    return status == BL_STATUS_OK ? bl_model_export(*model, format, chosen->output, error) : status;
}

static int run(int argc, char **argv)
{
    settings chosen = {0};
    const char *const *operands;
    uint32_t operand_count;
    const int ended =
        bl_options_parse(&bl_command_export, argc, argv, &chosen, &operands, &operand_count);
    if (ended != BL_OPTIONS_RUN) {
        return ended;
    }
    bl_error error = {0};
    bl_model *model = NULL;
    double difference = 0.0;
    bl_status status = write_model(&chosen, operands[0], &model, &error);
    if (status == BL_STATUS_OK && chosen.verify) {
        status = verify(model, chosen.output, &difference, &error);
    }
    bl_model_release(model);
    if (status != BL_STATUS_OK) {
        return bl_command_fail(&bl_command_export, &error);
    }
    printf("%s: written", chosen.output);
    if (chosen.verify) {
        printf("; plays within %.2g of the model", difference);
    }
    putchar('\n');
    return BL_EXIT_DONE;
}
