// SPDX-License-Identifier: MIT
// Long short-term memory (Hochreiter and Schmidhuber 1997, with forget gate, no peepholes):
//   c = sigmoid(f) c + sigmoid(i) tanh(g), h = sigmoid(o) tanh(c), gates = W [x, h] + b.
// Consecutive layers and a dense head that reads the last one run as one net.

#ifndef BACKLINE_RT_LSTM_H
#define BACKLINE_RT_LSTM_H

#include "rt/net.h"

enum { BL_LSTM_GATES = 4 };

/// Cells are padded to whole groups of `lanes`; padding cells have zero weights and state.
typedef struct bl_lstm_layer {
    uint32_t in, hidden, padded;
    const float *weights;     ///< [group][column: bias, x, h][gate i f g o][lane]
    float *h, *c;             ///< [padded], the state
    float *h_start, *c_start; ///< where reset goes back to; constant once built
    float *gates;             ///< [4 padded], scratch
} bl_lstm_layer;

typedef struct bl_lstm_net {
    bl_net net;
    uint32_t layer_count;
    bl_lstm_layer *layers;
    float *frame;      ///< [in], one input frame
    const float *head; ///< [out][padded of the last layer]; NULL: the output is h
    const float *head_bias;
} bl_lstm_net;

/// The functions of its bl_net. Thread: RT.
void bl_lstm_net_process(bl_net *net, const float *in, float *out, uint32_t frames) BL_NONBLOCKING;
void bl_lstm_net_reset(bl_net *net) BL_NONBLOCKING;

#endif
