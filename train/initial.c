// SPDX-License-Identifier: MIT
// Drawing the first weights, and the list of tensors that the optimiser works on.

#include "train/initial.h"

#include "train/random.h"

#include <math.h>

typedef void visit_tensor(void *data, const float *weights, uint32_t rows, uint32_t columns,
                          float bound);

typedef struct visitor {
    visit_tensor *visit;
    void *data;
} visitor;

static void visit_pair(const visitor *v, const float *w, const float *b, uint32_t out, uint32_t in,
                       float gain)
{
    if (out == 0) {
        return;
    }
    const float bound = 1.0f / sqrtf((float)in);
    v->visit(v->data, w, out, in, bound * gain);
    if (b != NULL) {
        v->visit(v->data, b, 1, out, bound);
    }
}

// Every tensor with the bound of its uniform distribution. `drive` multiplies what the input enters
// by; a head that reads the residual stream itself is quietened by as much.
static void each_of_wavenet(const bl_wavenet *shape, float drive, const visitor *v)
{
    for (uint32_t a = 0; a < shape->array_count; a++) {
        const bl_wavenet_array *array = &shape->arrays[a];
        visit_pair(v, array->rechannel.w, array->rechannel.b, array->rechannel.out,
                   array->rechannel.in, a == 0 ? drive : 1.0f);
        for (uint32_t i = 0; i < array->layer_count; i++) {
            const bl_wavenet_layer *layer = &array->layers[i];
            visit_pair(v, layer->conv.w, layer->conv.b, layer->conv.out,
                       layer->conv.in * layer->conv.kernel, 1.0f);
            visit_pair(v, layer->mixin.w, layer->mixin.b, layer->mixin.out, layer->mixin.in, drive);
            visit_pair(v, layer->layer1x1.w, layer->layer1x1.b, layer->layer1x1.out,
                       layer->layer1x1.in, 1.0f);
        }
        visit_pair(v, array->head.w, array->head.b, array->head.out,
                   array->head.in * array->head.kernel,
                   array->head_from_residual ? 1.0f / drive : 1.0f);
    }
}

// Gates of one bound, as PyTorch has it.
static void each_of_lstm(const bl_sequence *shape, const visitor *v)
{
    const bl_sequence_stage *cell = &shape->stages[0];
    const bl_matrix *head = &shape->stages[1].matrix;
    const float bound = 1.0f / sqrtf((float)cell->out);
    v->visit(v->data, cell->w, 4 * cell->out, cell->in + cell->out, bound);
    v->visit(v->data, cell->b, 1, 4 * cell->out, bound);
    visit_pair(v, head->w, head->b, head->out, head->in, 1.0f);
}

static void each_tensor(const bl_arch *arch, float drive, visit_tensor *visit, void *data)
{
    const visitor v = {visit, data};
    switch (arch->kind) {
    case BL_ARCH_WAVENET:
        each_of_wavenet(&arch->u.wavenet, drive, &v);
        return;
    case BL_ARCH_SEQUENCE:
        each_of_lstm(&arch->u.sequence, &v);
        return;
    case BL_ARCH_CONTAINER:
        for (uint32_t i = 0; i < arch->u.container.count; i++) {
            each_of_wavenet(&arch->u.container.submodels[i]->u.wavenet, drive, &v);
        }
        return;
    case BL_ARCH_LINEAR:
        return;
    }
}

typedef struct listing {
    const float *base;
    bl_train_tensor *tensors;
    uint32_t count;
} listing;

static void list_tensor(void *data, const float *weights, uint32_t rows, uint32_t columns,
                        float bound)
{
    (void)bound;
    listing *list = data;
    if (list->tensors != NULL) {
        list->tensors[list->count] =
            (bl_train_tensor){(size_t)(weights - list->base), rows, columns};
    }
    list->count++;
}

uint32_t bl_initial_tensors(const bl_arch *arch, const float *base, bl_train_tensor *tensors)
{
    listing list = {base, tensors, 0};
    each_tensor(arch, 1.0f, list_tensor, &list);
    return list.count;
}

typedef struct drawing {
    const float *base;
    float *parameters;
    bl_random random;
} drawing;

static void draw_tensor(void *data, const float *weights, uint32_t rows, uint32_t columns,
                        float bound)
{
    drawing *draw = data;
    float *to = draw->parameters + (weights - draw->base);
    for (size_t i = 0; i < (size_t)rows * columns; i++) {
        to[i] = bound * (2.0f * (float)bl_random_uniform(&draw->random) - 1.0f);
    }
}

void bl_initial_draw(const bl_arch *arch, const float *base, double input_power, uint64_t seed,
                     float *parameters)
{
    const double drive = fmin(fmax(0.8 / sqrt(input_power), 1.0), 16.0);
    drawing draw = {base, parameters, bl_random_init(seed, 0)};
    each_tensor(arch, (float)drive, draw_tensor, &draw);
    if (arch->kind != BL_ARCH_SEQUENCE) {
        return;
    }
    const bl_sequence_stage *cell = &arch->u.sequence.stages[0];
    float *forget = parameters + (cell->b - base) + cell->out;
    for (uint32_t k = 0; k < cell->out; k++) {
        forget[k] += 1.0f;
    }
}
