// SPDX-License-Identifier: MIT
// Forward and backward over one segment, tile by tile through all layers, so that a tile's rows
// stay in the cache. Backward runs the tiles from last to first: a gradient row is read ahead of
// the tile, where later tiles have already written it, or zeros behind the segment.

#include "train/plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN_FRAMES = 16 };

struct bl_train_lane {
    const bl_train_net *net;
    size_t frames;
    float *memory;
    float **value; ///< of each row: frame 0 of the segment
    float **grad;
    float *sums; ///< weight gradients in lanes, see bl_train_kernels.correlate
    float *out;
    const float **terms; ///< scratch for the pointers of one step
    const float **delta;
    float **init, **to;
};

static size_t aligned_frames(size_t frames)
{
    return (frames + ALIGN_FRAMES - 1) / ALIGN_FRAMES * ALIGN_FRAMES;
}

// Frames from one row to the next: an odd number of cache lines, so that the rows of a layer do
// not fall into the same cache sets.
static size_t row_stride(size_t reach, size_t frames)
{
    const size_t stride = aligned_frames(reach) + frames;
    return (stride / ALIGN_FRAMES) % 2 == 0 ? stride + ALIGN_FRAMES : stride;
}

bl_train_lane *bl_train_lane_create(const bl_train_net *net, size_t frames)
{
    assert(frames > 0 && frames % BL_TRAIN_TILE == 0);
    bl_train_lane *lane = calloc(1, sizeof *lane);
    if (lane == NULL) {
        return NULL;
    }
    size_t total = net->sums_size + aligned_frames(frames);
    for (uint32_t r = 0; r < net->row_count; r++) {
        total += 2 * row_stride(net->reach[r], frames);
    }
    lane->net = net;
    lane->frames = frames;
    lane->memory = aligned_alloc(64, total * sizeof *lane->memory);
    lane->value = calloc(2 * (size_t)net->row_count, sizeof *lane->value);
    lane->terms = calloc(net->max_terms, sizeof *lane->terms);
    lane->delta = calloc(net->max_outs, sizeof *lane->delta);
    lane->init = calloc(net->max_outs, sizeof *lane->init);
    lane->to = calloc(net->max_outs, sizeof *lane->to);
    if (lane->memory == NULL || lane->value == NULL || lane->terms == NULL || lane->delta == NULL ||
        lane->init == NULL || lane->to == NULL) {
        bl_train_lane_destroy(lane);
        return NULL;
    }
    memset(lane->memory, 0, total * sizeof *lane->memory);
    lane->grad = lane->value + net->row_count;
    float *next = lane->memory;
    for (uint32_t r = 0; r < net->row_count; r++) {
        const size_t stride = row_stride(net->reach[r], frames);
        lane->value[r] = next + aligned_frames(net->reach[r]);
        lane->grad[r] = next + stride;
        next += 2 * stride;
    }
    lane->out = next;
    lane->sums = next + aligned_frames(frames);
    for (size_t n = 0; n < frames; n++) {
        lane->value[net->ones.first][n] = 1.0f;
    }
    return lane;
}

void bl_train_lane_destroy(bl_train_lane *lane)
{
    if (lane == NULL) {
        return;
    }
    free(lane->memory);
    free(lane->value);
    free(lane->terms);
    free(lane->delta);
    free(lane->init);
    free(lane->to);
    free(lane);
}

void bl_train_lane_reset(bl_train_lane *lane)
{
    const bl_train_net *net = lane->net;
    for (uint32_t r = 0; r < net->row_count; r++) {
        if (r != net->ones.first) {
            memset(lane->value[r], 0, lane->frames * sizeof **lane->value);
            memset(lane->value[r] - net->reach[r], 0, net->reach[r] * sizeof **lane->value);
        }
    }
}

// The `to` rows at frame n become init + step(rows). `from` is the row table the terms are read
// from, `ahead` true for a transposed step.
static void run(bl_train_lane *lane, const bl_train_linear *linear, float *const *from, bool ahead,
                float *const *init, float *const *to, ptrdiff_t n)
{
    for (uint32_t m = 0; m < linear->terms; m++) {
        const bl_train_term term = linear->term[m];
        lane->terms[m] = ahead ? from[term.row] + n + term.shift : from[term.row] + n - term.shift;
    }
    lane->net->kernels->multiply(linear->outs, linear->terms, lane->terms, linear->packed, init, to,
                                 BL_TRAIN_TILE);
}

// Pointers to the rows of a group at frame n, which may lie in the history.
static float **point(float **pointers, float *const *table, bl_train_rows rows, ptrdiff_t n)
{
    for (uint32_t c = 0; c < rows.count; c++) {
        pointers[c] = table[rows.first + c] + n;
    }
    return pointers;
}

// to = from, where from NULL means zeros.
static void copy(bl_train_lane *lane, uint32_t rows, float *const *from, float *const *to)
{
    lane->net->kernels->multiply(rows, 0, NULL, NULL, from, to, BL_TRAIN_TILE);
}

static void layer_forward(bl_train_lane *lane, const bl_train_array *array,
                          const bl_train_layer *layer, ptrdiff_t n)
{
    const bl_train_kernels *kernels = lane->net->kernels;
    float **activated = point(lane->to, lane->value, layer->activated, n);
    run(lane, &layer->conv, lane->value, false, NULL, activated, n);
    if (layer->identity) {
        float **out = point(lane->to, lane->value, layer->out, n);
        copy(lane, layer->out.count,
             point(lane->init, lane->value, layer->in, n - layer->residual_lag), out);
        kernels->activate(layer->kind, layer->slope, layer->activated.count,
                          point(lane->init, lane->value, layer->activated, n), out, BL_TRAIN_TILE);
        return;
    }
    float **skip = array->skip.count != 0 ? point(lane->init, lane->value, array->skip, n) : NULL;
    kernels->activate(layer->kind, layer->slope, layer->activated.count, activated, skip,
                      BL_TRAIN_TILE);
    if (layer->out.count != 0) {
        run(lane, &layer->mix, lane->value, false,
            point(lane->init, lane->value, layer->in, n - layer->residual_lag),
            point(lane->to, lane->value, layer->out, n), n);
    }
}

static void tile_forward(bl_train_lane *lane, ptrdiff_t n)
{
    const bl_train_net *net = lane->net;
    for (uint32_t a = 0; a < net->array_count; a++) {
        const bl_train_array *array = &net->arrays[a];
        run(lane, &array->rechannel, lane->value, false, NULL,
            point(lane->to, lane->value, array->stream, n), n);
        if (array->skip.count != 0) {
            float **before =
                a > 0 ? point(lane->init, lane->value, net->arrays[a - 1].head_out, n) : NULL;
            copy(lane, array->skip.count, before, point(lane->to, lane->value, array->skip, n));
        }
        for (uint32_t i = 0; i < array->layer_count; i++) {
            layer_forward(lane, array, &array->layers[i], n);
        }
        run(lane, &array->head, lane->value, false, NULL,
            point(lane->to, lane->value, array->head_out, n), n);
    }
    const float *last = lane->value[net->arrays[net->array_count - 1].head_out.first] + n;
    for (ptrdiff_t k = 0; k < BL_TRAIN_TILE; k++) {
        lane->out[n + k] = net->head_scale * last[k];
    }
}

const float *bl_train_lane_forward(bl_train_lane *lane, const float *in)
{
    const bl_train_net *net = lane->net;
    for (uint32_t r = 0; r < net->row_count; r++) {
        const size_t reach = net->reach[r];
        if (r != net->ones.first) {
            memmove(lane->value[r] - reach, lane->value[r] + lane->frames - reach,
                    reach * sizeof **lane->value);
        }
    }
    memcpy(lane->value[net->input.first], in, lane->frames * sizeof *in);
    for (ptrdiff_t n = 0; n < (ptrdiff_t)lane->frames; n += BL_TRAIN_TILE) {
        tile_forward(lane, n);
    }
    return lane->out;
}

// sums += gradients of `to` at frame n against the terms of a forward step.
static void correlate(bl_train_lane *lane, const bl_train_linear *linear, bl_train_rows to,
                      ptrdiff_t n)
{
    const uint32_t outs = bl_train_round(linear->outs, BL_TRAIN_OUT_BLOCK);
    const uint32_t terms = bl_train_round(linear->terms, BL_TRAIN_TERM_BLOCK);
    for (uint32_t m = 0; m < terms; m++) {
        const bl_train_term term = linear->term[m < linear->terms ? m : linear->terms - 1];
        lane->terms[m] = lane->value[term.row] + n - term.shift;
    }
    for (uint32_t o = 0; o < outs; o++) {
        const uint32_t row = to.first + (o < linear->outs ? o : linear->outs - 1);
        lane->delta[o] = lane->grad[row] + n;
    }
    lane->net->kernels->correlate(outs, terms, lane->delta, lane->terms,
                                  lane->sums + linear->sums_offset, BL_TRAIN_TILE);
}

static void layer_backward(bl_train_lane *lane, const bl_train_array *array,
                           const bl_train_layer *layer, ptrdiff_t n)
{
    const bl_train_kernels *kernels = lane->net->kernels;
    float **activated = point(lane->to, lane->grad, layer->activated, n);
    float **skip = array->skip.count != 0 ? point(lane->init, lane->grad, array->skip, n) : NULL;
    if (layer->mix.outs != 0) {
        run(lane, &layer->mix_back, lane->grad, true, skip, activated, n);
        correlate(lane, &layer->mix, layer->out, n);
    } else if (layer->identity) {
        copy(lane, layer->activated.count, point(lane->init, lane->grad, layer->out, n), activated);
    } else {
        copy(lane, layer->activated.count, skip, activated);
    }
    kernels->derive(layer->kind, layer->slope, layer->activated.count,
                    (const float *const *)point(lane->init, lane->value, layer->activated, n),
                    activated, BL_TRAIN_TILE);
    correlate(lane, &layer->conv, layer->activated, n);
    float **residual = layer->out.count != 0
                           ? point(lane->init, lane->grad, layer->out, n + layer->residual_lag)
                           : NULL;
    run(lane, &layer->conv_back, lane->grad, true, residual,
        point(lane->to, lane->grad, layer->in, n), n);
}

static void tile_backward(bl_train_lane *lane, ptrdiff_t n)
{
    const bl_train_net *net = lane->net;
    for (uint32_t a = net->array_count; a-- > 0;) {
        const bl_train_array *array = &net->arrays[a];
        const bl_train_rows last = array->layers[array->layer_count - 1].out;
        if (a + 1 < net->array_count) {
            copy(lane, array->head_out.count,
                 point(lane->init, lane->grad, net->arrays[a + 1].skip, n),
                 point(lane->to, lane->grad, array->head_out, n));
        }
        correlate(lane, &array->head, array->head_out, n);
        run(lane, &array->head_back, lane->grad, true, NULL,
            point(lane->to, lane->grad, array->skip.count != 0 ? array->skip : last, n), n);
        for (uint32_t i = array->layer_count; i-- > 0;) {
            layer_backward(lane, array, &array->layers[i], n);
        }
        correlate(lane, &array->rechannel, array->stream, n);
        if (a > 0) {
            run(lane, &array->rechannel_back, lane->grad, true, NULL,
                point(lane->to, lane->grad, array->in, n), n);
        }
    }
}

typedef struct fold_target {
    const float *sums;
    float *gradient;
} fold_target;

static void fold(const bl_train_linear *linear, bool transposed, void *data)
{
    if (transposed) {
        return;
    }
    const fold_target *target = data;
    const uint32_t row = bl_train_round(linear->terms, BL_TRAIN_TERM_BLOCK);
    for (uint32_t o = 0; o < linear->outs; o++) {
        for (uint32_t m = 0; m < linear->terms; m++) {
            const float *lanes =
                target->sums + linear->sums_offset + ((size_t)o * row + m) * BL_TRAIN_LANES;
            float sum = 0.0f;
            for (int lane = 0; lane < BL_TRAIN_LANES; lane++) {
                sum += lanes[lane];
            }
            target->gradient[linear->index[(size_t)o * linear->terms + m]] += sum;
        }
    }
}

void bl_train_lane_backward(bl_train_lane *lane, const float *delta, float *gradient)
{
    const bl_train_net *net = lane->net;
    float *last = lane->grad[net->arrays[net->array_count - 1].head_out.first];
    for (size_t n = 0; n < lane->frames; n++) {
        last[n] = net->head_scale * delta[n];
    }
    memset(lane->sums, 0, net->sums_size * sizeof *lane->sums);
    for (ptrdiff_t n = (ptrdiff_t)lane->frames; n > 0; n -= BL_TRAIN_TILE) {
        tile_backward(lane, n - BL_TRAIN_TILE);
    }
    const fold_target target = {lane->sums, gradient};
    bl_train_net_each_linear(net, fold, (void *)(uintptr_t)&target);
}
