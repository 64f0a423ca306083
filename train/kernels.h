// SPDX-License-Identifier: MIT
// The inner loops of training, most of them over planar rows [channel][time]. A linear layer of any
// kind (convolution, conditioning, 1x1, head, bias) is a matrix over "terms": pointers to rows,
// each already shifted to where its tap reads. Compiled once per instruction set.

#ifndef BACKLINE_TRAIN_KERNELS_H
#define BACKLINE_TRAIN_KERNELS_H

#include "model/arch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Frames of one tile; every `frames` below is a multiple of it.
enum { BL_TRAIN_TILE = 256 };

/// Outputs of one register block; packed weights are padded to a multiple of it.
enum { BL_TRAIN_OUT_BLOCK = 4 };

/// Terms of one register block of the weight gradient.
enum { BL_TRAIN_TERM_BLOCK = 3 };

/// Lanes that the weight gradient keeps apart until it is folded.
enum { BL_TRAIN_LANES = 8 };

/// Cells of an LSTM are padded to a multiple of the first, and are at most the second.
enum { BL_TRAIN_CELLS = 8, BL_TRAIN_CELLS_MAX = 1024 };

/// Longest side of a matrix that the optimiser multiplies.
enum { BL_TRAIN_SIDE_MAX = 512 };

/// One LSTM layer over a segment, with all that the way back needs. Frame-major; gate order i f g
/// o.
typedef struct bl_train_lstm_run {
    uint32_t padded;      ///< cells, padding included
    const float *columns; ///< [bias, input, h of each cell][4 padded]
    const float *rows;    ///< [4 padded][padded], of h
    const float *head;    ///< [padded]
    const float *in;      ///< [frames]
    float *gates;         ///< [frames][4 padded]: activated, then their gradients
    float *c, *h;         ///< [1 + frames][padded], the state before the segment first
    float *tanh_c;        ///< [frames][padded]
    size_t frames;
} bl_train_lstm_run;

typedef struct bl_train_kernels {
    const char *name;

    /// out[o][n] = init[o][n] + sum over m of weight(o, m) * terms[m][n]. `init` NULL: 0; it may be
    /// `out` itself. `packed` comes from bl_train_pack: [o / 4][m][4].
    void (*multiply)(uint32_t outs, uint32_t term_count, const float *const *terms,
                     const float *packed, float *const *init, float *const *out, size_t frames);

    /// sums[o][m][lane] += over n of delta[o][n] * terms[m][n], lane = n mod 8. Outs and terms are
    /// padded to their block: sums has that many rows, delta and terms repeat the last pointer.
    void (*correlate)(uint32_t outs, uint32_t term_count, const float *const *delta,
                      const float *const *terms, float *sums, size_t frames);

    /// rows[c][n] = act(rows[c][n]); where `head` is not NULL also head[c][n] += rows[c][n].
    void (*activate)(bl_activation_kind kind, float slope, uint32_t channels, float *const *rows,
                     float *const *head, size_t frames);

    /// delta[c][n] *= act'(.), found from the activated value rows[c][n].
    void (*derive)(bl_activation_kind kind, float slope, uint32_t channels,
                   const float *const *rows, float *const *delta, size_t frames);

    /// Fills gates, c, h, tanh_c; out[n] = head . h.
    void (*lstm_forward)(const bl_train_lstm_run *run, float *out);

    /// The gates become the gradients of their sums, for the output's gradient `delta`.
    void (*lstm_backward)(const bl_train_lstm_run *run, const float *delta);

    /// sums[column][4 padded] += gradients of `columns`.
    void (*lstm_correlate)(const bl_train_lstm_run *run, float *sums);

    /// c[m][n] = a[m][k] b[k][n], or where `turned` a[k][m]^T b[k][n]; k at most BL_TRAIN_SIDE_MAX.
    void (*matrix_multiply)(const float *restrict a, bool turned, const float *restrict b,
                            float *restrict c, uint32_t m, uint32_t k, uint32_t n);

    /// rows[n][n] made orthonormal by modified Gram-Schmidt, twice (Giraud et al. 2005); a row that
    /// vanishes becomes the unit vector of its place, made orthogonal likewise.
    void (*matrix_orthonormalize)(float *rows, uint32_t n);
} bl_train_kernels;

/// The best set this processor runs. Thread: any. Never NULL.
const bl_train_kernels *bl_train_kernels_choose(void);

/// Every set this build holds and this processor runs, ended by NULL, for tests.
const bl_train_kernels *const *bl_train_kernels_list(void);

/// Rounds up to a whole number of blocks.
static inline uint32_t bl_train_round(uint32_t count, uint32_t block)
{
    return (count + block - 1) / block * block;
}

#endif
