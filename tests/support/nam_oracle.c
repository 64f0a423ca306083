// SPDX-License-Identifier: MIT
// The formulas of the .nam architectures. Names follow the format's keys. Signals live until the
// whole network has played.

#include "support/nam_oracle.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNALS_MAX = 4096 };

typedef struct signal {
    size_t channels;
    double *x; // [channel][frames]
} signal;

typedef struct oracle {
    size_t frames;
    const double *weights;
    size_t taken;
    char *positive;
    double largest;
    double *signals[SIGNALS_MAX];
    size_t signal_count;
} oracle;

static signal make(oracle *o, size_t channels)
{
    signal made = {channels, calloc(channels * o->frames, sizeof(double))};
    assert(made.x != NULL && o->signal_count < SIGNALS_MAX);
    o->signals[o->signal_count++] = made.x;
    return made;
}

static signal copy(oracle *o, signal from)
{
    signal made = make(o, from.channels);
    memcpy(made.x, from.x, from.channels * o->frames * sizeof *from.x);
    return made;
}

static void note(oracle *o, signal x)
{
    for (size_t i = 0; i < x.channels * o->frames; i++) {
        o->largest = fmax(o->largest, fabs(x.x[i]));
    }
}

static const double *take(oracle *o, size_t count)
{
    const double *taken = o->weights + o->taken;
    o->taken += count;
    return taken;
}

// ---- JSON ----

static size_t size_of(const json_t *object, const char *key, size_t fallback)
{
    const json_t *member = json_object_get(object, key);
    return member != NULL ? (size_t)json_integer_value(member) : fallback;
}

static double number_of(const json_t *object, const char *key, double fallback)
{
    const json_t *member = json_object_get(object, key);
    return member != NULL ? json_number_value(member) : fallback;
}

static int truth_of(const json_t *object, const char *key, int fallback)
{
    const json_t *member = json_object_get(object, key);
    return member != NULL ? json_is_true(member) : fallback;
}

static const json_t *of_layer(const json_t *object, const char *key, size_t layer)
{
    const json_t *member = json_object_get(object, key);
    return json_is_array(member) ? json_array_get(member, layer) : member;
}

// ---- building blocks ----

// Weights are taken for g, o, i, tap, then the biases; tap 0 is the oldest.
typedef struct conv {
    size_t in, out, taps, dilation, groups;
    const double *w, *b;
} conv;

static conv take_conv(oracle *o, size_t in, size_t out, size_t taps, size_t dilation, size_t groups,
                      int bias)
{
    conv c = {in, out, taps, dilation, groups, NULL, NULL};
    c.w = take(o, out * (in / groups) * taps);
    c.b = bias ? take(o, out) : NULL;
    return c;
}

static conv take_1x1(oracle *o, size_t in, size_t out, size_t groups, int bias)
{
    return take_conv(o, in, out, 1, 1, groups, bias);
}

static signal convolve(oracle *o, const conv *c, signal x)
{
    signal y = make(o, c->out);
    const size_t group_in = c->in / c->groups, group_out = c->out / c->groups;
    for (size_t row = 0; row < c->out; row++) {
        for (size_t t = 0; t < o->frames; t++) {
            double sum = c->b != NULL ? c->b[row] : 0.0;
            for (size_t i = 0; i < group_in; i++) {
                const double *from = x.x + (row / group_out * group_in + i) * o->frames;
                for (size_t k = 0; k < c->taps; k++) {
                    const size_t back = (c->taps - 1 - k) * c->dilation;
                    sum +=
                        t >= back ? c->w[(row * group_in + i) * c->taps + k] * from[t - back] : 0.0;
                }
            }
            y.x[row * o->frames + t] = sum;
        }
    }
    note(o, y);
    return y;
}

static signal add(oracle *o, signal a, signal b)
{
    signal sum = copy(o, a);
    for (size_t i = 0; i < a.channels * o->frames; i++) {
        sum.x[i] += b.x[i];
    }
    note(o, sum);
    return sum;
}

// ---- activations ----

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

static double leaky_hardtanh(const json_t *object, double x)
{
    const double low = number_of(object, "min_val", -1.0), high = number_of(object, "max_val", 1.0);
    const double under = number_of(object, "min_slope", 0.01);
    const double over = number_of(object, "max_slope", 0.01);
    return x < low ? (x - low) * under + low : x > high ? (x - high) * over + high : x;
}

static double negative_slope(const json_t *object, size_t channel)
{
    const json_t *slopes = json_object_get(object, "negative_slopes");
    return slopes != NULL ? json_number_value(json_array_get(slopes, channel))
                          : number_of(object, "negative_slope", 0.01);
}

// `object` NULL: by name alone.
static double apply(const char *name, const json_t *object, size_t channel, double x)
{
#define IS(other) (strcmp(name, other) == 0)
    return IS("Tanh")        ? tanh(x)
           : IS("Hardtanh")  ? clip(x, -1.0, 1.0)
           : IS("Fasttanh")  ? fasttanh(x)
           : IS("ReLU")      ? fmax(x, 0.0)
           : IS("LeakyReLU") ? (x > 0.0 ? x : number_of(object, "negative_slope", 0.01) * x)
           : IS("PReLU")     ? (x > 0.0 ? x : negative_slope(object, channel) * x)
           : IS("Sigmoid")   ? sigmoid(x)
           : IS("SiLU")      ? x * sigmoid(x)
           : IS("Hardswish") ? x * clip(x + 3.0, 0.0, 6.0) / 6.0
           : IS("Softsign")  ? x / (1.0 + fabs(x))
           : IS("LeakyHardtanh") || IS("LeakyHardTanh") ? leaky_hardtanh(object, x)
                                                        : (double)NAN;
#undef IS
}

// Rows first .. first + count - 1 of x; NULL: Sigmoid.
static signal activate(oracle *o, const json_t *activation, signal x, size_t first, size_t count)
{
    const json_t *type = json_object_get(activation, "type");
    const char *name = activation == NULL || json_is_null(activation) ? "Sigmoid"
                       : type != NULL                                 ? json_string_value(type)
                                      : json_string_value(activation);
    signal y = make(o, count);
    for (size_t c = 0; c < count; c++) {
        for (size_t t = 0; t < o->frames; t++) {
            y.x[c * o->frames + t] = apply(name, activation, c, x.x[(first + c) * o->frames + t]);
        }
    }
    return y;
}

// ---- WaveNet ----

enum { FILMS = 8 };

static const char *const film_keys[FILMS] = {
    "conv_pre_film",       "conv_post_film",       "input_mixin_pre_film", "input_mixin_post_film",
    "activation_pre_film", "activation_post_film", "layer1x1_post_film",   "head1x1_post_film"};

enum {
    CONV_PRE,
    CONV_POST,
    MIXIN_PRE,
    MIXIN_POST,
    ACTIVATION_PRE,
    ACTIVATION_POST,
    LAYER1X1_POST,
    HEAD1X1_POST
};

typedef struct film {
    int active, shift;
    conv matrix;
} film;

static film take_film(oracle *o, const json_t *array, int place, size_t condition, size_t rows)
{
    const json_t *object = json_object_get(array, film_keys[place]);
    film made = {.active = json_is_object(object) && truth_of(object, "active", 1)};
    if (made.active) {
        made.shift = truth_of(object, "shift", 1);
        made.matrix =
            take_1x1(o, condition, made.shift ? 2 * rows : rows, size_of(object, "groups", 1), 1);
    }
    return made;
}

static signal modulate(oracle *o, const film *f, signal condition, signal x)
{
    if (!f->active) {
        return x;
    }
    const signal both = convolve(o, &f->matrix, condition);
    signal y = copy(o, x);
    const size_t half = x.channels * o->frames;
    for (size_t i = 0; i < half; i++) {
        y.x[i] = y.x[i] * both.x[i] + (f->shift ? both.x[half + i] : 0.0);
    }
    note(o, y);
    return y;
}

typedef struct layer {
    conv conv, mixin, layer1x1, head1x1;
    film films[FILMS];
    const char *gating;
    const json_t *activation, *secondary;
} layer;

static int is_active(const json_t *array, const char *key, int fallback)
{
    const json_t *object = json_object_get(array, key);
    return object != NULL ? truth_of(object, "active", fallback) : fallback;
}

static layer take_layer(oracle *o, const json_t *array, size_t i, size_t bottleneck)
{
    const size_t channels = size_of(array, "channels", 0);
    const size_t condition = size_of(array, "condition_size", 0);
    const json_t *mode = of_layer(array, "gating_mode", i);
    const json_t *sizes = json_object_get(array, "kernel_sizes");
    layer l = {.activation = of_layer(array, "activation", i)};
    l.gating = mode != NULL                  ? json_string_value(mode)
               : truth_of(array, "gated", 0) ? "gated"
                                             : "none";
    l.secondary = mode != NULL ? of_layer(array, "secondary_activation", i) : NULL;
    const size_t rows = strcmp(l.gating, "none") == 0 ? bottleneck : 2 * bottleneck;
    const size_t taps = sizes != NULL ? (size_t)json_integer_value(json_array_get(sizes, i))
                                      : size_of(array, "kernel_size", 0);
    const size_t dilation = (size_t)json_integer_value(of_layer(array, "dilations", i));
    l.conv = take_conv(o, channels, rows, taps, dilation, size_of(array, "groups_input", 1), 1);
    l.mixin = take_1x1(o, condition, rows, size_of(array, "groups_input_mixin", 1), 0);
    if (is_active(array, "layer1x1", 1)) {
        const json_t *part = json_object_get(array, "layer1x1");
        l.layer1x1 = take_1x1(o, bottleneck, channels, size_of(part, "groups", 1), 1);
    }
    if (is_active(array, "head1x1", 0)) {
        const json_t *part = json_object_get(array, "head1x1");
        l.head1x1 = take_1x1(o, bottleneck, size_of(part, "out_channels", 0),
                             size_of(part, "groups", 1), 1);
    }
    const size_t film_rows[FILMS] = {channels, rows,       condition, rows,
                                     rows,     bottleneck, channels,  l.head1x1.out};
    for (int place = 0; place < FILMS; place++) {
        l.films[place] = take_film(o, array, place, condition, film_rows[place]);
    }
    return l;
}

static signal gate(oracle *o, const layer *l, signal z, size_t bottleneck)
{
    signal top = activate(o, l->activation, z, 0, bottleneck);
    if (strcmp(l->gating, "none") == 0) {
        return top;
    }
    const signal a = activate(o, l->secondary, z, bottleneck, bottleneck);
    for (size_t i = 0; i < bottleneck * o->frames; i++) {
        top.x[i] = strcmp(l->gating, "gated") == 0 ? top.x[i] * a.x[i]
                                                   : a.x[i] * top.x[i] + (1.0 - a.x[i]) * z.x[i];
    }
    return top;
}

// Returns what the head hears of the layer and moves x on.
static signal play_layer(oracle *o, const layer *l, signal condition, size_t bottleneck, signal *x)
{
    const film *films = l->films;
    signal z = convolve(o, &l->conv, modulate(o, &films[CONV_PRE], condition, *x));
    z = modulate(o, &films[CONV_POST], condition, z);
    signal mixed = convolve(o, &l->mixin, modulate(o, &films[MIXIN_PRE], condition, condition));
    z = add(o, z, modulate(o, &films[MIXIN_POST], condition, mixed));
    z = gate(o, l, modulate(o, &films[ACTIVATION_PRE], condition, z), bottleneck);
    z = modulate(o, &films[ACTIVATION_POST], condition, z);
    if (l->layer1x1.out > 0) {
        signal step = convolve(o, &l->layer1x1, z);
        if (strcmp(l->gating, "blended") == 0) { // else its weights are there for nothing
            step = modulate(o, &films[LAYER1X1_POST], condition, step);
        }
        *x = add(o, *x, step);
    }
    return l->head1x1.out > 0
               ? modulate(o, &films[HEAD1X1_POST], condition, convolve(o, &l->head1x1, z))
               : z;
}

static signal play_array(oracle *o, const json_t *array, signal condition, signal *x, signal heads)
{
    const size_t channels = size_of(array, "channels", 0);
    const size_t bottleneck = size_of(array, "bottleneck", channels);
    const json_t *head = json_object_get(array, "head");
    const conv rechannel = take_1x1(o, size_of(array, "input_size", 0), channels, 1, 0);
    *x = convolve(o, &rechannel, *x);
    for (size_t i = 0; i < json_array_size(json_object_get(array, "dilations")); i++) {
        const layer l = take_layer(o, array, i, bottleneck);
        const signal skip = play_layer(o, &l, condition, bottleneck, x);
        heads = heads.x != NULL ? add(o, heads, skip) : skip;
    }
    const conv last =
        json_is_object(head)
            ? take_conv(o, heads.channels, size_of(head, "out_channels", 0),
                        size_of(head, "kernel_size", 0), size_of(head, "head_dilation", 1), 1,
                        truth_of(head, "bias", 0))
            : take_1x1(o, heads.channels, size_of(array, "head_size", 0), 1,
                       truth_of(array, "head_bias", 0));
    return convolve(o, &last, heads);
}

static signal play_object(oracle *o, const json_t *object, const nam_weights *weights, signal in);

static signal play_wavenet(oracle *o, const json_t *config, signal in, double scale)
{
    const json_t *arrays = json_object_get(config, "layers"), *array;
    const json_t *dsp = json_object_get(config, "condition_dsp");
    const json_t *post = json_object_get(config, "head");
    signal condition = json_is_object(dsp) ? play_object(o, dsp, NULL, in) : in;
    signal x = in, heads = {0};
    size_t i;
    json_array_foreach(arrays, i, array)
    {
        heads = play_array(o, array, condition, &x, heads);
    }
    signal y = copy(o, heads);
    for (i = 0; i < y.channels * o->frames; i++) {
        y.x[i] *= scale;
    }
    const json_t *kernels = json_object_get(post, "kernel_sizes");
    const size_t count = json_array_size(kernels);
    for (i = 0; i < count; i++) {
        const size_t out = size_of(post, i + 1 < count ? "channels" : "out_channels", 0);
        y = activate(o, json_object_get(post, "activation"), y, 0, y.channels);
        const conv c = take_conv(o, y.channels, out,
                                 (size_t)json_integer_value(json_array_get(kernels, i)), 1, 1, 1);
        y = convolve(o, &c, y);
    }
    take(o, 1); // the scale, which the caller knew
    return y;
}

// ---- the others ----

static signal play_convnet(oracle *o, const json_t *config, signal x)
{
    const size_t channels = size_of(config, "channels", 0), groups = size_of(config, "groups", 1);
    const json_t *dilations = json_object_get(config, "dilations");
    const int normalised = truth_of(config, "batchnorm", 0);
    for (size_t i = 0; i < json_array_size(dilations); i++) {
        const size_t dilation = (size_t)json_integer_value(json_array_get(dilations, i));
        const conv c = take_conv(o, x.channels, channels, 2, dilation, groups, !normalised);
        x = convolve(o, &c, x);
        if (normalised) {
            const double *mean = take(o, channels), *variance = take(o, channels);
            const double *weight = take(o, channels), *bias = take(o, channels);
            const double eps = *take(o, 1);
            if (o->positive != NULL) {
                memset(o->positive + (variance - o->weights), 1, channels);
                o->positive[o->taken - 1] = 1;
            }
            for (size_t j = 0; j < channels * o->frames; j++) {
                const size_t row = j / o->frames;
                x.x[j] = (x.x[j] - mean[row]) * weight[row] / sqrt(variance[row] + eps) + bias[row];
            }
            note(o, x);
        }
        x = activate(o, json_object_get(config, "activation"), x, 0, channels);
    }
    const conv head = take_1x1(o, channels, size_of(config, "out_channels", 1), 1, 1);
    return convolve(o, &head, x);
}

static signal play_lstm(oracle *o, const json_t *config, signal x)
{
    const size_t hidden = size_of(config, "hidden_size", 0);
    for (size_t l = 0; l < size_of(config, "num_layers", 0); l++) {
        const size_t columns = x.channels + hidden;
        const double *w = take(o, 4 * hidden * columns), *b = take(o, 4 * hidden);
        const double *h0 = take(o, hidden), *c0 = take(o, hidden);
        double h[64], c[64], next[64];
        assert(hidden <= 64);
        memcpy(h, h0, hidden * sizeof *h);
        memcpy(c, c0, hidden * sizeof *c);
        signal y = make(o, hidden);
        for (size_t t = 0; t < o->frames; t++) {
            for (size_t cell = 0; cell < hidden; cell++) {
                double gates[4];
                for (size_t g = 0; g < 4; g++) {
                    const double *row = w + (g * hidden + cell) * columns;
                    gates[g] = b[g * hidden + cell];
                    for (size_t i = 0; i < columns; i++) {
                        gates[g] +=
                            row[i] * (i < x.channels ? x.x[i * o->frames + t] : h[i - x.channels]);
                    }
                }
                c[cell] = sigmoid(gates[1]) * c[cell] + sigmoid(gates[0]) * tanh(gates[2]);
                next[cell] = sigmoid(gates[3]) * tanh(c[cell]);
                y.x[cell * o->frames + t] = next[cell];
            }
            memcpy(h, next, hidden * sizeof *h);
        }
        x = y;
    }
    const conv head = take_1x1(o, hidden, size_of(config, "out_channels", 1), 1, 1);
    return convolve(o, &head, x);
}

static signal play_linear(oracle *o, const json_t *config, signal x)
{
    const size_t taps = size_of(config, "receptive_field", 0);
    const double *h = take(o, taps);
    const double bias = truth_of(config, "bias", 0) ? *take(o, 1) : 0.0;
    signal y = make(o, 1);
    for (size_t t = 0; t < o->frames; t++) {
        y.x[t] = bias;
        for (size_t k = 0; k < taps && k <= t; k++) {
            y.x[t] += h[k] * x.x[t - k];
        }
    }
    note(o, y);
    return y;
}

static signal play_object(oracle *o, const json_t *object, const nam_weights *weights, signal in)
{
    const json_t *config = json_object_get(object, "config");
    const char *kind = json_string_value(json_object_get(object, "architecture"));
    const json_t *list = json_object_get(object, "weights"), *number;
    const size_t count = json_array_size(list);
    double *own = calloc(count + 1, sizeof *own);
    size_t i;
    assert(own != NULL);
    json_array_foreach(list, i, number)
    {
        own[i] = (double)(float)json_number_value(number);
    }
    const oracle outer = *o;
    o->weights = weights != NULL ? weights->values : own;
    o->positive = weights != NULL ? weights->positive : NULL;
    o->taken = 0;
    signal y;
    if (strcmp(kind, "WaveNet") == 0) {
        const size_t last = weights != NULL ? weights->taken : count;
        y = play_wavenet(o, config, in, last > 0 ? o->weights[last - 1] : 0.0);
    } else if (strcmp(kind, "ConvNet") == 0) {
        y = play_convnet(o, config, in);
    } else if (strcmp(kind, "LSTM") == 0) {
        y = play_lstm(o, config, in);
    } else if (strcmp(kind, "Linear") == 0) {
        y = play_linear(o, config, in);
    } else { // the last one of a container
        const json_t *models = json_object_get(config, "submodels");
        const json_t *model = json_array_get(models, json_array_size(models) - 1);
        y = play_object(o, json_object_get(model, "model"), NULL, in);
    }
    if (weights == NULL) { // back to the object around it
        o->weights = outer.weights;
        o->positive = outer.positive;
        o->taken = outer.taken;
    }
    free(own);
    return y;
}

nam_sound nam_oracle_play(const json_t *object, const nam_weights *weights, const float *in,
                          size_t frames, size_t silence)
{
    oracle *o = calloc(1, sizeof *o);
    nam_sound sound = {.out = calloc(frames, sizeof(double))};
    assert(o != NULL && sound.out != NULL);
    o->frames = silence + frames;
    signal x = make(o, 1);
    for (size_t t = 0; t < frames; t++) {
        x.x[silence + t] = (double)in[t];
    }
    const signal y = play_object(o, object, weights, x);
    memcpy(sound.out, y.x + silence, frames * sizeof *sound.out);
    sound.largest = o->largest;
    sound.weights = o->taken;
    for (size_t i = 0; i < o->signal_count; i++) {
        free(o->signals[i]);
    }
    free(o);
    return sound;
}
