// SPDX-License-Identifier: MIT
// Configs: the shipped files, defaults, the way back to text, and each mistake with its place.

#include "backline/config.h"
#include "backline/limits.h"

#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void load_shipped(const char *name, bl_config *config)
{
    char path[512];
    bl_error error = {0};
    snprintf(path, sizeof path, "%s/configs/%s", BL_SOURCE_DIR, name);
    const bl_status status = bl_config_load(path, config, &error);
    assert_string_equal(error.text, "");
    assert_int_equal(status, BL_STATUS_OK);
}

static void test_shipped_offline(void **state)
{
    (void)state;
    bl_config config;
    load_shipped("config.yaml", &config);
    assert_false(config.model.causal);
    assert_int_equal(config.model.num_layers, 10);
    assert_int_equal(config.model.channels, 16);
    assert_int_equal(config.model.kernel_size, 3);
    assert_int_equal(config.model.dilation_base, 2);
    assert_int_equal(config.model.activation, BL_CONFIG_TANH);
    assert_true(config.data.sample_rate_hz == 44100.0);
    assert_true(config.training.epochs > 0);
    assert_true(config.training.minutes == 0.0);
}

static void test_shipped_realtime(void **state)
{
    (void)state;
    bl_config config;
    load_shipped("config_realtime.yaml", &config);
    assert_true(config.model.causal);
    assert_int_equal(config.model.num_layers, 6);
    assert_true(config.training.epochs > 0);
}

static void assert_same(const bl_config *a, const bl_config *b)
{
    assert_int_equal(a->model.type, b->model.type);
    assert_int_equal(a->model.causal, b->model.causal);
    assert_int_equal(a->model.channels, b->model.channels);
    assert_int_equal(a->model.num_layers, b->model.num_layers);
    assert_int_equal(a->model.kernel_size, b->model.kernel_size);
    assert_int_equal(a->model.dilation_base, b->model.dilation_base);
    assert_int_equal(a->model.activation, b->model.activation);
    assert_true(a->data.sample_rate_hz == b->data.sample_rate_hz);
    assert_int_equal(a->data.segment_frames, b->data.segment_frames);
    assert_true(a->data.validation_s == b->data.validation_s);
    assert_int_equal(a->training.epochs, b->training.epochs);
    assert_true(a->training.minutes == b->training.minutes);
    assert_int_equal(a->training.batch_size, b->training.batch_size);
    assert_true(a->training.learning_rate == b->training.learning_rate);
    assert_int_equal(a->training.optimizer, b->training.optimizer);
    assert_int_equal(a->training.loss, b->training.loss);
    assert_true(a->training.seed == b->training.seed);
}

// The shipped default file holds the values that a missing key stands for.
static void test_shipped_is_default(void **state)
{
    (void)state;
    bl_config config;
    const bl_config standard = bl_config_default();
    load_shipped("config.yaml", &config);
    assert_same(&config, &standard);
}

static void parse(const char *text, bl_config *config)
{
    bl_error error = {0};
    const bl_status status = bl_config_parse(text, strlen(text), "C", config, &error);
    assert_string_equal(error.text, "");
    assert_int_equal(status, BL_STATUS_OK);
}

static void test_missing_causal_is_false(void **state)
{
    (void)state;
    bl_config config = {.model.causal = true};
    parse("model:\n  num_layers: 5\n", &config);
    assert_false(config.model.causal);
    assert_int_equal(config.model.num_layers, 5);
    assert_int_equal(config.model.channels, 16);
}

static void test_lists(void **state)
{
    (void)state;
    bl_config config;
    parse("model:\n  type: nam_wavenet\n  dilations: [1, 20,300]\n  second_dilations:\n  - 7\n"
          "  - 8\n",
          &config);
    assert_int_equal(config.model.dilations.count, 3);
    assert_int_equal(config.model.dilations.values[1], 20);
    assert_int_equal(config.model.dilations.values[2], 300);
    assert_int_equal(config.model.second_dilations.count, 2);
    assert_int_equal(config.model.second_dilations.values[1], 8);
    char text[2048];
    bl_config again;
    assert_int_equal(bl_config_write(&config, text, sizeof text, NULL), BL_STATUS_OK);
    parse(text, &again);
    assert_memory_equal(&config.model.dilations, &again.model.dilations,
                        sizeof config.model.dilations);
    assert_memory_equal(&config.model.second_dilations, &again.model.second_dilations,
                        sizeof config.model.second_dilations);
    assert_null(strstr(text, "causal"));
}

static void test_forms_of_yaml(void **state)
{
    (void)state;
    bl_config config;
    parse("---\n# a comment\nmodel: {causal: true, \"num_layers\": 6, activation: 'relu'}\n"
          "data:\n    sample_rate: 4.8e4\n...\n",
          &config);
    assert_true(config.model.causal);
    assert_int_equal(config.model.num_layers, 6);
    assert_int_equal(config.model.activation, BL_CONFIG_RELU);
    assert_true(config.data.sample_rate_hz == 48000.0);
    parse("\xEF\xBB\xBFmodel:\r\n  channels: 3\r\n", &config);
    assert_int_equal(config.model.channels, 3);
}

static void test_minutes_replace_epochs(void **state)
{
    (void)state;
    bl_config config;
    parse("training:\n  minutes: 2.5\n", &config);
    assert_int_equal(config.training.epochs, 0);
    assert_true(config.training.minutes == 2.5);
}

static void test_write_reads_back(void **state)
{
    (void)state;
    bl_config config = bl_config_default(), again;
    char text[2048];
    bl_error error = {0};
    config.model.causal = true;
    config.model.activation = BL_CONFIG_RELU;
    config.data.sample_rate_hz = 44100.5;
    config.training.learning_rate = 0.1 + 0.2; // needs 17 digits
    config.training.epochs = 0;
    config.training.minutes = 1.0 / 3.0;
    config.training.loss = BL_CONFIG_MSE;
    config.training.seed = 9007199254740991;
    assert_int_equal(bl_config_write(&config, text, sizeof text, &error), BL_STATUS_OK);
    parse(text, &again);
    assert_same(&config, &again);
    assert_null(strstr(text, "epochs"));
}

static void test_write_needs_room(void **state)
{
    (void)state;
    const bl_config config = bl_config_default();
    char text[2048];
    bl_error error = {0};
    assert_int_equal(bl_config_write(&config, text, sizeof text, &error), BL_STATUS_OK);
    const size_t length = strlen(text);
    assert_int_equal(bl_config_write(&config, text, length + 1, &error), BL_STATUS_OK);
    assert_int_equal(bl_config_write(&config, text, length, &error), BL_STATUS_LIMIT);
    assert_int_equal(bl_config_write(&config, text, 0, NULL), BL_STATUS_LIMIT);
}

// Each mistake: the text, and how its sentence starts.
static const struct {
    const char *text, *sentence;
} mistakes[] = {
    {"", "C:1:1: found the end, expected the keys"},
    {"# only a comment\n", "C:2:1: found the end, expected the keys"},
    {"--- \n", "C:2:1: found nothing, expected the keys"},
    {"12\n", "C:1:1: found \"12\", expected the keys"},
    {"- a\n", "C:1:1: found a list, expected the keys"},
    {"modell:\n  channels: 3\n",
     "C:1:1: found the unknown key \"modell\", expected one of: model, data, training; did you "
     "mean \"model\"?"},
    {"model:\n  channels: 3\n  num_layer: 4\n",
     "C:3:3: found the unknown key \"num_layer\" in model, expected one of: type, causal, "
     "channels, num_layers, kernel_size, dilation_base, activation; did you mean \"num_layers\"?"},
    {"training:\n  dropout: 4\n", "C:2:3: found the unknown key \"dropout\" in training, expected"},
    {"data:\n  channels: 4\n", "C:2:3: found the unknown key \"channels\" in data, expected one"},
    {"model:\n  channels: many\n",
     "C:2:13: found \"many\" for channels, expected a whole number from 1 to 1024"},
    {"model:\n  channels: 16.5\n", "C:2:13: found \"16.5\" for channels, expected a whole number"},
    {"model:\n  channels: \"16\"\n",
     "C:2:13: found \"16\" for channels, expected a whole number from 1 to 1024 without quotation "
     "marks"},
    {"model:\n  channels: -1\n", "C:2:13: found \"-1\" for channels, expected"},
    {"model:\n  channels: 0\n", "C:2:13: found \"0\" for channels, expected"},
    {"model:\n  channels: 1025\n", "C:2:13: found \"1025\" for channels, expected"},
    {"model:\n  channels: 99999999999999999999999\n", "C:2:13: found \"99999999999999999999999\""},
    {"model:\n  channels:\n", "C:2:12: found nothing for channels, expected a whole number"},
    {"model:\n  channels: [1, 2]\n", "C:2:13: found a list for channels, expected a whole number"},
    {"model:\n  channels: {a: 2}\n", "C:2:13: found a group of keys for channels, expected"},
    {"model:\n  causal: yes\n", "C:2:11: found \"yes\" for causal, expected true or false"},
    {"model:\n  causal: 1\n", "C:2:11: found \"1\" for causal, expected true or false"},
    {"model:\n  activation: gelu\n",
     "C:2:15: found \"gelu\" for activation, expected tanh or relu"},
    {"data:\n  sample_rate: .nan\n",
     "C:2:16: found \".nan\" for sample_rate, expected a number from 8000 to 768000"},
    {"data:\n  sample_rate: 44100,5\n", "C:2:16: found \"44100,5\" for sample_rate, expected"},
    {"data:\n  sample_rate: 0x4000\n", "C:2:16: found \"0x4000\" for sample_rate, expected"},
    {"data:\n  sample_rate: 1e999\n", "C:2:16: found \"1e999\" for sample_rate, expected"},
    {"training:\n  learning_rate: 2\n", "C:2:18: found \"2\" for learning_rate, expected a number"},
    {"training:\n  epochs: 5\n  minutes: 2\n",
     "C:3:12: found minutes beside epochs (line 2), expected only one of them"},
    {"model:\n  channels: 3\n  channels: 4\n",
     "C:3:3: found the key \"channels\" a second time (first in line 2), expected it once"},
    {"model:\n  channels: 3\ndata:\n  segment_frames: 64\nmodel:\n  causal: true\n",
     "C:5:1: found \"model:\" a second time, expected it once"},
    {"model:\n\tchannels: 3\n", "C:2:1: found a tab, expected spaces"},
    {"model:\n  channels: 3\n \tcausal: true\n", "C:3:2: found a tab, expected spaces"},
    {"model:\n  channels: 3\n causal: true\n", "C:3:2: found a mistake in the YAML ("},
    {"model: [1, 2\n", "C:1:8: found a list, expected indented lines"},
    {"model:\n", "C:1:7: found nothing, expected indented lines"},
    {"model: 3\n", "C:1:8: found \"3\", expected indented lines"},
    {"[a, b]: 3\n", "C:1:1: found a list, expected a key"},
    {"model: &m {channels: 3}\ndata: *m\n", "C:2:7: found an alias, expected indented lines"},
    {"model:\n  channels: 3\n---\nmodel:\n  channels: 3\n", "C:3:1: found a second document"},
    {"model:\n  # \xC3\xBC\xFF\n", "C:2:6: found a byte that is not text"},
    {"model:\n  \"a\\0b\": 3\n", "C:2:3: found \"a\", expected a key"},
    {"model:\n  num_layers: 64\n", "C:2:15: found a receptive field of more than 4194304 samples"},
    {"model:\n  channels: 1\n  kernel_size: 65536\n  num_layers: 8\n",
     "C:4:15: found a receptive field of more than 4194304 samples in layer 7"},
    {"model:\n  channels: 1024\n  kernel_size: 5\n", "C:1:1: found a network of 52439040 weights"},
    {"model:\n  type: lstm\n  channels: 5\n",
     "C:3:13: found channels, expected none: a network of"},
    {"model:\n  type: nam_wavenet\n  dilations: [1, 2, x]\n",
     "C:3:21: found \"x\" for dilations, expected a list like [1, 2, 4, 8, 16, 32, 64, 128, 256, "
     "512]: 1 to 32 whole numbers from 1 to 1048576"},
    {"model:\n  type: nam_wavenet\n  dilations: [1, [2]]\n", "C:3:18: found a list for dilations"},
    {"model:\n  type: nam_wavenet\n  dilations: []\n", "C:3:15: found the end for dilations"},
    {"model:\n  type: nam_wavenet\n  dilations: 4\n", "C:3:14: found \"4\" for dilations"},
    {"model:\n  type: nam_wavenet\n  dilations: [1048576, 1048576, 1048576]\n",
     "C:3:14: found a receptive field of more than 4194304 samples in layer 2"},
    {"model:\n  type: nam_a2\n  widths:\n  - 3\n  - \"8\"\n",
     "C:5:5: found \"8\" for widths, expected a list like [3, 8]"},
    {"model:\n  type: nam_a2\n  widths: [2, 4, 4]\n",
     "C:3:11: found the width 4 behind 4, expected ascending ones"},
    {"model:\n  type: gru\n",
     "C:2:9: found \"gru\" for type, expected wavenet_amp or nam_wavenet or nam_a2 or lstm"},
};

static void test_mistakes_have_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        bl_config config = {.model.channels = 77};
        bl_error error = {0};
        const char *text = mistakes[i].text;
        assert_int_not_equal(bl_config_parse(text, strlen(text), "C", &config, &error),
                             BL_STATUS_OK);
        if (strncmp(error.text, mistakes[i].sentence, strlen(mistakes[i].sentence)) != 0) {
            fail_msg("for:\n%s\nexpected: %s\nfound:    %s", text, mistakes[i].sentence,
                     error.text);
        }
        assert_int_equal(config.model.channels, 77); // untouched
    }
}

static void test_huge_and_deep(void **state)
{
    (void)state;
    const size_t size = BL_LIMIT_CONFIG_BYTES;
    char *text = malloc(size + 1);
    assert_non_null(text);
    bl_config config;
    bl_error error = {0};
    memset(text, ' ', size + 1);
    assert_int_equal(bl_config_parse(text, size + 1, "C", &config, &error), BL_STATUS_LIMIT);
    assert_int_equal(strncmp(error.text, "C:1:1: ", 7), 0);
    // Depth must end the reading at once, not after all of it has been looked at again and again.
    static const char *const openers[] = {"[", "{", "? ", "- "};
    for (size_t o = 0; o < 4; o++) {
        const size_t step = strlen(openers[o]);
        for (size_t i = 0; i + step <= size; i += step) {
            memcpy(text + i, openers[o], step);
        }
        bl_error_clear(&error);
        assert_int_equal(bl_config_parse(text, size, "C", &config, &error), BL_STATUS_FORMAT);
        assert_non_null(strstr(error.text, "C:1:"));
    }
    free(text);
}

static void test_zero_bytes_and_utf16(void **state)
{
    (void)state;
    bl_config config;
    bl_error error = {0};
    static const char zeros[] = "model:\n  channels: 3\n\0\0\0";
    assert_int_not_equal(bl_config_parse(zeros, sizeof zeros, "C", &config, &error), BL_STATUS_OK);
    assert_int_equal(strncmp(error.text, "C:3:1: ", 7), 0);
    bl_error_clear(&error);
    static const char utf16[] = "\xFF\xFEm\0o\0d\0e\0l\0:\0";
    assert_int_not_equal(bl_config_parse(utf16, sizeof utf16, "C", &config, &error), BL_STATUS_OK);
    assert_int_equal(strncmp(error.text, "C:1:1: ", 7), 0);
}

static void test_missing_file(void **state)
{
    (void)state;
    bl_config config;
    bl_error error = {0};
    assert_int_equal(bl_config_load("/nonexistent/c.yaml", &config, &error), BL_STATUS_NOT_FOUND);
    const char head[] = "/nonexistent/c.yaml: cannot be opened: "; // then the system's own words
    assert_int_equal(strncmp(error.text, head, strlen(head)), 0);
    assert_string_equal(error.text + strlen(head), strerror(ENOENT));
}

int main(void)
{
    setlocale(LC_ALL, "de_DE.UTF-8"); // a decimal comma must change nothing, where it is installed
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped_offline),
        cmocka_unit_test(test_shipped_realtime),
        cmocka_unit_test(test_shipped_is_default),
        cmocka_unit_test(test_missing_causal_is_false),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_forms_of_yaml),
        cmocka_unit_test(test_minutes_replace_epochs),
        cmocka_unit_test(test_write_reads_back),
        cmocka_unit_test(test_write_needs_room),
        cmocka_unit_test(test_mistakes_have_places),
        cmocka_unit_test(test_huge_and_deep),
        cmocka_unit_test(test_zero_bytes_and_utf16),
        cmocka_unit_test(test_missing_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
