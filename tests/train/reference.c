// SPDX-License-Identifier: MIT

#include "train/reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CHANNELS = 8, MAX_SIGNALS = 256 };

// All signals of one run, kept for the backward pass: [signal][channel][frame].
typedef struct run {
    const shape *made;
    const double *weights;
    double *gradient;
    size_t frames;
    double *signal[MAX_SIGNALS];
    double *grad[MAX_SIGNALS];
    int count;
} run;

static int add_signal(run *r)
{
    r->signal[r->count] = calloc(MAX_CHANNELS * r->frames, sizeof(double));
    r->grad[r->count] = calloc(MAX_CHANNELS * r->frames, sizeof(double));
    return r->count++;
}

static void end_run(run *r)
{
    for (int s = 0; s < r->count; s++) {
        free(r->signal[s]);
        free(r->grad[s]);
    }
}

static size_t place(const run *r, const float *weight)
{
    return (size_t)(weight - r->made->weights);
}

// Signal `to` += conv(`from`) + bias.
static void conv_forward(run *r, const bl_conv *conv, int from, int to)
{
    for (uint32_t o = 0; o < conv->out; o++) {
        for (size_t n = 0; n < r->frames; n++) {
            double sum = conv->b != NULL ? r->weights[place(r, conv->b) + o] : 0.0;
            for (uint32_t i = 0; i < conv->in; i++) {
                for (uint32_t t = 0; t < conv->kernel; t++) {
                    const size_t lag = (size_t)(conv->kernel - 1 - t) * conv->dilation;
                    if (n >= lag) {
                        sum +=
                            r->weights[place(r, conv->w) + (o * conv->in + i) * conv->kernel + t] *
                            r->signal[from][i * r->frames + n - lag];
                    }
                }
            }
            r->signal[to][o * r->frames + n] += sum;
        }
    }
}

static void conv_backward(run *r, const bl_conv *conv, int from, int to)
{
    for (uint32_t o = 0; o < conv->out; o++) {
        for (size_t n = 0; n < r->frames; n++) {
            const double d = r->grad[to][o * r->frames + n];
            if (conv->b != NULL) {
                r->gradient[place(r, conv->b) + o] += d;
            }
            for (uint32_t i = 0; i < conv->in; i++) {
                for (uint32_t t = 0; t < conv->kernel; t++) {
                    const size_t lag = (size_t)(conv->kernel - 1 - t) * conv->dilation;
                    const size_t w = place(r, conv->w) + (o * conv->in + i) * conv->kernel + t;
                    if (n >= lag) {
                        r->gradient[w] += d * r->signal[from][i * r->frames + n - lag];
                        r->grad[from][i * r->frames + n - lag] += d * r->weights[w];
                    }
                }
            }
        }
    }
}

static bl_conv one_tap(const bl_matrix *m)
{
    return (bl_conv){m->in, m->out, 1, 1, 1, m->w, m->b};
}

// `to` += `from` delayed by `lag`; backward the other way round.
static void add_delayed(run *r, uint32_t channels, int from, int to, size_t lag, bool backward)
{
    for (uint32_t c = 0; c < channels; c++) {
        for (size_t n = lag; n < r->frames; n++) {
            if (backward) {
                r->grad[from][c * r->frames + n - lag] += r->grad[to][c * r->frames + n];
            } else {
                r->signal[to][c * r->frames + n] += r->signal[from][c * r->frames + n - lag];
            }
        }
    }
}

static double activated(const bl_activation *a, double x)
{
    if (a->kind == BL_ACTIVATION_TANH) {
        return tanh(x);
    }
    const double slope = a->kind == BL_ACTIVATION_LEAKY_RELU ? (double)a->p[0] : 0.0;
    return x > 0.0 ? x : slope * x;
}

static double derivative(const bl_activation *a, double x)
{
    if (a->kind == BL_ACTIVATION_TANH) {
        return 1.0 - tanh(x) * tanh(x);
    }
    return x > 0.0 ? 1.0 : a->kind == BL_ACTIVATION_LEAKY_RELU ? (double)a->p[0] : 0.0;
}

// Signals per layer: in (shared with the one before), z, a, out.
static int layer(run *r, const bl_wavenet_array *array, const bl_wavenet_layer *l, int in, int skip,
                 int first, bool backward)
{
    const int z = first, a = first + 1, out = first + 2;
    const size_t reach = (size_t)(l->conv.kernel - 1) * l->conv.dilation;
    const size_t lag = r->made->net.causal ? 0 : reach - reach / 2;
    const bl_conv mixin = one_tap(&l->mixin), mix = one_tap(&l->layer1x1);
    const size_t size = l->conv.out * r->frames;
    if (!backward) {
        conv_forward(r, &l->conv, in, z);
        if (l->mixin.out != 0) {
            conv_forward(r, &mixin, 0, z);
        }
        for (size_t k = 0; k < size; k++) {
            r->signal[a][k] = activated(&l->activation, r->signal[z][k]);
        }
        add_delayed(r, array->channels, in, out, lag, false);
        if (l->layer1x1.out != 0) {
            conv_forward(r, &mix, a, out);
        } else {
            add_delayed(r, array->channels, a, out, 0, false);
        }
        if (skip >= 0) {
            add_delayed(r, array->bottleneck, a, skip, 0, false);
        }
        return out;
    }
    if (skip >= 0) {
        add_delayed(r, array->bottleneck, a, skip, 0, true);
    }
    if (l->layer1x1.out != 0) {
        conv_backward(r, &mix, a, out);
    } else {
        add_delayed(r, array->channels, a, out, 0, true);
    }
    add_delayed(r, array->channels, in, out, lag, true);
    for (size_t k = 0; k < size; k++) {
        r->grad[z][k] = r->grad[a][k] * derivative(&l->activation, r->signal[z][k]);
    }
    if (l->mixin.out != 0) {
        conv_backward(r, &mixin, 0, z);
    }
    conv_backward(r, &l->conv, in, z);
    return out;
}

// Forward over every array; signal 0 is the input. Returns the output's signal. The places of
// signals follow from the order, so that backward can find them again.
static int forward(run *r, const double *in)
{
    memcpy(r->signal[add_signal(r)], in, r->frames * sizeof *in);
    int stream = 0, head_out = -1;
    for (uint32_t k = 0; k < r->made->net.array_count; k++) {
        const bl_wavenet_array *array = &r->made->net.arrays[k];
        const bl_conv rechannel = one_tap(&array->rechannel);
        const int x = add_signal(r), skip = add_signal(r);
        conv_forward(r, &rechannel, stream, x);
        if (head_out >= 0) {
            add_delayed(r, array->head.in, head_out, skip, 0, false);
        }
        stream = x;
        for (uint32_t i = 0; i < array->layer_count; i++) {
            const int first = add_signal(r);
            add_signal(r);
            add_signal(r);
            stream = layer(r, array, &array->layers[i], stream,
                           array->head_from_residual ? -1 : skip, first, false);
        }
        head_out = add_signal(r);
        conv_forward(r, &array->head, array->head_from_residual ? stream : skip, head_out);
    }
    return head_out;
}

static void backward(run *r, int head_out)
{
    for (uint32_t k = r->made->net.array_count; k-- > 0;) {
        const bl_wavenet_array *array = &r->made->net.arrays[k];
        const int layers = (int)array->layer_count;
        const int x = head_out - 3 * layers - 2, skip = x + 1;
        const int last = layers > 0 ? head_out - 1 : x;
        conv_backward(r, &array->head, array->head_from_residual ? last : skip, head_out);
        for (int i = layers - 1; i >= 0; i--) {
            const int first = skip + 1 + 3 * i;
            layer(r, array, &array->layers[i], i == 0 ? x : first - 1,
                  array->head_from_residual ? -1 : skip, first, true);
        }
        const bl_conv rechannel = one_tap(&array->rechannel);
        const int before = k == 0 ? 0 : x - 2;
        conv_backward(r, &rechannel, before, x);
        if (k > 0) {
            add_delayed(r, array->head.in, x - 1, skip, 0, true);
            head_out = x - 1;
        }
    }
}

void reference_forward(const shape *made, const double *weights, const double *in, size_t frames,
                       double *out)
{
    run r = {.made = made, .weights = weights, .frames = frames};
    const int head_out = forward(&r, in);
    for (size_t n = 0; n < frames; n++) {
        out[n] = (double)made->net.head_scale * r.signal[head_out][n];
    }
    end_run(&r);
}

void reference_backward(const shape *made, const double *weights, const double *in, size_t frames,
                        const double *delta, double *gradient)
{
    run r = {.made = made, .weights = weights, .frames = frames, .gradient = gradient};
    memset(gradient, 0, made->count * sizeof *gradient);
    const int head_out = forward(&r, in);
    for (size_t n = 0; n < frames; n++) {
        r.grad[head_out][n] = (double)made->net.head_scale * delta[n];
    }
    backward(&r, head_out);
    end_run(&r);
}
