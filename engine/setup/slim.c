// SPDX-License-Identifier: MIT
// Narrower WaveNets: as in the reference player, the first channels of every matrix are kept, rows
// and columns. Of the rows that come in pairs (gates, scale and shift) it keeps the first too,
// without regard to the pairing, and so do we.

#include "setup/slim.h"

#include <string.h>

typedef struct slicer {
    bl_arena *arena;
    bool failed; // memory was short
} slicer;

// Copies the first `keep` of `full` floats of every row.
static const float *slice_rows(slicer *s, const float *w, uint32_t rows, size_t keep, size_t full)
{
    if (w == NULL || s->failed) {
        return NULL;
    }
    float *copy = bl_arena_take(s->arena, rows, keep * sizeof *copy);
    if (copy == NULL) {
        s->failed = true;
        return NULL;
    }
    for (size_t row = 0; row < rows; row++) {
        memcpy(copy + row * keep, w + row * full, keep * sizeof *copy);
    }
    return copy;
}

static void slice_matrix(slicer *s, bl_matrix *m, uint32_t in, uint32_t out)
{
    if (m->out != 0) {
        m->w = slice_rows(s, m->w, out, in, m->in);
        m->in = in;
        m->out = out;
    }
}

static void slice_conv(slicer *s, bl_conv *c, uint32_t in, uint32_t out)
{
    c->w = slice_rows(s, c->w, out, (size_t)in * c->kernel, (size_t)c->in * c->kernel);
    c->in = in;
    c->out = out;
}

static uint32_t chosen_width(const bl_wavenet_array *array, double quality)
{
    const uint32_t count = array->allowed_count;
    if (count == 0) {
        return array->channels;
    }
    const double place = quality * count;
    return array->allowed[place < count ? (uint32_t)place : count - 1];
}

static void slice_films(slicer *s, bl_wavenet_layer *layer, uint32_t channels, uint32_t bottleneck,
                        uint32_t rows)
{
    const uint32_t condition = layer->mixin.in, head = layer->head1x1.out;
    const uint32_t dims[BL_FILM_PLACES] = {
        [BL_FILM_CONV_PRE] = channels,      [BL_FILM_CONV_POST] = rows,
        [BL_FILM_MIXIN_PRE] = condition,    [BL_FILM_MIXIN_POST] = rows,
        [BL_FILM_ACTIVATION_PRE] = rows,    [BL_FILM_ACTIVATION_POST] = bottleneck,
        [BL_FILM_LAYER1X1_POST] = channels, [BL_FILM_HEAD1X1_POST] = head,
    };
    for (int place = 0; place < BL_FILM_PLACES; place++) {
        bl_film *film = &layer->film[place];
        if (film->active) {
            slice_matrix(s, &film->matrix, film->matrix.in, dims[place] * (film->shift ? 2 : 1));
        }
    }
}

static void slice_layer(slicer *s, bl_wavenet_layer *layer, uint32_t channels, uint32_t bottleneck)
{
    const uint32_t rows = bottleneck * (layer->gating == BL_GATING_NONE ? 1 : 2);
    slice_conv(s, &layer->conv, channels, rows);
    slice_matrix(s, &layer->mixin, layer->mixin.in, rows);
    slice_matrix(s, &layer->layer1x1, bottleneck, channels);
    slice_matrix(s, &layer->head1x1, bottleneck, layer->head1x1.out);
    slice_films(s, layer, channels, bottleneck, rows);
}

static uint32_t slim_bottleneck(const bl_wavenet_array *array, uint32_t channels)
{
    if (array->layers[0].layer1x1.out == 0) {
        return channels;
    }
    const uint32_t scaled = array->bottleneck * channels / array->channels;
    return scaled > 0 ? scaled : 1;
}

// `input` and `next` are the widths chosen for the neighbours, 0 at the ends of the stack.
static void slice_array(slicer *s, bl_wavenet_array *array, uint32_t channels, uint32_t input,
                        uint32_t next)
{
    const uint32_t bottleneck = slim_bottleneck(array, channels);
    const bool head1x1 = array->layers[0].head1x1.out != 0;
    slice_matrix(s, &array->rechannel, input != 0 ? input : array->rechannel.in, channels);
    for (uint32_t i = 0; i < array->layer_count; i++) {
        slice_layer(s, &array->layers[i], channels, bottleneck);
    }
    slice_conv(s, &array->head, head1x1 ? array->head.in : bottleneck,
               next != 0 ? next : array->head.out);
    array->channels = channels;
    array->bottleneck = bottleneck;
}

static bool is_plain(const bl_matrix *matrix)
{
    return matrix->out == 0 || matrix->groups == 1;
}

// What the reference player refuses to slice.
static bool can_be_sliced(const bl_wavenet *net)
{
    bool plain = net->post_head.count == 0;
    for (uint32_t a = 0; a < net->array_count; a++) {
        const bl_wavenet_array *array = &net->arrays[a];
        plain = plain && is_plain(&array->rechannel) && array->head.kernel == 1 &&
                array->head.groups == 1 && !array->head_from_residual;
        for (uint32_t i = 0; plain && i < array->layer_count; i++) {
            const bl_wavenet_layer *layer = &array->layers[i];
            plain = layer->conv.groups == 1 && is_plain(&layer->mixin) &&
                    is_plain(&layer->layer1x1) && is_plain(&layer->head1x1);
            for (int place = 0; place < BL_FILM_PLACES; place++) {
                plain =
                    plain && (!layer->film[place].active || is_plain(&layer->film[place].matrix));
            }
        }
    }
    return plain;
}

static bool is_full(const bl_wavenet *net, double quality)
{
    bool full = true;
    for (uint32_t a = 0; a < net->array_count; a++) {
        full = full && chosen_width(&net->arrays[a], quality) == net->arrays[a].channels;
    }
    return full;
}

static void stretch(bl_wavenet *net, uint32_t factor)
{
    for (uint32_t a = 0; a < net->array_count; a++) {
        bl_wavenet_array *array = &net->arrays[a];
        array->head.dilation *= factor;
        for (uint32_t i = 0; i < array->layer_count; i++) {
            array->layers[i].conv.dilation *= factor;
        }
    }
    for (uint32_t i = 0; i < net->post_head.count; i++) {
        net->post_head.convs[i].dilation *= factor;
    }
}

// A copy whose structs may be changed; the weights are still those of `net`.
static bl_wavenet *copy_structs(const bl_wavenet *net, bl_arena *arena)
{
    const uint32_t heads = net->post_head.count;
    bl_wavenet *copy = bl_arena_take(arena, 1, sizeof *copy);
    bl_wavenet_array *arrays = bl_arena_take(arena, net->array_count, sizeof *arrays);
    bl_conv *convs = bl_arena_take(arena, heads, sizeof *convs);
    if (copy == NULL || arrays == NULL || convs == NULL) {
        return NULL;
    }
    *copy = *net;
    copy->arrays = arrays;
    copy->post_head.convs = convs;
    if (heads > 0) {
        memcpy(convs, net->post_head.convs, heads * sizeof *convs);
    }
    for (uint32_t a = 0; a < net->array_count; a++) {
        const uint32_t count = net->arrays[a].layer_count;
        arrays[a] = net->arrays[a];
        arrays[a].layers = bl_arena_take(arena, count, sizeof *arrays[a].layers);
        if (arrays[a].layers == NULL) {
            return NULL;
        }
        memcpy(arrays[a].layers, net->arrays[a].layers, count * sizeof *arrays[a].layers);
    }
    return copy;
}

static void slice(slicer *s, bl_wavenet *copy, const bl_wavenet *full, double quality)
{
    for (uint32_t a = 0; a < full->array_count; a++) {
        const uint32_t input = a > 0 ? copy->arrays[a - 1].channels : 0;
        const uint32_t next =
            a + 1 < full->array_count ? chosen_width(&full->arrays[a + 1], quality) : 0;
        slice_array(s, &copy->arrays[a], chosen_width(&full->arrays[a], quality), input, next);
    }
}

bl_status bl_wavenet_adapt(const bl_wavenet *full, const bl_net_request *request, bl_arena *arena,
                           const bl_wavenet **adapted, bl_error *error)
{
    const bool whole = is_full(full, request->quality);
    if (whole && request->stretch <= 1) {
        *adapted = full;
        return BL_STATUS_OK;
    }
    if (!whole && !can_be_sliced(full)) {
        return bl_error_set(error, BL_STATUS_UNSUPPORTED,
                            "%s: its layers name `slimmable` widths, but groups, a head kernel or "
                            "a post-stack head keep it from being narrowed; play it at quality 1",
                            request->name);
    }
    slicer s = {.arena = arena};
    bl_wavenet *copy = copy_structs(full, arena);
    if (copy != NULL && !whole) {
        slice(&s, copy, full, request->quality);
    }
    if (copy == NULL || s.failed) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory to play it",
                            request->name);
    }
    if (request->stretch > 1) {
        stretch(copy, request->stretch);
    }
    *adapted = copy;
    return BL_STATUS_OK;
}

const bl_arch *bl_container_choose(const bl_container *container, double quality)
{
    uint32_t i = 0;
    while (i + 1 < container->count && quality >= container->max_values[i]) {
        i++;
    }
    return container->submodels[i];
}

// A centred convolution looks ahead by half its reach, rounded up: only an even reach stays the
// same multiple when it is stretched.
static bool looks_ahead_evenly(const bl_wavenet *net)
{
    bool even = true;
    for (uint32_t a = 0; a < net->array_count; a++) {
        for (uint32_t i = 0; i < net->arrays[a].layer_count; i++) {
            const bl_conv *conv = &net->arrays[a].layers[i].conv;
            even = even && (conv->kernel - 1) * conv->dilation % 2 == 0;
        }
    }
    return even;
}

static bool wavenet_stretches(const bl_wavenet *net)
{
    return (net->causal || looks_ahead_evenly(net)) &&
           (net->condition_dsp == NULL ||
            bl_arch_stretches(net->condition_dsp, BL_CONDITION_QUALITY));
}

bool bl_arch_stretches(const bl_arch *arch, double quality)
{
    switch (arch->kind) {
    case BL_ARCH_WAVENET:
        return wavenet_stretches(&arch->u.wavenet);
    case BL_ARCH_SEQUENCE:
        for (uint32_t i = 0; i < arch->u.sequence.stage_count; i++) {
            const bl_sequence_kind kind = arch->u.sequence.stages[i].kind;
            if (kind == BL_SEQUENCE_LSTM || kind == BL_SEQUENCE_GRU) {
                return false;
            }
        }
        return true;
    case BL_ARCH_LINEAR:
        return false;
    case BL_ARCH_CONTAINER:
        break;
    }
    return bl_arch_stretches(bl_container_choose(&arch->u.container, quality), quality);
}
