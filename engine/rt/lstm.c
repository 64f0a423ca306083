// SPDX-License-Identifier: MIT
// Running LSTM nets, and their plain C kernel with libm, the oracle that the vector kernels are
// tested against. It has one lane.

#include "rt/lstm.h"

#include <math.h>
#include <string.h>

void bl_lstm_net_process(bl_net *net, const float *in, float *out, uint32_t frames)
{
    bl_lstm_net *lstm = (bl_lstm_net *)net;
    const uint32_t channels = net->in_channels;
    if (lstm->frames != NULL) {
        for (uint32_t c = 0; c < channels; c++) {
            for (uint32_t t = 0; t < frames; t++) {
                lstm->frames[t * channels + c] = in[c * BL_NET_STRIDE + t];
            }
        }
        in = lstm->frames;
    }
    lstm->kernels->lstm(lstm, in, out, frames);
}

void bl_lstm_net_reset(bl_net *net)
{
    bl_lstm_net *lstm = (bl_lstm_net *)net;
    for (uint32_t l = 0; l < lstm->layer_count; l++) {
        const bl_lstm_layer *layer = &lstm->layers[l];
        memcpy(layer->h, layer->h_start, layer->padded * sizeof *layer->h);
        memcpy(layer->c, layer->c_start, layer->padded * sizeof *layer->c);
    }
}

static float half_sigmoid(float half)
{
    return 1.0F / (1.0F + expf(-2.0F * half));
}

// Adds `count` columns times values to the gates of one tile; returns what stands behind them.
static const float *add_columns(const float *w, const float *values, uint32_t count, uint32_t rows,
                                float *gates)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t row = 0; row < rows; row++) {
            gates[row] += *w++ * values[i];
        }
    }
    return w;
}

static void layer_step(bl_lstm_layer *layer, const float *x)
{
    const float one = 1.0F, *w = layer->weights;
    for (uint32_t first = 0; first < layer->hidden; first += BL_LSTM_TILE) {
        const uint32_t left = layer->hidden - first;
        const uint32_t cells = left < BL_LSTM_TILE ? left : BL_LSTM_TILE;
        const uint32_t rows = cells * BL_LSTM_GATES;
        float gates[BL_LSTM_TILE * BL_LSTM_GATES] = {0.0F};
        w = add_columns(w, &one, 1, rows, gates);
        w = add_columns(w, x, layer->in, rows, gates);
        w = add_columns(w, layer->h, layer->hidden, rows, gates);
        for (uint32_t cell = 0; cell < cells; cell++) {
            const float *gate = gates + (size_t)cell * BL_LSTM_GATES;
            float *c = &layer->c[first + cell];
            *c = half_sigmoid(gate[1]) * *c + half_sigmoid(gate[0]) * tanhf(gate[2]);
            layer->h_next[first + cell] = half_sigmoid(gate[3]) * tanhf(*c);
        }
    }
    float *h = layer->h;
    layer->h = layer->h_next;
    layer->h_next = h;
}

void bl_lstm_run_c(bl_lstm_net *lstm, const float *in, float *out, uint32_t frames)
{
    for (uint32_t t = 0; t < frames; t++) {
        const float *x = in + (size_t)t * lstm->net.in_channels;
        for (uint32_t l = 0; l < lstm->layer_count; l++) {
            layer_step(&lstm->layers[l], x);
            x = lstm->layers[l].h;
        }
        bl_head_write(&lstm->head, x, out + t);
    }
}
