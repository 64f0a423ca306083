// SPDX-License-Identifier: MIT
// Exported files play the same network: every kind that can be trained, in every form that has
// words for it, rendered by the engine; and each refusal leaves no file behind.

#include "backline/export.h"

#include "backline/voice.h"
#include "support/cmocka_all.h"
#include "support/model_files.h"
#include "support/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAMES = 8192 };

typedef struct stage {
    char folder[64], path[96];
} stage;

static int set_up(void **state)
{
    stage *s = calloc(1, sizeof *s);
    strcpy(s->folder, "/tmp/backline-export-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->path, sizeof s->path, "%s/model", s->folder);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    stage *s = *state;
    unlink(s->path);
    const int failed = rmdir(s->folder); // fails if anything else was left behind
    free(s);
    return failed;
}

static void load_shipped(const char *name, bl_config *config)
{
    char path[512];
    bl_error error = {0};
    snprintf(path, sizeof path, "%s/configs/%s.yaml", BL_SOURCE_DIR, name);
    if (bl_config_load(path, config, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
}

// A lively network of that shape.
static bl_model *make(const bl_config *config)
{
    bl_model_info info;
    bl_model *model = NULL;
    bl_error error = {0};
    assert_int_equal(bl_model_info_from_config(config, &info, &error), BL_STATUS_OK);
    float *weights = calloc((size_t)info.parameters, sizeof *weights);
    assert_non_null(weights);
    model_weights_fill(weights, (size_t)info.parameters, 24, 3);
    assert_int_equal(
        bl_model_from_config(config, weights, (size_t)info.parameters, "exported", &model, &error),
        BL_STATUS_OK);
    bl_model_set_esr(model, 0.0625);
    free(weights);
    return model;
}

static void play(bl_model *model, float *out)
{
    bl_error error = {0};
    bl_voice *voice = NULL;
    if (bl_voice_create(model, NULL, &voice, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    random_source random = {5};
    for (int i = 0; i < FRAMES; i++) {
        out[i] = random_float(&random, -1.0f, 1.0f);
    }
    for (int i = 0; i < FRAMES; i += BL_INNER_FRAMES) {
        bl_voice_process(voice, out + i, out + i, BL_INNER_FRAMES);
    }
    bl_voice_destroy(voice);
}

static void check(const stage *s, const bl_config *config, bl_export_format format,
                  const char *file_format, float tolerance)
{
    static float native[FRAMES], out[FRAMES];
    bl_error error = {0};
    bl_model *model = make(config), *again = NULL;
    if (bl_model_export(model, format, s->path, &error) != BL_STATUS_OK ||
        bl_model_load(s->path, NULL, &again, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    const bl_model_info *info = bl_model_get_info(again);
    assert_string_equal(info->name, "exported");
    assert_string_equal(info->format, file_format);
    assert_true(info->has_esr && fabs(info->esr - 0.0625) < 1e-9);
    assert_true(info->sample_rate_hz == config->data.sample_rate_hz);
    if (config->model.type == BL_CONFIG_WAVENET_AMP) {
        assert_string_equal(info->architecture, "wavenet_amp"); // recognised
        assert_int_equal(info->parameters, bl_model_get_info(model)->parameters);
    }
    play(model, native);
    play(again, out);
    float peak = 0.0f, worst = 0.0f;
    for (int i = 0; i < FRAMES; i++) {
        peak = fmaxf(peak, fabsf(native[i]));
        worst = fmaxf(worst, fabsf(native[i] - out[i]));
    }
    assert_true(peak > 1e-3f);
    if (!(worst <= tolerance * fmaxf(1.0f, peak))) {
        fail_msg("%s: %g apart, peak %g", file_format, (double)worst, (double)peak);
    }
    bl_model_release(again);
    bl_model_release(model);
}

static void reference_model(void **state)
{
    const stage *s = *state;
    bl_config config;
    load_shipped("config_realtime", &config);
    const bl_config_activation activations[] = {BL_CONFIG_TANH, BL_CONFIG_RELU,
                                                BL_CONFIG_LEAKY_RELU};
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        config.model.activation = activations[i];
        check(s, &config, BL_EXPORT_NAM, "nam 0.5.4", 1e-5f);
        check(s, &config, BL_EXPORT_NAM_07, "nam 0.7.0", 1e-5f);
        check(s, &config, BL_EXPORT_SAFETENSORS, "backline-1", 0.0f);
    }
}

static void nam_shapes(void **state)
{
    const stage *s = *state;
    static const char *const names[] = {"config_stage", "nam_standard", "nam_lite", "nam_feather",
                                        "nam_nano"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bl_config config;
        load_shipped(names[i], &config);
        check(s, &config, BL_EXPORT_NAM, "nam 0.5.4", 0.0f);
    }
}

static void widths_together(void **state)
{
    const stage *s = *state;
    bl_config config;
    load_shipped("nam_a2", &config);
    check(s, &config, BL_EXPORT_NAM, "nam 0.7.0", 0.0f);
}

static void lstm(void **state)
{
    const stage *s = *state;
    bl_config config;
    load_shipped("lstm", &config);
    check(s, &config, BL_EXPORT_NAM, "nam 0.5.4", 0.0f);
    check(s, &config, BL_EXPORT_AIDAX, "aidax", 0.0f);
    config.model.skip = true;
    check(s, &config, BL_EXPORT_AIDAX, "aidax", 0.0f);
}

static void refuse(const stage *s, const bl_config *config, bl_export_format format,
                   const char *sentence)
{
    bl_error error = {0};
    bl_model *model = make(config);
    unlink(s->path);
    assert_int_equal(bl_model_export(model, format, s->path, &error), BL_STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.text, sentence));
    assert_int_equal(access(s->path, F_OK), -1);
    bl_model_release(model);
}

static void refusals(void **state)
{
    const stage *s = *state;
    bl_config config;
    load_shipped("config", &config);
    refuse(s, &config, BL_EXPORT_NAM, "no lookahead");
    refuse(s, &config, BL_EXPORT_AIDAX, "found a wavenet_amp model");
    load_shipped("lstm", &config);
    config.model.skip = true;
    refuse(s, &config, BL_EXPORT_NAM, "adds its input to its output");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reference_model, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nam_shapes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(widths_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lstm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refusals, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("export", tests, NULL, NULL);
}
