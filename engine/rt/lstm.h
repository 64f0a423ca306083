// SPDX-License-Identifier: MIT
// Long short-term memory (Hochreiter and Schmidhuber 1997, with forget gate, no peepholes):
//   c = sigmoid(f) c + sigmoid(i) tanh(g), h = sigmoid(o) tanh(c), gates = W [x, h] + b.
// Consecutive layers and a dense head that reads the last one run as one net. Rows of i, f and o
// are stored halved, since sigmoid(z) = (1 + tanh(z / 2)) / 2.

#ifndef BACKLINE_RT_LSTM_H
#define BACKLINE_RT_LSTM_H

#include "rt/head.h"
#include "rt/kernels.h"
#include "rt/net.h"

enum { BL_LSTM_GATES = 4 };

/// Groups of cells that a kernel computes together; the last tile of a layer may have one.
enum { BL_LSTM_TILE = 2 };

/// Cells are padded to whole groups of `lanes`, inputs like the layer they come from; padding has
/// zero weights and state.
typedef struct bl_lstm_layer {
    uint32_t in, hidden, padded;
    const float *weights;     ///< [tile][column: bias, x, h][group][gate i f g o][lane]
    float *h, *c;             ///< [padded], the state
    float *h_next;            ///< [padded], takes turns with h
    float *h_start, *c_start; ///< where reset goes back to; constant once built
} bl_lstm_layer;

typedef struct bl_lstm_net {
    bl_net net;
    const bl_kernels *kernels;
    uint32_t layer_count;
    bl_lstm_layer *layers;
    float *frames; ///< [frame][in], the input of a net with several channels; else NULL
    bl_head head;
} bl_lstm_net;

/// Shapes that vector kernels have instances for.
typedef enum bl_lstm_shape {
    BL_LSTM_ANY,
    BL_LSTM_ONE_GROUP,  ///< one layer of one group of cells
    BL_LSTM_TWO_GROUPS, ///< one layer of two
    BL_LSTM_TWO_LAYERS, ///< two layers of one group each
} bl_lstm_shape;

/// `lanes`: cells of a group. Thread: any, RT safe.
static inline bl_lstm_shape bl_lstm_get_shape(const bl_lstm_net *lstm, uint32_t lanes)
{
    const bl_lstm_layer *layers = lstm->layers;
    const uint32_t groups = layers[0].padded / lanes;
    const bool mono =
        lstm->net.in_channels == 1 && lstm->head.out == 1 && lstm->head.weights != NULL;
    if (mono && lstm->layer_count == 1 && groups <= 2) {
        return groups == 1 ? BL_LSTM_ONE_GROUP : BL_LSTM_TWO_GROUPS;
    }
    return mono && lstm->layer_count == 2 && groups == 1 && layers[1].padded == lanes
               ? BL_LSTM_TWO_LAYERS
               : BL_LSTM_ANY;
}

/// The functions of its bl_net. Thread: RT.
void bl_lstm_net_process(bl_net *net, const float *in, float *out, uint32_t frames) BL_NONBLOCKING;
void bl_lstm_net_reset(bl_net *net) BL_NONBLOCKING;

/// The plain C kernel, see bl_kernels. Thread: RT.
void bl_lstm_run_c(bl_lstm_net *lstm, const float *in, float *out, uint32_t frames);

#endif
