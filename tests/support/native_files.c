// SPDX-License-Identifier: MIT
// The reference model as files: native, as a plain state dict, and as a NAM WaveNet. Written from
// the formats' descriptions, not with the loader's code.

#include "support/model_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t native_weight_count(const bl_config_model *model)
{
    const size_t c = model->channels;
    return 3 * c + 1 + model->num_layers * (c * c * model->kernel_size + c);
}

void safetensors_write(model_bytes *bytes, const char *header, const void *data, size_t size)
{
    const uint64_t length = strlen(header);
    for (int i = 0; i < 8; i++) {
        const uint8_t byte = (uint8_t)(length >> 8 * i);
        model_bytes_append(bytes, &byte, 1);
    }
    model_bytes_append(bytes, header, length);
    model_bytes_append(bytes, data, size);
}

static void print_entry(model_bytes *header, const char *name, const char *shape, size_t count,
                        size_t *offset)
{
    model_bytes_print(header,
                      "%s\"%s\": {\"dtype\": \"F32\", \"shape\": %s, \"data_offsets\": [%zu, %zu]}",
                      header->size > 1 ? ", " : "", name, shape, *offset, *offset + 4 * count);
    *offset += 4 * count;
}

static void print_layer(model_bytes *header, const char *name, size_t out, size_t in, size_t taps,
                        size_t *offset)
{
    char full[64], shape[64];
    snprintf(full, sizeof full, "%s.weight", name);
    snprintf(shape, sizeof shape, "[%zu, %zu, %zu]", out, in, taps);
    print_entry(header, full, shape, out * in * taps, offset);
    snprintf(full, sizeof full, "%s.bias", name);
    snprintf(shape, sizeof shape, "[%zu]", out);
    print_entry(header, full, shape, out, offset);
}

static void print_metadata(model_bytes *header, const bl_config_model *model, double rate)
{
    model_bytes_print(
        header,
        "\"__metadata__\": {\"format\": \"backline-1\", \"config\": \"model:\\n  type: "
        "wavenet_amp\\n  causal: %s\\n  channels: %u\\n  num_layers: %u\\n  "
        "kernel_size: %u\\n  dilation_base: %u\\n  activation: %s\\ndata:\\n  "
        "sample_rate: %.0f\\n\", \"sample_rate_hz\": \"%.0f\", \"esr\": \"0.0625\", "
        "\"loudness_db\": \"-18.5\"}",
        model->causal ? "true" : "false", model->channels, model->num_layers, model->kernel_size,
        model->dilation_base, model->activation == BL_CONFIG_RELU ? "relu" : "tanh", rate, rate);
}

void native_file_write(model_bytes *bytes, const bl_config_model *model, double sample_rate_hz,
                       const float *weights, int plain)
{
    model_bytes header = {0};
    const size_t channels = model->channels;
    size_t offset = 0;
    model_bytes_print(&header, "{");
    if (!plain) {
        print_metadata(&header, model, sample_rate_hz);
    }
    print_layer(&header, "input_conv", channels, 1, 1, &offset);
    for (uint32_t i = 0; i < model->num_layers; i++) {
        char name[32];
        snprintf(name, sizeof name, "blocks.%u.conv", i);
        print_layer(&header, name, channels, channels, model->kernel_size, &offset);
    }
    print_layer(&header, "output_conv", 1, channels, 1, &offset);
    model_bytes_print(&header, "}");
    safetensors_write(bytes, header.data, weights, offset);
    model_bytes_finish(&header);
}

// A growing list of floats.
typedef struct weight_list {
    float values[65536];
    size_t count;
} weight_list;

static void add(weight_list *list, double value)
{
    if (list->count == sizeof list->values / sizeof *list->values) {
        abort();
    }
    list->values[list->count++] = (float)value;
}

static void add_zeros(weight_list *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add(list, 0.0);
    }
}

static void add_all(weight_list *list, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add(list, (double)values[i]);
    }
}

static void add_identity(weight_list *list, size_t channels)
{
    for (size_t i = 0; i < channels * channels; i++) {
        add(list, i / channels == i % channels ? 1.0 : 0.0);
    }
    add_zeros(list, channels);
}

// The blocks; with `fold` the input bias b stands in their biases: + sum over inputs and taps of
// w b.
static void add_blocks(weight_list *list, const bl_config_model *model, const float *weights,
                       int fold)
{
    const size_t c = model->channels, taps = model->kernel_size;
    const float *bias_in = weights + c, *w = weights + 2 * c;
    for (uint32_t layer = 0; layer < model->num_layers; layer++) {
        add_all(list, w, c * c * taps);
        for (size_t o = 0; o < c; o++) {
            double bias = (double)w[c * c * taps + o];
            for (size_t i = 0; fold && i < c * taps; i++) {
                bias += (double)w[o * c * taps + i] * (double)bias_in[i / taps];
            }
            add(list, bias);
        }
        add_zeros(list, c);
        add_identity(list, c);
        w += c * c * taps + c;
    }
}

static void print_list(model_bytes *config, const bl_config_model *model, const char *first)
{
    model_bytes_print(config, "\"dilations\": [%s", first);
    uint32_t dilation = 1;
    for (uint32_t i = 0; i < model->num_layers; i++, dilation *= model->dilation_base) {
        model_bytes_print(config, "%s%u", i > 0 || first[0] != '\0' ? ", " : "", dilation);
    }
    model_bytes_print(config, "]");
}

static void write_linear_layer(weight_list *list, model_bytes *config, const bl_config_model *model,
                               const float *weights, const char *activation)
{
    const size_t c = model->channels;
    add_zeros(list, c);            // rechannel
    add_zeros(list, c * c);        // the linear layer: z = mixin u + bias
    add_all(list, weights + c, c); // its bias: the input bias
    add_all(list, weights, c);     // its mixin: the input weight
    add_identity(list, c);
    add_blocks(list, model, weights, 0);
    add_all(list, weights + native_weight_count(model) - c - 1, c + 1);
    model_bytes_print(config,
                      "{\"layers\": [{\"input_size\": 1, \"condition_size\": 1, \"head_size\": 1, "
                      "\"channels\": %zu, \"head_bias\": true, \"gating_mode\": \"none\", ",
                      c);
    print_list(config, model, "1");
    model_bytes_print(config, ", \"kernel_sizes\": [1");
    for (uint32_t i = 0; i < model->num_layers; i++) {
        model_bytes_print(config, ", %u", model->kernel_size);
    }
    model_bytes_print(config,
                      "], \"activation\": [{\"type\": \"LeakyReLU\", \"negative_slope\": 1}");
    for (uint32_t i = 0; i < model->num_layers; i++) {
        model_bytes_print(config, ", \"%s\"", activation);
    }
    model_bytes_print(config, "]}], \"head\": null, \"head_scale\": 1}");
}

static void write_two_arrays(weight_list *list, model_bytes *config, const bl_config_model *model,
                             const float *weights, const char *activation)
{
    const size_t c = model->channels;
    const float *w_out = weights + native_weight_count(model) - c - 1;
    double direct = 0.0, bias = (double)w_out[c];
    for (size_t i = 0; i < c; i++) {
        direct += (double)w_out[i] * (double)weights[i];
        bias += (double)w_out[i] * (double)weights[c + i];
    }
    add_all(list, weights, c);
    add_blocks(list, model, weights, 1);
    add_all(list, w_out, c); // head: w_out, 0
    add_zeros(list, c);
    add_zeros(list, 2 * c);                      // second array: rechannel
    add_zeros(list, 4 * model->kernel_size + 2); // convolution
    add(list, direct / 1.01);                    // mixin: m, -m; 1 + slope is 1.01
    add(list, -direct / 1.01);
    add_zeros(list, 6); // layer1x1
    add(list, 1.0);     // head: 1, -1
    add(list, -1.0);
    add(list, bias);
    model_bytes_print(config,
                      "{\"layers\": [{\"input_size\": 1, \"condition_size\": 1, \"head_size\": 2, "
                      "\"channels\": %zu, \"head_bias\": false, \"gated\": false, \"activation\": "
                      "\"%s\", \"kernel_size\": %u, ",
                      c, activation, model->kernel_size);
    print_list(config, model, "");
    model_bytes_print(config,
                      "}, {\"input_size\": %zu, \"condition_size\": 1, \"head_size\": 1, "
                      "\"channels\": 2, \"head_bias\": true, \"gated\": false, \"activation\": "
                      "\"LeakyReLU\", \"kernel_size\": %u, \"dilations\": [1]}], \"head\": null, "
                      "\"head_scale\": 1}",
                      c, model->kernel_size);
}

void nam_reference_write(model_bytes *bytes, const bl_config_model *model, double sample_rate_hz,
                         const float *weights, nam_reference_form form)
{
    weight_list *list = calloc(1, sizeof *list);
    if (list == NULL) {
        abort();
    }
    model_bytes config = {0};
    char rate[32];
    snprintf(rate, sizeof rate, "%.0f", sample_rate_hz);
    const char *activation = model->activation == BL_CONFIG_RELU ? "ReLU" : "Tanh";
    if (form == NAM_REFERENCE_LINEAR_LAYER) {
        write_linear_layer(list, &config, model, weights, activation);
    } else {
        write_two_arrays(list, &config, model, weights, activation);
    }
    add(list, 1.0); // head scale
    nam_file_write_weights(bytes, form == NAM_REFERENCE_TWO_ARRAYS ? "0.5.4" : "0.7.0", "WaveNet",
                           config.data, rate, list->values, list->count);
    model_bytes_finish(&config);
    free(list);
}
