// SPDX-License-Identifier: MIT
// Gated recurrent unit with the reset gate after the product (Cho et al. 2014, as in cuDNN, Keras
// `reset_after` and PyTorch): z, r = sigmoid(W x + U h + b), candidate = tanh(Wx x + bx +
// r (Uh h + bh)), h = z h + (1 - z) candidate.

#ifndef BACKLINE_RT_GRU_H
#define BACKLINE_RT_GRU_H

#include "rt/net.h"

enum { BL_GRU_GATES = 3 };

/// Cells are padded to whole groups of `lanes`; padding cells have zero weights and state.
typedef struct bl_gru_net {
    bl_net net;
    uint32_t hidden, padded;
    const float *input_weights; ///< [group][column: bias, x][gate z r candidate][lane]
    const float *state_weights; ///< [group][column: bias, h][gate z r candidate][lane]
    float *h;                   ///< [padded], the state
    float *next;                ///< [padded], scratch
    float *h_start;             ///< where reset goes back to; constant once built
    float *frame;               ///< [in], one input frame
} bl_gru_net;

/// The functions of its bl_net. Thread: RT.
void bl_gru_net_process(bl_net *net, const float *in, float *out, uint32_t frames) BL_NONBLOCKING;
void bl_gru_net_reset(bl_net *net) BL_NONBLOCKING;

#endif
