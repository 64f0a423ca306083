// SPDX-License-Identifier: MIT
// Weights are packed as columns (what one input adds to all gates) for the way forward, and as rows
// for the way back; cells are padded with zeros to whole vectors and never leave zero.

#include "train/lstm.h"

#include <stdlib.h>
#include <string.h>

enum { MEMORY_FRAMES = 4096 };

struct bl_train_lstm {
    const bl_train_kernels *kernels;
    uint32_t cells, padded;
    size_t w, b, head, head_bias; ///< places of the tensors among the parameters
    bool skip;
    float bias;                           ///< of the head
    float *columns, *rows, *head_weights; ///< see bl_train_lstm_run
};

struct bl_train_lstm_bench {
    const bl_train_lstm *lstm;
    bl_train_lstm_run run;
    float *memory, *in, *out, *sums;
};

static size_t columns_size(const bl_train_lstm *lstm)
{
    return (2 + (size_t)lstm->padded) * 4 * lstm->padded;
}

bl_status bl_train_lstm_create(const bl_sequence *shape, const float *base,
                               const bl_train_kernels *kernels, bl_train_lstm **lstm,
                               bl_error *error)
{
    const bl_sequence_stage *cell = &shape->stages[0], *head = &shape->stages[1];
    if (shape->stage_count != 2 || cell->kind != BL_SEQUENCE_LSTM || cell->in != 1 ||
        head->kind != BL_SEQUENCE_MATRIX || head->out != 1 || shape->in_gain != 1.0f ||
        shape->out_gain != 1.0f || cell->out > BL_TRAIN_CELLS_MAX) {
        return bl_error_set(error, BL_STATUS_UNSUPPORTED,
                            "only one LSTM layer of at most %d cells with a dense head can be "
                            "trained",
                            BL_TRAIN_CELLS_MAX);
    }
    bl_train_lstm *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to plan the training");
    }
    made->kernels = kernels != NULL ? kernels : bl_train_kernels_choose();
    made->cells = cell->out;
    made->padded = bl_train_round(cell->out, BL_TRAIN_CELLS);
    made->w = (size_t)(cell->w - base);
    made->b = (size_t)(cell->b - base);
    made->head = (size_t)(head->matrix.w - base);
    made->head_bias = (size_t)(head->matrix.b - base);
    made->skip = shape->skip;
    made->columns = calloc(columns_size(made), sizeof *made->columns);
    made->rows = calloc((size_t)4 * made->padded * made->padded, sizeof *made->rows);
    made->head_weights = calloc(made->padded, sizeof *made->head_weights);
    if (made->columns == NULL || made->rows == NULL || made->head_weights == NULL) {
        bl_train_lstm_destroy(made);
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to plan the training");
    }
    *lstm = made;
    return BL_STATUS_OK;
}

void bl_train_lstm_destroy(bl_train_lstm *lstm)
{
    if (lstm != NULL) {
        free(lstm->columns);
        free(lstm->rows);
        free(lstm->head_weights);
        free(lstm);
    }
}

void bl_train_lstm_pack(bl_train_lstm *lstm, const float *parameters)
{
    const size_t cells = lstm->cells, padded = lstm->padded, row = 4 * padded;
    for (size_t gate = 0; gate < 4; gate++) {
        for (size_t cell = 0; cell < cells; cell++) {
            const size_t from = gate * cells + cell, to = gate * padded + cell;
            const float *w = parameters + lstm->w + from * (1 + cells);
            lstm->columns[to] = parameters[lstm->b + from];
            for (size_t j = 0; j < 1 + cells; j++) {
                lstm->columns[(1 + j) * row + to] = w[j];
            }
            memcpy(lstm->rows + to * padded, w + 1, cells * sizeof *w);
        }
    }
    memcpy(lstm->head_weights, parameters + lstm->head, cells * sizeof *parameters);
    lstm->bias = parameters[lstm->head_bias];
}

size_t bl_train_lstm_past_size(const bl_train_lstm *lstm)
{
    return 2 * (size_t)lstm->padded;
}

uint32_t bl_train_lstm_memory_frames(const bl_train_lstm *lstm)
{
    (void)lstm;
    return MEMORY_FRAMES;
}

bl_train_lstm_bench *bl_train_lstm_bench_create(const bl_train_lstm *lstm, size_t frames)
{
    bl_train_lstm_bench *bench = calloc(1, sizeof *bench);
    const size_t padded = lstm->padded;
    if (bench == NULL) {
        return NULL;
    }
    // Per frame: gates, c, h, tanh(c), in, out; c and h have one frame more.
    bench->memory =
        calloc(frames * (7 * padded + 2) + 2 * padded + columns_size(lstm), sizeof *bench->memory);
    if (bench->memory == NULL) {
        free(bench);
        return NULL;
    }
    float *next = bench->memory;
    bench->lstm = lstm;
    bench->run = (bl_train_lstm_run){.padded = lstm->padded,
                                     .columns = lstm->columns,
                                     .rows = lstm->rows,
                                     .head = lstm->head_weights,
                                     .frames = frames};
    bench->sums = next;
    bench->run.gates = next += columns_size(lstm);
    bench->run.c = next += 4 * padded * frames;
    bench->run.h = next += padded * (frames + 1);
    bench->run.tanh_c = next += padded * (frames + 1);
    bench->in = next += padded * frames;
    bench->out = next + frames;
    bench->run.in = bench->in;
    return bench;
}

void bl_train_lstm_bench_destroy(bl_train_lstm_bench *bench)
{
    if (bench != NULL) {
        free(bench->memory);
        free(bench);
    }
}

const float *bl_train_lstm_bench_forward(bl_train_lstm_bench *bench, float *past, const float *in)
{
    const bl_train_lstm *lstm = bench->lstm;
    const bl_train_lstm_run *run = &bench->run;
    const size_t padded = lstm->padded, frames = run->frames;
    memcpy(run->h, past, padded * sizeof *past);
    memcpy(run->c, past + padded, padded * sizeof *past);
    memcpy(bench->in, in, frames * sizeof *in);
    lstm->kernels->lstm_forward(run, bench->out);
    for (size_t t = 0; t < frames; t++) {
        bench->out[t] += lstm->bias + (lstm->skip ? in[t] : 0.0f);
    }
    memcpy(past, run->h + padded * frames, padded * sizeof *past);
    memcpy(past + padded, run->c + padded * frames, padded * sizeof *past);
    return bench->out;
}

void bl_train_lstm_bench_backward(bl_train_lstm_bench *bench, const float *delta, float *gradient)
{
    const bl_train_lstm *lstm = bench->lstm;
    const bl_train_lstm_run *run = &bench->run;
    const size_t cells = lstm->cells, padded = lstm->padded, row = 4 * padded;
    float *head = gradient + lstm->head;
    for (size_t t = 0; t < run->frames; t++) {
        const float *h = run->h + padded * (t + 1);
        for (size_t cell = 0; cell < cells; cell++) {
            head[cell] += delta[t] * h[cell];
        }
        gradient[lstm->head_bias] += delta[t];
    }
    lstm->kernels->lstm_backward(run, delta);
    memset(bench->sums, 0, columns_size(lstm) * sizeof *bench->sums);
    lstm->kernels->lstm_correlate(run, bench->sums);
    for (size_t gate = 0; gate < 4; gate++) {
        for (size_t cell = 0; cell < cells; cell++) {
            const size_t to = gate * cells + cell, from = gate * padded + cell;
            gradient[lstm->b + to] += bench->sums[from];
            for (size_t j = 0; j < 1 + cells; j++) {
                gradient[lstm->w + to * (1 + cells) + j] += bench->sums[(1 + j) * row + from];
            }
        }
    }
}
