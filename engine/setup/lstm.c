// SPDX-License-Identifier: MIT
// Building LSTM nets: packing, state from the file, and the state after the prewarm zeros.

#include "rt/lstm.h"

#include "setup/isa.h"
#include "setup/stage.h"

#include <string.h>

// Weight of one cell's gate for column `column` of the packed layer: the bias, its inputs, its
// states. Padding has zeros.
static float weight_at(const bl_sequence_stage *stage, const bl_lstm_layer *layer, size_t gate,
                       size_t cell, size_t column)
{
    enum { CELL_GATE = 2 }; // g, the only one that is not a sigmoid
    const size_t hidden = stage->out, row = gate * hidden + cell;
    const float gain = gate == CELL_GATE ? 1.0F : 0.5F;
    if (cell >= hidden) {
        return 0.0F;
    }
    if (column == 0) {
        return gain * stage->b[row];
    }
    const bool is_state = column > layer->in;
    const size_t source = column - 1 - (is_state ? layer->in : 0);
    if (source >= (is_state ? hidden : stage->in)) {
        return 0.0F;
    }
    return gain * stage->w[row * (stage->in + hidden) + (is_state ? stage->in : 0) + source];
}

// [4H][in + H] rows become columns of the gates of one tile.
static void pack(const bl_sequence_stage *stage, const bl_lstm_layer *layer, uint32_t lanes,
                 float *weights)
{
    const size_t columns = (size_t)1 + layer->in + layer->padded;
    for (uint32_t first = 0; first < layer->padded; first += BL_LSTM_TILE * lanes) {
        const uint32_t left = (layer->padded - first) / lanes;
        const uint32_t groups = left < BL_LSTM_TILE ? left : BL_LSTM_TILE;
        for (size_t column = 0; column < columns; column++) {
            for (size_t i = 0; i < (size_t)groups * BL_LSTM_GATES * lanes; i++) {
                const size_t group = i / lanes / BL_LSTM_GATES, gate = i / lanes % BL_LSTM_GATES;
                const size_t cell = first + group * lanes + i % lanes;
                *weights++ = weight_at(stage, layer, gate, cell, column);
            }
        }
    }
}

// `in`: columns for the inputs, those of the padded layer below it if there is one.
static bool make_layer(const bl_sequence_stage *stage, uint32_t in, uint32_t lanes, bl_arena *arena,
                       bl_lstm_layer *layer)
{
    const uint32_t padded = (stage->out + lanes - 1) / lanes * lanes;
    const size_t columns = (size_t)1 + in + padded;
    float *weights =
        bl_arena_take(arena, (size_t)padded * BL_LSTM_GATES, columns * sizeof *weights);
    float *states = bl_arena_take(arena, (size_t)padded * 5, sizeof *states);
    if (weights == NULL || states == NULL) {
        return false;
    }
    *layer = (bl_lstm_layer){
        .in = in,
        .hidden = stage->out,
        .padded = padded,
        .weights = weights,
        .h = states,
        .h_next = states + padded,
        .c = states + (size_t)2 * padded,
        .h_start = states + (size_t)3 * padded,
        .c_start = states + (size_t)4 * padded,
    };
    pack(stage, layer, lanes, weights);
    memcpy(layer->h_start, stage->h0, stage->out * sizeof *states);
    memcpy(layer->c_start, stage->c0, stage->out * sizeof *states);
    return true;
}

// The state becomes the one that reset goes back to; false if it was that already.
static bool keep_state(const bl_lstm_net *lstm)
{
    bool changed = false;
    for (uint32_t l = 0; l < lstm->layer_count; l++) {
        const bl_lstm_layer *layer = &lstm->layers[l];
        const size_t bytes = layer->padded * sizeof *layer->h;
        changed = changed || memcmp(layer->h_start, layer->h, bytes) != 0 ||
                  memcmp(layer->c_start, layer->c, bytes) != 0;
        memcpy(layer->h_start, layer->h, bytes);
        memcpy(layer->c_start, layer->c, bytes);
    }
    return changed;
}

// A block that ends in the very state it began with would do so for ever: the blocks that are left
// change nothing and are not run.
static void settle(bl_net *net, const float *in, float *out, uint32_t frames)
{
    const bl_lstm_net *lstm = (const bl_lstm_net *)net;
    net->reset(net);
    for (uint32_t done = 0; done + BL_INNER_FRAMES <= frames; done += BL_INNER_FRAMES) {
        bl_stage_run(net, in, out, BL_INNER_FRAMES);
        if (!keep_state(lstm)) {
            break;
        }
    }
    bl_stage_run(net, in, out, frames % BL_INNER_FRAMES);
    keep_state(lstm);
}

bl_stage bl_lstm_build(const bl_sequence_stage *layers, uint32_t count, const bl_matrix *head,
                       const bl_net_request *request, bl_arena *arena)
{
    const bl_stage short_of_memory = {.net = NULL};
    bl_lstm_net *made = bl_arena_take(arena, 1, sizeof *made);
    bl_lstm_layer *made_layers = bl_arena_take(arena, count, sizeof *made_layers);
    const uint32_t in = layers[0].in;
    float *frames = bl_arena_take(arena, (size_t)BL_INNER_FRAMES * in, sizeof *frames);
    const bl_kernels *kernels = bl_isa_kernels(request->isa);
    if (made == NULL || made_layers == NULL || frames == NULL) {
        return short_of_memory;
    }
    for (uint32_t l = 0; l < count; l++) {
        const uint32_t columns = l > 0 ? made_layers[l - 1].padded : in;
        if (!make_layer(&layers[l], columns, kernels->lanes, arena, &made_layers[l])) {
            return short_of_memory;
        }
    }
    *made = (bl_lstm_net){
        .net = {.process = bl_lstm_net_process, .reset = bl_lstm_net_reset, .in_channels = in},
        .kernels = kernels,
        .layer_count = count,
        .layers = made_layers,
        .frames = in > 1 ? frames : NULL,
    };
    const bl_lstm_layer *last = &made_layers[count - 1];
    if (!bl_head_make(head, last->hidden, last->padded, arena, &made->head)) {
        return short_of_memory;
    }
    made->net.out_channels = made->head.out;
    const bool fixed = kernels->lanes > 1 && bl_lstm_get_shape(made, kernels->lanes) != BL_LSTM_ANY;
    made->net.kernel = bl_arena_print(arena, "%s lstm %ux%u, %s", kernels->name, count,
                                      layers[0].out, fixed ? "fixed size" : "any size");
    if (made->net.kernel == NULL) {
        return short_of_memory;
    }
    return (bl_stage){.net = &made->net, .settle = settle};
}
