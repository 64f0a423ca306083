// SPDX-License-Identifier: MIT
// The one place that knows the tensors of native models and their order.

#include "model/native.h"

#include "backline/limits.h"
#include "backline/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

typedef struct listing {
    bl_native_tensor *tensors; ///< NULL: only counted
    uint32_t count;
    char prefix[32]; ///< of every name
} listing;

static void add(listing *list, const float **weights, uint32_t dimensions, const uint32_t shape[3],
                const char *format, ...) __attribute__((format(printf, 5, 6)));

static void add(listing *list, const float **weights, uint32_t dimensions, const uint32_t shape[3],
                const char *format, ...)
{
    if (list->tensors != NULL) {
        bl_native_tensor *tensor = &list->tensors[list->count];
        *tensor = (bl_native_tensor){.dimensions = dimensions,
                                     .shape = {shape[0], shape[1], shape[2]},
                                     .count = (uint64_t)shape[0] * shape[1] * shape[2],
                                     .weights = weights};
        char part[sizeof tensor->name - sizeof list->prefix];
        va_list arguments;
        va_start(arguments, format);
        bl_text_format(part, sizeof part, format, arguments);
        va_end(arguments);
        snprintf(tensor->name, sizeof tensor->name, "%s%s", list->prefix, part);
    }
    list->count++;
}

static void add_pair(listing *list, bl_conv *conv, bool bias, const char *name)
{
    add(list, &conv->w, 3, (const uint32_t[]){conv->out, conv->in, conv->kernel}, "%s.weight",
        name);
    if (bias) {
        add(list, &conv->b, 1, (const uint32_t[]){conv->out, 1, 1}, "%s.bias", name);
    }
}

static void add_matrix(listing *list, bl_matrix *matrix, bool bias, const char *name)
{
    add(list, &matrix->w, 3, (const uint32_t[]){matrix->out, matrix->in, 1}, "%s.weight", name);
    if (bias) {
        add(list, &matrix->b, 1, (const uint32_t[]){matrix->out, 1, 1}, "%s.bias", name);
    }
}

static void list_amp(listing *list, bl_wavenet_array *array)
{
    add_matrix(list, &array->rechannel, true, "input_conv");
    for (uint32_t i = 0; i < array->layer_count; i++) {
        char name[32];
        snprintf(name, sizeof name, "blocks.%" PRIu32 ".conv", i);
        add_pair(list, &array->layers[i].conv, true, name);
    }
    add_pair(list, &array->head, true, "output_conv");
}

static void list_nam(listing *list, const bl_wavenet *net)
{
    for (uint32_t a = 0; a < net->array_count; a++) {
        bl_wavenet_array *array = &net->arrays[a];
        char name[48];
        snprintf(name, sizeof name, "arrays.%" PRIu32 ".rechannel", a);
        add_matrix(list, &array->rechannel, false, name);
        for (uint32_t i = 0; i < array->layer_count; i++) {
            bl_wavenet_layer *layer = &array->layers[i];
            snprintf(name, sizeof name, "arrays.%" PRIu32 ".layers.%" PRIu32 ".conv", a, i);
            add_pair(list, &layer->conv, true, name);
            snprintf(name, sizeof name, "arrays.%" PRIu32 ".layers.%" PRIu32 ".mixin", a, i);
            add_matrix(list, &layer->mixin, false, name);
            snprintf(name, sizeof name, "arrays.%" PRIu32 ".layers.%" PRIu32 ".mix", a, i);
            add_matrix(list, &layer->layer1x1, true, name);
        }
        snprintf(name, sizeof name, "arrays.%" PRIu32 ".head", a);
        add_pair(list, &array->head, a + 1 == net->array_count, name);
    }
}

static void list_lstm(listing *list, const bl_sequence *sequence)
{
    bl_sequence_stage *lstm = &sequence->stages[0], *head = &sequence->stages[1];
    const uint32_t gates = 4 * lstm->out;
    add(list, &lstm->w, 2, (const uint32_t[]){gates, lstm->in + lstm->out, 1}, "lstm.weight");
    add(list, &lstm->b, 1, (const uint32_t[]){gates, 1, 1}, "lstm.bias");
    add(list, &head->matrix.w, 2, (const uint32_t[]){head->matrix.out, head->matrix.in, 1},
        "head.weight");
    add(list, &head->matrix.b, 1, (const uint32_t[]){head->matrix.out, 1, 1}, "head.bias");
}

static void list_arch(listing *list, const bl_arch *arch)
{
    switch (arch->kind) {
    case BL_ARCH_WAVENET:
        if (arch->u.wavenet.arrays[0].head_from_residual) {
            list_amp(list, arch->u.wavenet.arrays);
        } else {
            list_nam(list, &arch->u.wavenet);
        }
        return;
    case BL_ARCH_SEQUENCE:
        list_lstm(list, &arch->u.sequence);
        return;
    case BL_ARCH_CONTAINER:
        for (uint32_t i = 0; i < arch->u.container.count; i++) {
            snprintf(list->prefix, sizeof list->prefix, "submodels.%" PRIu32 ".", i);
            list_arch(list, arch->u.container.submodels[i]);
        }
        return;
    case BL_ARCH_LINEAR:
        return;
    }
}

uint32_t bl_native_list(const bl_arch *arch, bl_native_tensor *tensors)
{
    listing list = {.tensors = tensors};
    list_arch(&list, arch);
    return list.count;
}

// The tensors of a shape in the store's memory, or NULL and a kept failure.
static bl_native_tensor *take_list(bl_load *load, const bl_arch *arch, uint32_t *count)
{
    *count = arch != NULL ? bl_native_list(arch, NULL) : 0;
    bl_native_tensor *tensors = bl_load_take(load, *count, sizeof *tensors);
    if (tensors != NULL && arch != NULL) {
        bl_native_list(arch, tensors);
    }
    return tensors;
}

static uint64_t count_weights(bl_load *load, const bl_arch *arch)
{
    uint32_t tensor_count = 0;
    const bl_native_tensor *tensors = take_list(load, arch, &tensor_count);
    uint64_t count = 0;
    for (uint32_t i = 0; bl_load_ok(load) && i < tensor_count; i++) {
        count += tensors[i].count;
    }
    if (count > BL_LIMIT_WEIGHTS) {
        bl_load_fail(load, BL_STATUS_LIMIT,
                     "model: found %" PRIu64 " parameters, expected at most %d", count,
                     BL_LIMIT_WEIGHTS);
    }
    return bl_load_ok(load) ? count : 0;
}

uint64_t bl_native_count(bl_load *load, const bl_config_model *model)
{
    return count_weights(load, bl_native_shape(load, model, 0.0));
}

bl_arch *bl_native_build(bl_load *load, const bl_config_model *model, double sample_rate_hz,
                         const float *weights)
{
    bl_arch *arch = bl_native_shape(load, model, sample_rate_hz);
    uint32_t count = 0;
    bl_native_tensor *tensors = take_list(load, arch, &count);
    for (uint32_t i = 0; bl_load_ok(load) && weights != NULL && i < count; i++) {
        *tensors[i].weights = weights;
        weights += tensors[i].count;
    }
    return bl_load_ok(load) ? arch : NULL;
}
