// SPDX-License-Identifier: MIT
// The formulas of a WaveNet in double, whole signals at once: what the engine is measured against.

#include "support/net_fixture.h"

#include "model/measure.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/// A planar signal: value of channel c at frame t is at[c * frames + t].
typedef struct signal {
    uint32_t channels;
    size_t frames;
    double *at;
} signal;

static signal make(uint32_t channels, size_t frames)
{
    assert(channels > 0 && frames > 0);
    signal made = {channels, frames, calloc((size_t)channels * frames, sizeof(double))};
    assert(made.at != NULL);
    return made;
}

static signal copy(const signal *from)
{
    signal made = make(from->channels, from->frames);
    memcpy(made.at, from->at, from->channels * from->frames * sizeof *from->at);
    return made;
}

// Becomes `with`, whose memory it takes over.
static void replace(signal *x, signal with)
{
    free(x->at);
    *x = with;
}

// y[t] = b + sum w_k x[t + ahead - (kernel - 1 - k) dilation]; zeros outside.
static signal convolve(const bl_conv *conv, const signal *x, ptrdiff_t ahead)
{
    signal y = make(conv->out, x->frames);
    assert(x->channels == conv->in);
    const uint32_t in = conv->in / conv->groups, out = conv->out / conv->groups;
    for (uint32_t o = 0; o < conv->out; o++) {
        double *row = y.at + o * x->frames;
        for (size_t t = 0; t < x->frames; t++) {
            row[t] = conv->b != NULL ? (double)conv->b[o] : 0.0;
        }
        for (uint32_t i = 0; i < in; i++) {
            const double *from = x->at + (size_t)(o / out * in + i) * x->frames;
            for (uint32_t k = 0; k < conv->kernel; k++) {
                const double w = (double)conv->w[((size_t)o * in + i) * conv->kernel + k];
                const ptrdiff_t shift =
                    ahead - (ptrdiff_t)(conv->kernel - 1 - k) * (ptrdiff_t)conv->dilation;
                for (size_t t = 0; t < x->frames; t++) {
                    const ptrdiff_t at = (ptrdiff_t)t + shift;
                    row[t] += at >= 0 && at < (ptrdiff_t)x->frames ? w * from[at] : 0.0;
                }
            }
        }
    }
    return y;
}

static signal multiply(const bl_matrix *m, const signal *x)
{
    const bl_conv conv = {.in = m->in,
                          .out = m->out,
                          .groups = m->groups,
                          .kernel = 1,
                          .dilation = 1,
                          .w = m->w,
                          .b = m->b};
    return convolve(&conv, x, 0);
}

// Channels from..from + count - 1 in place; channel numbers start again at 0.
static void activate(const bl_activation *a, signal *x, uint32_t from, uint32_t count)
{
    for (size_t t = 0; t < x->frames; t++) {
        double sum = 0.0;
        for (uint32_t c = 0; c < count; c++) {
            double *at = &x->at[(from + c) * x->frames + t];
            *at = a->kind == BL_ACTIVATION_SOFTMAX ? exp(*at) : fixture_activate(a, c, *at);
            sum += *at;
        }
        for (uint32_t c = 0; c < count && a->kind == BL_ACTIVATION_SOFTMAX; c++) {
            x->at[(from + c) * x->frames + t] /= sum;
        }
    }
}

static void add(signal *to, const signal *x)
{
    assert(to->channels == x->channels);
    for (size_t i = 0; i < to->channels * to->frames; i++) {
        to->at[i] += x->at[i];
    }
}

static void film(const bl_film *f, const signal *condition, signal *x)
{
    if (!f->active) {
        return;
    }
    signal both = multiply(&f->matrix, condition);
    const size_t half = x->channels * x->frames;
    for (size_t i = 0; i < half; i++) {
        x->at[i] = x->at[i] * both.at[i] + (f->shift ? both.at[half + i] : 0.0);
    }
    free(both.at);
}

static void gate(const bl_wavenet_layer *layer, uint32_t rows, signal *z)
{
    signal before = copy(z);
    activate(&layer->activation, z, 0, rows);
    if (layer->gating != BL_GATING_NONE) {
        activate(&layer->secondary, z, rows, rows);
        for (size_t i = 0; i < rows * z->frames; i++) {
            const double a = z->at[rows * z->frames + i];
            z->at[i] = layer->gating == BL_GATING_GATED ? z->at[i] * a
                                                        : a * z->at[i] + (1.0 - a) * before.at[i];
        }
        z->channels = rows;
    }
    free(before.at);
}

static void render_layer(const bl_wavenet_layer *layer, const bl_wavenet_array *array, bool causal,
                         const signal *condition, signal *x, signal *skips)
{
    signal in = copy(x);
    film(&layer->film[BL_FILM_CONV_PRE], condition, &in);
    const ptrdiff_t reach = (ptrdiff_t)(layer->conv.kernel - 1) * (ptrdiff_t)layer->conv.dilation;
    signal z = convolve(&layer->conv, &in, causal ? 0 : reach - reach / 2);
    film(&layer->film[BL_FILM_CONV_POST], condition, &z);
    if (layer->mixin.out != 0) {
        replace(&in, copy(condition));
        film(&layer->film[BL_FILM_MIXIN_PRE], condition, &in);
        replace(&in, multiply(&layer->mixin, &in));
        film(&layer->film[BL_FILM_MIXIN_POST], condition, &in);
        add(&z, &in);
    }
    film(&layer->film[BL_FILM_ACTIVATION_PRE], condition, &z);
    gate(layer, array->bottleneck, &z);
    film(&layer->film[BL_FILM_ACTIVATION_POST], condition, &z);
    if (!array->head_from_residual) {
        replace(&in, layer->head1x1.out != 0 ? multiply(&layer->head1x1, &z) : copy(&z));
        film(&layer->film[BL_FILM_HEAD1X1_POST], condition, &in);
        if (skips->at == NULL) {
            *skips = make(in.channels, in.frames);
        }
        add(skips, &in);
    }
    if (layer->layer1x1.out != 0) {
        replace(&z, multiply(&layer->layer1x1, &z));
        if (layer->gating == BL_GATING_BLENDED) {
            film(&layer->film[BL_FILM_LAYER1X1_POST], condition, &z);
        }
        add(x, &z);
    } else if (layer->residual_identity) {
        add(x, &z);
    }
    free(in.at);
    free(z.at);
}

static signal render_net(const bl_wavenet *net, const signal *in)
{
    signal condition =
        net->condition_dsp != NULL ? render_net(&net->condition_dsp->u.wavenet, in) : copy(in);
    signal x = copy(in), skips = {0};
    for (uint32_t a = 0; a < net->array_count; a++) {
        const bl_wavenet_array *array = &net->arrays[a];
        replace(&x, multiply(&array->rechannel, &x));
        for (uint32_t i = 0; i < array->layer_count; i++) {
            render_layer(&array->layers[i], array, net->causal, &condition, &x, &skips);
        }
        replace(&skips, convolve(&array->head, array->head_from_residual ? &x : &skips, 0));
    }
    for (size_t i = 0; i < skips.channels * skips.frames; i++) {
        skips.at[i] *= (double)net->head_scale;
    }
    for (uint32_t i = 0; i < net->post_head.count; i++) {
        activate(&net->post_head.activations[i], &skips, 0, skips.channels);
        replace(&skips, convolve(&net->post_head.convs[i], &skips, 0));
    }
    free(condition.at);
    free(x.at);
    return skips;
}

void fixture_render(const bl_arch *arch, const float *in, size_t frames, double *out)
{
    assert(arch->kind == BL_ARCH_WAVENET);
    // Enough zeros before and behind that the ends of the signal cannot be heard.
    const size_t reach = (size_t)bl_arch_get_measure(arch).receptive_field_samples;
    signal x = make(1, frames + 2 * reach);
    for (size_t t = 0; t < frames; t++) {
        x.at[reach + t] = (double)in[t];
    }
    signal y = render_net(&arch->u.wavenet, &x);
    memcpy(out, y.at + reach, frames * sizeof *out);
    free(x.at);
    free(y.at);
}
