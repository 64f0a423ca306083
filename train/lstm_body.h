// SPDX-License-Identifier: MIT
// The three inner loops of one LSTM layer, part of kernels_body.c. Time is a chain, so vectors run
// over the gates of all cells; sums are split in two or four where the chain of additions would
// otherwise be what the processor waits for.

#ifndef BACKLINE_TRAIN_LSTM_BODY_H
#define BACKLINE_TRAIN_LSTM_BODY_H

#include "rt/kernels/exact.h"
#include "train/kernels.h"

#include <string.h>

enum { BLOCK = 4 }; ///< vectors of gates worked on together; BL_TRAIN_CELLS makes it fit

// gates[at..] = columns of bias and input, plus those of h.
VEC_INLINE void lstm_gates(const bl_train_lstm_run *run, const float *h, float x, float *gates)
{
    const size_t row = 4 * (size_t)run->padded;
    for (size_t at = 0; at < row; at += BLOCK * VEC_LANES) {
        const float *column = run->columns + at;
        vec even[BLOCK], odd[BLOCK];
        for (int b = 0; b < BLOCK; b++) {
            even[b] = vec_load(column + b * VEC_LANES);
            odd[b] = vec_set(x) * vec_load(column + row + b * VEC_LANES);
        }
        column += 2 * row;
        for (uint32_t j = 0; j < run->padded; j += 2, column += 2 * row) {
            const vec first = vec_set(h[j]), second = vec_set(h[j + 1]);
            for (int b = 0; b < BLOCK; b++) {
                even[b] = vec_fma(first, vec_load(column + b * VEC_LANES), even[b]);
                odd[b] = vec_fma(second, vec_load(column + row + b * VEC_LANES), odd[b]);
            }
        }
        for (int b = 0; b < BLOCK; b++) {
            vec_store(gates + at + b * VEC_LANES, even[b] + odd[b]);
        }
    }
}

static void lstm_forward(const bl_train_lstm_run *run, float *out)
{
    const size_t p = run->padded;
    for (size_t t = 0; t < run->frames; t++) {
        float *gates = run->gates + 4 * p * t, *next_h = run->h + p * (t + 1);
        const float *c = run->c + p * t;
        float *next_c = run->c + p * (t + 1), *tanh_c = run->tanh_c + p * t;
        lstm_gates(run, run->h + p * t, run->in[t], gates);
        vec sum = vec_set(0.0f);
        for (size_t k = 0; k < p; k += VEC_LANES) {
            const vec i = vec_sigmoid(vec_load(gates + k));
            const vec f = vec_sigmoid(vec_load(gates + p + k));
            const vec g = vec_tanh(vec_load(gates + 2 * p + k));
            const vec o = vec_sigmoid(vec_load(gates + 3 * p + k));
            const vec cell = vec_fma(f, vec_load(c + k), i * g), bent = vec_tanh(cell);
            vec_store(gates + k, i);
            vec_store(gates + p + k, f);
            vec_store(gates + 2 * p + k, g);
            vec_store(gates + 3 * p + k, o);
            vec_store(next_c + k, cell);
            vec_store(tanh_c + k, bent);
            vec_store(next_h + k, o * bent);
            sum = vec_fma(o * bent, vec_load(run->head + k), sum);
        }
        out[t] = vec_sum(sum);
    }
}

// dh[k..] = gates' gradients of the frame after, through the recurrent weights.
VEC_INLINE void lstm_return(const bl_train_lstm_run *run, const float *delta, float *dh)
{
    const size_t p = run->padded, row = 4 * p;
    for (size_t k = 0; k < p; k += VEC_LANES) {
        vec sum[BLOCK];
        for (int b = 0; b < BLOCK; b++) {
            sum[b] = vec_set(0.0f);
        }
        for (size_t g = 0; g < row; g += BLOCK) {
            for (size_t b = 0; b < BLOCK; b++) {
                sum[b] =
                    vec_fma(vec_set(delta[g + b]), vec_load(run->rows + (g + b) * p + k), sum[b]);
            }
        }
        vec_store(dh + k, (sum[0] + sum[1]) + (sum[2] + sum[3]));
    }
}

static void lstm_backward(const bl_train_lstm_run *run, const float *delta)
{
    const size_t p = run->padded;
    const vec one = vec_set(1.0f);
    float dh[BL_TRAIN_CELLS_MAX], dc[BL_TRAIN_CELLS_MAX];
    memset(dh, 0, p * sizeof *dh);
    memset(dc, 0, p * sizeof *dc);
    for (size_t t = run->frames; t-- > 0;) {
        float *gates = run->gates + 4 * p * t;
        const float *c = run->c + p * t, *tanh_c = run->tanh_c + p * t;
        for (size_t k = 0; k < p; k += VEC_LANES) {
            const vec i = vec_load(gates + k), f = vec_load(gates + p + k);
            const vec g = vec_load(gates + 2 * p + k), o = vec_load(gates + 3 * p + k);
            const vec bent = vec_load(tanh_c + k);
            const vec from_h =
                vec_fma(vec_set(delta[t]), vec_load(run->head + k), vec_load(dh + k));
            const vec cell = vec_fma(from_h * o, one - bent * bent, vec_load(dc + k));
            vec_store(gates + k, cell * g * i * (one - i));
            vec_store(gates + p + k, cell * vec_load(c + k) * f * (one - f));
            vec_store(gates + 2 * p + k, cell * i * (one - g * g));
            vec_store(gates + 3 * p + k, from_h * bent * o * (one - o));
            vec_store(dc + k, cell * f);
        }
        lstm_return(run, gates, dh);
    }
}

// sums[column][gate] += over the frames of the gate's gradient times what the column multiplies.
static void lstm_correlate(const bl_train_lstm_run *run, float *sums)
{
    const size_t p = run->padded, row = 4 * p;
    for (size_t at = 0; at < row; at += BLOCK * VEC_LANES) {
        for (size_t j = 0; j < 2 + p; j += 2) {
            vec first[BLOCK], second[BLOCK];
            for (int b = 0; b < BLOCK; b++) {
                first[b] = vec_load(sums + j * row + at + (size_t)b * VEC_LANES);
                second[b] = vec_load(sums + (j + 1) * row + at + (size_t)b * VEC_LANES);
            }
            for (size_t t = 0; t < run->frames; t++) {
                const float *h = run->h + p * t, *gates = run->gates + row * t + at;
                const vec u = vec_set(j == 0 ? 1.0f : h[j - 2]);
                const vec v = vec_set(j == 0 ? run->in[t] : h[j - 1]);
                for (int b = 0; b < BLOCK; b++) {
                    const vec d = vec_load(gates + b * VEC_LANES);
                    first[b] = vec_fma(d, u, first[b]);
                    second[b] = vec_fma(d, v, second[b]);
                }
            }
            for (int b = 0; b < BLOCK; b++) {
                vec_store(sums + j * row + at + (size_t)b * VEC_LANES, first[b]);
                vec_store(sums + (j + 1) * row + at + (size_t)b * VEC_LANES, second[b]);
            }
        }
    }
}

#endif
