// SPDX-License-Identifier: MIT
// Activations and batch normalisation over planar channels, plain C with libm.

#include "rt/pointwise.h"

#include <math.h>
#include <stddef.h>

// The rational approximation that Fasttanh means in model files. It overshoots 1 for large |x|,
// and so must we.
static float fast_tanh(float x)
{
    const float a = fabsf(x), square = x * x;
    const float top = x * (2.45550750702956F + 2.45550750702956F * a +
                           (0.893229853513558F + 0.821226666969744F * a) * square);
    const float bottom =
        2.44506634652299F + (2.44506634652299F + square) * fabsf(x + 0.814642734961073F * x * a);
    return top / bottom;
}

static float leaky_hardtanh(const float *p, float x)
{
    if (x < p[0]) {
        return (x - p[0]) * p[2] + p[0];
    }
    return x > p[1] ? (x - p[1]) * p[3] + p[1] : x;
}

static float activate(const bl_activation *activation, float slope, float x)
{
    switch (activation->kind) {
    case BL_ACTIVATION_IDENTITY:
    case BL_ACTIVATION_SOFTMAX: // over channels, not here
        return x;
    case BL_ACTIVATION_TANH:
        return tanhf(x);
    case BL_ACTIVATION_HARDTANH:
        return fminf(fmaxf(x, -1.0F), 1.0F);
    case BL_ACTIVATION_FASTTANH:
        return fast_tanh(x);
    case BL_ACTIVATION_RELU:
        return x > 0.0F ? x : 0.0F;
    case BL_ACTIVATION_LEAKY_RELU:
    case BL_ACTIVATION_PRELU:
        return x > 0.0F ? x : slope * x;
    case BL_ACTIVATION_SIGMOID:
        return 1.0F / (1.0F + expf(-x));
    case BL_ACTIVATION_SILU:
        return x / (1.0F + expf(-x));
    case BL_ACTIVATION_HARDSWISH:
        return x * fminf(fmaxf(x + 3.0F, 0.0F), 6.0F) * (1.0F / 6.0F);
    case BL_ACTIVATION_LEAKY_HARDTANH:
        return leaky_hardtanh(activation->p, x);
    case BL_ACTIVATION_SOFTSIGN:
        return x / (1.0F + fabsf(x));
    case BL_ACTIVATION_ELU:
        return x > 0.0F ? x : expm1f(x);
    }
    return x;
}

static float slope_of(const bl_activation *activation, uint32_t channel)
{
    if (activation->kind != BL_ACTIVATION_PRELU) {
        return activation->p[0];
    }
    const uint32_t last = activation->slope_count - 1;
    return activation->slopes[channel < last ? channel : last];
}

// Softmax over channels, after subtracting the largest so that exp cannot overflow.
static void softmax(const float *in, float *out, uint32_t channels, uint32_t frames)
{
    for (uint32_t t = 0; t < frames; t++) {
        float peak = in[t], sum = 0.0F;
        for (uint32_t c = 1; c < channels; c++) {
            peak = fmaxf(peak, in[c * BL_NET_STRIDE + t]);
        }
        for (uint32_t c = 0; c < channels; c++) {
            const float value = expf(in[c * BL_NET_STRIDE + t] - peak);
            out[c * BL_NET_STRIDE + t] = value;
            sum += value;
        }
        for (uint32_t c = 0; c < channels; c++) {
            out[c * BL_NET_STRIDE + t] /= sum;
        }
    }
}

void bl_activation_net_process(bl_net *net, const float *in, float *out, uint32_t frames)
{
    const bl_activation *activation = &((bl_activation_net *)net)->activation;
    if (activation->kind == BL_ACTIVATION_SOFTMAX) {
        softmax(in, out, net->out_channels, frames);
        return;
    }
    for (uint32_t c = 0; c < net->out_channels; c++) {
        const float slope = slope_of(activation, c);
        for (uint32_t t = 0; t < frames; t++) {
            out[c * BL_NET_STRIDE + t] = activate(activation, slope, in[c * BL_NET_STRIDE + t]);
        }
    }
}

void bl_affine_net_process(bl_net *net, const float *in, float *out, uint32_t frames)
{
    const bl_affine_net *affine = (const bl_affine_net *)net;
    for (uint32_t c = 0; c < net->out_channels; c++) {
        for (uint32_t t = 0; t < frames; t++) {
            out[c * BL_NET_STRIDE + t] =
                in[c * BL_NET_STRIDE + t] * affine->scale[c] + affine->shift[c];
        }
    }
}

void bl_pointwise_reset(bl_net *net)
{
    (void)net;
}
