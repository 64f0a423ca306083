// SPDX-License-Identifier: MIT
// Random networks for tests.

#include "support/net_fixture.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct piece {
    struct piece *next;
    max_align_t bytes[];
} piece;

struct fixture {
    piece *pieces;
    uint64_t state;
};

fixture *fixture_create(uint64_t seed)
{
    fixture *made = calloc(1, sizeof *made);
    assert(made != NULL);
    made->state = seed * 0x9E3779B97F4A7C15u + 1;
    return made;
}

void fixture_destroy(fixture *made)
{
    for (piece *next, *p = made->pieces; p != NULL; p = next) {
        next = p->next;
        free(p);
    }
    free(made);
}

void *fixture_take(fixture *made, size_t count, size_t size)
{
    piece *p = calloc(1, sizeof *p + count * size);
    assert(p != NULL);
    p->next = made->pieces;
    made->pieces = p;
    return p->bytes;
}

double fixture_random(fixture *made)
{
    made->state ^= made->state << 13;
    made->state ^= made->state >> 7;
    made->state ^= made->state << 17;
    return (double)(made->state >> 11) / 9007199254740992.0;
}

uint32_t fixture_pick(fixture *made, uint32_t low, uint32_t high)
{
    return low + (uint32_t)(fixture_random(made) * (double)(high - low + 1));
}

float *fixture_weights(fixture *made, size_t count, double range)
{
    float *w = fixture_take(made, count, sizeof *w);
    for (size_t i = 0; i < count; i++) {
        w[i] = (float)(range * (2.0 * fixture_random(made) - 1.0));
    }
    return w;
}

bl_conv fixture_conv(fixture *made, uint32_t in, uint32_t out, uint32_t groups, uint32_t kernel,
                     uint32_t dilation, bool bias)
{
    const size_t fan_in = (size_t)(in / groups) * kernel;
    return (bl_conv){.in = in,
                     .out = out,
                     .groups = groups,
                     .kernel = kernel,
                     .dilation = dilation,
                     .w = fixture_weights(made, out * fan_in, sqrt(2.0 / (double)fan_in)),
                     .b = bias ? fixture_weights(made, out, 0.3) : NULL};
}

bl_matrix fixture_matrix(fixture *made, uint32_t in, uint32_t out, uint32_t groups, bool bias)
{
    const size_t fan_in = in / groups;
    return (bl_matrix){.in = in,
                       .out = out,
                       .groups = groups,
                       .w = fixture_weights(made, out * fan_in, sqrt(2.0 / (double)fan_in)),
                       .b = bias ? fixture_weights(made, out, 0.3) : NULL};
}

bl_activation fixture_activation(fixture *made, bl_activation_kind kind)
{
    bl_activation activation = {.kind = kind};
    if (kind == BL_ACTIVATION_LEAKY_HARDTANH) {
        activation.p[0] = -0.8f;
        activation.p[1] = 0.9f;
        activation.p[2] = 0.05f;
        activation.p[3] = 0.1f;
    } else if (kind == BL_ACTIVATION_PRELU) {
        activation.slope_count = fixture_pick(made, 1, 4);
        activation.slopes = fixture_weights(made, activation.slope_count, 0.5);
    } else {
        activation.p[0] = 0.01f;
    }
    return activation;
}

bl_arch *fixture_native(fixture *made, uint32_t channels, uint32_t layers, uint32_t kernel,
                        uint32_t base, bool causal, bl_activation_kind activation)
{
    bl_arch *arch = fixture_take(made, 1, sizeof *arch);
    bl_wavenet_array *array = fixture_take(made, 1, sizeof *array);
    *arch = (bl_arch){.kind = BL_ARCH_WAVENET, .sample_rate_hz = 44100.0};
    arch->u.wavenet = (bl_wavenet){
        .in_channels = 1, .causal = causal, .array_count = 1, .arrays = array, .head_scale = 1.0f};
    *array = (bl_wavenet_array){.channels = channels,
                                .bottleneck = channels,
                                .rechannel = fixture_matrix(made, 1, channels, 1, true),
                                .layer_count = layers,
                                .head_from_residual = true};
    array->layers = fixture_take(made, layers, sizeof *array->layers);
    uint32_t dilation = 1;
    for (uint32_t i = 0; i < layers; i++, dilation *= base) {
        array->layers[i] = (bl_wavenet_layer){
            .conv = fixture_conv(made, channels, channels, 1, kernel, dilation, true),
            .activation = fixture_activation(made, activation),
            .residual_identity = true};
    }
    array->head = fixture_conv(made, channels, 1, 1, 1, 1, true);
    return arch;
}

static void fill_array(fixture *made, const fixture_array *shape, uint32_t in, bool last,
                       bl_wavenet_array *array)
{
    const uint32_t bottleneck = shape->bottleneck != 0 ? shape->bottleneck : shape->channels;
    const uint32_t rows = shape->gating == BL_GATING_NONE ? bottleneck : 2 * bottleneck;
    *array = (bl_wavenet_array){.channels = shape->channels,
                                .bottleneck = bottleneck,
                                .rechannel = fixture_matrix(made, in, shape->channels, 1, false),
                                .layer_count = shape->layer_count};
    array->layers = fixture_take(made, shape->layer_count, sizeof *array->layers);
    for (uint32_t i = 0; i < shape->layer_count; i++) {
        array->layers[i] = (bl_wavenet_layer){
            .conv = fixture_conv(made, shape->channels, rows, 1,
                                 shape->kernel != 0 ? shape->kernel : 3, shape->dilations[i], true),
            .mixin = fixture_matrix(made, 1, rows, 1, false),
            .activation = fixture_activation(made, shape->activation),
            .secondary = fixture_activation(made, BL_ACTIVATION_SIGMOID),
            .gating = shape->gating,
            .layer1x1 = fixture_matrix(made, bottleneck, shape->channels, 1, true)};
    }
    array->head = fixture_conv(made, bottleneck, shape->head_out != 0 ? shape->head_out : 1, 1,
                               shape->head_kernel != 0 ? shape->head_kernel : 1, 1, last);
}

bl_arch *fixture_wavenet(fixture *made, const fixture_array *arrays, uint32_t count)
{
    bl_arch *arch = fixture_take(made, 1, sizeof *arch);
    *arch = (bl_arch){.kind = BL_ARCH_WAVENET, .sample_rate_hz = 48000.0};
    bl_wavenet_array *filled = fixture_take(made, count, sizeof *filled);
    arch->u.wavenet = (bl_wavenet){.in_channels = 1,
                                   .causal = true,
                                   .array_count = count,
                                   .arrays = filled,
                                   .head_scale = 0.1f};
    for (uint32_t a = 0; a < count; a++) {
        fill_array(made, &arrays[a], a == 0 ? 1 : arrays[a - 1].channels, a + 1 == count,
                   &filled[a]);
    }
    return arch;
}

bl_arch *fixture_make_a1(fixture *made, fixture_a1 size)
{
    static const uint32_t standard[10] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};
    static const uint32_t first[7] = {1, 2, 4, 8, 16, 32, 64};
    static const uint32_t second[13] = {128, 256, 512, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512};
    static const uint32_t widths[4] = {16, 12, 8, 4};
    const bool big = size == FIXTURE_A1_STANDARD;
    const uint32_t width = widths[size];
    const fixture_array arrays[2] = {{.channels = width,
                                      .layer_count = big ? 10 : 7,
                                      .dilations = big ? standard : first,
                                      .head_out = width / 2,
                                      .activation = BL_ACTIVATION_TANH},
                                     {.channels = width / 2,
                                      .layer_count = big ? 10 : 13,
                                      .dilations = big ? standard : second,
                                      .activation = BL_ACTIVATION_TANH}};
    return fixture_wavenet(made, arrays, 2);
}

bl_arch *fixture_make_a2(fixture *made, uint32_t channels)
{
    static const uint32_t kernels[23] = {6, 6, 6,  6,  6, 6, 6, 6, 6, 6, 6, 6,
                                         6, 6, 15, 15, 6, 6, 6, 6, 6, 6, 6};
    static const uint32_t dilations[23] = {1,   3,   7, 17, 41, 101, 239, 1,  3,  7,   17, 41,
                                           101, 239, 1, 13, 1,  3,   7,   17, 41, 101, 239};
    const fixture_array shape = {.channels = channels,
                                 .layer_count = 23,
                                 .dilations = dilations,
                                 .head_kernel = 16,
                                 .activation = BL_ACTIVATION_LEAKY_RELU};
    bl_arch *arch = fixture_wavenet(made, &shape, 1);
    for (uint32_t i = 0; i < 23; i++) {
        arch->u.wavenet.arrays[0].layers[i].conv =
            fixture_conv(made, channels, channels, 1, kernels[i], dilations[i], true);
    }
    return arch;
}

void fixture_signal(fixture *made, float *out, size_t frames)
{
    for (size_t t = 0; t < frames; t++) {
        const size_t part = t / 256 % 4;
        const double noise = 2.0 * fixture_random(made) - 1.0;
        const double tone = 0.7 * sin((double)t * 0.13);
        out[t] = (float)(part == 0   ? 0.5 * noise
                         : part == 1 ? tone
                         : part == 2 ? 0.0
                                     : tone * noise);
        if (t % 397 == 0) {
            out[t] = t % 2 == 0 ? 1.0f : -1.0f;
        }
    }
}
