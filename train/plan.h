// SPDX-License-Identifier: MIT
// The plan behind bl_train_net: rows of samples and linear steps between them.

#ifndef BACKLINE_TRAIN_PLAN_H
#define BACKLINE_TRAIN_PLAN_H

#include "train/net.h"

#include <stdbool.h>

/// Rows that belong together: the channels of one signal, by place in the lane's row table.
typedef struct bl_train_rows {
    uint32_t first, count;
} bl_train_rows;

/// One term of a linear step: a row read `shift` frames ago.
typedef struct bl_train_term {
    uint32_t row, shift;
} bl_train_term;

/// out = W terms. `index[o * terms + m]` is the parameter behind a weight. The transposed step
/// has the same form: its terms are gradient rows read `shift` frames ahead.
typedef struct bl_train_linear {
    uint32_t outs, terms;
    bl_train_term *term;
    uint32_t *index;
    float *packed;      ///< [outs / 4][terms][4]
    size_t sums_offset; ///< of this step's [outs padded][terms padded][8] in a lane's sums
} bl_train_linear;

typedef struct bl_train_layer {
    bl_train_rows in, activated, out; ///< out.count = 0: nobody reads the residual any more
    bl_train_linear conv, conv_back;  ///< conv_back.outs = 0: the input needs no gradient
    bl_train_linear mix, mix_back;    ///< layer1x1; outs = 0: identity or absent
    bl_activation_kind kind;
    float slope;
    bool identity;         ///< the residual adds the activated signal itself
    uint32_t residual_lag; ///< frames by which the residual is delayed (centred nets)
} bl_train_layer;

typedef struct bl_train_array {
    bl_train_rows in, stream, skip, head_out; ///< skip.count = 0: the head reads the residual
    bl_train_linear rechannel, rechannel_back, head, head_back;
    uint32_t layer_count;
    bl_train_layer *layers;
} bl_train_array;

struct bl_train_net {
    const bl_train_kernels *kernels;
    size_t parameter_count;
    uint32_t row_count;
    uint32_t *reach; ///< of each row: the longest lag at which anything reads it
    bl_train_rows input, ones;
    uint32_t array_count;
    bl_train_array *arrays;
    float head_scale;
    size_t sums_size; ///< floats of a lane's sums
    uint32_t max_terms, max_outs;
    uint32_t delay_frames, memory_frames;
};

/// Calls `visit` with every linear step of the net that exists, forward and transposed.
void bl_train_net_each_linear(const bl_train_net *net,
                              void (*visit)(const bl_train_linear *linear, bool transposed,
                                            void *data),
                              void *data);

#endif
