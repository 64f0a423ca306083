// SPDX-License-Identifier: MIT
// The architectures that configs describe. Sizes are checked here, before memory is taken.

#include "model/native.h"

#include "backline/limits.h"
#include "model/measure.h"

#include <inttypes.h>

static void check_range(bl_load *load, const char *key, uint32_t value, uint32_t max)
{
    if (value < 1 || value > max) {
        bl_load_fail(load, BL_STATUS_LIMIT, "model.%s: found %" PRIu32 ", expected 1 to %" PRIu32,
                     key, value, max);
    }
}

static bl_activation activation_of(const bl_config_model *model)
{
    switch (model->activation) {
    case BL_CONFIG_RELU:
        return (bl_activation){.kind = BL_ACTIVATION_RELU};
    case BL_CONFIG_LEAKY_RELU:
        return (bl_activation){.kind = BL_ACTIVATION_LEAKY_RELU, .p = {BL_NATIVE_LEAKY_SLOPE}};
    default:
        return (bl_activation){.kind = BL_ACTIVATION_TANH};
    }
}

// An array of layers without weights, or false and a kept failure.
static bool take_array(bl_load *load, uint32_t in, uint32_t channels, uint32_t layers,
                       bl_wavenet_array *array)
{
    *array = (bl_wavenet_array){.channels = channels,
                                .bottleneck = channels,
                                .rechannel = {.in = in, .out = channels, .groups = 1},
                                .layer_count = layers,
                                .layers = bl_load_take(load, layers, sizeof *array->layers)};
    return bl_load_ok(load);
}

static void shape_amp(bl_load *load, const bl_config_model *model, bl_arch *arch)
{
    check_range(load, "channels", model->channels, BL_LIMIT_CHANNELS);
    check_range(load, "num_layers", model->num_layers, BL_LIMIT_LAYERS);
    check_range(load, "kernel_size", model->kernel_size, BL_LIMIT_KERNEL);
    check_range(load, "dilation_base", model->dilation_base, BL_LIMIT_DILATION);
    bl_wavenet_array *array = bl_load_take(load, 1, sizeof *array);
    const uint32_t channels = model->channels;
    if (array == NULL || !take_array(load, 1, channels, model->num_layers, array)) {
        return;
    }
    uint64_t samples = 1, dilation = 1;
    for (uint32_t i = 0; i < model->num_layers; i++) {
        samples += (model->kernel_size - 1) * dilation;
        if (samples > BL_LIMIT_RECEPTIVE_FIELD || dilation > BL_LIMIT_DILATION) {
            bl_load_fail(load, BL_STATUS_LIMIT,
                         "model: found a receptive field over %d samples or a dilation over %d at "
                         "layer %" PRIu32 "; use fewer layers or a smaller dilation_base",
                         BL_LIMIT_RECEPTIVE_FIELD, BL_LIMIT_DILATION, i);
            return;
        }
        array->layers[i].conv =
            (bl_conv){channels, channels, 1, model->kernel_size, (uint32_t)dilation, NULL, NULL};
        array->layers[i].activation = activation_of(model);
        array->layers[i].residual_identity = true;
        dilation *= model->dilation_base;
    }
    array->head_from_residual = true;
    array->head = (bl_conv){channels, 1, 1, 1, 1, NULL, NULL};
    arch->u.wavenet = (bl_wavenet){.in_channels = 1,
                                   .causal = model->causal,
                                   .array_count = 1,
                                   .arrays = array,
                                   .head_scale = 1.0f};
}

static void shape_nam_layer(bl_wavenet_layer *layer, uint32_t channels, uint32_t kernel,
                            uint32_t dilation, bl_activation activation)
{
    layer->conv = (bl_conv){channels, channels, 1, kernel, dilation, NULL, NULL};
    layer->mixin = (bl_matrix){.in = 1, .out = channels, .groups = 1};
    layer->activation = activation;
    layer->layer1x1 = (bl_matrix){.in = channels, .out = channels, .groups = 1};
}

static void shape_nam_array(bl_load *load, const bl_config_model *model, uint32_t in,
                            uint32_t channels, const bl_config_list *dilations,
                            bl_wavenet_array *array)
{
    if (!take_array(load, in, channels, dilations->count, array)) {
        return;
    }
    for (uint32_t i = 0; i < dilations->count; i++) {
        check_range(load, "dilations", dilations->values[i], BL_LIMIT_DILATION);
        shape_nam_layer(&array->layers[i], channels, model->kernel_size, dilations->values[i],
                        activation_of(model));
    }
}

static void shape_nam(bl_load *load, const bl_config_model *model, bl_arch *arch)
{
    check_range(load, "channels", model->channels, BL_LIMIT_CHANNELS);
    check_range(load, "kernel_size", model->kernel_size, BL_LIMIT_KERNEL);
    check_range(load, "dilations", model->dilations.count, BL_CONFIG_LIST_MAX);
    const uint32_t arrays = model->second_channels != 0 ? 2 : 1;
    if (arrays == 2) {
        check_range(load, "second_channels", model->second_channels, BL_LIMIT_CHANNELS);
        check_range(load, "second_dilations", model->second_dilations.count, BL_CONFIG_LIST_MAX);
    }
    bl_wavenet *net = &arch->u.wavenet;
    *net = (bl_wavenet){.in_channels = 1,
                        .causal = true,
                        .array_count = arrays,
                        .arrays = bl_load_take(load, arrays, sizeof *net->arrays),
                        .head_scale = (float)model->head_scale};
    if (!bl_load_ok(load)) {
        return;
    }
    shape_nam_array(load, model, 1, model->channels, &model->dilations, &net->arrays[0]);
    net->arrays[0].head = (bl_conv){model->channels, 1, 1, 1, 1, NULL, NULL};
    if (arrays == 2) {
        net->arrays[0].head.out = model->second_channels;
        shape_nam_array(load, model, model->channels, model->second_channels,
                        &model->second_dilations, &net->arrays[1]);
        net->arrays[1].head = (bl_conv){model->second_channels, 1, 1, 1, 1, NULL, NULL};
    }
}

// One width of NAM's second standard shape: 23 layers of 6 taps, two of 15 in the middle.
static bl_arch *shape_a2(bl_load *load, uint32_t channels, double sample_rate_hz)
{
    enum { CYCLE = 7, LAYERS = 3 * CYCLE + 2, HEAD_KERNEL = 16 };
    static const uint32_t cycle[CYCLE] = {1, 3, 7, 17, 41, 101, 239};
    bl_arch *arch = bl_load_take(load, 1, sizeof *arch);
    bl_wavenet_array *array = bl_load_take(load, 1, sizeof *array);
    check_range(load, "widths", channels, BL_LIMIT_CHANNELS);
    if (!bl_load_ok(load) || !take_array(load, 1, channels, LAYERS, array)) {
        return arch;
    }
    const bl_activation activation = {.kind = BL_ACTIVATION_LEAKY_RELU,
                                      .p = {BL_NATIVE_LEAKY_SLOPE}};
    for (uint32_t i = 0; i < LAYERS; i++) {
        const bool middle = i == 2 * CYCLE || i == 2 * CYCLE + 1;
        const uint32_t place = i < 2 * CYCLE ? i % CYCLE : i - 2 * CYCLE - 2;
        const uint32_t dilation = middle ? (i == 2 * CYCLE ? 1 : 13) : cycle[place];
        shape_nam_layer(&array->layers[i], channels, middle ? 15 : 6, dilation, activation);
    }
    array->head = (bl_conv){channels, 1, 1, HEAD_KERNEL, 1, NULL, NULL};
    *arch = (bl_arch){.kind = BL_ARCH_WAVENET, .sample_rate_hz = sample_rate_hz};
    arch->u.wavenet = (bl_wavenet){
        .in_channels = 1, .causal = true, .array_count = 1, .arrays = array, .head_scale = 0.01f};
    return arch;
}

static void shape_container(bl_load *load, const bl_config_model *model, bl_arch *arch)
{
    const uint32_t count = model->widths.count;
    check_range(load, "widths", count, BL_CONFIG_LIST_MAX);
    const bl_arch **submodels = bl_load_take(load, count, sizeof(void *));
    double *max_values = bl_load_take(load, count, sizeof *max_values);
    for (uint32_t i = 0; bl_load_ok(load) && i < count; i++) {
        submodels[i] = shape_a2(load, model->widths.values[i], arch->sample_rate_hz);
        max_values[i] = (double)(i + 1) / count;
    }
    arch->kind = BL_ARCH_CONTAINER;
    arch->u.container =
        (bl_container){.count = count, .submodels = submodels, .max_values = max_values};
}

static void shape_lstm(bl_load *load, const bl_config_model *model, bl_arch *arch)
{
    const uint32_t cells = model->cells;
    check_range(load, "cells", cells, BL_LIMIT_CHANNELS);
    bl_sequence_stage *stages = bl_load_take(load, 2, sizeof *stages);
    float *zeros = bl_load_take(load, cells, sizeof *zeros);
    if (!bl_load_ok(load)) {
        return;
    }
    stages[0] = (bl_sequence_stage){
        .kind = BL_SEQUENCE_LSTM, .in = 1, .out = cells, .h0 = zeros, .c0 = zeros};
    stages[1] = (bl_sequence_stage){.kind = BL_SEQUENCE_MATRIX,
                                    .in = cells,
                                    .out = 1,
                                    .matrix = {.in = cells, .out = 1, .groups = 1}};
    arch->kind = BL_ARCH_SEQUENCE;
    arch->u.sequence = (bl_sequence){.stage_count = 2,
                                     .stages = stages,
                                     .skip = model->skip,
                                     .in_gain = 1.0f,
                                     .out_gain = 1.0f,
                                     .prewarm_frames = bl_prewarm_frames(arch->sample_rate_hz)};
}

bl_arch *bl_native_shape(bl_load *load, const bl_config_model *model, double sample_rate_hz)
{
    bl_arch *arch = bl_load_take(load, 1, sizeof *arch);
    if (arch == NULL) {
        return NULL;
    }
    *arch = (bl_arch){.kind = BL_ARCH_WAVENET, .sample_rate_hz = sample_rate_hz};
    switch (model->type) {
    case BL_CONFIG_WAVENET_AMP:
        shape_amp(load, model, arch);
        break;
    case BL_CONFIG_NAM_WAVENET:
        shape_nam(load, model, arch);
        break;
    case BL_CONFIG_NAM_A2:
        shape_container(load, model, arch);
        break;
    case BL_CONFIG_LSTM:
        shape_lstm(load, model, arch);
        break;
    }
    return bl_load_ok(load) ? arch : NULL;
}
