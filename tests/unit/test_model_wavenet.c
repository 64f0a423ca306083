// SPDX-License-Identifier: MIT
// WaveNets of .nam files: every key ends where the architecture says, and weights are taken in the
// order of the file. The weights are 0, 1, 2, ..., so that a pointer's first number is its place.

#include "backline/model.h"
#include "model/arch.h"
#include "support/cmocka_all.h"
#include "support/model_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHTS_MAX = 4096 };

static bl_status parse(const char *config, size_t count, bl_model **model, bl_error *error)
{
    float numbers[WEIGHTS_MAX];
    for (size_t i = 0; i < count; i++) {
        numbers[i] = (float)i;
    }
    model_bytes bytes = {0};
    nam_file_write_weights(&bytes, "0.7.0", "WaveNet", config, "48000", numbers, count);
    const bl_status status =
        bl_model_parse((const uint8_t *)bytes.data, bytes.size, "x", NULL, model, error);
    model_bytes_finish(&bytes);
    return status;
}

static const bl_wavenet *load(const char *config, size_t count, bl_model **model)
{
    bl_error error = {0};
    if (parse(config, count, model, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return &bl_model_get_arch(*model)->u.wavenet;
}

static void assert_refused(const char *config, bl_status status, const char *sentence)
{
    bl_error error = {0};
    bl_model *model = NULL;
    assert_int_equal(parse(config, 1, &model, &error), status);
    if (strstr(error.text, sentence) == NULL) {
        fail_msg("found \"%s\", expected \"%s\"", error.text, sentence);
    }
}

// Place of a weight pointer in the file.
static int at(const float *weights)
{
    return weights != NULL ? (int)*weights : -1;
}

#define SIZES "\"input_size\": 1, \"condition_size\": 1, \"channels\": 4"
#define HEAD "\"head_size\": 1, \"head_bias\": true"

static void all_keys_of_a_layer(void **state)
{
    (void)state;
    bl_model *model = NULL;
    const bl_wavenet *net = load(
        "{\"layers\": [{" SIZES ", " HEAD ", \"bottleneck\": 2, \"kernel_sizes\": [2], "
        "\"dilations\": [5], \"activation\": {\"type\": \"LeakyHardtanh\", \"min_val\": -2, "
        "\"max_slope\": 0.5}, \"gating_mode\": [\"blended\"], \"secondary_activation\": "
        "[\"SiLU\"], \"groups_input\": 2, \"groups_input_mixin\": 1, \"layer1x1\": {\"active\": "
        "true, \"groups\": 2}, \"head1x1\": {\"active\": true, \"out_channels\": 3, \"groups\": "
        "1}, \"conv_pre_film\": {}, \"conv_post_film\": {\"shift\": false}, "
        "\"input_mixin_pre_film\": {\"active\": true}, \"input_mixin_post_film\": {\"active\": "
        "false}, \"activation_pre_film\": null, \"activation_post_film\": {\"groups\": 1}, "
        "\"layer1x1_post_film\": {}, \"head1x1_post_film\": {}}], \"head_scale\": 1}",
        114, &model);
    const bl_wavenet_array *array = net->arrays;
    const bl_wavenet_layer *layer = array->layers;
    assert_int_equal(array->channels, 4);
    assert_int_equal(array->bottleneck, 2);
    assert_int_equal(at(array->rechannel.w), 0);
    assert_null(array->rechannel.b);
    assert_int_equal(layer->conv.out, 4); // 2 x bottleneck
    assert_int_equal(layer->conv.groups, 2);
    assert_int_equal(layer->conv.kernel, 2);
    assert_int_equal(layer->conv.dilation, 5);
    assert_int_equal(at(layer->conv.w), 4);
    assert_int_equal(at(layer->conv.b), 20);
    assert_int_equal(at(layer->mixin.w), 24);
    assert_null(layer->mixin.b);
    assert_int_equal(at(layer->layer1x1.w), 28);
    assert_int_equal(layer->layer1x1.groups, 2);
    assert_int_equal(at(layer->layer1x1.b), 32);
    assert_int_equal(layer->head1x1.out, 3);
    assert_int_equal(at(layer->head1x1.w), 36);
    assert_int_equal(at(layer->head1x1.b), 42);
    static const struct {
        bl_film_place place;
        int w;
        uint32_t rows;
    } films[] = {{BL_FILM_CONV_PRE, 45, 8},       {BL_FILM_CONV_POST, 61, 4},
                 {BL_FILM_MIXIN_PRE, 69, 2},      {BL_FILM_MIXIN_POST, -1, 0},
                 {BL_FILM_ACTIVATION_PRE, -1, 0}, {BL_FILM_ACTIVATION_POST, 73, 4},
                 {BL_FILM_LAYER1X1_POST, 81, 8},  {BL_FILM_HEAD1X1_POST, 97, 6}};
    for (size_t i = 0; i < sizeof films / sizeof *films; i++) {
        const bl_film *film = &layer->film[films[i].place];
        assert_int_equal(film->active, films[i].rows > 0);
        assert_int_equal(at(film->matrix.w), films[i].w);
        assert_int_equal(film->matrix.out, films[i].rows);
        assert_true(!film->active || film->matrix.b != NULL);
        assert_int_equal(film->shift, film->active && films[i].place != BL_FILM_CONV_POST);
    }
    assert_int_equal(array->head.in, 3);
    assert_int_equal(at(array->head.w), 109);
    assert_int_equal(at(array->head.b), 112);
    assert_int_equal(layer->gating, BL_GATING_BLENDED);
    assert_int_equal(layer->secondary.kind, BL_ACTIVATION_SILU);
    assert_int_equal(layer->activation.kind, BL_ACTIVATION_LEAKY_HARDTANH);
    assert_true(layer->activation.p[0] == -2.0f && layer->activation.p[1] == 1.0f);
    assert_true(layer->activation.p[2] == 0.01f && layer->activation.p[3] == 0.5f);
    bl_model_release(model);
}

static void old_gating(void **state)
{
    (void)state;
    bl_model *model = NULL;
    // `gated` means a sigmoid, whatever secondary_activation says.
    const bl_wavenet *net =
        load("{\"layers\": [{" SIZES ", " HEAD ", \"kernel_size\": 1, \"dilations\": [1, 7], "
             "\"activation\": [\"ReLU\", \"Softsign\"], \"gated\": true, "
             "\"secondary_activation\": \"Tanh\"}], \"head_scale\": 1}",
             4 + 2 * (32 + 8 + 8 + 16 + 4) + 5 + 1, &model);
    for (uint32_t i = 0; i < 2; i++) {
        const bl_wavenet_layer *layer = &net->arrays->layers[i];
        assert_int_equal(layer->gating, BL_GATING_GATED);
        assert_int_equal(layer->secondary.kind, BL_ACTIVATION_SIGMOID);
        assert_int_equal(layer->activation.kind,
                         i == 0 ? BL_ACTIVATION_RELU : BL_ACTIVATION_SOFTSIGN);
        assert_int_equal(layer->conv.dilation, i == 0 ? 1 : 7);
        assert_int_equal(layer->conv.out, 8);
        assert_int_equal(layer->layer1x1.out, 4);
        assert_false(layer->residual_identity);
    }
    bl_model_release(model);

    // gating_mode wins over gated, and without a secondary activation it is a sigmoid too.
    net = load("{\"layers\": [{" SIZES ", " HEAD ", \"kernel_size\": 1, \"dilations\": [1, 7], "
               "\"activation\": \"Tanh\", \"gated\": true, \"gating_mode\": [\"none\", "
               "\"gated\"]}], \"head_scale\": 1}",
               4 + (16 + 4 + 4 + 16 + 4) + (32 + 8 + 8 + 16 + 4) + 5 + 1, &model);
    assert_int_equal(net->arrays->layers[0].gating, BL_GATING_NONE);
    assert_int_equal(net->arrays->layers[1].gating, BL_GATING_GATED);
    assert_int_equal(net->arrays->layers[1].secondary.kind, BL_ACTIVATION_SIGMOID);
    bl_model_release(model);
}

static void no_layer1x1_and_new_head(void **state)
{
    (void)state;
    bl_model *model = NULL;
    const bl_wavenet *net =
        load("{\"layers\": [{" SIZES ", \"head\": {\"out_channels\": 1, \"kernel_size\": 3, "
             "\"bias\": false, \"head_dilation\": 6}, \"kernel_size\": 1, \"dilations\": [1], "
             "\"activation\": \"Tanh\", \"layer1x1\": {\"active\": false, \"groups\": 1}}], "
             "\"head_scale\": 1}",
             4 + 16 + 4 + 4 + 12 + 1, &model);
    const bl_wavenet_array *array = net->arrays;
    assert_int_equal(array->layers[0].layer1x1.out, 0);
    assert_false(array->layers[0].residual_identity);
    assert_int_equal(array->head.kernel, 3);
    assert_int_equal(array->head.dilation, 6);
    assert_int_equal(at(array->head.w), 28);
    assert_null(array->head.b);
    assert_int_equal(bl_model_get_info(model)->receptive_field_samples, 13);
    bl_model_release(model);
}

static void activations(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        bl_activation_kind kind;
        float first;
    } rows[] = {
        {"\"Tanh\"", BL_ACTIVATION_TANH, 0.0f},
        {"\"Hardtanh\"", BL_ACTIVATION_HARDTANH, 0.0f},
        {"\"Fasttanh\"", BL_ACTIVATION_FASTTANH, 0.0f},
        {"{\"type\": \"ReLU\"}", BL_ACTIVATION_RELU, 0.0f},
        {"\"LeakyReLU\"", BL_ACTIVATION_LEAKY_RELU, 0.01f},
        {"{\"type\": \"LeakyReLU\", \"negative_slope\": 0.5}", BL_ACTIVATION_LEAKY_RELU, 0.5f},
        {"\"Sigmoid\"", BL_ACTIVATION_SIGMOID, 0.0f},
        {"\"SiLU\"", BL_ACTIVATION_SILU, 0.0f},
        {"\"Hardswish\"", BL_ACTIVATION_HARDSWISH, 0.0f},
        {"\"LeakyHardTanh\"", BL_ACTIVATION_LEAKY_HARDTANH, -1.0f},
        {"\"Softsign\"", BL_ACTIVATION_SOFTSIGN, 0.0f},
        {"\"PReLU\"", BL_ACTIVATION_PRELU, 0.0f},
        {"{\"type\": \"PReLU\", \"negative_slopes\": [1, 2, 3, 4], \"negative_slope\": 0.01}",
         BL_ACTIVATION_PRELU, 0.0f}, // both: the one slope, as in the reference player
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char config[512];
        snprintf(config, sizeof config,
                 "{\"layers\": [{" SIZES ", " HEAD ", \"kernel_size\": 1, \"dilations\": [1], "
                 "\"activation\": %s}], \"head_scale\": 1}",
                 rows[i].json);
        bl_model *model = NULL;
        const bl_activation *activation =
            &load(config, 4 + 16 + 4 + 4 + 16 + 4 + 5 + 1, &model)->arrays->layers[0].activation;
        assert_int_equal(activation->kind, rows[i].kind);
        assert_true(activation->p[0] == rows[i].first);
        if (activation->kind == BL_ACTIVATION_PRELU) {
            assert_int_equal(activation->slope_count, 1);
            assert_true(activation->slopes[0] == 0.01f);
        }
        bl_model_release(model);
    }
}

static void post_stack_head(void **state)
{
    (void)state;
    bl_model *model = NULL;
    const bl_wavenet *net = load(
        "{\"layers\": [{" SIZES ", \"head_size\": 2, \"head_bias\": false, \"kernel_size\": 1, "
        "\"dilations\": [1], \"activation\": \"Tanh\"}], \"head\": {\"in_channels\": 2, "
        "\"channels\": 3, \"out_channels\": 1, \"kernel_sizes\": [2, 4], \"activation\": "
        "\"ReLU\"}, \"head_scale\": 1}",
        4 + 44 - 4 + 4 + 8 + (12 + 3) + (12 + 1) + 1, &model);
    assert_int_equal(net->post_head.count, 2);
    assert_int_equal(net->post_head.convs[0].in, 2);
    assert_int_equal(net->post_head.convs[0].out, 3);
    assert_int_equal(at(net->post_head.convs[0].w), 56);
    assert_int_equal(net->post_head.convs[1].out, 1);
    assert_int_equal(net->post_head.convs[1].kernel, 4);
    assert_int_equal(at(net->post_head.convs[1].b), 83);
    assert_int_equal(net->post_head.activations[1].kind, BL_ACTIVATION_RELU);
    assert_true(net->head_scale == 84.0f);
    assert_int_equal(bl_model_get_info(model)->receptive_field_samples, 1 + 1 + 3);
    bl_model_release(model);

    assert_refused("{\"layers\": [{" SIZES ", " HEAD ", \"kernel_size\": 1, \"dilations\": [1], "
                   "\"activation\": \"Tanh\"}], \"head\": {\"in_channels\": 2, \"channels\": 3, "
                   "\"out_channels\": 1, \"kernel_sizes\": [2], \"activation\": \"ReLU\"}, "
                   "\"head_scale\": 1}",
                   BL_STATUS_SHAPE, "config.head.in_channels: found 2, expected 1, the head_size");
}

#define INNER(rate, channels)                                                                      \
    "{\"version\": \"0.5.4\", \"architecture\": \"LSTM\", \"config\": {\"input_size\": 1, "        \
    "\"hidden_size\": 1, \"num_layers\": 1, \"out_channels\": " channels                           \
    "}, \"weights\": [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], "                     \
    "\"sample_rate\": " rate "}"
#define OUTER(inner, condition)                                                                    \
    "{\"condition_dsp\": " inner ", \"layers\": [{\"input_size\": 1, \"channels\": 4, "            \
    "\"condition_size\": " condition ", " HEAD ", \"kernel_size\": 3, \"dilations\": [1], "        \
    "\"activation\": \"Tanh\"}], \"head_scale\": 1}"

static void condition_network(void **state)
{
    (void)state;
    bl_model *model = NULL;
    const bl_wavenet *net =
        load(OUTER(INNER("48000", "2"), "2"), 4 + (48 + 4 + 8 + 16 + 4) + 5 + 1, &model);
    assert_int_equal(net->condition_dsp->kind, BL_ARCH_SEQUENCE);
    assert_int_equal(net->arrays->layers[0].mixin.in, 2);
    assert_int_equal(bl_model_get_info(model)->parameters, 90 + 18);
    assert_int_equal(bl_model_get_info(model)->receptive_field_samples, 0); // it has an LSTM
    bl_model_release(model);

    assert_refused(OUTER(INNER("44100", "2"), "2"), BL_STATUS_VALUE,
                   "config.condition_dsp.sample_rate: found 44100 Hz, expected 48000 Hz");
    assert_refused(OUTER(INNER("48000", "2"), "1"), BL_STATUS_SHAPE,
                   "config.layers[0].condition_size: found 1, expected 2, the channels of "
                   "condition_dsp");
    assert_refused(OUTER(INNER("48000", "3"), "3"), BL_STATUS_SHAPE,
                   "config.condition_dsp.weights: found 18 numbers, expected 20");
}

#define SLIM(more, kwargs)                                                                         \
    "{\"layers\": [{" SIZES ", \"kernel_size\": 1, \"dilations\": [1], \"activation\": \"Tanh\", " \
    "\"slimmable\": {\"method\": \"slice_channels_uniform\", \"kwargs\": {" kwargs "}}, " more     \
    "}], \"head_scale\": 1}"

static void slimmable(void **state)
{
    (void)state;
    bl_model *model = NULL;
    const bl_wavenet_array *array =
        load(SLIM(HEAD, "\"allowed_channels\": [1, 2, 4]"), 54, &model)->arrays;
    assert_int_equal(array->allowed_count, 3);
    assert_int_equal(array->allowed[0], 1);
    assert_int_equal(array->allowed[2], 4);
    bl_model_release(model);

    array = load(SLIM(HEAD, ""), 54, &model)->arrays; // every width
    assert_int_equal(array->allowed_count, 4);
    assert_int_equal(array->allowed[2], 3);
    bl_model_release(model);

    assert_refused(SLIM(HEAD, "\"allowed_channels\": [1, 3]"), BL_STATUS_VALUE,
                   "config.layers[0].slimmable.kwargs.allowed_channels[1]: found 3, expected "
                   "ascending widths up to 4");
    assert_refused(SLIM(HEAD, "\"allowed_channels\": [2, 2, 4]"), BL_STATUS_VALUE,
                   "allowed_channels[1]: found 2");
    assert_refused(SLIM(HEAD, "\"allowed_channels\": []"), BL_STATUS_FORMAT,
                   "allowed_channels: found a list of 0");
    assert_refused(SLIM(HEAD ", \"groups_input\": 2", "\"allowed_channels\": [4]"),
                   BL_STATUS_UNSUPPORTED, "config.layers[0].slimmable: found groups");
    assert_refused(SLIM(HEAD ", \"activation_pre_film\": {\"groups\": 1}, \"conv_pre_film\": "
                             "{\"groups\": 4}",
                        "\"allowed_channels\": [4]"),
                   BL_STATUS_SHAPE, "config.layers[0].conv_pre_film.groups: found 4 groups");
    assert_refused(SLIM("\"head\": {\"out_channels\": 1, \"kernel_size\": 2, \"bias\": true}",
                        "\"allowed_channels\": [4]"),
                   BL_STATUS_UNSUPPORTED, "config.layers[0].slimmable: found groups or a head of");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_keys_of_a_layer),
        cmocka_unit_test(old_gating),
        cmocka_unit_test(no_layer1x1_and_new_head),
        cmocka_unit_test(activations),
        cmocka_unit_test(post_stack_head),
        cmocka_unit_test(condition_network),
        cmocka_unit_test(slimmable),
    };
    return cmocka_run_group_tests_name("model_wavenet", tests, NULL, NULL);
}
