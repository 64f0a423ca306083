// SPDX-License-Identifier: MIT

#include "train/shapes.h"

#include <math.h>
#include <stdlib.h>

float shape_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)(*seed >> 8) / 8388608.0f - 1.0f;
}

static const float *take(shape *made, size_t count)
{
    const float *weights = made->weights + made->count;
    made->count += count;
    return weights;
}

static bl_matrix matrix(shape *made, uint32_t in, uint32_t out, bool bias)
{
    bl_matrix m = {.in = in, .out = out, .groups = 1};
    m.w = take(made, (size_t)in * out);
    m.b = bias ? take(made, out) : NULL;
    return m;
}

static bl_conv conv(shape *made, uint32_t in, uint32_t out, uint32_t kernel, uint32_t dilation,
                    bool bias)
{
    bl_conv c = {in, out, 1, kernel, dilation, NULL, NULL};
    c.w = take(made, (size_t)in * out * kernel);
    c.b = bias ? take(made, out) : NULL;
    return c;
}

static shape *start(void)
{
    shape *made = calloc(1, sizeof *made);
    made->weights = calloc(1 << 16, sizeof(float));
    made->net = (bl_wavenet){.in_channels = 1, .causal = true, .head_scale = 1.0f};
    made->net.arrays = made->arrays;
    for (int a = 0; a < 2; a++) {
        made->arrays[a].layers = made->layers[a];
    }
    return made;
}

static shape *finish(shape *made, float scale)
{
    uint32_t seed = 7;
    for (size_t i = 0; i < made->count; i++) {
        made->weights[i] = scale * shape_random(&seed);
    }
    return made;
}

shape *shape_reference(uint32_t layers, uint32_t channels, uint32_t kernel, bool causal,
                       bl_activation_kind kind)
{
    shape *made = start();
    made->net.causal = causal;
    made->net.array_count = 1;
    bl_wavenet_array *array = &made->arrays[0];
    array->channels = array->bottleneck = channels;
    array->layer_count = layers;
    array->head_from_residual = true;
    array->rechannel = matrix(made, 1, channels, true);
    for (uint32_t i = 0; i < layers; i++) {
        bl_wavenet_layer *layer = &array->layers[i];
        layer->conv = conv(made, channels, channels, kernel, 1u << i, true);
        layer->activation.kind = kind;
        layer->residual_identity = true;
    }
    array->head = conv(made, channels, 1, 1, 1, true);
    return finish(made, 1.2f / sqrtf((float)(channels * kernel)));
}

static void nam_array(shape *made, bl_wavenet_array *array, uint32_t in, uint32_t channels,
                      uint32_t layers, uint32_t kernel, bl_activation_kind kind)
{
    array->channels = array->bottleneck = channels;
    array->layer_count = layers;
    array->rechannel = matrix(made, in, channels, false);
    for (uint32_t i = 0; i < layers; i++) {
        bl_wavenet_layer *layer = &array->layers[i];
        layer->conv = conv(made, channels, channels, kernel, 1u << i, true);
        layer->mixin = matrix(made, 1, channels, false);
        layer->layer1x1 = matrix(made, channels, channels, true);
        layer->activation.kind = kind;
        layer->activation.p[0] = 0.01f;
    }
}

shape *shape_nam(uint32_t channels, uint32_t head, uint32_t first, uint32_t second)
{
    shape *made = start();
    made->net.array_count = 2;
    nam_array(made, &made->arrays[0], 1, channels, first, 3, BL_ACTIVATION_TANH);
    made->arrays[0].head = conv(made, channels, head, 1, 1, false);
    nam_array(made, &made->arrays[1], channels, head, second, 3, BL_ACTIVATION_TANH);
    made->arrays[1].head = conv(made, head, 1, 1, 1, true);
    return finish(made, 0.4f);
}

shape *shape_a2(uint32_t channels, uint32_t layers, uint32_t head_kernel)
{
    shape *made = start();
    made->net.array_count = 1;
    nam_array(made, &made->arrays[0], 1, channels, layers, 6, BL_ACTIVATION_LEAKY_RELU);
    made->arrays[0].head = conv(made, channels, 1, head_kernel, 1, true);
    return finish(made, 0.4f);
}

void shape_free(shape *made)
{
    if (made != NULL) {
        free(made->weights);
        free(made);
    }
}
