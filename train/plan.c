// SPDX-License-Identifier: MIT
// Turns an architecture into rows and linear steps. Everything here happens once per training run.

#include "train/plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef struct plan_source {
    const float *base;
    size_t parameter_count;
    uint32_t row_capacity;
} plan_source;

static uint32_t parameter_of(const plan_source *source, const float *weight)
{
    assert(weight >= source->base && weight < source->base + source->parameter_count);
    return (uint32_t)(weight - source->base);
}

static bl_train_rows add_rows(bl_train_net *net, uint32_t count)
{
    const bl_train_rows rows = {net->row_count, count};
    net->row_count += count;
    return rows;
}

static bool linear_init(bl_train_net *net, bl_train_linear *linear, uint32_t outs, uint32_t terms)
{
    linear->outs = outs;
    linear->terms = terms;
    linear->term = calloc(terms, sizeof *linear->term);
    linear->index = calloc((size_t)outs * terms, sizeof *linear->index);
    linear->packed =
        calloc((size_t)bl_train_round(outs, BL_TRAIN_OUT_BLOCK) * terms, sizeof *linear->packed);
    const uint32_t padded = bl_train_round(terms, BL_TRAIN_TERM_BLOCK);
    const uint32_t padded_outs = bl_train_round(outs, BL_TRAIN_OUT_BLOCK);
    net->max_terms = padded > net->max_terms ? padded : net->max_terms;
    net->max_outs = padded_outs > net->max_outs ? padded_outs : net->max_outs;
    return linear->term != NULL && linear->index != NULL && linear->packed != NULL;
}

static void linear_finish(const bl_train_linear *linear, bool transposed, void *data)
{
    (void)transposed;
    (void)data;
    free(linear->term);
    free(linear->index);
    free(linear->packed);
}

static uint32_t conv_reach(const bl_conv *conv)
{
    return (conv->kernel - 1) * conv->dilation;
}

static void reach_at_least(bl_train_net *net, bl_train_rows rows, uint32_t frames)
{
    for (uint32_t r = rows.first; r < rows.first + rows.count; r++) {
        net->reach[r] = frames > net->reach[r] ? frames : net->reach[r];
    }
}

// Terms m.. of a convolution over `from`; weight (o, i, tap).
static uint32_t place_conv(bl_train_net *net, const plan_source *source, bl_train_linear *linear,
                           const bl_conv *conv, bl_train_rows from, uint32_t m)
{
    const uint32_t weights = parameter_of(source, conv->w);
    reach_at_least(net, from, conv_reach(conv));
    for (uint32_t i = 0; i < conv->in; i++) {
        for (uint32_t tap = 0; tap < conv->kernel; tap++, m++) {
            const uint32_t shift = (conv->kernel - 1 - tap) * conv->dilation;
            linear->term[m] = (bl_train_term){from.first + i, shift};
            for (uint32_t o = 0; o < conv->out; o++) {
                linear->index[(size_t)o * linear->terms + m] =
                    weights + (o * conv->in + i) * conv->kernel + tap;
            }
        }
    }
    return m;
}

// A convolution over `from`, plus conditioning from the input where `mixin` is present, plus bias.
static bool plan_conv(bl_train_net *net, const plan_source *source, bl_train_linear *linear,
                      const bl_conv *conv, bl_train_rows from, const bl_matrix *mixin)
{
    const uint32_t mixins = mixin != NULL ? mixin->in : 0;
    const uint32_t terms = conv->in * conv->kernel + mixins + (conv->b != NULL ? 1 : 0);
    if (!linear_init(net, linear, conv->out, terms)) {
        return false;
    }
    uint32_t m = place_conv(net, source, linear, conv, from, 0);
    if (mixins != 0) {
        const bl_conv one_tap = {mixin->in, mixin->out, 1, 1, 1, mixin->w, NULL};
        m = place_conv(net, source, linear, &one_tap, net->input, m);
    }
    if (conv->b != NULL) {
        linear->term[m].row = net->ones.first;
        for (uint32_t o = 0; o < conv->out; o++) {
            linear->index[(size_t)o * terms + m] = parameter_of(source, conv->b) + o;
        }
    }
    linear->sums_offset = net->sums_size;
    net->sums_size += (size_t)bl_train_round(conv->out, BL_TRAIN_OUT_BLOCK) *
                      bl_train_round(terms, BL_TRAIN_TERM_BLOCK) * BL_TRAIN_LANES;
    return true;
}

// The transposed step: gradients of the convolution's inputs from those of its outputs `to`.
static bool plan_back(bl_train_net *net, const plan_source *source, bl_train_linear *linear,
                      const bl_conv *conv, bl_train_rows to)
{
    const uint32_t terms = conv->out * conv->kernel;
    if (!linear_init(net, linear, conv->in, terms)) {
        return false;
    }
    const uint32_t weights = parameter_of(source, conv->w);
    reach_at_least(net, to, conv_reach(conv));
    for (uint32_t o = 0, m = 0; o < conv->out; o++) {
        for (uint32_t tap = 0; tap < conv->kernel; tap++, m++) {
            const uint32_t shift = (conv->kernel - 1 - tap) * conv->dilation;
            linear->term[m] = (bl_train_term){to.first + o, shift};
            for (uint32_t i = 0; i < conv->in; i++) {
                linear->index[(size_t)i * terms + m] =
                    weights + (o * conv->in + i) * conv->kernel + tap;
            }
        }
    }
    return true;
}

static bl_conv as_conv(const bl_matrix *matrix)
{
    return (bl_conv){matrix->in, matrix->out, 1, 1, 1, matrix->w, matrix->b};
}

static bool plan_layer(bl_train_net *net, const plan_source *source, const bl_wavenet_layer *shape,
                       bool causal, bool last, bl_train_layer *layer)
{
    layer->kind = shape->activation.kind;
    layer->slope =
        shape->activation.kind == BL_ACTIVATION_LEAKY_RELU ? shape->activation.p[0] : 0.0f;
    layer->identity = shape->layer1x1.out == 0 && shape->residual_identity;
    const uint32_t reach = conv_reach(&shape->conv);
    layer->residual_lag = causal ? 0 : reach - reach / 2;
    net->memory_frames += reach;
    net->delay_frames += layer->residual_lag;
    // Forward reads so far behind the layer's input, backward so far ahead of its output.
    reach_at_least(net, layer->in, layer->residual_lag);
    reach_at_least(net, layer->out, layer->residual_lag);
    const bl_matrix *mixin = shape->mixin.out != 0 ? &shape->mixin : NULL;
    if (!plan_conv(net, source, &layer->conv, &shape->conv, layer->in, mixin)) {
        return false;
    }
    if (!plan_back(net, source, &layer->conv_back, &shape->conv, layer->activated)) {
        return false;
    }
    if (last || shape->layer1x1.out == 0) {
        return true;
    }
    const bl_conv mix = as_conv(&shape->layer1x1);
    return plan_conv(net, source, &layer->mix, &mix, layer->activated, NULL) &&
           plan_back(net, source, &layer->mix_back, &mix, layer->out);
}

static bool plan_array(bl_train_net *net, const plan_source *source, const bl_wavenet *shape,
                       uint32_t a, bl_train_array *array)
{
    const bl_wavenet_array *from = &shape->arrays[a];
    const bool last_array = a + 1 == shape->array_count;
    const bl_conv rechannel = as_conv(&from->rechannel);
    bl_train_rows stream = add_rows(net, from->channels);
    array->stream = stream;
    if (!plan_conv(net, source, &array->rechannel, &rechannel, array->in, NULL)) {
        return false;
    }
    if (a > 0 && !plan_back(net, source, &array->rechannel_back, &rechannel, stream)) {
        return false;
    }
    if (!from->head_from_residual) {
        array->skip = add_rows(net, from->head.in);
    }
    array->layer_count = from->layer_count;
    array->layers = calloc(from->layer_count, sizeof *array->layers);
    if (array->layers == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < from->layer_count; i++) {
        bl_train_layer *layer = &array->layers[i];
        const bool dead = last_array && i + 1 == from->layer_count && !from->head_from_residual;
        layer->in = stream;
        layer->activated = add_rows(net, from->bottleneck);
        layer->out = dead ? (bl_train_rows){0, 0} : add_rows(net, from->channels);
        if (!plan_layer(net, source, &from->layers[i], shape->causal, dead, layer)) {
            return false;
        }
        stream = layer->out;
    }
    array->head_out = add_rows(net, from->head.out);
    const bl_train_rows head_in = from->head_from_residual ? stream : array->skip;
    net->memory_frames += conv_reach(&from->head);
    return plan_conv(net, source, &array->head, &from->head, head_in, NULL) &&
           plan_back(net, source, &array->head_back, &from->head, array->head_out);
}

static bool trainable_activation(const bl_activation *activation)
{
    return activation->kind == BL_ACTIVATION_TANH || activation->kind == BL_ACTIVATION_RELU ||
           activation->kind == BL_ACTIVATION_LEAKY_RELU ||
           activation->kind == BL_ACTIVATION_IDENTITY;
}

// NULL, or what the trainer has no gradient for.
static const char *layer_obstacle(const bl_wavenet *shape, const bl_wavenet_array *array,
                                  const bl_wavenet_layer *layer)
{
    if (layer->gating != BL_GATING_NONE) {
        return "gated layers";
    }
    for (int place = 0; place < BL_FILM_PLACES; place++) {
        if (layer->film[place].active) {
            return "FiLM";
        }
    }
    if (layer->conv.groups != 1 || (layer->mixin.out != 0 && layer->mixin.groups != 1) ||
        (layer->layer1x1.out != 0 && layer->layer1x1.groups != 1)) {
        return "grouped convolutions";
    }
    if (layer->head1x1.out != 0) {
        return "head1x1";
    }
    if (!trainable_activation(&layer->activation)) {
        return "activations other than tanh, ReLU and LeakyReLU";
    }
    if (layer->residual_identity && layer->layer1x1.out == 0 && !array->head_from_residual) {
        return "identity residuals together with skips";
    }
    if (!layer->residual_identity && layer->layer1x1.out == 0) {
        return "layers without a residual";
    }
    if (!shape->causal && (!array->head_from_residual || layer->mixin.out != 0)) {
        return "centred layers with skips or conditioning";
    }
    return NULL;
}

static const char *obstacle(const bl_wavenet *shape)
{
    if (shape->in_channels != 1 || shape->condition_dsp != NULL || shape->post_head.count != 0) {
        return "condition networks, several inputs and post heads";
    }
    for (uint32_t a = 0; a < shape->array_count; a++) {
        const bl_wavenet_array *array = &shape->arrays[a];
        if (array->head_from_residual && shape->array_count > 1) {
            return "several arrays without skips";
        }
        if (array->head.dilation != 1 && array->head.kernel > 1) {
            return "dilated heads";
        }
        for (uint32_t i = 0; i < array->layer_count; i++) {
            const char *found = layer_obstacle(shape, array, &array->layers[i]);
            if (found != NULL) {
                return found;
            }
        }
    }
    return NULL;
}

// More rows than the plan can need.
static uint32_t row_bound(const bl_wavenet *shape)
{
    uint32_t rows = 2;
    for (uint32_t a = 0; a < shape->array_count; a++) {
        const bl_wavenet_array *array = &shape->arrays[a];
        rows += array->channels + array->head.in + array->head.out +
                array->layer_count * (array->channels + array->bottleneck);
    }
    return rows;
}

bl_status bl_train_net_create(const bl_wavenet *shape, const float *base, size_t parameter_count,
                              const bl_train_kernels *kernels, bl_train_net **net, bl_error *error)
{
    const char *found = obstacle(shape);
    if (found != NULL) {
        return bl_error_set(error, BL_STATUS_UNSUPPORTED,
                            "this network has %s, which cannot be trained; train a wavenet_amp or "
                            "a standard NAM shape",
                            found);
    }
    bl_train_net *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to plan the training");
    }
    const plan_source source = {base, parameter_count, row_bound(shape)};
    made->kernels = kernels != NULL ? kernels : bl_train_kernels_choose();
    made->parameter_count = parameter_count;
    made->head_scale = shape->head_scale;
    made->reach = calloc(source.row_capacity, sizeof *made->reach);
    made->arrays = calloc(shape->array_count, sizeof *made->arrays);
    if (made->reach == NULL || made->arrays == NULL) {
        goto fail;
    }
    made->input = add_rows(made, 1);
    made->ones = add_rows(made, 1);
    bl_train_rows in = made->input;
    for (uint32_t a = 0; a < shape->array_count; a++) {
        made->arrays[a].in = in;
        made->array_count = a + 1;
        if (!plan_array(made, &source, shape, a, &made->arrays[a])) {
            goto fail;
        }
        in = made->arrays[a].layers[shape->arrays[a].layer_count - 1].out;
    }
    assert(made->row_count <= source.row_capacity);
    *net = made;
    return BL_STATUS_OK;

fail:
    bl_train_net_destroy(made);
    return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to plan the training");
}

void bl_train_net_each_linear(const bl_train_net *net,
                              void (*visit)(const bl_train_linear *linear, bool transposed,
                                            void *data),
                              void *data)
{
    for (uint32_t a = 0; a < net->array_count; a++) {
        const bl_train_array *array = &net->arrays[a];
        visit(&array->rechannel, false, data);
        visit(&array->rechannel_back, true, data);
        visit(&array->head, false, data);
        visit(&array->head_back, true, data);
        for (uint32_t i = 0; array->layers != NULL && i < array->layer_count; i++) {
            const bl_train_layer *layer = &array->layers[i];
            visit(&layer->conv, false, data);
            visit(&layer->conv_back, true, data);
            visit(&layer->mix, false, data);
            visit(&layer->mix_back, true, data);
        }
    }
}

void bl_train_net_destroy(bl_train_net *net)
{
    if (net == NULL) {
        return;
    }
    bl_train_net_each_linear(net, linear_finish, NULL);
    for (uint32_t a = 0; a < net->array_count; a++) {
        free(net->arrays[a].layers);
    }
    free(net->arrays);
    free(net->reach);
    free(net);
}

typedef struct pack_source {
    const float *parameters;
} pack_source;

static void pack_linear(const bl_train_linear *linear, bool transposed, void *data)
{
    (void)transposed;
    const float *parameters = ((const pack_source *)data)->parameters;
    for (uint32_t o = 0; o < linear->outs; o++) {
        const size_t block = (size_t)(o / BL_TRAIN_OUT_BLOCK) * BL_TRAIN_OUT_BLOCK * linear->terms;
        for (uint32_t m = 0; m < linear->terms; m++) {
            linear->packed[block + (size_t)m * BL_TRAIN_OUT_BLOCK + o % BL_TRAIN_OUT_BLOCK] =
                parameters[linear->index[(size_t)o * linear->terms + m]];
        }
    }
}

void bl_train_net_pack(bl_train_net *net, const float *parameters)
{
    pack_source source = {parameters};
    bl_train_net_each_linear(net, pack_linear, &source);
}

size_t bl_train_net_parameter_count(const bl_train_net *net)
{
    return net->parameter_count;
}

uint32_t bl_train_net_delay_frames(const bl_train_net *net)
{
    return net->delay_frames;
}

uint32_t bl_train_net_memory_frames(const bl_train_net *net)
{
    return net->memory_frames;
}

size_t bl_train_net_past_size(const bl_train_net *net)
{
    size_t size = 0;
    for (uint32_t r = 0; r < net->row_count; r++) {
        size += net->reach[r];
    }
    return size;
}
