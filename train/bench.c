// SPDX-License-Identifier: MIT
// Forward and backward over one segment, tile by tile through all layers, so that a tile's rows
// stay in the cache. Backward runs the tiles from last to first: a gradient row is read ahead of
// the tile, where later tiles have already written it, or zeros behind the segment.

#include "train/plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGN_FRAMES = 16, HUGE_PAGE = 1 << 21 };

struct bl_train_bench {
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

bl_train_bench *bl_train_bench_create(const bl_train_net *net, size_t frames)
{
    assert(net->row_count > 0 && frames > 0 && frames % BL_TRAIN_TILE == 0);
    bl_train_bench *bench = calloc(1, sizeof *bench);
    if (bench == NULL) {
        return NULL;
    }
    size_t total = net->sums_size + aligned_frames(frames);
    for (uint32_t r = 0; r < net->row_count; r++) {
        total += 2 * row_stride(net->reach[r], frames);
    }
    bench->net = net;
    bench->frames = frames;
    const size_t bytes = (total * sizeof *bench->memory + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    bench->memory = aligned_alloc(HUGE_PAGE, bytes);
    bench->value = calloc(2 * (size_t)net->row_count, sizeof *bench->value);
    bench->terms = calloc(net->max_terms, sizeof *bench->terms);
    bench->delta = calloc(net->max_outs, sizeof *bench->delta);
    bench->init = calloc(net->max_outs, sizeof *bench->init);
    bench->to = calloc(net->max_outs, sizeof *bench->to);
    if (bench->memory == NULL || bench->value == NULL || bench->terms == NULL ||
        bench->delta == NULL || bench->init == NULL || bench->to == NULL) {
        bl_train_bench_destroy(bench);
        return NULL;
    }
    // Rows are far apart; on large pages they share entries of the TLB. A refusal costs only time.
    (void)madvise(bench->memory, bytes, MADV_HUGEPAGE);
    memset(bench->memory, 0, bytes);
    bench->grad = bench->value + net->row_count;
    float *next = bench->memory;
    for (uint32_t r = 0; r < net->row_count; r++) {
        const size_t stride = row_stride(net->reach[r], frames);
        bench->value[r] = next + aligned_frames(net->reach[r]);
        bench->grad[r] = next + stride;
        next += 2 * stride;
    }
    bench->out = next;
    bench->sums = next + aligned_frames(frames);
    for (size_t n = 0; n < frames; n++) {
        bench->value[net->ones.first][n] = 1.0f;
    }
    return bench;
}

void bl_train_bench_destroy(bl_train_bench *bench)
{
    if (bench == NULL) {
        return;
    }
    free(bench->memory);
    free(bench->value);
    free(bench->terms);
    free(bench->delta);
    free(bench->init);
    free(bench->to);
    free(bench);
}

// The `to` rows at frame n become init + step(rows). `from` is the row table the terms are read
// from, `ahead` true for a transposed step.
static void run(bl_train_bench *bench, const bl_train_linear *linear, float *const *from,
                bool ahead, float *const *init, float *const *to, ptrdiff_t n)
{
    for (uint32_t m = 0; m < linear->terms; m++) {
        const bl_train_term term = linear->term[m];
        bench->terms[m] = ahead ? from[term.row] + n + term.shift : from[term.row] + n - term.shift;
    }
    bench->net->kernels->multiply(linear->outs, linear->terms, bench->terms, linear->packed, init,
                                  to, BL_TRAIN_TILE);
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
static void copy(bl_train_bench *bench, uint32_t rows, float *const *from, float *const *to)
{
    bench->net->kernels->multiply(rows, 0, NULL, NULL, from, to, BL_TRAIN_TILE);
}

static void layer_forward(bl_train_bench *bench, const bl_train_array *array,
                          const bl_train_layer *layer, ptrdiff_t n)
{
    const bl_train_kernels *kernels = bench->net->kernels;
    float **activated = point(bench->to, bench->value, layer->activated, n);
    run(bench, &layer->conv, bench->value, false, NULL, activated, n);
    if (layer->identity) {
        float **out = point(bench->to, bench->value, layer->out, n);
        copy(bench, layer->out.count,
             point(bench->init, bench->value, layer->in, n - layer->residual_lag), out);
        kernels->activate(layer->kind, layer->slope, layer->activated.count,
                          point(bench->init, bench->value, layer->activated, n), out,
                          BL_TRAIN_TILE);
        return;
    }
    float **skip = array->skip.count != 0 ? point(bench->init, bench->value, array->skip, n) : NULL;
    kernels->activate(layer->kind, layer->slope, layer->activated.count, activated, skip,
                      BL_TRAIN_TILE);
    if (layer->out.count != 0) {
        run(bench, &layer->mix, bench->value, false,
            point(bench->init, bench->value, layer->in, n - layer->residual_lag),
            point(bench->to, bench->value, layer->out, n), n);
    }
}

static void tile_forward(bl_train_bench *bench, ptrdiff_t n)
{
    const bl_train_net *net = bench->net;
    for (uint32_t a = 0; a < net->array_count; a++) {
        const bl_train_array *array = &net->arrays[a];
        run(bench, &array->rechannel, bench->value, false, NULL,
            point(bench->to, bench->value, array->stream, n), n);
        if (array->skip.count != 0) {
            float **before =
                a > 0 ? point(bench->init, bench->value, net->arrays[a - 1].head_out, n) : NULL;
            copy(bench, array->skip.count, before, point(bench->to, bench->value, array->skip, n));
        }
        for (uint32_t i = 0; i < array->layer_count; i++) {
            layer_forward(bench, array, &array->layers[i], n);
        }
        run(bench, &array->head, bench->value, false, NULL,
            point(bench->to, bench->value, array->head_out, n), n);
    }
    const float *last = bench->value[net->arrays[net->array_count - 1].head_out.first] + n;
    for (ptrdiff_t k = 0; k < BL_TRAIN_TILE; k++) {
        bench->out[n + k] = net->head_scale * last[k];
    }
}

const float *bl_train_bench_forward(bl_train_bench *bench, float *past, const float *in)
{
    const bl_train_net *net = bench->net;
    const float *before = past;
    for (uint32_t r = 0; r < net->row_count; before += net->reach[r++]) {
        memcpy(bench->value[r] - net->reach[r], before, net->reach[r] * sizeof *before);
    }
    memcpy(bench->value[net->input.first], in, bench->frames * sizeof *in);
    for (ptrdiff_t n = 0; n < (ptrdiff_t)bench->frames; n += BL_TRAIN_TILE) {
        tile_forward(bench, n);
    }
    for (uint32_t r = 0; r < net->row_count; past += net->reach[r++]) {
        memcpy(past, bench->value[r] + bench->frames - net->reach[r], net->reach[r] * sizeof *past);
    }
    return bench->out;
}

// sums += gradients of `to` at frame n against the terms of a forward step.
static void correlate(bl_train_bench *bench, const bl_train_linear *linear, bl_train_rows to,
                      ptrdiff_t n)
{
    const uint32_t outs = bl_train_round(linear->outs, BL_TRAIN_OUT_BLOCK);
    const uint32_t terms = bl_train_round(linear->terms, BL_TRAIN_TERM_BLOCK);
    for (uint32_t m = 0; m < terms; m++) {
        const bl_train_term term = linear->term[m < linear->terms ? m : linear->terms - 1];
        bench->terms[m] = bench->value[term.row] + n - term.shift;
    }
    for (uint32_t o = 0; o < outs; o++) {
        const uint32_t row = to.first + (o < linear->outs ? o : linear->outs - 1);
        bench->delta[o] = bench->grad[row] + n;
    }
    bench->net->kernels->correlate(outs, terms, bench->delta, bench->terms,
                                   bench->sums + linear->sums_offset, BL_TRAIN_TILE);
}

static void layer_backward(bl_train_bench *bench, const bl_train_array *array,
                           const bl_train_layer *layer, ptrdiff_t n)
{
    const bl_train_kernels *kernels = bench->net->kernels;
    float **activated = point(bench->to, bench->grad, layer->activated, n);
    float **skip = array->skip.count != 0 ? point(bench->init, bench->grad, array->skip, n) : NULL;
    if (layer->mix.outs != 0) {
        run(bench, &layer->mix_back, bench->grad, true, skip, activated, n);
        correlate(bench, &layer->mix, layer->out, n);
    } else if (layer->identity) {
        copy(bench, layer->activated.count, point(bench->init, bench->grad, layer->out, n),
             activated);
    } else {
        copy(bench, layer->activated.count, skip, activated);
    }
    kernels->derive(layer->kind, layer->slope, layer->activated.count,
                    (const float *const *)point(bench->init, bench->value, layer->activated, n),
                    activated, BL_TRAIN_TILE);
    correlate(bench, &layer->conv, layer->activated, n);
    float **residual = layer->out.count != 0
                           ? point(bench->init, bench->grad, layer->out, n + layer->residual_lag)
                           : NULL;
    run(bench, &layer->conv_back, bench->grad, true, residual,
        point(bench->to, bench->grad, layer->in, n), n);
}

static void tile_backward(bl_train_bench *bench, ptrdiff_t n)
{
    const bl_train_net *net = bench->net;
    for (uint32_t a = net->array_count; a-- > 0;) {
        const bl_train_array *array = &net->arrays[a];
        const bl_train_rows last = array->layers[array->layer_count - 1].out;
        if (a + 1 < net->array_count) {
            copy(bench, array->head_out.count,
                 point(bench->init, bench->grad, net->arrays[a + 1].skip, n),
                 point(bench->to, bench->grad, array->head_out, n));
        }
        correlate(bench, &array->head, array->head_out, n);
        run(bench, &array->head_back, bench->grad, true, NULL,
            point(bench->to, bench->grad, array->skip.count != 0 ? array->skip : last, n), n);
        for (uint32_t i = array->layer_count; i-- > 0;) {
            layer_backward(bench, array, &array->layers[i], n);
        }
        correlate(bench, &array->rechannel, array->stream, n);
        if (a > 0) {
            run(bench, &array->rechannel_back, bench->grad, true, NULL,
                point(bench->to, bench->grad, array->in, n), n);
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

void bl_train_bench_backward(bl_train_bench *bench, const float *delta, float *gradient)
{
    const bl_train_net *net = bench->net;
    float *last = bench->grad[net->arrays[net->array_count - 1].head_out.first];
    for (size_t n = 0; n < bench->frames; n++) {
        last[n] = net->head_scale * delta[n];
    }
    memset(bench->sums, 0, net->sums_size * sizeof *bench->sums);
    for (ptrdiff_t n = (ptrdiff_t)bench->frames; n > 0; n -= BL_TRAIN_TILE) {
        tile_backward(bench, n - BL_TRAIN_TILE);
    }
    fold_target target = {bench->sums, gradient};
    bl_train_net_each_linear(net, fold, &target);
}
