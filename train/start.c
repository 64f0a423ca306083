// SPDX-License-Identifier: MIT
// Two networks are of one shape if all that is not trained is equal.

#include "train/start.h"

#include "model/native.h"

#include <stdlib.h>
#include <string.h>

static bool same_layer(const bl_wavenet_layer *a, const bl_wavenet_layer *b)
{
    for (int place = 0; place < BL_FILM_PLACES; place++) {
        if (a->film[place].active) {
            return false;
        }
    }
    return a->conv.in == b->conv.in && a->conv.out == b->conv.out &&
           a->conv.groups == b->conv.groups && a->conv.kernel == b->conv.kernel &&
           a->conv.dilation == b->conv.dilation && a->activation.kind == b->activation.kind &&
           a->activation.p[0] == b->activation.p[0] && a->gating == b->gating &&
           a->mixin.out == b->mixin.out && a->layer1x1.out == b->layer1x1.out &&
           a->head1x1.out == b->head1x1.out;
}

static bool same_wavenet(const bl_wavenet *a, const bl_wavenet *b)
{
    bool same = a->causal == b->causal && a->array_count == b->array_count &&
                a->post_head.count == 0 && a->condition_dsp == NULL;
    for (uint32_t k = 0; same && k < a->array_count; k++) {
        const bl_wavenet_array *x = &a->arrays[k], *y = &b->arrays[k];
        same = x->channels == y->channels && x->layer_count == y->layer_count &&
               x->head_from_residual == y->head_from_residual && x->head.out == y->head.out &&
               x->head.kernel == y->head.kernel && (x->head.b == NULL) == (y->head.b == NULL);
        for (uint32_t i = 0; same && i < x->layer_count; i++) {
            same = same_layer(&x->layers[i], &y->layers[i]);
        }
    }
    return same;
}

static bool same_lstm(const bl_sequence *a, const bl_sequence *b)
{
    return a->stage_count == 2 && a->stages[0].kind == BL_SEQUENCE_LSTM && a->stages[0].in == 1 &&
           a->stages[0].out == b->stages[0].out && a->stages[1].kind == BL_SEQUENCE_MATRIX &&
           a->stages[1].out == 1 && a->skip == b->skip && a->in_gain == 1.0f && a->out_gain == 1.0f;
}

static bool same_shape(const bl_arch *a, const bl_arch *b)
{
    if (a->kind != b->kind || a->sample_rate_hz != b->sample_rate_hz) {
        return false;
    }
    if (a->kind == BL_ARCH_WAVENET) {
        return same_wavenet(&a->u.wavenet, &b->u.wavenet);
    }
    if (a->kind == BL_ARCH_SEQUENCE) {
        return same_lstm(&a->u.sequence, &b->u.sequence);
    }
    bool same = a->kind == BL_ARCH_CONTAINER && a->u.container.count == b->u.container.count;
    for (uint32_t i = 0; same && i < a->u.container.count; i++) {
        same = same_shape(a->u.container.submodels[i], b->u.container.submodels[i]);
    }
    return same;
}

static void scale(float *values, size_t count, float gain)
{
    for (size_t i = 0; i < count; i++) {
        values[i] *= gain;
    }
}

void bl_start_scale(const bl_arch *arch, const float *base, float gain, float *parameters)
{
    if (gain == 1.0f) {
        return;
    }
    if (arch->kind == BL_ARCH_WAVENET) {
        const bl_wavenet *net = &arch->u.wavenet;
        const bl_conv *head = &net->arrays[net->array_count - 1].head;
        scale(parameters + (head->w - base), (size_t)head->in * head->out * head->kernel, gain);
        scale(parameters + (head->b - base), head->b != NULL ? head->out : 0, gain);
    } else if (arch->kind == BL_ARCH_SEQUENCE && !arch->u.sequence.skip) {
        const bl_matrix *head = &arch->u.sequence.stages[1].matrix;
        scale(parameters + (head->w - base), head->in, gain);
        scale(parameters + (head->b - base), 1, gain);
    }
}

// The factor behind the head is not trained: where the start has another, its head makes up for it.
static void rescale_head(const bl_arch *from, const bl_arch *to, const float *base,
                         float *parameters)
{
    if (from->kind == BL_ARCH_CONTAINER) {
        for (uint32_t i = 0; i < from->u.container.count; i++) {
            rescale_head(from->u.container.submodels[i], to->u.container.submodels[i], base,
                         parameters);
        }
    } else if (from->kind == BL_ARCH_WAVENET) {
        bl_start_scale(to, base, from->u.wavenet.head_scale / to->u.wavenet.head_scale, parameters);
    }
}

bl_status bl_start_copy(const bl_model *start, const bl_model *shape, float *parameters,
                        bl_error *error)
{
    const bl_arch *from = bl_model_get_arch(start), *to = bl_model_get_arch(shape);
    if (!same_shape(from, to)) {
        return bl_error_set(error, BL_STATUS_SHAPE,
                            "%s is another network than the config describes (%s, %llu parameters, "
                            "%g Hz; expected %s, %llu, %g Hz, and the same layers); start from a "
                            "model of the same shape",
                            bl_model_get_info(start)->name, bl_model_get_info(start)->architecture,
                            (unsigned long long)bl_model_get_info(start)->parameters,
                            from->sample_rate_hz, bl_model_get_info(shape)->architecture,
                            (unsigned long long)bl_model_get_info(shape)->parameters,
                            to->sample_rate_hz);
    }
    const uint32_t count = bl_native_list(from, NULL);
    bl_native_tensor *tensors = calloc(2 * (size_t)count, sizeof *tensors);
    if (tensors == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to train");
    }
    bl_native_tensor *own = tensors + count;
    bl_native_list(from, tensors);
    bl_native_list(to, own);
    const float *base = *own[0].weights;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(parameters + (*own[i].weights - base), *tensors[i].weights,
               (size_t)own[i].count * sizeof *parameters);
    }
    rescale_head(from, to, base, parameters);
    free(tensors);
    return BL_STATUS_OK;
}
