// SPDX-License-Identifier: MIT
// Running GRU nets, and their plain C kernel with libm, the oracle that the vector kernels are
// tested against. It has one lane.

#include "rt/gru.h"

#include <math.h>
#include <string.h>

void bl_gru_net_process(bl_net *net, const float *in, float *out, uint32_t frames)
{
    bl_gru_net *gru = (bl_gru_net *)net;
    const uint32_t channels = net->in_channels;
    if (gru->frames != NULL) {
        for (uint32_t c = 0; c < channels; c++) {
            for (uint32_t t = 0; t < frames; t++) {
                gru->frames[t * channels + c] = in[c * BL_NET_STRIDE + t];
            }
        }
        in = gru->frames;
    }
    gru->kernels->gru(gru, in, out, frames);
}

void bl_gru_net_reset(bl_net *net)
{
    bl_gru_net *gru = (bl_gru_net *)net;
    memcpy(gru->h, gru->h_start, gru->padded * sizeof *gru->h);
}

static float half_sigmoid(float half)
{
    return 1.0F / (1.0F + expf(-2.0F * half));
}

// Adds columns times values to z, r and sum `part` of every cell; returns what stands behind them.
static const float *add_columns(const float *w, const float *values, uint32_t count, uint32_t cells,
                                uint32_t part, float sums[BL_GRU_TILE][BL_GRU_SUMS])
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t cell = 0; cell < cells; cell++, w += BL_GRU_ROWS) {
            sums[cell][0] += w[0] * values[i];
            sums[cell][1] += w[1] * values[i];
            sums[cell][part] += w[2] * values[i];
        }
    }
    return w;
}

static void step(bl_gru_net *gru, const float *x)
{
    const float *w = gru->weights;
    for (uint32_t first = 0; first < gru->hidden; first += BL_GRU_TILE) {
        const uint32_t left = gru->hidden - first;
        const uint32_t cells = left < BL_GRU_TILE ? left : BL_GRU_TILE;
        float sums[BL_GRU_TILE][BL_GRU_SUMS];
        memcpy(sums, w, cells * sizeof sums[0]);
        w = add_columns(w + (size_t)cells * BL_GRU_SUMS, x, gru->net.in_channels, cells, 2, sums);
        w = add_columns(w, gru->h, gru->hidden, cells, 3, sums);
        for (uint32_t cell = 0; cell < cells; cell++) {
            const float *sum = sums[cell];
            const float keep = half_sigmoid(sum[0]), reset = half_sigmoid(sum[1]);
            const float candidate = tanhf(sum[2] + reset * sum[3]);
            gru->h_next[first + cell] = keep * gru->h[first + cell] + (1.0F - keep) * candidate;
        }
    }
    float *h = gru->h;
    gru->h = gru->h_next;
    gru->h_next = h;
}

void bl_gru_run_c(bl_gru_net *gru, const float *in, float *out, uint32_t frames)
{
    for (uint32_t t = 0; t < frames; t++) {
        step(gru, in + (size_t)t * gru->net.in_channels);
        bl_head_write(&gru->head, gru->h, out + t);
    }
}
