// SPDX-License-Identifier: MIT
// The activations in double, as their papers and PyTorch define them.

#include "support/net_fixture.h"

#include <math.h>

static double clip(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static double fasttanh(double x)
{
    const double a = fabs(x), s = x * x;
    return x *
           (2.45550750702956 + 2.45550750702956 * a +
            (0.893229853513558 + 0.821226666969744 * a) * s) /
           (2.44506634652299 + (2.44506634652299 + s) * fabs(x + 0.814642734961073 * x * a));
}

static double leaky_hardtanh(double x, const float *p)
{
    const double low = (double)p[0], high = (double)p[1];
    return x < low    ? (x - low) * (double)p[2] + low
           : x > high ? (x - high) * (double)p[3] + high
                      : x;
}

double fixture_activate(const bl_activation *a, uint32_t channel, double x)
{
    switch (a->kind) {
    case BL_ACTIVATION_IDENTITY:
    case BL_ACTIVATION_SOFTMAX:
        return x;
    case BL_ACTIVATION_TANH:
        return tanh(x);
    case BL_ACTIVATION_HARDTANH:
        return clip(x, -1.0, 1.0);
    case BL_ACTIVATION_FASTTANH:
        return fasttanh(x);
    case BL_ACTIVATION_RELU:
        return fmax(x, 0.0);
    case BL_ACTIVATION_LEAKY_RELU:
        return x > 0.0 ? x : x * (double)a->p[0];
    case BL_ACTIVATION_PRELU:
        return x > 0.0
                   ? x
                   : x * (double)a->slopes[channel < a->slope_count ? channel : a->slope_count - 1];
    case BL_ACTIVATION_SIGMOID:
        return sigmoid(x);
    case BL_ACTIVATION_SILU:
        return x * sigmoid(x);
    case BL_ACTIVATION_HARDSWISH:
        return x * clip(x + 3.0, 0.0, 6.0) / 6.0;
    case BL_ACTIVATION_LEAKY_HARDTANH:
        return leaky_hardtanh(x, a->p);
    case BL_ACTIVATION_SOFTSIGN:
        return x / (1.0 + fabs(x));
    case BL_ACTIVATION_ELU:
        return x > 0.0 ? x : expm1(x);
    }
    return x;
}
