// SPDX-License-Identifier: MIT
// Gated recurrent unit with the reset gate after the product (Cho et al. 2014, as in cuDNN, Keras
// `reset_after` and PyTorch): z, r = sigmoid(W x + U h + b), candidate = tanh(Wc x + bc +
// r (Uc h + dc)), h = z h + (1 - z) candidate. Rows of z and r are stored halved, see rt/lstm.h.

#ifndef BACKLINE_RT_GRU_H
#define BACKLINE_RT_GRU_H

#include "rt/head.h"
#include "rt/kernels.h"
#include "rt/net.h"

/// Sums of a cell: z, r, the candidate's part from the input, and from the state.
enum { BL_GRU_SUMS = 4 };

/// Rows of a column: z, r, and one part of the candidate.
enum { BL_GRU_ROWS = 3 };

/// Groups of cells that a kernel computes together; the last tile may have one.
enum { BL_GRU_TILE = 2 };

/// Cells are padded to whole groups of `lanes`; padding has zero weights and state.
typedef struct bl_gru_net {
    bl_net net;
    const bl_kernels *kernels;
    uint32_t hidden, padded;
    /// [tile] of: bias [group][sum][lane], then columns of x and of h [group][row][lane].
    const float *weights;
    float *h, *h_next; ///< [padded], the state; they take turns
    float *h_start;    ///< where reset goes back to; constant once built
    float *frames;     ///< [frame][in], the input of a net with several channels; else NULL
    bl_head head;
} bl_gru_net;

/// The functions of its bl_net. Thread: RT.
void bl_gru_net_process(bl_net *net, const float *in, float *out, uint32_t frames) BL_NONBLOCKING;
void bl_gru_net_reset(bl_net *net) BL_NONBLOCKING;

/// The plain C kernel, see bl_kernels. Thread: RT.
void bl_gru_run_c(bl_gru_net *gru, const float *in, float *out, uint32_t frames);

#endif
