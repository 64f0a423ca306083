// SPDX-License-Identifier: MIT
// `backline bench` through the built program: the document's form, and figures that agree with each
// other. How fast a machine is, is not tested.

#include "backline/config.h"

#include "measure.h"
#include "peak.h"

#include "support/cmocka_all.h"
#include "support/folder.h"
#include "support/model_files.h"
#include "support/program.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char config[] = BL_SOURCE_DIR "/configs/config.yaml";

static const bl_config_model shape = {
    .causal = true, .channels = 16, .num_layers = 5, .kernel_size = 3, .dilation_base = 2};

static void save_model(const char *name)
{
    const size_t count = native_weight_count(&shape);
    float *weights = calloc(count, sizeof *weights);
    assert_non_null(weights);
    model_weights_fill(weights, count, 48, 1);
    model_bytes bytes = {0};
    native_file_write(&bytes, &shape, 44100.0, weights, 0);
    model_bytes_save(&bytes, test_folder_file(name));
    model_bytes_finish(&bytes);
    free(weights);
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value)) {
        fail_msg("%s is missing or no number", key);
    }
    return json_number_value(value);
}

static void check_row(const json_t *row, double peak, const char *model, json_int_t block)
{
    assert_string_equal(json_string_value(json_object_get(row, "model")), model);
    assert_int_equal(json_integer_value(json_object_get(row, "block")), block);
    assert_int_equal(json_integer_value(json_object_get(row, "mac_per_sample")), 3872);
    const double ns = number(row, "ns_per_sample");
    assert_true(ns > 0.0);
    assert_true(number(row, "p999_block_us") > 0.0);
    const double fraction = 3872.0 / ns / peak, times = 1e9 / (ns * 44100.0);
    assert_true(fabs(number(row, "fraction_of_peak") / fraction - 1.0) < 1e-6);
    assert_true(fabs(number(row, "times_real_time") / times - 1.0) < 1e-6);
    assert_true(json_is_integer(json_object_get(row, "resident_bytes")));
    assert_true(number(row, "resident_bytes") > 4.0 * 3969); // its weights at least
    assert_true(json_is_string(json_object_get(row, "kernel")));
}

static void test_document(void **state)
{
    (void)state;
    save_model("a.safetensors");
    save_model("b.safetensors");
    const char *a = test_folder_file("a.safetensors"), *b = test_folder_file("b.safetensors");
    const program_result *result =
        PROGRAM("bench", a, b, "--json", "--seconds", "0.02", "--block", "7", "--block", "128");
    assert_string_equal(result->err, "");
    assert_int_equal(result->code, 0);
    json_t *document = json_loads(result->out, 0, NULL);
    assert_non_null(document);
    const double peak = number(document, "fma_peak_gmac_per_s");
    assert_true(peak > 0.0);
    const json_t *results = json_object_get(document, "results");
    assert_int_equal(json_array_size(results), 4);
    check_row(json_array_get(results, 0), peak, a, 7);
    check_row(json_array_get(results, 1), peak, a, 128);
    check_row(json_array_get(results, 2), peak, b, 7);
    check_row(json_array_get(results, 3), peak, b, 128);
    json_decref(document);
}

static void test_text(void **state)
{
    (void)state;
    save_model("a.safetensors");
    const program_result *result =
        PROGRAM("bench", test_folder_file("a.safetensors"), "--seconds", "0.02");
    assert_int_equal(result->code, 0);
    assert_int_equal(strncmp(result->out, "peak of this core: ", 19), 0);
    assert_non_null(strstr(result->out, "\n  3,872 multiply-adds per sample, "));
    assert_non_null(strstr(result->out, "\n     16  "));
    assert_non_null(strstr(result->out, "\n    512  "));
    assert_non_null(strstr(result->out, "\nsteal: "));
}

// One row for one thread, one for all cores where there are several.
static void test_training(void **state)
{
    (void)state;
    const program_result *result =
        PROGRAM("bench", "--train", "--json", "--seconds", "0.01", config);
    assert_string_equal(result->err, "");
    assert_int_equal(result->code, 0);
    json_t *document = json_loads(result->out, 0, NULL);
    assert_non_null(document);
    const double peak = 1e9 * number(document, "fma_peak_gmac_per_s");
    const json_t *rows = json_object_get(document, "training");
    assert_true(json_array_size(rows) >= 1);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const double macs = number(row, "mac_per_sample"), rate = number(row, "samples_per_cpu_s");
        assert_true(number(row, "samples_per_s") > 0.0 && rate > 0.0);
        assert_true(macs == 3.0 * 7712);
        const double expected = rate * macs / peak;
        assert_true(fabs(number(row, "fraction_of_peak") - expected) < 1e-6 * expected);
    }
    json_decref(document);
    program_assert_failed(PROGRAM("bench", "--train", "none.yaml"), 1, "bench", "none.yaml: ");
}

static void test_refused(void **state)
{
    (void)state;
    save_model("a.safetensors");
    // A later argument is looked at before anything is measured or printed.
    program_assert_failed(
        PROGRAM("bench", test_folder_file("a.safetensors"), test_folder_file("none.nam")), 1,
        "bench", "/none.nam: cannot be opened: No such file or directory");
    program_assert_failed(PROGRAM("bench", "--json", config), 1, "bench", "/config.yaml: ");
    program_assert_failed(PROGRAM("bench"), 2, "bench", "found 0 arguments");
    program_assert_failed(PROGRAM("bench", "a", "--block", "0"), 2, "bench",
                          "--block: found \"0\", expected a whole number from 1 to 8192");
}

// More rounds cost proportionally more: the loop is not optimised away.
static void test_peak_does_work(void **state)
{
    (void)state;
    bl_measure_core *core = NULL;
    bl_error error = {0};
    bl_measure_prepare();
    assert_int_equal(bl_measure_core_create(&core, &error), BL_STATUS_OK);
    const double peak = bl_measure_core_peak_gmac_per_s(core);
    assert_true(peak > 0.01 && peak < 1000.0);
    bl_measure_core_destroy(core);
    assert_true(bl_peak_run(1) > 0);
    assert_int_equal(bl_peak_run(1), bl_peak_run(1000));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_folder_make, test_folder_remove)
    const struct CMUnitTest tests[] = {
        TEST(test_document), TEST(test_text),           TEST(test_training),
        TEST(test_refused),  TEST(test_peak_does_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
