// SPDX-License-Identifier: MIT
// The one place that knows the tensors of wavenet_amp and their order.

#include "model/native.h"

#include "backline/limits.h"

#include <inttypes.h>
#include <stdio.h>

uint32_t bl_native_tensors(const bl_config_model *model)
{
    return 4 + 2 * model->num_layers;
}

bl_native_tensor bl_native_get_tensor(const bl_config_model *model, uint32_t index)
{
    const uint32_t channels = model->channels, last = bl_native_tensors(model) - 2;
    const bool is_weight = index % 2 == 0;
    const char *part = is_weight ? "weight" : "bias";
    bl_native_tensor tensor = {.dimensions = is_weight ? 3 : 1, .shape = {channels, 1, 1}};
    if (index < 2) {
        snprintf(tensor.name, sizeof tensor.name, "input_conv.%s", part);
    } else if (index >= last) {
        snprintf(tensor.name, sizeof tensor.name, "output_conv.%s", part);
        tensor.shape[0] = 1;
        tensor.shape[1] = is_weight ? channels : 1;
    } else {
        snprintf(tensor.name, sizeof tensor.name, "blocks.%" PRIu32 ".conv.%s", index / 2 - 1,
                 part);
        tensor.shape[1] = is_weight ? channels : 1;
        tensor.shape[2] = is_weight ? model->kernel_size : 1;
    }
    tensor.count = (uint64_t)tensor.shape[0] * tensor.shape[1] * tensor.shape[2];
    return tensor;
}

static void check_range(bl_load *load, const char *key, uint32_t value, uint32_t max)
{
    if (value < 1 || value > max) {
        bl_load_fail(load, BL_STATUS_LIMIT, "model.%s: found %" PRIu32 ", expected 1 to %" PRIu32,
                     key, value, max);
    }
}

// The dilation of each block is base^i; their sum decides the receptive field.
static void check_receptive_field(bl_load *load, const bl_config_model *model)
{
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
        dilation *= model->dilation_base;
    }
}

uint64_t bl_native_count(bl_load *load, const bl_config_model *model)
{
    check_range(load, "channels", model->channels, BL_LIMIT_CHANNELS);
    check_range(load, "num_layers", model->num_layers, BL_LIMIT_LAYERS);
    check_range(load, "kernel_size", model->kernel_size, BL_LIMIT_KERNEL);
    check_range(load, "dilation_base", model->dilation_base, BL_LIMIT_DILATION);
    if (!bl_load_ok(load)) {
        return 0;
    }
    check_receptive_field(load, model);
    uint64_t count = 0;
    for (uint32_t i = 0; i < bl_native_tensors(model); i++) {
        count += bl_native_get_tensor(model, i).count;
    }
    if (count > BL_LIMIT_WEIGHTS) {
        bl_load_fail(load, BL_STATUS_LIMIT,
                     "model: found %" PRIu64 " parameters, expected at most %d", count,
                     BL_LIMIT_WEIGHTS);
    }
    return bl_load_ok(load) ? count : 0;
}

// The next tensor's weights, or NULL for an architecture of shapes only.
static const float *take(const float **weights, uint64_t count)
{
    const float *taken = *weights;
    if (taken != NULL) {
        *weights += count;
    }
    return taken;
}

bl_arch *bl_native_build(bl_load *load, const bl_config_model *model, double sample_rate_hz,
                         const float *weights)
{
    bl_arch *arch = bl_load_take(load, 1, sizeof *arch);
    bl_wavenet_array *array = bl_load_take(load, 1, sizeof *array);
    bl_wavenet_layer *layers = bl_load_take(load, model->num_layers, sizeof *layers);
    if (!bl_load_ok(load)) {
        return NULL;
    }
    const uint32_t channels = model->channels;
    *array = (bl_wavenet_array){.channels = channels,
                                .bottleneck = channels,
                                .rechannel = {.in = 1, .out = channels, .groups = 1},
                                .layer_count = model->num_layers,
                                .layers = layers,
                                .head_from_residual = true};
    array->rechannel.w = take(&weights, channels);
    array->rechannel.b = take(&weights, channels);
    uint32_t dilation = 1;
    for (uint32_t i = 0; i < model->num_layers; i++) {
        bl_conv conv = {channels, channels, 1, model->kernel_size, dilation, NULL, NULL};
        conv.w = take(&weights, (uint64_t)channels * channels * model->kernel_size);
        conv.b = take(&weights, channels);
        layers[i].conv = conv;
        layers[i].activation.kind =
            model->activation == BL_CONFIG_RELU ? BL_ACTIVATION_RELU : BL_ACTIVATION_TANH;
        layers[i].residual_identity = true;
        dilation *= model->dilation_base;
    }
    array->head = (bl_conv){channels, 1, 1, 1, 1, NULL, NULL};
    array->head.w = take(&weights, channels);
    array->head.b = take(&weights, 1);
    *arch = (bl_arch){.kind = BL_ARCH_WAVENET, .sample_rate_hz = sample_rate_hz};
    arch->u.wavenet = (bl_wavenet){.in_channels = 1,
                                   .causal = model->causal,
                                   .array_count = 1,
                                   .arrays = array,
                                   .head_scale = 1.0f};
    return arch;
}
