// SPDX-License-Identifier: MIT
// LSTM kernels. A step is bound by its chain of dependent operations, not by their number: so the
// four gates of a group of cells are summed in one pass over the columns, eight sums are in flight,
// and where there are two layers, the second works on the frame before, beside the first. A net's
// shape alone decides which function runs it, so chunks change nothing. Thread: RT.

#include "rt/lstm.h"

#include "rt/kernels/head.h"
#include "rt/kernels/local.h"
#include "rt/kernels/quick.h"

enum {
    ROWS = BL_LSTM_TILE * BL_LSTM_GATES,
    COLUMN = BL_LSTM_GATES * VEC_LANES, // floats of one column of one group
};

// Keeps the compiler from loading weights ahead of a loop, only to spill them all.
VEC_INLINE const float *fresh(const float *w)
{
    __asm__("" : "+r"(w));
    return w;
}

VEC_INLINE void add_column(const float *w, vec value, int rows, vec *sums)
{
#pragma GCC unroll 8
    for (int row = 0; row < rows; row++) {
        sums[row] = vec_fma(vec_load(w + row * VEC_LANES), value, sums[row]);
    }
}

// The bias column. A group alone has a second half of sums, from zero: every other column goes
// there, so that its chains are as short as those of a whole tile.
VEC_INLINE void set_sums(const float *w, int rows, vec *sums)
{
#pragma GCC unroll 8
    for (int row = 0; row < ROWS; row++) {
        sums[row] = row < rows ? vec_load(w + row * VEC_LANES) : vec_set(0.0f);
    }
}

VEC_INLINE void join_sums(int rows, vec *sums)
{
    if (rows == ROWS) {
        return;
    }
#pragma GCC unroll 4
    for (int row = 0; row < rows; row++) {
        sums[row] += sums[row + rows];
    }
}

// Adds `count` columns times values.
VEC_INLINE const float *add_values(const float *w, const float *values, uint32_t count, int rows,
                                   vec *sums)
{
    const uint32_t pairs = count / 2 * 2;
    for (uint32_t i = 0; i < pairs; i += 2, w += 2 * rows * VEC_LANES) {
        add_column(w, vec_set(values[i]), rows, sums);
        add_column(w + rows * VEC_LANES, vec_set(values[i + 1]), rows, sums + (ROWS - rows));
    }
    if (pairs < count) {
        add_column(w, vec_set(values[pairs]), rows, sums);
        w += rows * VEC_LANES;
    }
    return w;
}

// The same for the cells of one group that stand in a register.
VEC_INLINE const float *add_group(const float *w, vec cells, int rows, vec *sums)
{
#pragma GCC unroll 8
    for (int i = 0; i < VEC_LANES; i++, w += rows * VEC_LANES) {
        add_column(w, vec_lane(cells, i), rows, i % 2 == 0 ? sums : sums + (ROWS - rows));
    }
    return w;
}

// The same for both groups of a tile. The first group has eight chains and is ready early: its
// update hides behind the sums of the second.
VEC_INLINE void add_group_in_turns(const float *w, vec cells, vec *sums)
{
    vec odd[BL_LSTM_GATES];
#pragma GCC unroll 4
    for (int gate = 0; gate < BL_LSTM_GATES; gate++) {
        odd[gate] = vec_set(0.0f);
    }
#pragma GCC unroll 8
    for (int i = 0; i < VEC_LANES; i++) {
        add_column(w + BL_LSTM_TILE * i * COLUMN, vec_lane(cells, i), BL_LSTM_GATES,
                   i % 2 == 0 ? sums : odd);
    }
#pragma GCC unroll 4
    for (int gate = 0; gate < BL_LSTM_GATES; gate++) {
        sums[gate] += odd[gate];
    }
#pragma GCC unroll 8
    for (int i = 0; i < VEC_LANES; i++) {
        add_column(w + (BL_LSTM_TILE * i + 1) * COLUMN, vec_lane(cells, i), BL_LSTM_GATES,
                   sums + BL_LSTM_GATES);
    }
}

VEC_INLINE vec next_cell(const vec *gates, vec c)
{
    const vec added = vec_sigmoid_tanh(gates[0], gates[2]); // the longest chain first
    return vec_fma(vec_quick_sigmoid(gates[1]), c, added);
}

VEC_INLINE vec next_output(vec open, vec c)
{
    const vec_ratio r = vec_tanh_ratio(c, open + open);
    return r.top / r.bottom;
}

VEC_INLINE void update_groups(const vec *gates, int groups, vec *c, vec *h)
{
#pragma GCC unroll 2
    for (int group = 0; group < groups; group++) {
        const vec *g = gates + group * BL_LSTM_GATES;
        c[group] = next_cell(g, c[group]);
        h[group] = next_output(vec_quick_sigmoid(g[3]), c[group]);
    }
}

// ---- any size: the state stays in memory ----

VEC_INLINE const float *tile_step(const bl_lstm_layer *layer, const float *w, const float *x,
                                  uint32_t first, int groups)
{
    const int rows = groups * BL_LSTM_GATES;
    vec sums[ROWS], c[BL_LSTM_TILE], h[BL_LSTM_TILE];
    set_sums(w, rows, sums);
    w = add_values(w + rows * VEC_LANES, x, layer->in, rows, sums);
    w = add_values(w, layer->h, layer->padded, rows, sums);
    join_sums(rows, sums);
    for (int group = 0; group < groups; group++) {
        c[group] = vec_load(layer->c + first + group * VEC_LANES);
    }
    update_groups(sums, groups, c, h);
    for (int group = 0; group < groups; group++) {
        vec_store(layer->c + first + group * VEC_LANES, c[group]);
        vec_store(layer->h_next + first + group * VEC_LANES, h[group]);
    }
    return w;
}

static void layer_step(bl_lstm_layer *layer, const float *x)
{
    enum { TILE_CELLS = BL_LSTM_TILE * VEC_LANES };
    const float *w = layer->weights;
    uint32_t first = 0;
    for (; first + TILE_CELLS <= layer->padded; first += TILE_CELLS) {
        w = tile_step(layer, w, x, first, BL_LSTM_TILE);
    }
    if (first < layer->padded) {
        tile_step(layer, w, x, first, 1);
    }
    float *h = layer->h;
    layer->h = layer->h_next;
    layer->h_next = h;
}

// Layer l works on frame t - l while layer 0 works on frame t.
static void run_any(bl_lstm_net *lstm, const float *in, float *out, uint32_t frames)
{
    const uint32_t count = lstm->layer_count, channels = lstm->net.in_channels;
    for (uint32_t step = 0; step < frames + count - 1; step++) {
        for (uint32_t l = count; l-- > 0;) {
            if (step >= l && step - l < frames) {
                layer_step(&lstm->layers[l],
                           l > 0 ? lstm->layers[l - 1].h : in + (size_t)step * channels);
            }
        }
        if (step + 1 >= count) {
            vec_head_write(&lstm->head, lstm->layers[count - 1].h, out + (step + 1 - count));
        }
    }
}

// ---- what fits one tile: the state stays in registers ----

/// A layer of one or two groups, or two layers of one group each.
typedef struct small_state {
    vec c[BL_LSTM_TILE], h[BL_LSTM_TILE];
} small_state;

VEC_INLINE void load_group(const bl_lstm_layer *layer, int at, small_state *s, int group)
{
    s->c[group] = vec_load(layer->c + at * VEC_LANES);
    s->h[group] = vec_load(layer->h + at * VEC_LANES);
}

VEC_INLINE void store_group(const bl_lstm_layer *layer, int at, const small_state *s, int group)
{
    vec_store(layer->c + at * VEC_LANES, s->c[group]);
    vec_store(layer->h + at * VEC_LANES, s->h[group]);
}

// One layer that hears a mono input.
VEC_INLINE void small_sums(const float *w, float x, int groups, const vec *h, vec *sums)
{
    const int rows = groups * BL_LSTM_GATES;
    set_sums(w, rows, sums);
    add_column(w + rows * VEC_LANES, vec_set(x), rows, sums);
    w += 2 * rows * VEC_LANES;
    w = add_group(w, h[0], rows, sums);
    if (groups == 2) {
        add_group_in_turns(w, h[1], sums);
    }
    join_sums(rows, sums);
}

// A layer of one group that hears another one.
VEC_INLINE void upper_sums(const float *w, vec below, vec own, vec *sums)
{
    vec other[BL_LSTM_GATES];
#pragma GCC unroll 4
    for (int gate = 0; gate < BL_LSTM_GATES; gate++) {
        sums[gate] = vec_load(w + gate * VEC_LANES);
        other[gate] = vec_set(0.0f);
    }
    w += COLUMN;
#pragma GCC unroll 8
    for (int i = 0; i < VEC_LANES; i++, w += COLUMN) {
        add_column(w, vec_lane(below, i), BL_LSTM_GATES, sums);
        add_column(w + VEC_LANES * COLUMN, vec_lane(own, i), BL_LSTM_GATES, other);
    }
#pragma GCC unroll 4
    for (int gate = 0; gate < BL_LSTM_GATES; gate++) {
        sums[gate] += other[gate];
    }
}

VEC_INLINE float small_head(const bl_lstm_net *lstm, int groups, const vec *h)
{
    vec sum = vec_set(0.0f);
    for (int group = 0; group < groups; group++) {
        sum = vec_fma(vec_load(lstm->head.weights + group * VEC_LANES), h[group], sum);
    }
    return lstm->head.bias[0] + vec_sum(sum);
}

VEC_INLINE void run_one(bl_lstm_net *lstm, const float *in, float *out, uint32_t frames, int groups)
{
    const bl_lstm_layer *layer = &lstm->layers[0];
    const float *w = layer->weights;
    small_state s;
    for (int group = 0; group < groups; group++) {
        load_group(layer, group, &s, group);
    }
    for (uint32_t t = 0; t < frames; t++) {
        w = fresh(w);
        vec sums[ROWS];
        small_sums(w, in[t], groups, s.h, sums);
        update_groups(sums, groups, s.c, s.h);
        out[t] = small_head(lstm, groups, s.h);
    }
    for (int group = 0; group < groups; group++) {
        store_group(layer, group, &s, group);
    }
}

// The first layer works on frame t, the second on frame t - 1: both read the first one's output.
static void run_two(bl_lstm_net *lstm, const float *in, float *out, uint32_t frames)
{
    const bl_lstm_layer *layers = lstm->layers;
    const float *w0 = layers[0].weights, *w1 = layers[1].weights;
    small_state s;
    vec sums[2 * ROWS];
    load_group(&layers[0], 0, &s, 0);
    load_group(&layers[1], 0, &s, 1);
    small_sums(w0, in[0], 1, s.h, sums);
    update_groups(sums, 1, s.c, s.h);
    for (uint32_t t = 1; t < frames; t++) {
        w0 = fresh(w0);
        w1 = fresh(w1);
        small_sums(w0, in[t], 1, s.h, sums);
        upper_sums(w1, s.h[0], s.h[1], sums + BL_LSTM_GATES);
        update_groups(sums, 2, s.c, s.h);
        out[t - 1] = small_head(lstm, 1, s.h + 1);
    }
    upper_sums(w1, s.h[0], s.h[1], sums);
    update_groups(sums, 1, s.c + 1, s.h + 1);
    out[frames - 1] = small_head(lstm, 1, s.h + 1);
    store_group(&layers[0], 0, &s, 0);
    store_group(&layers[1], 0, &s, 1);
}

void BL_KERNEL_SUFFIX(bl_lstm_run)(bl_lstm_net *lstm, const float *in, float *out, uint32_t frames)
{
    switch (bl_lstm_get_shape(lstm, VEC_LANES)) {
    case BL_LSTM_ONE_GROUP:
        run_one(lstm, in, out, frames, 1);
        break;
    case BL_LSTM_TWO_GROUPS:
        run_one(lstm, in, out, frames, 2);
        break;
    case BL_LSTM_TWO_LAYERS:
        run_two(lstm, in, out, frames);
        break;
    case BL_LSTM_ANY:
        run_any(lstm, in, out, frames);
        break;
    }
}
