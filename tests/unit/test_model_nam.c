// SPDX-License-Identifier: MIT
// .nam files: which are read and which are refused, one row for each case. A row edits one tiny
// good file; an accepted row has no sentence.

#include "backline/model.h"
#include "model/arch.h"
#include "support/cmocka_all.h"
#include "support/model_files.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct row {
    const char *what, *from, *to;
    bl_status status;
    const char *sentence; ///< after "tiny.nam: "; a part of it is enough; NULL: accepted
} row;

static void check_bytes(const char *what, const model_bytes *bytes, bl_status status,
                        const char *sentence)
{
    bl_error error = {0};
    bl_model *model = NULL;
    const bl_status found =
        bl_model_parse((const uint8_t *)bytes->data, bytes->size, "tiny.nam", NULL, &model, &error);
    if (sentence == NULL && found != BL_STATUS_OK) {
        fail_msg("%s: refused: %s", what, error.text);
    }
    if (sentence != NULL && found != status) {
        fail_msg("%s: status %d, expected %d: %s", what, found, status, error.text);
    }
    if (sentence != NULL && (strncmp(error.text, "tiny.nam: ", 10) != 0 ||
                             strstr(error.text, sentence) == NULL || error.status != status)) {
        fail_msg("%s: found \"%s\", expected \"%s\"", what, error.text, sentence);
    }
    const bool of_content =
        status == BL_STATUS_FORMAT || status == BL_STATUS_SHAPE || status == BL_STATUS_VALUE;
    if (sentence != NULL && of_content && strstr(error.text, "; ") == NULL) {
        fail_msg("%s: \"%s\" does not say what to do", what, error.text);
    }
    bl_model_release(model);
}

static void check_rows(const row *rows, size_t count, const char *architecture, const char *config,
                       size_t weights)
{
    for (size_t i = 0; i < count; i++) {
        model_bytes bytes = {0};
        nam_file_write(&bytes, "0.5.4", architecture, config, "48000", weights, 1);
        model_bytes_replace(&bytes, rows[i].from, rows[i].to);
        check_bytes(rows[i].what, &bytes, rows[i].status, rows[i].sentence);
        model_bytes_finish(&bytes);
    }
}

static void frame(void **state)
{
    (void)state;
    static const row rows[] = {
        {"0.4.9", "0.5.4", "0.4.9", BL_STATUS_FORMAT,
         "version: found \"0.4.9\", expected a version from \"0.5.0\" to \"0.7.0\"; it is too old"},
        {"0.5.0", "0.5.4", "0.5.0", BL_STATUS_OK, NULL},
        {"0.5", "0.5.4", "0.5", BL_STATUS_FORMAT, "version: found \"0.5\""},
        {"0.6.9", "0.5.4", "0.6.9", BL_STATUS_OK, NULL},
        {"0.7.0", "0.5.4", "0.7.0", BL_STATUS_OK, NULL},
        {"0.7.1", "0.5.4", "0.7.1", BL_STATUS_OK, NULL},
        {"0.8.0", "0.5.4", "0.8.0", BL_STATUS_FORMAT, "version: found \"0.8.0\""},
        {"1.0.0", "0.5.4", "1.0.0", BL_STATUS_FORMAT,
         "version: found \"1.0.0\", expected a version from \"0.5.0\" to \"0.7.0\"; a newer "
         "Backline"},
        {"v0.5.4", "0.5.4", "v0.5.4", BL_STATUS_FORMAT, "version: found \"v0.5.4\""},
        {"beta", "0.5.4", "0.5.4-beta", BL_STATUS_FORMAT, "version: found \"0.5.4-beta\""},
        {"huge version", "0.5.4", "0.5.99999999999999999999", BL_STATUS_OK, NULL},
        {"version a number", "\"0.5.4\"", "0.5", BL_STATUS_FORMAT,
         "version: found 0.5, expected a text"},
        {"version missing", "\"version\"", "\"versio\"", BL_STATUS_FORMAT,
         "version: found nothing, expected a text"},
        {"architecture missing", "\"architecture\"", "\"a\"", BL_STATUS_FORMAT,
         "architecture: found nothing"},
        {"config missing", "\"config\"", "\"c\"", BL_STATUS_FORMAT, "config: found nothing"},
        {"weights missing", "\"weights\"", "\"w\"", BL_STATUS_FORMAT,
         "weights: found nothing, expected a list"},
        {"version with NUL", "0.5.4", "0.5.4\\u0000x", BL_STATUS_FORMAT,
         "version: found a NUL character behind \"0.5.4\""},
        {"architecture with NUL", "WaveNet", "WaveNet\\u0000x", BL_STATUS_FORMAT,
         "architecture: found a NUL character"},
        {"activation with NUL", "Tanh", "Tanh\\u0000x", BL_STATUS_FORMAT,
         "config.layers[0].activation: found a NUL character"},
        {"NUL in an unknown key", "\"sample_rate\"", "\"x\": \"a\\u0000b\", \"sample_rate\"",
         BL_STATUS_OK, NULL},
        {"rate missing", "\"sample_rate\"", "\"s\"", BL_STATUS_OK, NULL},
        {"rate null", "48000", "null", BL_STATUS_OK, NULL},
        {"rate a text", "48000", "\"48000\"", BL_STATUS_FORMAT, "sample_rate: found \"48000\""},
        {"rate zero", "48000", "0", BL_STATUS_FORMAT, "sample_rate: found 0"},
        {"rate negative", "48000", "-48000", BL_STATUS_FORMAT, "sample_rate: found -48000"},
        {"metadata null", "\"sample_rate\"", "\"metadata\": null, \"sample_rate\"", BL_STATUS_OK,
         NULL},
        {"metadata a list", "\"sample_rate\"", "\"metadata\": [], \"sample_rate\"",
         BL_STATUS_FORMAT, "metadata: found a list of 0, expected an object"},
        {"loudness null", "\"sample_rate\"", "\"metadata\": {\"loudness\": null}, \"sample_rate\"",
         BL_STATUS_OK, NULL},
        {"loudness a text", "\"sample_rate\"",
         "\"metadata\": {\"loudness\": \"loud\"}, \"sample_rate\"", BL_STATUS_FORMAT,
         "metadata.loudness: found \"loud\""},
        {"unknown architecture", "WaveNet", "CatLSTM", BL_STATUS_FORMAT,
         "architecture: found \"CatLSTM\", expected WaveNet, LSTM"},
        {"unknown key", "\"sample_rate\"", "\"x\": [{}], \"sample_rate\"", BL_STATUS_OK, NULL},
        {"a key twice", "\"sample_rate\"", "\"sample_rate\": 1, \"sample_rate\"", BL_STATUS_OK,
         NULL},
        {"NaN", "[", "[NaN, ", BL_STATUS_FORMAT, "line 1, column "},
        {"list at the top", "{\"version\"", "[{\"version\"", BL_STATUS_FORMAT, "line 1, column "},
    };
    check_rows(rows, sizeof rows / sizeof *rows, "WaveNet", NAM_TINY_CONFIG, NAM_TINY_WEIGHTS);
}

static void weights(void **state)
{
    (void)state;
    static const struct {
        size_t count;
        const char *sentence;
    } rows[] = {{132, "weights: found 132 numbers, expected 131"},
                {130, "weights: found 130 numbers, expected 131"},
                {10, "weights: found 10 numbers, expected 131"},
                {0, "weights: found 0 numbers, expected 131"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        model_bytes bytes = {0};
        nam_file_write(&bytes, "0.5.4", "WaveNet", NAM_TINY_CONFIG, "48000", rows[i].count, 1);
        check_bytes("count", &bytes, BL_STATUS_SHAPE, rows[i].sentence);
        model_bytes_finish(&bytes);
    }
    static const row bad[] = {
        {"null", "\"weights\": [", "\"weights\": [null, ", BL_STATUS_FORMAT,
         "weights[0]: found null, expected a finite"},
        {"text", "0.5]", "\"0.5\"]", BL_STATUS_FORMAT, "weights[130]: found \"0.5\""},
        {"list", "0.5]", "[0.5]]", BL_STATUS_FORMAT, "weights[130]: found a list of 1"},
        {"over a float", "0.5]", "1e39]", BL_STATUS_FORMAT, "weights[130]: found 1e+39"},
        {"over a double", "0.5]", "1e400]", BL_STATUS_FORMAT, "real number overflow near '1e400'"},
        {"under a double", "0.5]", "1e-400]", BL_STATUS_OK, NULL},
        {"long digits", "0.5]", "123456789012345678901234567890]", BL_STATUS_OK, NULL},
        {"integer", "0.5]", "1]", BL_STATUS_OK, NULL},
        {"not a list", "\"weights\": [", "\"weights\": {}, \"w\": [", BL_STATUS_FORMAT,
         "weights: found an object, expected a list"},
    };
    check_rows(bad, sizeof bad / sizeof *bad, "WaveNet", NAM_TINY_CONFIG, NAM_TINY_WEIGHTS);
}

static void wavenet(void **state)
{
    (void)state;
    static const row rows[] = {
        {"head_scale missing", "\"head_scale\"", "\"h\"", BL_STATUS_FORMAT,
         "config.head_scale: found nothing"},
        {"head missing", "\"head\": null, ", "", BL_STATUS_OK, NULL},
        {"layers empty", NAM_TINY_LAYERS, "", BL_STATUS_FORMAT,
         "config.layers: found a list of 0, expected a list of 1 to"},
        {"layers missing", "\"layers\"", "\"l\"", BL_STATUS_FORMAT, "config.layers: found nothing"},
        {"a layer is no object", NAM_TINY_LAYERS, "7", BL_STATUS_FORMAT,
         "config.layers[0].input_size: found nothing"},
        {"unknown activation", "\"Tanh\"", "\"Foo\"", BL_STATUS_FORMAT,
         "config.layers[0].activation: found \"Foo\", expected Tanh"},
        {"unknown activation type", "\"Tanh\"", "{\"type\": \"Foo\"}", BL_STATUS_FORMAT,
         "config.layers[0].activation.type: found \"Foo\""},
        {"one of a list", "\"Tanh\"", "[\"Tanh\", \"Bar\"]", BL_STATUS_FORMAT,
         "config.layers[0].activation[1]: found \"Bar\""},
        {"short list", "\"Tanh\"", "[\"Tanh\"]", BL_STATUS_SHAPE,
         "config.layers[0].activation: found a list of 1, expected 2, one for each dilation"},
        {"slopes for other channels", "\"Tanh\"",
         "{\"type\": \"PReLU\", \"negative_slopes\": [0.1, 0.2]}", BL_STATUS_FORMAT,
         "config.layers[0].activation.negative_slopes: found a list of 2, expected a list of 3"},
        {"gated missing", "\"gated\": false, ", "", BL_STATUS_OK, NULL},
        {"gated a number", "\"gated\": false", "\"gated\": 0", BL_STATUS_FORMAT,
         "config.layers[0].gated: found 0, expected true or false"},
        {"head_bias missing", "\"head_bias\"", "\"h\"", BL_STATUS_FORMAT,
         "config.layers[0].head_bias: found nothing"},
        {"kernel_size missing", "\"kernel_size\"", "\"k\"", BL_STATUS_FORMAT,
         "config.layers[0]: found neither, expected either kernel_size or kernel_sizes"},
        {"both kernel sizes", "\"kernel_size\"", "\"kernel_sizes\": [3, 3], \"kernel_size\"",
         BL_STATUS_FORMAT, "config.layers[0]: found both"},
        {"kernel_sizes short", "\"kernel_size\": 3", "\"kernel_sizes\": [3]", BL_STATUS_FORMAT,
         "config.layers[0].kernel_sizes: found a list of 1"},
        {"kernel_sizes", "\"kernel_size\": 3", "\"kernel_sizes\": [3, 3]", BL_STATUS_OK, NULL},
        {"kernel 0", "\"kernel_size\": 3", "\"kernel_size\": 0", BL_STATUS_FORMAT,
         "config.layers[0].kernel_size: found 0, expected a whole number from 1"},
        {"gating_mode", "\"gated\": false", "\"gating_mode\": \"foo\"", BL_STATUS_FORMAT,
         "config.layers[0].gating_mode: found \"foo\", expected none, gated or blended"},
        {"head_size of the next", "\"head_size\": 2", "\"head_size\": 3", BL_STATUS_SHAPE,
         "config.layers[1].channels: found 2, expected 3, the head_size"},
        {"bottleneck of the next", "\"channels\": 2", "\"bottleneck\": 3, \"channels\": 2",
         BL_STATUS_SHAPE,
         "config.layers[1].bottleneck: found 3, expected 2, the head_size of the layers before"},
        {"head1x1 of the next", "\"channels\": 2",
         "\"head1x1\": {\"active\": true, \"out_channels\": 4, \"groups\": 1}, \"channels\": 2",
         BL_STATUS_SHAPE,
         "config.layers[1].head1x1.out_channels: found 4, expected 2, the head_size"},
        {"input of the next", "\"input_size\": 3", "\"input_size\": 2", BL_STATUS_SHAPE,
         "config.layers[1].input_size: found 2, expected 3, the channels"},
        {"groups", "\"head_bias\"", "\"groups_input\": 2, \"head_bias\"", BL_STATUS_SHAPE,
         "config.layers[0].groups_input: found 2 groups, expected a number that divides the 3"},
        {"film without its part", "\"head_bias\"",
         "\"layer1x1\": {\"active\": false, \"groups\": 1}, \"layer1x1_post_film\": {}, "
         "\"head_bias\"",
         BL_STATUS_SHAPE, "config.layers[0].layer1x1_post_film: found an active modulation"},
        {"film without head1x1", "\"head_bias\"", "\"head1x1_post_film\": {}, \"head_bias\"",
         BL_STATUS_SHAPE, "config.layers[0].head1x1_post_film: found an active modulation"},
        {"film off", "\"head_bias\"", "\"head1x1_post_film\": false, \"head_bias\"", BL_STATUS_OK,
         NULL},
        {"bottleneck without layer1x1", "\"head_bias\"",
         "\"layer1x1\": {\"active\": false, \"groups\": 1}, \"bottleneck\": 2, \"head_bias\"",
         BL_STATUS_SHAPE, "config.layers[0].bottleneck: found 2, expected 3"},
        {"dilation 0", "[1, 2]", "[1, 0]", BL_STATUS_FORMAT,
         "config.layers[0].dilations[1]: found 0, expected a whole number from 1"},
        {"dilation -1", "[8]", "[-1]", BL_STATUS_FORMAT, "config.layers[1].dilations[0]: found -1"},
        {"dilation 1.5", "[8]", "[1.5]", BL_STATUS_FORMAT,
         "config.layers[1].dilations[0]: found 1.5"},
        {"dilation huge", "[8]", "[1e18]", BL_STATUS_FORMAT,
         "config.layers[1].dilations[0]: found 1e+18"},
        {"dilation written as a real", "[8]", "[8.0]", BL_STATUS_OK, NULL},
        {"no dilations", "[8]", "[]", BL_STATUS_FORMAT, "config.layers[1].dilations: found a list"},
        {"channels huge", "\"channels\": 3", "\"channels\": 1000000", BL_STATUS_FORMAT,
         "config.layers[0].channels: found 1000000"},
        {"channels negative", "\"channels\": 3", "\"channels\": -3", BL_STATUS_FORMAT,
         "config.layers[0].channels: found -3"},
        {"condition too wide", "\"condition_size\": 1", "\"condition_size\": 2", BL_STATUS_SHAPE,
         "config.layers[0].condition_size: found 2, expected 1, the channels of the input"},
        {"two inputs", "\"head\": null", "\"head\": null, \"in_channels\": 2", BL_STATUS_OK, NULL},
        {"two outputs", "\"head_size\": 1", "\"head_size\": 2", BL_STATUS_SHAPE,
         "weights: found 131 numbers, expected 134"},
        {"unknown key", "\"head\": null", "\"head\": null, \"color\": [1]", BL_STATUS_OK, NULL},
        {"receptive field", "[8]", "[1048576, 1048576]", BL_STATUS_SHAPE, "weights: found 131"},
        {"head of a bad kind", "\"head_bias\": true", "\"head\": {\"kernel_size\": 0}",
         BL_STATUS_FORMAT, "config.layers[1].head.out_channels: found nothing"},
    };
    check_rows(rows, sizeof rows / sizeof *rows, "WaveNet", NAM_TINY_CONFIG, NAM_TINY_WEIGHTS);
}

// Only mono models can be played; channels that nobody hears do not count.
static void channels(void **state)
{
    (void)state;
    static const row rows[] = {
        {"unheard", "\"head\"", "\"in_channels\": 2, \"head\"", BL_STATUS_OK, NULL},
        {"heard twice", "{\"layers\": [{\"input_size\": 1",
         "{\"in_channels\": 2, \"layers\": [{\"input_size\": 2", BL_STATUS_SHAPE,
         "weights: found 131 numbers, expected 134"},
    };
    check_rows(rows, sizeof rows / sizeof *rows, "WaveNet", NAM_TINY_CONFIG, NAM_TINY_WEIGHTS);
    static const row stereo[] = {
        {"two in", "{\"layers\": [{\"input_size\": 1",
         "{\"in_channels\": 2, \"layers\": [{\"input_size\": 2", BL_STATUS_UNSUPPORTED,
         "config: found 2 channels in and 1 out, expected one of each"},
        {"two out", "\"head_size\": 1", "\"head_size\": 2", BL_STATUS_UNSUPPORTED,
         "config: found 1 channels in and 2 out"},
    };
    check_rows(stereo, sizeof stereo / sizeof *stereo, "WaveNet", NAM_TINY_CONFIG,
               NAM_TINY_WEIGHTS + 3);
    static const row lstm[] = {{"two out", "\"num_layers\": 1",
                                "\"num_layers\": 1, \"out_channels\": 2", BL_STATUS_UNSUPPORTED,
                                "config: found 1 channels in and 2 out"}};
    check_rows(lstm, 1, "LSTM", "{\"input_size\": 1, \"hidden_size\": 3, \"num_layers\": 1}", 74);
}

static const char submodel[] =
    "{\"version\": \"0.5.4\", \"architecture\": \"Linear\", \"config\": {\"receptive_field\": 2, "
    "\"bias\": false}, \"weights\": [1, 2], \"sample_rate\": 48000}";

static void containers(void **state)
{
    (void)state;
    char config[1024];
    snprintf(config, sizeof config,
             "{\"submodels\": [{\"max_value\": 0.5, \"model\": %s}, {\"max_value\": 1.0, "
             "\"model\": %s}]}",
             submodel, submodel);
    static const row rows[] = {
        {"good", "0.5,", "0.5,", BL_STATUS_OK, NULL},
        {"not ascending", "0.5,", "1.5,", BL_STATUS_FORMAT,
         "config.submodels[1].max_value: found 1, expected more than"},
        {"last below 1", "1.0", "0.9", BL_STATUS_FORMAT,
         "config.submodels[1].max_value: found 0.9, expected at least 1"},
        {"empty", "\"submodels\": [", "\"submodels\": [], \"x\": [", BL_STATUS_FORMAT,
         "config.submodels: found a list of 0"},
        {"another rate", "48000}}]", "44100}}]", BL_STATUS_VALUE,
         "config.submodels[1].model.sample_rate: found 44100 Hz, expected 48000 Hz"},
        {"unknown rate", "48000}}]", "null}}]", BL_STATUS_OK, NULL},
        {"container without weights", "\"weights\": []", "\"w\": []", BL_STATUS_FORMAT,
         "weights: found nothing"},
        {"submodel without weights", "\"weights\": [1, 2]", "\"w\": [1, 2]", BL_STATUS_FORMAT,
         "config.submodels[0].model.weights: found nothing"},
        {"submodel with a weight too many", "[1, 2]", "[1, 2, 3]", BL_STATUS_SHAPE,
         "config.submodels[0].model.weights: found 3 numbers, expected 2"},
        {"submodel that reaches too far",
         "\"architecture\": \"Linear\", \"config\": {\"receptive_field\": 2, \"bias\": false}, "
         "\"weights\": [1, 2]",
         "\"architecture\": \"ConvNet\", \"config\": {\"channels\": 1, \"dilations\": [1048576, "
         "1048576, 1048576, 1048576], \"batchnorm\": false, \"activation\": \"ReLU\"}, "
         "\"weights\": [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]",
         BL_STATUS_LIMIT, "config.submodels[0].model: found a receptive field of 4194305 samples"},
        {"submodel of two channels", "\"bias\": false", "\"bias\": false, \"channels\": 2",
         BL_STATUS_FORMAT, "config.submodels[0].model.config.channels: found 2"},
    };
    check_rows(rows, sizeof rows / sizeof *rows, "SlimmableContainer", config, 0);
}

static void other_architectures(void **state)
{
    (void)state;
    static const struct {
        const char *architecture, *config;
        size_t weights;
    } good[] = {
        {"LSTM", "{\"input_size\": 1, \"hidden_size\": 3, \"num_layers\": 2}", 160},
        {"ConvNet",
         "{\"channels\": 2, \"dilations\": [1, 4], \"batchnorm\": false, \"activation\": \"ReLU\"}",
         6 + 10 + 3},
        {"ConvNet",
         "{\"channels\": 2, \"dilations\": [1, 4], \"batchnorm\": true, \"activation\": \"ReLU\", "
         "\"groups\": 1}",
         4 + 9 + 8 + 9 + 3},
        {"Linear", "{\"receptive_field\": 5, \"bias\": true, \"implementation\": \"fft\"}", 6},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        for (int more = -1; more <= 1; more++) {
            const size_t count = good[i].weights + (size_t)more;
            float weights_given[256];
            for (size_t w = 0; w < count; w++) {
                weights_given[w] = 0.5f; // a variance must be above zero
            }
            model_bytes bytes = {0};
            char sentence[96];
            snprintf(sentence, sizeof sentence, "weights: found %zu numbers, expected %zu", count,
                     good[i].weights);
            nam_file_write_weights(&bytes, "0.5.4", good[i].architecture, good[i].config, "48000",
                                   weights_given, count);
            check_bytes(good[i].architecture, &bytes, BL_STATUS_SHAPE, more == 0 ? NULL : sentence);
            model_bytes_finish(&bytes);
        }
    }
    static const row lstm[] = {
        {"cells", "\"hidden_size\": 3", "\"hidden_size\": 0", BL_STATUS_FORMAT,
         "config.hidden_size: found 0"},
        {"inputs", "\"input_size\": 1", "\"input_size\": 2", BL_STATUS_SHAPE,
         "config.input_size: found 2, expected 1, the channels of the input"},
        {"layers", "\"num_layers\": 2", "\"num_layers\": 1e9", BL_STATUS_FORMAT,
         "config.num_layers: found 1000000000"},
    };
    check_rows(lstm, sizeof lstm / sizeof *lstm, "LSTM", good[0].config, good[0].weights);
    enum { COSTLY_LAYERS = 1024, COSTLY_WEIGHTS = COSTLY_LAYERS * 14 + 2 };
    static const row costly[] = {{"prewarm", "\"num_layers\": 1024", "\"num_layers\": 1024",
                                  BL_STATUS_LIMIT,
                                  "found recurrent layers that take 25952256000 multiply-adds"}};
    check_rows(costly, 1, "LSTM", "{\"input_size\": 1, \"hidden_size\": 1, \"num_layers\": 1024}",
               COSTLY_WEIGHTS);
    static const row convnet[] = {
        {"dilation", "[1, 4]", "[1, -4]", BL_STATUS_FORMAT, "config.dilations[1]: found -4"},
        {"batchnorm", "\"batchnorm\": false, ", "", BL_STATUS_FORMAT, "config.batchnorm: found"},
        {"activation", "ReLU", "relu", BL_STATUS_FORMAT, "config.activation: found \"relu\""},
        {"groups", "\"channels\"", "\"groups\": 2, \"channels\"", BL_STATUS_SHAPE,
         "config.groups: found 2 groups"},
    };
    check_rows(convnet, sizeof convnet / sizeof *convnet, "ConvNet", good[1].config,
               good[1].weights);
    static const row linear[] = {
        {"no taps", "field\": 5", "field\": 0", BL_STATUS_FORMAT,
         "config.receptive_field: found 0"},
        {"too many taps", "field\": 5", "field\": 500000000", BL_STATUS_FORMAT,
         "config.receptive_field: found 500000000"},
        {"two channels", "\"bias\"", "\"channels\": 2, \"bias\"", BL_STATUS_FORMAT,
         "config.channels: found 2"},
    };
    check_rows(linear, sizeof linear / sizeof *linear, "Linear", good[3].config, good[3].weights);
}

// Weights in the order of the file: a variance of -1 divides by nothing.
static void batch_normalisation(void **state)
{
    (void)state;
    static const char config[] =
        "{\"channels\": 1, \"dilations\": [1], \"batchnorm\": true, \"activation\": \"ReLU\"}";
    float numbers[] = {3,  5,    0.25f, 3.5f, 2,
                       -1, 0.5f, 7,     9}; // w, mean, var, weight, bias, eps, head
    model_bytes bytes = {0};
    nam_file_write_weights(&bytes, "0.5.4", "ConvNet", config, NULL, numbers, 9);
    bl_model *model = NULL;
    assert_int_equal(
        bl_model_parse((const uint8_t *)bytes.data, bytes.size, "x", NULL, &model, NULL),
        BL_STATUS_OK);
    const bl_sequence *net = &bl_model_get_arch(model)->u.sequence;
    assert_int_equal(net->stage_count, 3);
    assert_true(net->stages[0].conv.w[0] == 3.0f && net->stages[0].conv.w[1] == 5.0f);
    assert_true(net->stages[0].conv.b[0] == -1.0f - 0.25f);
    assert_true(net->stages[2].matrix.w[0] == 7.0f && net->stages[2].matrix.b[0] == 9.0f);
    bl_model_release(model);
    model_bytes_finish(&bytes);

    numbers[3] = -1.0f;
    nam_file_write_weights(&bytes, "0.5.4", "ConvNet", config, NULL, numbers, 9);
    check_bytes("variance", &bytes, BL_STATUS_VALUE,
                "config.batchnorm: found a running variance of -1 with eps 0.5 in the weights of "
                "block 0, channel 0");
    model_bytes_finish(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame),
        cmocka_unit_test(weights),
        cmocka_unit_test(wavenet),
        cmocka_unit_test(channels),
        cmocka_unit_test(containers),
        cmocka_unit_test(other_architectures),
        cmocka_unit_test(batch_normalisation),
    };
    const int failures = cmocka_run_group_tests_name("model_nam", tests, NULL, NULL);
    // Numbers have points in files whatever the locale says.
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL) {
        puts("the locale de_DE.UTF-8 is not installed: its run is skipped");
        return failures;
    }
    return failures + cmocka_run_group_tests_name("model_nam de_DE", tests, NULL, NULL);
}
