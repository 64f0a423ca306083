// SPDX-License-Identifier: MIT
// The report on takes whose fault is known: verdict, sentence, places, and both files.

#include "backline/config.h"
#include "backline/file.h"
#include "support/folder.h"
#include "train/report.h"

#include <jansson.h>

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FRAMES = 96000, FAULT_AT = 60000 };
static const double rate_hz = 48000.0;

static float input[FRAMES], target[FRAMES], output[FRAMES];

// Notes of several pitches that fade, through a bent line.
static int make_take(void **state)
{
    (void)state;
    for (int i = 0; i < FRAMES; i++) {
        const double t = i / rate_hz, note = fmod(t, 0.5);
        const double hz = 110.0 * pow(2.0, floor(t / 0.5) / 2.0);
        double sum = 0.0;
        for (int k = 1; k <= 60 && k * hz < 16000.0; k++) {
            sum += sin(2.0 * 3.14159265358979 * k * hz * t) / k;
        }
        input[i] = (float)(0.4 * exp(-4.0 * note) * sum);
        target[i] = (float)tanh(3.0 * (double)input[i]);
        output[i] = target[i];
    }
    return 0;
}

static const bl_compare_take take = {.input = input,
                                     .target = target,
                                     .output = output,
                                     .frames = FRAMES,
                                     .sample_rate_hz = 48000.0};

static void check_sentence(const char *expected)
{
    static bl_comparison c;
    char text[BL_COMPARE_SENTENCE_MAX];
    assert_int_equal(bl_compare(&take, &c, NULL), BL_STATUS_OK);
    bl_compare_sentence(&c, text);
    if (strstr(text, expected) == NULL) {
        fail_msg("it says \"%s\", expected \"%s\"", text, expected);
    }
}

static void test_verdicts_follow_the_bands(void **state)
{
    (void)state;
    assert_string_equal(bl_compare_verdict(0.004), "Very close");
    assert_string_equal(bl_compare_verdict(0.019), "Close");
    assert_string_equal(bl_compare_verdict(0.09), "Rough");
    assert_string_equal(bl_compare_verdict(0.3), "Not there yet");
    assert_string_equal(bl_compare_verdict((double)NAN), "Not there yet");
}

static void test_esr_and_places_are_found(void **state)
{
    (void)state;
    static bl_comparison c;
    double power = 0.0;
    for (int i = 0; i < FRAMES; i++) {
        power += (double)target[i] * (double)target[i];
    }
    for (int i = 0; i < FRAMES; i++) {
        output[i] = target[i] + (i % 2 == 0 ? 1e-3f : -1e-3f);
    }
    output[FAULT_AT] += 1.0f;
    assert_int_equal(bl_compare(&take, &c, NULL), BL_STATUS_OK);
    const double expected = (FRAMES * 1e-6 + 1.0 + 2e-3) / power;
    assert_true(fabs(c.esr - expected) < 1e-3 * expected);
    assert_true(c.worst_frame <= FAULT_AT && FAULT_AT < c.worst_frame + c.window_frames);
    assert_true(c.typical_frame > FAULT_AT || c.typical_frame + c.window_frames <= FAULT_AT);
}

static void test_what_is_still_different_is_said(void **state)
{
    (void)state;
    for (int i = 0; i < FRAMES; i++) {
        output[i] = 1.2f * target[i];
    }
    check_sentence("1.6 dB louder");
    float low = 0.0f; // a first-order low pass at about 2 kHz
    for (int i = 0; i < FRAMES; i++) {
        low += 0.23f * (target[i] - low);
        output[i] = low;
    }
    check_sentence("highs over 3 kHz are");
    check_sentence("weaker");
    for (int i = 0; i < FRAMES; i++) { // a dead zone
        output[i] = fabsf(target[i]) < 0.03f ? 0.0f : target[i];
    }
    check_sentence("Soft notes");
    for (int i = 0; i < FRAMES; i++) { // a little clipping
        output[i] = fminf(fmaxf(target[i], -0.9f), 0.9f);
    }
    check_sentence("Hard strokes");
    for (int i = 0; i < FRAMES; i++) { // a tone in the middle of everything
        output[i] = target[i] * (1.0f + 0.02f * (float)sin(0.1 * i));
    }
    check_sentence("Level and tone agree");
}

static bl_model *any_model(void)
{
    bl_config config = bl_config_default();
    bl_model_info info;
    bl_model *model = NULL;
    assert_int_equal(bl_model_info_from_config(&config, &info, NULL), BL_STATUS_OK);
    float *weights = calloc(info.parameters, sizeof *weights);
    assert_non_null(weights);
    assert_int_equal(bl_model_from_config(&config, weights, info.parameters, "any", &model, NULL),
                     BL_STATUS_OK);
    free(weights);
    return model;
}

static void load_text(const char *path, uint8_t **text)
{
    size_t size = 0;
    assert_int_equal(bl_file_read(path, 1 << 24, text, &size, NULL), BL_STATUS_OK);
}

// Tags open and close in order: enough of XML to see a document cut or an attribute unescaped.
static void check_well_formed(const char *svg)
{
    char open[32][16];
    int depth = 0;
    for (const char *at = strchr(svg, '<'); at != NULL; at = strchr(at + 1, '<')) {
        const char *end = strchr(at, '>');
        assert_non_null(end);
        assert_null(memchr(at + 1, '<', (size_t)(end - at - 1)));
        char name[16] = {0};
        assert_int_equal(sscanf(at, at[1] == '/' ? "</%15[a-z]" : "<%15[a-z]", name), 1);
        if (at[1] == '/') {
            assert_true(depth > 0);
            assert_string_equal(open[--depth], name);
        } else if (end[-1] != '/') {
            assert_true(depth < 32);
            memcpy(open[depth++], name, sizeof name);
        }
    }
    assert_int_equal(depth, 0);
}

static void test_files_tell_the_same(void **state)
{
    (void)state;
    static const char log[] =
        "{\"epoch\":1,\"train_esr\":0.5,\"validation_esr\":0.6}\nnoise\n\n{\"other\":1}\n"
        "{\"epoch\":2,\"train_esr\":null,\"validation_esr\":0.3}\n{\"epoch\":3,\"train";
    const char *svg_path = test_folder_file("report.svg");
    const char *json_path = test_folder_file("report.json");
    const char *log_path = test_folder_file("progress.ndjson");
    test_folder_write("progress.ndjson", log, strlen(log));
    bl_report_epoch *epochs = NULL;
    size_t count = 0;
    assert_int_equal(bl_report_load_epochs(log_path, &epochs, &count, NULL), BL_STATUS_OK);
    assert_int_equal(count, 2);
    assert_int_equal(epochs[1].epoch, 2);
    assert_true(isnan(epochs[1].train_esr));
    bl_model *model = any_model();
    static const bl_check check = {
        .findings = {{.kind = BL_FINDING_HUM, .value = 50.0, .text = "it hums"}}, .count = 1};
    const bl_report report = {.name = "loud <&> proud",
                              .model = model,
                              .take = take,
                              .checks = {&check, NULL},
                              .epochs = epochs,
                              .epoch_count = count};
    setlocale(LC_ALL, "de_DE.UTF-8"); // where it is installed: no decimal comma may get in
    assert_int_equal(bl_report_write(&report, svg_path, json_path, NULL), BL_STATUS_OK);
    setlocale(LC_ALL, "C");
    uint8_t *svg_bytes = NULL, *json_bytes = NULL;
    load_text(svg_path, &svg_bytes);
    load_text(json_path, &json_bytes);
    const char *svg = (const char *)svg_bytes, *json = (const char *)json_bytes;
    check_well_formed(svg);
    assert_non_null(strstr(svg, "loud &lt;&amp;&gt; proud: Very close"));
    assert_null(strstr(svg, "nan"));
    json_t *root = json_loads(json, 0, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "verdict")), "Very close");
    assert_int_equal(json_array_size(json_object_get(root, "epochs")), 2);
    assert_true(json_real_value(json_object_get(root, "esr")) < 0.005);
    const json_t *found = json_array_get(json_object_get(root, "findings"), 0);
    assert_string_equal(json_string_value(json_object_get(found, "kind")), "hum");
    assert_string_equal(json_string_value(json_object_get(found, "text")), "it hums");
    assert_null(json_object_get(root, "validation_findings"));
    json_decref(root);
    free(svg_bytes);
    free(json_bytes);
    free(epochs);
    bl_model_release(model);
}

static void test_too_little_material_is_refused(void **state)
{
    (void)state;
    bl_compare_take tiny = take;
    bl_error error = {0};
    static bl_comparison c;
    tiny.frames = 1000;
    assert_int_equal(bl_compare(&tiny, &c, &error), BL_STATUS_VALUE);
    assert_non_null(strstr(error.text, "1000"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts_follow_the_bands),
        cmocka_unit_test_setup(test_esr_and_places_are_found, make_take),
        cmocka_unit_test_setup(test_what_is_still_different_is_said, make_take),
        cmocka_unit_test_setup_teardown(test_files_tell_the_same, test_folder_make,
                                        test_folder_remove),
        cmocka_unit_test(test_too_little_material_is_refused),
    };
    return cmocka_run_group_tests_name("train.report", tests, NULL, NULL);
}
