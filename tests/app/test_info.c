// SPDX-License-Identifier: MIT
// `backline info` through the built program: the table of the reference model, every field, and
// the files that must be refused with one sentence.

#include "backline/config.h"

#include "skip.h"
#include "support/cmocka_all.h"
#include "support/folder.h"
#include "support/model_files.h"
#include "support/program.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char offline_config[] = BL_SOURCE_DIR "/configs/config.yaml";
static const char live_config[] = BL_SOURCE_DIR "/configs/config_realtime.yaml";

static const bl_config_model shape_n6 = {
    .causal = true, .channels = 16, .num_layers = 6, .kernel_size = 3, .dilation_base = 2};

// A native model file of random weights.
static void write_native(const char *name, const bl_config_model *shape, double rate_hz, int plain)
{
    const size_t count = native_weight_count(shape);
    float *weights = calloc(count, sizeof *weights);
    assert_non_null(weights);
    model_weights_fill(weights, count, 48, 1);
    model_bytes bytes = {0};
    native_file_write(&bytes, shape, rate_hz, weights, plain);
    model_bytes_save(&bytes, test_folder_file(name));
    model_bytes_finish(&bytes);
    free(weights);
}

static json_t *parse(const program_result *result, size_t expected)
{
    assert_string_equal(result->err, "");
    assert_int_equal(result->code, 0);
    json_t *document = json_loads(result->out, 0, NULL); // fails if anything else is there
    assert_non_null(document);
    assert_int_equal(json_array_size(json_object_get(document, "models")), expected);
    return document;
}

static const json_t *model_of(const json_t *document, size_t index)
{
    return json_array_get(json_object_get(document, "models"), index);
}

static json_int_t integer(const json_t *model, const char *key)
{
    const json_t *value = json_object_get(model, key);
    if (!json_is_integer(value)) {
        fail_msg("%s is missing or no whole number", key);
    }
    return json_integer_value(value);
}

static double real(const json_t *model, const char *key)
{
    const json_t *value = json_object_get(model, key);
    if (!json_is_number(value)) {
        fail_msg("%s is missing or no number", key);
    }
    return json_number_value(value);
}

// The figures that the reference model must have, by number of layers.
static const struct {
    uint32_t layers;
    json_int_t parameters, field, macs;
    const char *parameters_text, *field_text;
} table[] = {
    {10, 7889, 2047, 7712, "7,889", "2047 samples, 46.42 ms"},
    {6, 4753, 127, 4640, "4,753", "127 samples, 2.88 ms"},
    {5, 3969, 63, 3872, "3,969", "63 samples, 1.43 ms"},
};

static void check_table_row(size_t row, bool causal)
{
    char text[128], line[128];
    const int length = snprintf(text, sizeof text, "model:\n  num_layers: %u\n  causal: %s\n",
                                (unsigned)table[row].layers, causal ? "true" : "false");
    test_folder_write("c.yaml", text, (size_t)length);
    json_t *document = parse(PROGRAM("info", "--json", test_folder_file("c.yaml")), 1);
    const json_t *model = model_of(document, 0);
    assert_int_equal(integer(model, "parameters"), table[row].parameters);
    assert_int_equal(integer(model, "receptive_field_samples"), table[row].field);
    assert_int_equal(integer(model, "mac_per_sample"), table[row].macs);
    const json_int_t ahead = causal ? 0 : (table[row].field - 1) / 2;
    assert_int_equal(integer(model, "lookahead_samples"), ahead);
    assert_int_equal(integer(model, "added_latency_samples"), ahead);
    assert_true(fabs(real(model, "added_latency_ms") - (double)ahead / 44.1) < 1e-6);
    assert_true(fabs(real(model, "receptive_field_ms") - (double)table[row].field / 44.1) < 1e-6);
    assert_true(real(model, "sample_rate_hz") == 44100.0);
    assert_int_equal(json_is_true(json_object_get(model, "causal")), causal);
    json_decref(document);
    const program_result *result = PROGRAM("info", test_folder_file("c.yaml"));
    assert_int_equal(result->code, 0);
    snprintf(line, sizeof line, "\n  parameters        %s\n", table[row].parameters_text);
    assert_non_null(strstr(result->out, line));
    snprintf(line, sizeof line, "\n  receptive field   %s (", table[row].field_text);
    assert_non_null(strstr(result->out, line));
    if (causal) {
        assert_non_null(strstr(result->out, "\n  added latency     0 samples, 0.00 ms ("));
    }
}

static void test_reference_table(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof table / sizeof table[0]; row++) {
        check_table_row(row, false);
        check_table_row(row, true);
    }
}

static void test_shipped_configs(void **state)
{
    (void)state;
    json_t *document = parse(PROGRAM("info", offline_config, live_config, "--json"), 2);
    const json_t *offline = model_of(document, 0), *live = model_of(document, 1);
    assert_int_equal(integer(offline, "parameters"), 7889);
    assert_int_equal(integer(offline, "added_latency_samples"), 1023);
    assert_int_equal(integer(live, "parameters"), 4753);
    assert_int_equal(integer(live, "added_latency_samples"), 0);
    assert_string_equal(json_string_value(json_object_get(live, "name")), "config_realtime");
    assert_string_equal(json_string_value(json_object_get(live, "architecture")), "wavenet_amp");
    assert_true(json_is_null(json_object_get(live, "kernel")));
    json_decref(document);
}

static void test_native_model(void **state)
{
    (void)state;
    write_native("m.safetensors", &shape_n6, 48000.0, 0);
    json_t *document = parse(PROGRAM("info", "--json", test_folder_file("m.safetensors")), 1);
    const json_t *model = model_of(document, 0);
    assert_string_equal(json_string_value(json_object_get(model, "path")),
                        test_folder_file("m.safetensors"));
    assert_string_equal(json_string_value(json_object_get(model, "format")), "backline-1");
    assert_int_equal(integer(model, "parameters"), 4753);
    assert_true(real(model, "sample_rate_hz") == 48000.0);
    assert_true(json_is_true(json_object_get(model, "sample_rate_known")));
    assert_true(fabs(real(model, "receptive_field_ms") - 127 / 48.0) < 1e-6);
    assert_true(json_is_string(json_object_get(model, "kernel")));
    json_decref(document);
}

static void test_state_dict_rate_is_assumed(void **state)
{
    (void)state;
    write_native("m.safetensors", &shape_n6, 0.0, 1);
    const program_result *result = PROGRAM("info", test_folder_file("m.safetensors"));
    assert_int_equal(result->code, 0);
    assert_non_null(strstr(result->out, "44100 Hz (assumed; the file does not say)"));
}

static void test_nam_presets(void **state)
{
    (void)state;
    static const struct {
        const char *size_class;
        json_int_t macs, field;
    } expected[] = {{"standard", 13320, 4093},
                    {"lite", 6228, 4093},
                    {"feather", 2808, 4093},
                    {"nano", 732, 4093}};
    for (int i = 0; i < 4; i++) {
        const nam_preset preset = nam_preset_get(i);
        model_bytes bytes = {0};
        nam_file_write(&bytes, "0.5.4", "WaveNet", preset.config, "48000", preset.weights, 1);
        model_bytes_save(&bytes, test_folder_file("m.nam"));
        model_bytes_finish(&bytes);
        json_t *document = parse(PROGRAM("info", "--json", test_folder_file("m.nam")), 1);
        const json_t *model = model_of(document, 0);
        assert_string_equal(json_string_value(json_object_get(model, "size_class")),
                            expected[i].size_class);
        assert_int_equal(integer(model, "mac_per_sample"), expected[i].macs);
        assert_int_equal(integer(model, "receptive_field_samples"), expected[i].field);
        assert_int_equal(integer(model, "added_latency_samples"), 0);
        json_decref(document);
    }
}

// A model between two resamplers says what that costs, one that is stretched costs nothing.
static void test_other_rates(void **state)
{
    (void)state;
    static const struct {
        const char *architecture, *config;
        size_t weights;
        const char *kernel, *line;
    } rows[] = {
        {"LSTM", "{\"input_size\": 1, \"hidden_size\": 40, \"num_layers\": 1}", 6841, "any size",
         "44.1 kHz 1.84 ms, 88.2 kHz 1.70 ms, 96.0 kHz 1.67 ms, 192.0 kHz 1.67 ms"},
        {"ConvNet",
         "{\"channels\": 2, \"dilations\": [1], \"batchnorm\": false, \"activation\": \"Tanh\"}", 9,
         "conv", "44.1 kHz 1.84 ms, 88.2 kHz 1.70 ms, 96.0 kHz 0.00 ms, 192.0 kHz 0.00 ms"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        model_bytes bytes = {0};
        nam_file_write(&bytes, "0.5.4", rows[i].architecture, rows[i].config, "48000",
                       rows[i].weights, 1);
        model_bytes_save(&bytes, test_folder_file("m.nam"));
        model_bytes_finish(&bytes);
        const program_result *result = PROGRAM("info", test_folder_file("m.nam"));
        assert_int_equal(result->code, 0);
        assert_non_null(strstr(result->out, rows[i].line));
        assert_non_null(strstr(result->out, rows[i].kernel));
        json_t *document = parse(PROGRAM("info", "--json", test_folder_file("m.nam")), 1);
        const json_t *rates = json_object_get(model_of(document, 0), "server_rates");
        assert_int_equal(json_array_size(rates), 5);
        assert_int_equal(integer(json_array_get(rates, 0), "added_latency_samples"), 81);
        assert_int_equal(integer(json_array_get(rates, 1), "added_latency_samples"), 0);
        json_decref(document);
    }
}

// A name that no JSON string can hold must not spoil the document.
// Histories of 4 GiB: the file is good, but nothing can play it.
static void test_too_big_to_play(void **state)
{
    (void)state;
    enum { CHANNELS = 1024, WEIGHTS = 6 * CHANNELS + 1 };
    static const char config[] =
        "{\"layers\": [{\"input_size\": 1, \"condition_size\": 1, \"head_size\": 1, \"channels\": "
        "1024, \"kernel_size\": 2, \"dilations\": [1048576], \"activation\": \"Tanh\", "
        "\"groups_input\": 1024, \"layer1x1\": {\"active\": false, \"groups\": 1}, \"head_bias\": "
        "false}], \"head\": null, \"head_scale\": 0.02}";
    model_bytes bytes = {0};
    nam_file_write(&bytes, "0.7.0", "WaveNet", config, "48000", WEIGHTS, 1);
    model_bytes_replace(&bytes, "\"weights\"", "\"metadata\": {\"name\": \"Twin\"}, \"weights\"");
    model_bytes_save(&bytes, test_folder_file("big.nam"));
    model_bytes_finish(&bytes);
    json_t *document = parse(PROGRAM("info", "--json", test_folder_file("big.nam")), 1);
    const json_t *model = model_of(document, 0);
    assert_true(json_is_null(json_object_get(model, "kernel")));
    const char *refusal = json_string_value(json_object_get(model, "refusal"));
    assert_non_null(refusal);
    assert_non_null(strstr(refusal, test_folder_file("big.nam")));
    assert_non_null(strstr(refusal, "found a network that needs more than the 1024 MiB"));
    json_decref(document);
}

static void test_name_that_is_no_utf8(void **state)
{
    (void)state;
    write_native("m\xFF\xC3(\xC3\xBC.safetensors", &shape_n6, 48000.0, 0);
    json_t *document =
        parse(PROGRAM("info", "--json", test_folder_file("m\xFF\xC3(\xC3\xBC.safetensors")), 1);
    const char *path = json_string_value(json_object_get(model_of(document, 0), "path"));
    assert_non_null(strstr(path, "/m?\?(\xC3\xBC.safetensors"));
    json_decref(document);
}

static void refuse(const char *name, const char *words)
{
    program_assert_failed(PROGRAM("info", test_folder_file(name)), 1, "info", words);
    program_assert_failed(PROGRAM("info", "--json", offline_config, test_folder_file(name)), 1,
                          "info", words);
}

static void test_refused_models(void **state)
{
    (void)state;
    refuse("missing.nam", "/missing.nam: cannot be opened: No such file or directory");
    test_folder_write("empty.nam", "", 0);
    refuse("empty.nam", "/empty.nam: ");
    test_folder_write("words.nam", "only words, no model\n", 21);
    refuse("words.nam", "/words.nam: ");
    // A header length of 2^62 and of nearly the whole file.
    test_folder_write("huge.safetensors", "\0\0\0\0\0\0\0\x40{}", 10);
    refuse("huge.safetensors", "/huge.safetensors: ");
    refuse(".", "found a folder, expected a file");
    write_native("m.safetensors", &shape_n6, 48000.0, 0);
    for (long size = 20000; size > 0; size /= 3) {
        assert_int_equal(truncate(test_folder_file("m.safetensors"), size), 0);
        refuse("m.safetensors", "/m.safetensors: ");
    }
}

static void test_refused_weights(void **state)
{
    (void)state;
    const size_t count = native_weight_count(&shape_n6);
    float *weights = calloc(count, sizeof *weights);
    assert_non_null(weights);
    weights[100] = NAN;
    model_bytes bytes = {0};
    native_file_write(&bytes, &shape_n6, 48000.0, weights, 0);
    model_bytes_save(&bytes, test_folder_file("nan.safetensors"));
    model_bytes_finish(&bytes);
    free(weights);
    refuse("nan.safetensors", "/nan.safetensors: ");
    const nam_preset preset = nam_preset_get(3);
    const size_t wrong[] = {preset.weights - 1, preset.weights + 1, 0};
    for (size_t i = 0; i < 3; i++) {
        model_bytes nam = {0};
        nam_file_write(&nam, "0.5.4", "WaveNet", preset.config, "48000", wrong[i], 1);
        model_bytes_save(&nam, test_folder_file("wrong.nam"));
        model_bytes_finish(&nam);
        refuse("wrong.nam", "/wrong.nam: ");
    }
}

// Sizes far over every limit, in files of a few hundred bytes.
static void test_absurd_sizes(void **state)
{
    (void)state;
    static const char *const configs[] = {
        "{\"layers\":[{\"input_size\":1,\"condition_size\":1,\"channels\":2000000000,"
        "\"head_size\":1,\"kernel_size\":3,\"dilations\":[1,2],\"activation\":\"Tanh\","
        "\"gated\":false,\"head_bias\":true}],\"head\":null,\"head_scale\":1}",
        "{\"layers\":[{\"input_size\":1,\"condition_size\":1,\"channels\":2,"
        "\"head_size\":1,\"kernel_size\":3,\"dilations\":[1,9000000000000000000],"
        "\"activation\":\"Tanh\",\"gated\":false,\"head_bias\":true}],"
        "\"head\":null,\"head_scale\":1}",
    };
    for (size_t i = 0; i < 2; i++) {
        model_bytes bytes = {0};
        nam_file_write(&bytes, "0.5.4", "WaveNet", configs[i], "48000", 10, 1);
        model_bytes_save(&bytes, test_folder_file("absurd.nam"));
        model_bytes_finish(&bytes);
        refuse("absurd.nam", "/absurd.nam: ");
    }
    // A tensor of 2^40 by 2^40 numbers.
    model_bytes bytes = {0};
    safetensors_write(&bytes,
                      "{\"input_conv.weight\":{\"dtype\":\"F32\",\"shape\":[1099511627776,"
                      "1099511627776,1],\"data_offsets\":[0,4]}}",
                      "\0\0\0", 4);
    model_bytes_save(&bytes, test_folder_file("absurd.safetensors"));
    model_bytes_finish(&bytes);
    refuse("absurd.safetensors", "/absurd.safetensors: ");
}

static void test_refused_config(void **state)
{
    (void)state;
    test_folder_write("c.yaml", "model:\n  chanels: 3\n", 20);
    refuse("c.yaml", "/c.yaml:2:3: found the unknown key \"chanels\"");
    refuse("none.yml", "/none.yml: cannot be opened");
}

static void test_usage(void **state)
{
    (void)state;
    program_assert_failed(PROGRAM("info"), 2, "info", "found 0 arguments");
    program_assert_failed(PROGRAM("info", "a", "--jsn"), 2, "info", "did you mean --json?");
    const program_result *result = PROGRAM("info", "--help");
    assert_int_equal(result->code, 0);
    assert_string_equal(result->err, "");
    assert_int_equal(strncmp(result->out, "NAME\n    backline info - ", 25), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_folder_make, test_folder_remove)
    const struct CMUnitTest tests[] = {
        TEST(test_reference_table), TEST(test_shipped_configs),
        TEST(test_native_model),    TEST(test_state_dict_rate_is_assumed),
        TEST(test_nam_presets),     TEST(test_other_rates),
        TEST(test_too_big_to_play), TEST(test_name_that_is_no_utf8),
        TEST(test_refused_models),  TEST(test_refused_weights),
        TEST(test_absurd_sizes),    TEST(test_refused_config),
        TEST(test_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
