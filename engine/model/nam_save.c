// SPDX-License-Identifier: MIT
// Networks as .nam objects: config, weights in the file's order, metadata. Only what the plain
// shapes use; a network with more in it was not trained here and is refused.

#include "model/nam_save.h"

#include "model/reference.h"

#include <inttypes.h>
#include <string.h>

// One object being written.
typedef struct writer {
    bl_load *load;
    json_t *weights;
    bool needs_07; ///< something in it is not in version 0.5
} writer;

static void put(writer *w, const float *values, uint64_t count)
{
    for (uint64_t i = 0; values != NULL && i < count; i++) {
        json_array_append_new(w->weights, json_real((double)values[i]));
    }
}

json_t *bl_json_from_floats(const float *values, uint64_t count)
{
    writer w = {.weights = json_array()};
    put(&w, values, count);
    return w.weights;
}

static void refuse(writer *w, const char *what)
{
    bl_load_fail(w->load, BL_STATUS_UNSUPPORTED,
                 "found %s, expected a network that a .nam file has words for; export it as "
                 "safetensors",
                 what);
}

static json_t *write_activation(writer *w, const bl_activation *activation)
{
    switch (activation->kind) {
    case BL_ACTIVATION_TANH:
        return json_string("Tanh");
    case BL_ACTIVATION_RELU:
        return json_string("ReLU");
    case BL_ACTIVATION_LEAKY_RELU:
        if (activation->p[0] == 0.01f) {
            return json_string("LeakyReLU"); // that slope is what the name alone means
        }
        w->needs_07 = true;
        return json_pack("{s:s, s:f}", "type", "LeakyReLU", "negative_slope",
                         (double)activation->p[0]);
    default:
        refuse(w, "an activation other than tanh, ReLU and LeakyReLU");
        return json_null();
    }
}

static void put_layer(writer *w, const bl_wavenet_layer *layer)
{
    const bl_conv *conv = &layer->conv;
    put(w, conv->w, (uint64_t)conv->in * conv->out * conv->kernel);
    put(w, conv->b, conv->out);
    put(w, layer->mixin.w, (uint64_t)layer->mixin.in * layer->mixin.out);
    put(w, layer->layer1x1.w, (uint64_t)layer->layer1x1.in * layer->layer1x1.out);
    put(w, layer->layer1x1.b, layer->layer1x1.out);
}

static bool same_activation(const bl_activation *a, const bl_activation *b)
{
    return a->kind == b->kind && a->p[0] == b->p[0];
}

// Kernels, dilations and activations: one for all where all are alike, else a list.
static void write_layers(writer *w, const bl_wavenet_array *array, json_t *object)
{
    json_t *kernels = json_array(), *dilations = json_array(), *activations = json_array();
    const bl_wavenet_layer *first = &array->layers[0];
    bool one_kernel = true, one_activation = true;
    for (uint32_t i = 0; i < array->layer_count; i++) {
        const bl_wavenet_layer *layer = &array->layers[i];
        if (!bl_reference_is_plain(layer, array->channels)) {
            refuse(w, "gating, FiLM, groups or other extras in a layer");
        }
        one_kernel = one_kernel && layer->conv.kernel == first->conv.kernel;
        one_activation = one_activation && same_activation(&layer->activation, &first->activation);
        json_array_append_new(kernels, json_integer(layer->conv.kernel));
        json_array_append_new(dilations, json_integer(layer->conv.dilation));
        json_array_append_new(activations, write_activation(w, &layer->activation));
        put_layer(w, layer);
    }
    w->needs_07 = w->needs_07 || !one_kernel || !one_activation;
    json_object_set(object, one_kernel ? "kernel_size" : "kernel_sizes",
                    one_kernel ? json_array_get(kernels, 0) : kernels);
    json_object_set_new(object, "dilations", dilations);
    json_object_set(object, "activation",
                    one_activation ? json_array_get(activations, 0) : activations);
    json_decref(kernels);
    json_decref(activations);
}

static json_t *write_array(writer *w, const bl_wavenet_array *array)
{
    const bl_conv *head = &array->head;
    json_t *object =
        json_pack("{s:I, s:i, s:I, s:b}", "input_size", (json_int_t)array->rechannel.in,
                  "condition_size", 1, "channels", (json_int_t)array->channels, "gated", 0);
    put(w, array->rechannel.w, (uint64_t)array->rechannel.in * array->rechannel.out);
    write_layers(w, array, object);
    put(w, head->w, (uint64_t)head->in * head->out * head->kernel);
    put(w, head->b, head->out);
    if (head->kernel == 1) {
        json_object_set_new(object, "head_size", json_integer(head->out));
        json_object_set_new(object, "head_bias", json_boolean(head->b != NULL));
        return object;
    }
    w->needs_07 = true;
    json_object_set_new(object, "head",
                        json_pack("{s:I, s:I, s:b}", "out_channels", (json_int_t)head->out,
                                  "kernel_size", (json_int_t)head->kernel, "bias",
                                  head->b != NULL));
    return object;
}

static json_t *write_wavenet(writer *w, const bl_wavenet *net)
{
    if (net->in_channels != 1 || net->condition_dsp != NULL || net->post_head.count != 0) {
        refuse(w, "a condition network, several inputs or a post head");
        return NULL;
    }
    json_t *layers = json_array();
    for (uint32_t a = 0; a < net->array_count; a++) {
        if (net->arrays[a].allowed_count > 0 || net->arrays[a].head_from_residual) {
            refuse(w, "a network whose width can be chosen");
        }
        json_array_append_new(layers, write_array(w, &net->arrays[a]));
    }
    put(w, &net->head_scale, 1);
    return json_pack("{s:o, s:n, s:f}", "layers", layers, "head", "head_scale",
                     (double)net->head_scale);
}

static json_t *write_lstm(writer *w, const bl_sequence *sequence)
{
    const uint32_t layers = sequence->stage_count - 1;
    const bl_sequence_stage *head = &sequence->stages[layers];
    if (sequence->skip) {
        refuse(w, "a network that adds its input to its output");
    }
    if (layers < 1 || head->kind != BL_SEQUENCE_MATRIX || sequence->in_gain != 1.0f ||
        sequence->out_gain != 1.0f) {
        refuse(w, "a stack other than LSTM with one dense layer");
        return NULL;
    }
    const uint32_t cells = sequence->stages[0].out;
    for (uint32_t i = 0; i < layers; i++) {
        const bl_sequence_stage *stage = &sequence->stages[i];
        if (stage->kind != BL_SEQUENCE_LSTM || stage->out != cells) {
            refuse(w, "a stack other than LSTM of one width");
            return NULL;
        }
        put(w, stage->w, UINT64_C(4) * cells * (stage->in + cells));
        put(w, stage->b, UINT64_C(4) * cells);
        put(w, stage->h0, cells);
        put(w, stage->c0, cells);
    }
    put(w, head->matrix.w, (uint64_t)head->matrix.in * head->matrix.out);
    put(w, head->matrix.b, head->matrix.out);
    return json_pack("{s:i, s:I, s:I}", "input_size", 1, "hidden_size", (json_int_t)cells,
                     "num_layers", (json_int_t)layers);
}

static json_t *write_object(bl_load *load, const bl_arch *arch, bool *needs_07);

static json_t *write_container(writer *w, const bl_container *container)
{
    json_t *list = json_array();
    w->needs_07 = true;
    for (uint32_t i = 0; i < container->count; i++) {
        json_array_append_new(
            list, json_pack("{s:f, s:o*}", "max_value", container->max_values[i], "model",
                            write_object(w->load, container->submodels[i], NULL)));
    }
    return json_pack("{s:o}", "submodels", list);
}

// Version, architecture, config, weights, rate.
static json_t *write_object(bl_load *load, const bl_arch *arch, bool *needs_07)
{
    writer w = {.load = load, .weights = json_array()};
    json_t *config = NULL;
    const char *name = "";
    switch (arch->kind) {
    case BL_ARCH_WAVENET:
        name = "WaveNet";
        config = write_wavenet(&w, &arch->u.wavenet);
        break;
    case BL_ARCH_SEQUENCE:
        name = "LSTM";
        config = write_lstm(&w, &arch->u.sequence);
        break;
    case BL_ARCH_CONTAINER:
        name = "SlimmableContainer";
        config = write_container(&w, &arch->u.container);
        break;
    case BL_ARCH_LINEAR:
        refuse(&w, "an impulse response");
        break;
    }
    if (needs_07 != NULL) {
        *needs_07 = w.needs_07;
    }
    json_t *object = json_pack("{s:s, s:s, s:o*, s:o, s:f}", "version",
                               w.needs_07 ? "0.7.0" : "0.5.4", "architecture", name, "config",
                               config, "weights", w.weights, "sample_rate", arch->sample_rate_hz);
    if (object == NULL) {
        bl_load_fail(load, BL_STATUS_NO_MEMORY, "not enough memory to write it");
    }
    return object;
}

static void set_number(json_t *object, const char *key, bool given, double value)
{
    if (given) {
        json_object_set_new(object, key, json_real(value));
    }
}

json_t *bl_nam_write(bl_load *load, const bl_content *content, bool new_form)
{
    const bl_model_info *info = &content->info;
    const bl_arch *arch = content->arch;
    if (arch->kind == BL_ARCH_WAVENET && arch->u.wavenet.arrays[0].head_from_residual) {
        arch = bl_reference_fold(load, arch, new_form);
    }
    json_t *object = arch != NULL ? write_object(load, arch, NULL) : NULL;
    json_t *metadata = json_pack("{s:s, s:s}", "name", info->name, "modeled_by", "Backline");
    set_number(metadata, "loudness", info->has_loudness, info->loudness_db);
    set_number(metadata, "input_level_dbu", info->has_input_level, info->input_level_dbu);
    set_number(metadata, "output_level_dbu", info->has_output_level, info->output_level_dbu);
    if (info->has_esr) {
        json_object_set_new(metadata, "training", json_pack("{s:f}", "validation_esr", info->esr));
    }
    if (object == NULL || json_object_set_new(object, "metadata", metadata) != 0) {
        json_decref(metadata);
    }
    return object;
}
