// SPDX-License-Identifier: MIT
// Plain C kernels: one loop per formula, libm, no tricks. The reference that every vector variant
// is tested against, and what serves a processor that none of them fits. Thread: RT.

#include "rt/kernels.h"

#include "rt/gru.h"
#include "rt/lstm.h"
#include "rt/net.h"

#include <math.h>

static float clip(float x, float low, float high)
{
    // Written so that NaN stays NaN.
    return x < low ? low : x > high ? high : x;
}

static float sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

static float fasttanh(float x)
{
    const float a = fabsf(x), square = x * x;
    return x *
           (2.45550750702956f + 2.45550750702956f * a +
            (0.893229853513558f + 0.821226666969744f * a) * square) /
           (2.44506634652299f +
            (2.44506634652299f + square) * fabsf(x + 0.814642734961073f * x * a));
}

static float leaky_hardtanh(float x, const float p[4])
{
    return x < p[0] ? (x - p[0]) * p[2] + p[0] : x > p[1] ? (x - p[1]) * p[3] + p[1] : x;
}

static float prelu(float x, const bl_activation *activation, uint32_t channel)
{
    const uint32_t last = activation->slope_count - 1;
    return x > 0.0f ? x : x * activation->slopes[channel < last ? channel : last];
}

static float activate_one(const bl_activation *activation, uint32_t channel, float x)
{
    switch (activation->kind) {
    case BL_ACTIVATION_IDENTITY:
    case BL_ACTIVATION_SOFTMAX:
        return x;
    case BL_ACTIVATION_TANH:
        return tanhf(x);
    case BL_ACTIVATION_HARDTANH:
        return clip(x, -1.0f, 1.0f);
    case BL_ACTIVATION_FASTTANH:
        return fasttanh(x);
    case BL_ACTIVATION_RELU:
        return x < 0.0f ? 0.0f : x;
    case BL_ACTIVATION_LEAKY_RELU:
        return x > 0.0f ? x : x * activation->p[0];
    case BL_ACTIVATION_PRELU:
        return prelu(x, activation, channel);
    case BL_ACTIVATION_SIGMOID:
        return sigmoid(x);
    case BL_ACTIVATION_SILU:
        return x * sigmoid(x);
    case BL_ACTIVATION_HARDSWISH:
        return x * clip(x + 3.0f, 0.0f, 6.0f) / 6.0f;
    case BL_ACTIVATION_LEAKY_HARDTANH:
        return leaky_hardtanh(x, activation->p);
    case BL_ACTIVATION_SOFTSIGN:
        return x / (1.0f + fabsf(x));
    case BL_ACTIVATION_ELU:
        return x > 0.0f ? x : expm1f(x);
    }
    return x;
}

// exp(x - max) / sum over the channels of one frame.
static void softmax(bl_span x)
{
    for (uint32_t t = 0; t < x.frames; t++) {
        float largest = x.at[t], sum = 0.0f;
        for (uint32_t row = 1; row < x.rows; row++) {
            largest = fmaxf(largest, x.at[row * x.stride + t]);
        }
        for (uint32_t row = 0; row < x.rows; row++) {
            float *at = &x.at[row * x.stride + t];
            *at = expf(*at - largest);
            sum += *at;
        }
        for (uint32_t row = 0; row < x.rows; row++) {
            x.at[row * x.stride + t] /= sum;
        }
    }
}

static void activate(const bl_activation *activation, bl_span x)
{
    if (activation->kind == BL_ACTIVATION_SOFTMAX) {
        softmax(x);
        return;
    }
    for (uint32_t row = 0; row < x.rows; row++) {
        float *at = x.at + row * x.stride;
        for (uint32_t t = 0; t < x.frames; t++) {
            at[t] = activate_one(activation, row, at[t]);
        }
    }
}

static void activate_add(const bl_activation *activation, bl_span x, bl_rows from, bl_rows to)
{
    activate(activation, x);
    for (uint32_t row = 0; row < x.rows; row++) {
        const float *y = x.at + row * x.stride, *add = from.at + row * from.stride;
        float *sum = to.at + row * to.stride;
        for (uint32_t t = 0; t < x.frames; t++) {
            sum[t] = from.at != NULL ? add[t] + y[t] : y[t];
        }
    }
}

static const float *tap(const bl_taps *taps, uint32_t k)
{
    return taps->rows + (taps->first + (uint64_t)k * taps->step) % taps->capacity;
}

// Output `o` of frame `t`.
static float map_one(const bl_map_job *job, uint32_t o, uint32_t t)
{
    const bl_map *map = job->map;
    const uint32_t in = map->in / map->groups, out = map->out / map->groups, group = o / out;
    const float *w = job->w + (size_t)group * map->taps * in * out + o % out;
    float sum = job->b[o];
    if (job->start != NULL) {
        sum += job->start[o * job->start_stride + t];
    }
    for (uint32_t i = 0; job->side_w != NULL && i < job->side_in; i++) {
        sum += job->side_w[(size_t)i * map->out + o] * job->side[(size_t)i * BL_NET_STRIDE + t];
    }
    for (uint32_t k = 0; k < map->taps; k++) {
        const float *column = tap(&job->x, k) + (size_t)group * in * job->x.stride + t;
        for (uint32_t i = 0; i < in; i++, w += out) {
            sum += *w * column[i * job->x.stride];
        }
    }
    return sum;
}

static void map(const bl_map_job *job)
{
    for (uint32_t o = 0; o < job->map->out; o++) {
        float *row = job->y.at + o * job->y.stride;
        for (uint32_t t = 0; t < job->frames; t++) {
            row[t] = map_one(job, o, t);
        }
    }
}

static bl_map_run *choose_map(const bl_map *shape)
{
    (void)shape;
    return map;
}

static bl_layer_run *choose_layer(const struct bl_wavenet_stage *stage)
{
    (void)stage;
    return NULL;
}

static void filter(const float *h, uint32_t taps, float bias, const bl_taps *x, float *y,
                   uint32_t frames)
{
    for (uint32_t t = 0; t < frames; t++) {
        float sum = bias;
        for (uint32_t k = 0; k < taps; k++) {
            sum += h[k] * x->rows[(x->first + k) % x->capacity + t];
        }
        y[t] = sum;
    }
}

static void multiply_spectra(const float *inputs, const float *responses, uint32_t count,
                             uint32_t stride, float *sum)
{
    for (uint32_t i = 0; i < count; i++) {
        const float *x = inputs - (size_t)i * 2 * stride, *h = responses + (size_t)i * 2 * stride;
        for (uint32_t bin = 0; bin < stride; bin++) {
            const float xr = x[bin], xi = x[stride + bin], hr = h[bin], hi = h[stride + bin];
            sum[bin] += xr * hr - xi * hi;
            sum[stride + bin] += xr * hi + xi * hr;
        }
    }
}

const bl_kernels bl_kernels_c = {
    .name = "c",
    .lanes = 1,
    .activate = activate,
    .activate_add = activate_add,
    .choose_map = choose_map,
    .choose_layer = choose_layer,
    .lstm = bl_lstm_run_c,
    .gru = bl_gru_run_c,
    .filter = filter,
    .multiply_spectra = multiply_spectra,
};
