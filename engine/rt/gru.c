// SPDX-License-Identifier: MIT
// GRU in plain C with libm, the oracle that the vector kernels are tested against. One lane.

#include "rt/gru.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static float sigmoid(float x)
{
    return 1.0F / (1.0F + expf(-x));
}

// sum = bias column + columns times values; returns what stands behind the columns.
static const float *accumulate(const float *w, const float *values, uint32_t count,
                               float sum[BL_GRU_GATES])
{
    memcpy(sum, w, BL_GRU_GATES * sizeof *sum);
    for (uint32_t i = 0; i < count; i++) {
        w += BL_GRU_GATES;
        for (int g = 0; g < BL_GRU_GATES; g++) {
            sum[g] += w[g] * values[i];
        }
    }
    return w + BL_GRU_GATES;
}

void bl_gru_net_process(bl_net *net, const float *in, float *out, uint32_t frames)
{
    bl_gru_net *gru = (bl_gru_net *)net;
    for (uint32_t t = 0; t < frames; t++) {
        for (uint32_t i = 0; i < net->in_channels; i++) {
            gru->frame[i] = in[(size_t)i * BL_NET_STRIDE + t];
        }
        const float *w = gru->input_weights, *u = gru->state_weights;
        for (uint32_t cell = 0; cell < gru->hidden; cell++) {
            float x[BL_GRU_GATES], h[BL_GRU_GATES];
            w = accumulate(w, gru->frame, net->in_channels, x);
            u = accumulate(u, gru->h, gru->hidden, h);
            const float keep = sigmoid(x[0] + h[0]), reset = sigmoid(x[1] + h[1]);
            const float candidate = tanhf(x[2] + reset * h[2]);
            gru->next[cell] = keep * gru->h[cell] + (1.0F - keep) * candidate;
            out[(size_t)cell * BL_NET_STRIDE + t] = gru->next[cell];
        }
        memcpy(gru->h, gru->next, gru->padded * sizeof *gru->h);
    }
}

void bl_gru_net_reset(bl_net *net)
{
    bl_gru_net *gru = (bl_gru_net *)net;
    memcpy(gru->h, gru->h_start, gru->padded * sizeof *gru->h);
}
