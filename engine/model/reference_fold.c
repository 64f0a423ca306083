// SPDX-License-Identifier: MIT
// wavenet_amp as a NAM WaveNet, whose head hears the sum of the layers but not the residual stream
// x_N = x_0 + sum of z_i: the opposite of reference.c, which describes both ways.

#include "model/reference.h"

#include "model/native.h"

#include <string.h>

// One layer of a width, nothing in it but zeros and an identity mix.
static void take_layer(bl_load *load, uint32_t channels, uint32_t kernel, uint32_t dilation,
                       bl_activation activation, bl_wavenet_layer *layer)
{
    const size_t square = (size_t)channels * channels;
    float *identity = bl_load_take(load, square, sizeof *identity);
    layer->conv = (bl_conv){channels, channels, 1, kernel, dilation, NULL, NULL};
    layer->conv.w = bl_load_take(load, square * kernel, sizeof(float));
    layer->conv.b = bl_load_take(load, channels, sizeof(float));
    layer->mixin = (bl_matrix){.in = 1, .out = channels, .groups = 1};
    layer->mixin.w = bl_load_take(load, channels, sizeof(float));
    layer->layer1x1 = (bl_matrix){.in = channels, .out = channels, .groups = 1, .w = identity};
    layer->layer1x1.b = bl_load_take(load, channels, sizeof(float));
    layer->activation = activation;
    for (uint32_t c = 0; identity != NULL && c < channels; c++) {
        identity[(size_t)c * channels + c] = 1.0f;
    }
}

// b + sum over inputs and taps of w `in`: what a constant `in` adds to a convolution.
static float *fold_bias(bl_load *load, const bl_conv *conv, const float *in)
{
    float *folded = bl_load_take(load, conv->out, sizeof *folded);
    for (uint32_t o = 0; folded != NULL && o < conv->out; o++) {
        double sum = (double)conv->b[o];
        for (uint32_t i = 0; i < conv->in * conv->kernel; i++) {
            sum += (double)conv->w[(size_t)o * conv->in * conv->kernel + i] *
                   (double)in[i / conv->kernel];
        }
        folded[o] = (float)sum;
    }
    return folded;
}

static double dot(const float *a, const float *b, uint32_t count)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        sum += (double)a[i] * (double)b[i];
    }
    return sum;
}

static bool take_array(bl_load *load, uint32_t in, uint32_t channels, uint32_t layers,
                       bl_wavenet_array *array)
{
    *array = (bl_wavenet_array){.channels = channels,
                                .bottleneck = channels,
                                .rechannel = {.in = in, .out = channels, .groups = 1},
                                .layer_count = layers};
    array->rechannel.w = bl_load_take(load, (size_t)in * channels, sizeof(float));
    array->layers = bl_load_take(load, layers, sizeof *array->layers);
    return bl_load_ok(load);
}

// (b): a first linear layer z = x_0 puts the direct path into the sum and leaves it in the stream.
static void fold_linear(bl_load *load, const bl_wavenet_array *from, bl_wavenet *net)
{
    const uint32_t channels = from->channels;
    const bl_activation linear = {.kind = BL_ACTIVATION_LEAKY_RELU, .p = {1.0f}};
    if (!take_array(load, 1, channels, from->layer_count + 1, &net->arrays[0])) {
        return;
    }
    bl_wavenet_layer *layers = net->arrays[0].layers;
    take_layer(load, channels, 1, 1, linear, &layers[0]);
    layers[0].conv.b = from->rechannel.b;
    layers[0].mixin.w = from->rechannel.w;
    for (uint32_t i = 0; i < from->layer_count && bl_load_ok(load); i++) {
        const bl_wavenet_layer *block = &from->layers[i];
        take_layer(load, channels, block->conv.kernel, block->conv.dilation, block->activation,
                   &layers[i + 1]);
        layers[i + 1].conv.w = block->conv.w;
        layers[i + 1].conv.b = block->conv.b;
    }
    net->array_count = 1;
    net->arrays[0].head = from->head;
}

// (a): a second array of two channels gives m relu-like(x) - m relu-like(-x) = (1 + slope) m x.
static void fold_direct(bl_load *load, const bl_wavenet_array *from, bl_wavenet *net)
{
    const uint32_t channels = from->channels, kernel = from->layers[0].conv.kernel;
    const bl_activation leaky = {.kind = BL_ACTIVATION_LEAKY_RELU, .p = {BL_NATIVE_LEAKY_SLOPE}};
    bl_wavenet_array *array = &net->arrays[0], *direct = &net->arrays[1];
    float *head = bl_load_take(load, 2 * (size_t)channels, sizeof *head);
    float *mixin = bl_load_take(load, 2, sizeof *mixin);
    float *gains = bl_load_take(load, 2, sizeof *gains),
          *bias = bl_load_take(load, 1, sizeof *bias);
    if (!take_array(load, 1, channels, from->layer_count, array) ||
        !take_array(load, channels, 2, 1, direct)) {
        return;
    }
    array->rechannel.w = from->rechannel.w;
    for (uint32_t i = 0; i < from->layer_count && bl_load_ok(load); i++) {
        const bl_wavenet_layer *block = &from->layers[i];
        take_layer(load, channels, kernel, block->conv.dilation, block->activation,
                   &array->layers[i]);
        array->layers[i].conv.w = block->conv.w;
        array->layers[i].conv.b = fold_bias(load, &block->conv, from->rechannel.b);
    }
    take_layer(load, 2, kernel, 1, leaky, &direct->layers[0]);
    if (!bl_load_ok(load)) {
        return;
    }
    memcpy(head, from->head.w, channels * sizeof *head);
    array->head = (bl_conv){channels, 2, 1, 1, 1, head, NULL};
    const double gain = dot(from->head.w, from->rechannel.w, channels);
    mixin[0] = (float)(gain / (1.0 + (double)BL_NATIVE_LEAKY_SLOPE));
    mixin[1] = -mixin[0];
    direct->layers[0].mixin.w = mixin;
    gains[0] = 1.0f;
    gains[1] = -1.0f;
    *bias = (float)((double)from->head.b[0] + dot(from->head.w, from->rechannel.b, channels));
    direct->head = (bl_conv){2, 1, 1, 1, 1, gains, bias};
    net->array_count = 2;
}

const bl_arch *bl_reference_fold(bl_load *load, const bl_arch *arch, bool linear_layer)
{
    if (!arch->u.wavenet.causal) {
        bl_load_fail(load, BL_STATUS_UNSUPPORTED,
                     "found a centred network, expected a causal one: .nam has no lookahead; train "
                     "with causal: true, or keep the safetensors form");
        return NULL;
    }
    bl_arch *folded = bl_load_take(load, 1, sizeof *folded);
    bl_wavenet_array *arrays = bl_load_take(load, 2, sizeof *arrays);
    if (!bl_load_ok(load)) {
        return NULL;
    }
    *folded = (bl_arch){.kind = BL_ARCH_WAVENET, .sample_rate_hz = arch->sample_rate_hz};
    folded->u.wavenet =
        (bl_wavenet){.in_channels = 1, .causal = true, .arrays = arrays, .head_scale = 1.0f};
    if (linear_layer) {
        fold_linear(load, &arch->u.wavenet.arrays[0], &folded->u.wavenet);
    } else {
        fold_direct(load, &arch->u.wavenet.arrays[0], &folded->u.wavenet);
    }
    return bl_load_ok(load) ? folded : NULL;
}
