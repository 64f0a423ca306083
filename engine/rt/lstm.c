// SPDX-License-Identifier: MIT
// LSTM in plain C with libm, the oracle that the vector kernels are tested against. One lane.

#include "rt/lstm.h"

#include <math.h>
#include <string.h>

static float sigmoid(float x)
{
    return 1.0F / (1.0F + expf(-x));
}

static void layer_step(const bl_lstm_layer *layer, const float *x)
{
    const float *w = layer->weights;
    for (uint32_t cell = 0; cell < layer->hidden; cell++) {
        float *gate = layer->gates + (size_t)cell * BL_LSTM_GATES;
        memcpy(gate, w, BL_LSTM_GATES * sizeof *w);
        w += BL_LSTM_GATES;
        for (uint32_t i = 0; i < layer->in; i++, w += BL_LSTM_GATES) {
            for (int g = 0; g < BL_LSTM_GATES; g++) {
                gate[g] += w[g] * x[i];
            }
        }
        for (uint32_t i = 0; i < layer->hidden; i++, w += BL_LSTM_GATES) {
            for (int g = 0; g < BL_LSTM_GATES; g++) {
                gate[g] += w[g] * layer->h[i];
            }
        }
    }
    for (uint32_t cell = 0; cell < layer->hidden; cell++) {
        const float *gate = layer->gates + (size_t)cell * BL_LSTM_GATES;
        layer->c[cell] = sigmoid(gate[1]) * layer->c[cell] + sigmoid(gate[0]) * tanhf(gate[2]);
        layer->h[cell] = sigmoid(gate[3]) * tanhf(layer->c[cell]);
    }
}

static void write_frame(const bl_lstm_net *lstm, float *out)
{
    const bl_lstm_layer *last = &lstm->layers[lstm->layer_count - 1];
    for (uint32_t o = 0; o < lstm->net.out_channels; o++) {
        float sum = lstm->head != NULL ? lstm->head_bias[o] : last->h[o];
        for (uint32_t i = 0; lstm->head != NULL && i < last->hidden; i++) {
            sum += lstm->head[(size_t)o * last->padded + i] * last->h[i];
        }
        out[(size_t)o * BL_NET_STRIDE] = sum;
    }
}

void bl_lstm_net_process(bl_net *net, const float *in, float *out, uint32_t frames)
{
    bl_lstm_net *lstm = (bl_lstm_net *)net;
    for (uint32_t t = 0; t < frames; t++) {
        const float *x = lstm->frame;
        for (uint32_t i = 0; i < net->in_channels; i++) {
            lstm->frame[i] = in[(size_t)i * BL_NET_STRIDE + t];
        }
        for (uint32_t l = 0; l < lstm->layer_count; l++) {
            layer_step(&lstm->layers[l], x);
            x = lstm->layers[l].h;
        }
        write_frame(lstm, out + t);
    }
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
