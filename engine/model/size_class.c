// SPDX-License-Identifier: MIT
// Common sizes are told by their shape alone: channels, kernels and dilations.

#include "model/size_class.h"

#include <stddef.h>

enum { A1_KERNEL = 3, A2_LAYERS = 23 };

#define A2_SLOPE 0.01F

typedef struct a1_row {
    const char *name;
    uint32_t channels[2];
} a1_row;

static const a1_row a1_rows[] = {
    {"standard", {16, 8}}, {"lite", {12, 6}}, {"feather", {8, 4}}, {"nano", {4, 2}}};

static bool is_plain_layer(const bl_wavenet_layer *layer)
{
    for (int place = 0; place < BL_FILM_PLACES; place++) {
        if (layer->film[place].active) {
            return false;
        }
    }
    return layer->conv.groups == 1 && layer->mixin.groups == 1 && layer->layer1x1.groups == 1;
}

static bool is_plain(const bl_wavenet *net)
{
    const bl_activation_kind activation =
        net->array_count == 2 ? BL_ACTIVATION_TANH : BL_ACTIVATION_LEAKY_RELU;
    for (uint32_t a = 0; a < net->array_count; a++) {
        const bl_wavenet_array *array = &net->arrays[a];
        if (array->bottleneck != array->channels || array->head.groups != 1 ||
            (net->array_count == 2 && array->head.kernel != 1)) {
            return false;
        }
        for (uint32_t i = 0; i < array->layer_count; i++) {
            const bl_wavenet_layer *layer = &array->layers[i];
            if (!is_plain_layer(layer) || layer->activation.kind != activation ||
                layer->gating != BL_GATING_NONE || layer->layer1x1.out == 0 ||
                layer->head1x1.out > 0) {
                return false;
            }
        }
    }
    return net->causal && net->condition_dsp == NULL && net->post_head.count == 0;
}

// Dilations 2^first, 2^(first + 1), ... for `count` layers, from 2^10 back to 1.
static bool has_powers(const bl_wavenet_array *array, uint32_t first, uint32_t count)
{
    if (array->layer_count != count) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        const bl_conv *conv = &array->layers[i].conv;
        if (conv->kernel != A1_KERNEL || conv->dilation != 1u << (first + i) % 10) {
            return false;
        }
    }
    return true;
}

static const char *name_a1(const bl_wavenet *net)
{
    const bl_wavenet_array *a = &net->arrays[0], *b = &net->arrays[1];
    const bool standard = has_powers(a, 0, 10) && has_powers(b, 0, 10);
    const bool small = has_powers(a, 0, 7) && has_powers(b, 7, 13);
    for (size_t i = 0; i < sizeof a1_rows / sizeof *a1_rows; i++) {
        const a1_row *row = &a1_rows[i];
        if (a->channels == row->channels[0] && b->channels == row->channels[1] &&
            (i == 0 ? standard : small)) {
            return row->name;
        }
    }
    return "";
}

static const char *name_a2(const bl_wavenet_array *array)
{
    static const uint32_t dilations[] = {1, 3, 7, 17, 41, 101, 239};
    if (array->layer_count != A2_LAYERS || array->head.kernel != 16 ||
        (array->channels != 3 && array->channels != 8)) {
        return "";
    }
    for (uint32_t i = 0; i < A2_LAYERS; i++) {
        const bl_conv *conv = &array->layers[i].conv;
        const uint32_t kernel = i == 14 || i == 15 ? 15 : 6;
        const uint32_t dilation = i == 14   ? 1
                                  : i == 15 ? 13
                                  : i > 15  ? dilations[i - 16]
                                            : dilations[i % 7];
        if (conv->kernel != kernel || conv->dilation != dilation ||
            array->layers[i].activation.p[0] != A2_SLOPE) {
            return "";
        }
    }
    return array->channels == 8 ? "A2 full" : "A2 lite";
}

const char *bl_arch_size_class(const bl_arch *arch)
{
    if (arch->kind == BL_ARCH_CONTAINER) {
        return bl_arch_size_class(arch->u.container.submodels[arch->u.container.count - 1]);
    }
    const bl_wavenet *net = &arch->u.wavenet;
    if (arch->kind != BL_ARCH_WAVENET || !is_plain(net)) {
        return "";
    }
    return net->array_count == 2 ? name_a1(net) : net->array_count == 1 ? name_a2(net->arrays) : "";
}
