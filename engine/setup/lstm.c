// SPDX-License-Identifier: MIT
// Building LSTM nets: packing, state from the file, and the state after the prewarm zeros.

#include "rt/lstm.h"

#include "setup/stage.h"

#include <string.h>

// [4H][in + H] rows become, per group of lanes, columns of four gates: bias, inputs, states.
static void pack(const bl_sequence_stage *stage, uint32_t lanes, float *weights)
{
    const size_t hidden = stage->out, columns = stage->in + hidden;
    for (size_t first = 0; first < hidden; first += lanes) {
        for (size_t column = 0; column <= columns; column++) {
            for (size_t gate = 0; gate < BL_LSTM_GATES; gate++) {
                for (size_t lane = 0; lane < lanes; lane++, weights++) {
                    const size_t row = gate * hidden + first + lane;
                    if (first + lane < hidden) {
                        *weights =
                            column == 0 ? stage->b[row] : stage->w[row * columns + column - 1];
                    }
                }
            }
        }
    }
}

static bool make_layer(const bl_sequence_stage *stage, uint32_t lanes, bl_arena *arena,
                       bl_lstm_layer *layer)
{
    const uint32_t padded = (stage->out + lanes - 1) / lanes * lanes;
    const size_t columns = (size_t)1 + stage->in + stage->out;
    float *weights =
        bl_arena_take(arena, (size_t)padded * BL_LSTM_GATES, columns * sizeof *weights);
    float *states = bl_arena_take(arena, (size_t)padded * 8, sizeof *states);
    if (weights == NULL || states == NULL) {
        return false;
    }
    pack(stage, lanes, weights);
    memcpy(states + padded * 2, stage->h0, stage->out * sizeof *states);
    memcpy(states + padded * 3, stage->c0, stage->out * sizeof *states);
    *layer = (bl_lstm_layer){
        .in = stage->in,
        .hidden = stage->out,
        .padded = padded,
        .weights = weights,
        .h = states,
        .c = states + padded,
        .h_start = states + padded * 2,
        .c_start = states + padded * 3,
        .gates = states + padded * 4,
    };
    return true;
}

static void settle(bl_net *net, const float *in, float *out, uint32_t frames)
{
    bl_lstm_net *lstm = (bl_lstm_net *)net;
    net->reset(net);
    bl_stage_run(net, in, out, frames);
    for (uint32_t l = 0; l < lstm->layer_count; l++) {
        const bl_lstm_layer *layer = &lstm->layers[l];
        memcpy(layer->h_start, layer->h, layer->padded * sizeof *layer->h);
        memcpy(layer->c_start, layer->c, layer->padded * sizeof *layer->c);
    }
}

// The head's rows, padded like the state they read.
static bool make_head(const bl_matrix *head, bl_arena *arena, bl_lstm_net *made)
{
    const uint32_t padded = made->layers[made->layer_count - 1].padded;
    float *weights = bl_arena_take(arena, (size_t)head->out * padded, sizeof *weights);
    float *bias = bl_arena_take(arena, head->out, sizeof *bias);
    if (weights == NULL || bias == NULL) {
        return false;
    }
    for (size_t o = 0; o < head->out; o++) {
        memcpy(weights + o * padded, head->w + o * head->in, head->in * sizeof *weights);
        bias[o] = head->b != NULL ? head->b[o] : 0.0F;
    }
    made->head = weights;
    made->head_bias = bias;
    return true;
}

bl_stage bl_lstm_build(const bl_sequence_stage *layers, uint32_t count, const bl_matrix *head,
                       const bl_net_request *request, bl_arena *arena)
{
    const bl_stage short_of_memory = {.net = NULL};
    const uint32_t hidden = layers[count - 1].out, out = head != NULL ? head->out : hidden;
    bl_lstm_net *made = bl_arena_take(arena, 1, sizeof *made);
    bl_lstm_layer *made_layers = bl_arena_take(arena, count, sizeof *made_layers);
    float *frame = bl_arena_take(arena, layers[0].in, sizeof *frame);
    const char *kernel =
        bl_arena_print(arena, "%s lstm %ux%u", bl_isa_name(request->isa), count, layers[0].out);
    if (made == NULL || made_layers == NULL || frame == NULL || kernel == NULL) {
        return short_of_memory;
    }
    for (uint32_t l = 0; l < count; l++) {
        if (!make_layer(&layers[l], 1, arena, &made_layers[l])) {
            return short_of_memory;
        }
    }
    *made = (bl_lstm_net){
        .net = {.process = bl_lstm_net_process,
                .reset = bl_lstm_net_reset,
                .in_channels = layers[0].in,
                .out_channels = out,
                .kernel = kernel},
        .layer_count = count,
        .layers = made_layers,
        .frame = frame,
    };
    if (head != NULL && !make_head(head, arena, made)) {
        return short_of_memory;
    }
    return (bl_stage){.net = &made->net, .settle = settle};
}
