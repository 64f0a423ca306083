// SPDX-License-Identifier: MIT
// Native models: the figures of the reference model, files with metadata and without, saving, and
// the reference model recognised in NAM form.

#include "backline/model.h"
#include "model/arch.h"
#include "support/cmocka_all.h"
#include "support/model_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const bl_config_model small = {.causal = true,
                                      .channels = 5,
                                      .num_layers = 4,
                                      .kernel_size = 2,
                                      .dilation_base = 3,
                                      .activation = BL_CONFIG_RELU};

static const bl_config_model usual = {.causal = true,
                                      .channels = 16,
                                      .num_layers = 6,
                                      .kernel_size = 3,
                                      .dilation_base = 2,
                                      .activation = BL_CONFIG_TANH};

static float *make_weights(const bl_config_model *model)
{
    const size_t count = native_weight_count(model);
    float *weights = calloc(count, sizeof *weights);
    assert_non_null(weights);
    model_weights_fill(weights, count, 16, 7);
    return weights;
}

static bl_model *parse(const model_bytes *bytes, const bl_config *overrides)
{
    bl_error error = {0};
    bl_model *model = NULL;
    if (bl_model_parse((const uint8_t *)bytes->data, bytes->size, "folder/some amp.nam", overrides,
                       &model, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return model;
}

// The weights of a native architecture in the order of the flat list equal `weights`; biases of
// the input may be folded into the blocks.
static void assert_weights(const bl_model *model, const bl_config_model *shape,
                           const float *weights)
{
    const bl_wavenet *net = &bl_model_get_arch(model)->u.wavenet;
    const size_t c = shape->channels, block = c * c * shape->kernel_size;
    assert_int_equal(bl_model_get_arch(model)->kind, BL_ARCH_WAVENET);
    assert_int_equal(net->array_count, 1);
    assert_int_equal(net->arrays->layer_count, shape->num_layers);
    assert_true(net->arrays->head_from_residual);
    assert_memory_equal(net->arrays->rechannel.w, weights, c * sizeof(float));
    assert_memory_equal(net->arrays->rechannel.b, weights + c, c * sizeof(float));
    weights += 2 * c;
    uint32_t dilation = 1;
    for (uint32_t i = 0; i < shape->num_layers; i++, dilation *= shape->dilation_base) {
        const bl_wavenet_layer *layer = &net->arrays->layers[i];
        assert_memory_equal(layer->conv.w, weights, block * sizeof(float));
        assert_memory_equal(layer->conv.b, weights + block, c * sizeof(float));
        assert_int_equal(layer->conv.dilation, dilation);
        assert_int_equal(layer->conv.kernel, shape->kernel_size);
        assert_int_equal(layer->activation.kind, shape->activation == BL_CONFIG_RELU
                                                     ? BL_ACTIVATION_RELU
                                                     : BL_ACTIVATION_TANH);
        assert_true(layer->residual_identity);
        weights += block + c;
    }
    assert_memory_equal(net->arrays->head.w, weights, c * sizeof(float));
    assert_memory_equal(net->arrays->head.b, weights + c, sizeof(float));
}

// Parameters and receptive fields that every part of the program must print.
static void reference_figures(void **state)
{
    (void)state;
    static const struct {
        uint32_t layers, parameters, receptive_field;
    } rows[] = {{10, 7889, 2047}, {6, 4753, 127}, {5, 3969, 63}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int causal = 0; causal < 2; causal++) {
            bl_config config = bl_config_default();
            bl_model_info info;
            config.model.num_layers = rows[i].layers;
            config.model.causal = causal != 0;
            assert_int_equal(bl_model_info_from_config(&config, &info, NULL), BL_STATUS_OK);
            assert_int_equal(info.parameters, rows[i].parameters);
            assert_int_equal(info.receptive_field_samples, rows[i].receptive_field);
            assert_int_equal(info.lookahead_samples,
                             causal != 0 ? 0 : (rows[i].receptive_field - 1) / 2);
            assert_int_equal(info.added_latency_samples, info.lookahead_samples);
            assert_int_equal(info.causal, causal);
            assert_int_equal(info.mac_per_sample,
                             rows[i].parameters - 16 * (rows[i].layers + 1) - 1);
            assert_true(info.sample_rate_hz == 44100.0);
            assert_string_equal(info.architecture, "wavenet_amp");
        }
    }
}

static void from_config(void **state)
{
    (void)state;
    bl_config config = bl_config_default();
    config.model = small;
    float *weights = make_weights(&small);
    const size_t count = native_weight_count(&small);
    bl_error error = {0};
    bl_model *model = NULL;
    assert_int_equal(bl_model_from_config(&config, weights, count, "mine", &model, &error),
                     BL_STATUS_OK);
    assert_weights(model, &small, weights);
    assert_string_equal(bl_model_get_info(model)->name, "mine");
    bl_model_release(model);

    assert_int_equal(bl_model_from_config(&config, weights, count - 1, "mine", &model, &error),
                     BL_STATUS_SHAPE);
    char expected[96];
    snprintf(expected, sizeof expected, "mine: found %zu weights, expected %zu", count - 1, count);
    assert_string_equal(error.text, expected);
    free(weights);
}

static void with_metadata(void **state)
{
    (void)state;
    float *weights = make_weights(&small);
    model_bytes bytes = {0};
    native_file_write(&bytes, &small, 96000.0, weights, 0);
    bl_model *model = parse(&bytes, NULL);
    const bl_model_info *info = bl_model_get_info(model);
    assert_weights(model, &small, weights);
    assert_string_equal(info->format, "backline-1");
    assert_string_equal(info->name, "some amp");
    assert_true(info->sample_rate_hz == 96000.0 && info->sample_rate_known);
    assert_true(info->has_esr && info->esr == 0.0625);
    assert_true(info->has_loudness && info->loudness_db == -18.5);
    assert_false(info->has_input_level || info->has_output_level);
    bl_model_release(model);
    model_bytes_finish(&bytes);
    free(weights);
}

// A plain state dict: shapes decide, the rest is the default of live models or the config's.
static void state_dict(void **state)
{
    (void)state;
    float *weights = make_weights(&usual);
    model_bytes bytes = {0};
    native_file_write(&bytes, &usual, 0.0, weights, 1);
    bl_model *model = parse(&bytes, NULL);
    assert_weights(model, &usual, weights);
    assert_true(bl_model_get_info(model)->causal);
    assert_true(bl_model_get_info(model)->sample_rate_hz == 44100.0);
    assert_false(bl_model_get_info(model)->sample_rate_known);
    bl_model_release(model);

    bl_config overrides = bl_config_default();
    overrides.model = usual;
    overrides.model.causal = false;
    overrides.model.dilation_base = 3;
    overrides.data.sample_rate_hz = 48000.0;
    model = parse(&bytes, &overrides);
    assert_weights(model, &overrides.model, weights);
    assert_int_equal(bl_model_get_info(model)->lookahead_samples, 364);
    assert_true(bl_model_get_info(model)->sample_rate_hz == 48000.0);
    bl_model_release(model);

    // What PyTorch's own writer puts into the metadata says nothing.
    model_bytes noted = {0};
    const size_t header = bytes.size - 8 - 4 * native_weight_count(&usual);
    model_bytes text = {0};
    model_bytes_append(&text, bytes.data + 8, header);
    model_bytes_replace(&text, "{", "{\"__metadata__\": {\"format\": \"pt\"}, ");
    safetensors_write(&noted, text.data, bytes.data + 8 + header, bytes.size - 8 - header);
    model = parse(&noted, NULL);
    assert_weights(model, &usual, weights);
    bl_model_release(model);
    model_bytes_finish(&text);
    model_bytes_finish(&noted);

    overrides.model.channels = 8;
    bl_error error = {0};
    assert_int_equal(
        bl_model_parse((const uint8_t *)bytes.data, bytes.size, "x", &overrides, &model, &error),
        BL_STATUS_SHAPE);
    assert_non_null(
        strstr(error.text, "found 16 channels, 6 layers and 3 taps, expected 8, 6 and"));
    model_bytes_finish(&bytes);
    free(weights);
}

static void save_and_load(void **state)
{
    (void)state;
    char folder[] = "/tmp/backline-model-XXXXXX", path[128];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/saved.safetensors", folder);
    float *weights = make_weights(&small);
    model_bytes bytes = {0};
    native_file_write(&bytes, &small, 96000.0, weights, 0);
    bl_model *model = parse(&bytes, NULL), *again = NULL;
    bl_error error = {0};
    assert_int_equal(bl_model_save(model, path, &error), BL_STATUS_OK);
    assert_int_equal(bl_model_load(path, NULL, &again, &error), BL_STATUS_OK);
    assert_weights(again, &small, weights);
    assert_memory_equal(bl_model_get_info(model), bl_model_get_info(again), sizeof(bl_model_info));
    bl_model_release(again);

    assert_int_equal(bl_model_save(model, "/nonexistent/saved.safetensors", &error),
                     BL_STATUS_NOT_FOUND);
    bl_model_release(model);
    unlink(path);
    rmdir(folder);
    model_bytes_finish(&bytes);
    free(weights);
}

// Both ways to write the reference model as .nam are recognised and run as the native model.
static void reference_in_nam_form(void **state)
{
    (void)state;
    const bl_config_model shapes[] = {usual, small};
    for (size_t i = 0; i < 2; i++) {
        const bl_config_model *shape = &shapes[i];
        const size_t c = shape->channels;
        float *weights = make_weights(shape);
        model_bytes bytes = {0};
        nam_reference_write(&bytes, shape, 48000.0, weights, NAM_REFERENCE_LINEAR_LAYER);
        bl_model *model = parse(&bytes, NULL);
        assert_weights(model, shape, weights);
        assert_string_equal(bl_model_get_info(model)->architecture, "wavenet_amp");
        assert_int_equal(bl_model_get_info(model)->parameters, native_weight_count(shape));
        bl_model_release(model);
        model_bytes_finish(&bytes);

        nam_reference_write(&bytes, shape, 48000.0, weights, NAM_REFERENCE_TWO_ARRAYS);
        model = parse(&bytes, NULL);
        const bl_wavenet *net = &bl_model_get_arch(model)->u.wavenet;
        assert_string_equal(bl_model_get_info(model)->architecture, "wavenet_amp");
        assert_memory_equal(net->arrays->rechannel.w, weights, c * sizeof(float));
        for (size_t j = 0; j < c; j++) {
            assert_true(net->arrays->rechannel.b[j] == 0.0f);
        }
        assert_memory_equal(net->arrays->head.w, weights + native_weight_count(shape) - c - 1,
                            c * sizeof(float));
        bl_model_release(model);
        model_bytes_finish(&bytes);
        free(weights);
    }
}

// One number changed, and the file is another network: it must keep its own form.
static void nearly_the_reference(void **state)
{
    (void)state;
    static const struct {
        nam_reference_form form;
        const char *from, *to;
    } edits[] = {
        {NAM_REFERENCE_TWO_ARRAYS, " 1, 0, 0,", " 2, 0, 0,"}, // the first of an identity
        {NAM_REFERENCE_LINEAR_LAYER, " 1, 0, 0,", " 2, 0, 0,"},
        {NAM_REFERENCE_TWO_ARRAYS, " 1, 0, 0, 0, 0, 0, 0.", " 1, 3, 0, 0, 0, 0, 0."}, // its bias
        {NAM_REFERENCE_LINEAR_LAYER, " 1, 0, 0, 0, 0, 0, 0.", " 1, 3, 0, 0, 0, 0, 0."},
        {NAM_REFERENCE_TWO_ARRAYS, " 1, -1, ", " 1, 1, "}, // the head of the direct path
    };
    float *weights = make_weights(&small);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        model_bytes bytes = {0};
        nam_reference_write(&bytes, &small, 48000.0, weights, edits[i].form);
        model_bytes_replace(&bytes, edits[i].from, edits[i].to);
        bl_model *model = parse(&bytes, NULL);
        assert_string_equal(bl_model_get_info(model)->architecture, "WaveNet");
        bl_model_release(model);
        model_bytes_finish(&bytes);
    }
    free(weights);
}

static void references(void **state)
{
    (void)state;
    float *weights = make_weights(&small);
    bl_config config = bl_config_default();
    config.model = small;
    bl_model *model = NULL;
    assert_int_equal(bl_model_from_config(&config, weights, native_weight_count(&small), "counted",
                                          &model, NULL),
                     BL_STATUS_OK);
    assert_ptr_equal(bl_model_retain(model), model);
    bl_model_release(model);
    assert_string_equal(bl_model_get_info(model)->name, "counted"); // still there
    bl_model_release(model);
    bl_model_release(NULL);
    free(weights);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_figures),    cmocka_unit_test(from_config),
        cmocka_unit_test(with_metadata),        cmocka_unit_test(state_dict),
        cmocka_unit_test(save_and_load),        cmocka_unit_test(reference_in_nam_form),
        cmocka_unit_test(nearly_the_reference), cmocka_unit_test(references),
    };
    return cmocka_run_group_tests_name("model_native", tests, NULL, NULL);
}
