// SPDX-License-Identifier: MIT
// Two ways to write wavenet_amp, whose head hears the residual stream x_N = x_0 + sum of z_i, for
// players whose head hears only the sum. (a) a second array of two channels carries the direct
// path w_out.w_in u through a leaky ReLU and back; (b) a first linear layer puts x_0 into the sum.
// Only what is exactly such a network is turned; everything else stays as it is.

#include "model/reference.h"

#include "model/native.h"

#include <math.h>
#include <string.h>

// The native form while it is put together. Vectors have one element for each channel.
typedef struct native {
    uint32_t channels;
    double *w_in, *b_in, *w_out;
    double b_out;
    const bl_wavenet_layer *blocks;
    uint32_t block_count;
} native;

static bool is_zero(const float *values, uint64_t count)
{
    for (uint64_t i = 0; values != NULL && i < count; i++) {
        if (values[i] != 0.0f) {
            return false;
        }
    }
    return true;
}

static bool is_identity(const bl_matrix *matrix)
{
    if (matrix->in != matrix->out || matrix->groups != 1) {
        return false;
    }
    for (uint32_t o = 0; o < matrix->out; o++) {
        for (uint32_t i = 0; i < matrix->in; i++) {
            if (matrix->w[(uint64_t)o * matrix->in + i] != (o == i ? 1.0f : 0.0f)) {
                return false;
            }
        }
    }
    return is_zero(matrix->b, matrix->out);
}

bool bl_reference_is_plain(const bl_wavenet_layer *layer, uint32_t channels)
{
    bool films = false;
    for (int place = 0; place < BL_FILM_PLACES; place++) {
        films = films || layer->film[place].active;
    }
    return !films && layer->gating == BL_GATING_NONE && layer->conv.groups == 1 &&
           layer->conv.out == channels && layer->mixin.in == 1 && layer->mixin.groups == 1 &&
           layer->layer1x1.out == channels && layer->layer1x1.groups == 1 &&
           layer->head1x1.out == 0;
}

// Blocks of one kernel and activation, dilated by powers of one base.
static bool are_blocks(const bl_wavenet_layer *layers, uint32_t count, uint32_t channels,
                       bl_config_model *model)
{
    if (count == 0) {
        return false;
    }
    const bl_activation_kind kind = layers[0].activation.kind;
    const uint32_t base = count > 1 ? layers[1].conv.dilation : 2;
    uint64_t dilation = 1;
    for (uint32_t i = 0; i < count; i++, dilation *= base) {
        const bl_wavenet_layer *layer = &layers[i];
        if (!bl_reference_is_plain(layer, channels) || layer->activation.kind != kind ||
            layer->conv.kernel != layers[0].conv.kernel || layer->conv.dilation != dilation ||
            !is_zero(layer->mixin.w, channels) || !is_identity(&layer->layer1x1)) {
            return false;
        }
    }
    *model = (bl_config_model){.type = BL_CONFIG_WAVENET_AMP,
                               .causal = true,
                               .channels = channels,
                               .num_layers = count,
                               .kernel_size = layers[0].conv.kernel,
                               .dilation_base = base,
                               .activation = kind == BL_ACTIVATION_RELU   ? BL_CONFIG_RELU
                                             : kind == BL_ACTIVATION_TANH ? BL_CONFIG_TANH
                                                                          : BL_CONFIG_LEAKY_RELU};
    return kind == BL_ACTIVATION_TANH || kind == BL_ACTIVATION_RELU ||
           (kind == BL_ACTIVATION_LEAKY_RELU && layers[0].activation.p[0] == BL_NATIVE_LEAKY_SLOPE);
}

// sum[o] += W[o][i] x[i]
static void add_product(const float *w, const double *x, uint32_t channels, double *sum)
{
    for (uint32_t o = 0; o < channels; o++) {
        for (uint32_t i = 0; i < channels; i++) {
            sum[o] += (double)w[(uint64_t)o * channels + i] * x[i];
        }
    }
}

static void add_vector(const float *v, uint32_t channels, double *sum)
{
    for (uint32_t c = 0; v != NULL && c < channels; c++) {
        sum[c] += (double)v[c];
    }
}

// The linear layer gives z = w u + b to the head and leaves x = w' u + b' in the residual stream;
// both must be the same.
static bool read_linear_layer(bl_load *load, const bl_wavenet_array *array, native *made)
{
    const bl_wavenet_layer *layer = &array->layers[0];
    const uint32_t channels = array->channels;
    if (!bl_reference_is_plain(layer, channels) || layer->conv.kernel != 1 ||
        layer->activation.kind != BL_ACTIVATION_LEAKY_RELU || layer->activation.p[0] != 1.0f) {
        return false;
    }
    double *r = bl_load_take(load, channels, sizeof *r);
    double *w = bl_load_take(load, channels, sizeof *w);
    double *b = bl_load_take(load, channels, sizeof *b);
    if (!bl_load_ok(load)) {
        return false;
    }
    add_vector(array->rechannel.w, channels, r);
    add_product(layer->conv.w, r, channels, w);
    add_vector(layer->mixin.w, channels, w);
    add_vector(layer->conv.b, channels, b);
    add_vector(array->rechannel.w, channels, made->w_in);
    add_product(layer->layer1x1.w, w, channels, made->w_in);
    add_product(layer->layer1x1.w, b, channels, made->b_in);
    add_vector(layer->layer1x1.b, channels, made->b_in);
    for (uint32_t c = 0; c < channels; c++) {
        if ((float)w[c] != (float)made->w_in[c] || (float)b[c] != (float)made->b_in[c]) {
            return false;
        }
    }
    return true;
}

static bool read_one_array(bl_load *load, const bl_wavenet *net, native *made,
                           bl_config_model *model)
{
    const bl_wavenet_array *array = &net->arrays[0];
    if (!are_blocks(array->layers + 1, array->layer_count - 1, array->channels, model) ||
        array->head.out != 1 || array->head.kernel != 1 || !read_linear_layer(load, array, made)) {
        return false;
    }
    add_vector(array->head.w, array->channels, made->w_out);
    made->b_out = array->head.b != NULL ? (double)array->head.b[0] : 0.0;
    made->blocks = array->layers + 1;
    made->block_count = array->layer_count - 1;
    return true;
}

// What the second array adds for an input of +1 (sign 1) or -1 (sign -1), before its head bias.
static double direct_path(const bl_wavenet_array *direct, double sign)
{
    const bl_wavenet_layer *layer = &direct->layers[0];
    double sum = 0.0;
    for (uint32_t c = 0; c < 2; c++) {
        const double x = sign * (double)layer->mixin.w[c];
        sum += (double)direct->head.w[c] * (x > 0.0 ? x : x * (double)layer->activation.p[0]);
    }
    return sum;
}

static bool is_direct_path(const bl_wavenet_array *array)
{
    const bl_wavenet_layer *layer = &array->layers[0];
    const bl_conv *conv = &layer->conv;
    return array->channels == 2 && array->layer_count == 1 && bl_reference_is_plain(layer, 2) &&
           is_zero(array->rechannel.w, (uint64_t)array->rechannel.in * 2) &&
           is_zero(conv->w, (uint64_t)conv->in * conv->out * conv->kernel) &&
           is_zero(conv->b, conv->out) && layer->activation.kind == BL_ACTIVATION_LEAKY_RELU &&
           array->head.out == 1 && array->head.kernel == 1;
}

static bool read_two_arrays(const bl_wavenet *net, native *made, bl_config_model *model)
{
    const bl_wavenet_array *array = &net->arrays[0], *direct = &net->arrays[1];
    if (!are_blocks(array->layers, array->layer_count, array->channels, model) ||
        array->head.kernel != 1 || !is_direct_path(direct)) {
        return false;
    }
    made->b_out = direct->head.b != NULL ? (double)direct->head.b[0] : 0.0;
    double expected = 0.0, magnitude = 0.0;
    for (uint32_t h = 0; h < 2; h++) {
        const double gain = (double)direct->head.w[h];
        made->b_out += array->head.b != NULL ? gain * (double)array->head.b[h] : 0.0;
        for (uint32_t c = 0; c < array->channels; c++) {
            made->w_out[c] += gain * (double)array->head.w[h * array->channels + c];
        }
    }
    for (uint32_t c = 0; c < array->channels; c++) {
        made->w_in[c] = (double)array->rechannel.w[c];
        expected += made->w_out[c] * made->w_in[c];
        magnitude += fabs(made->w_out[c] * made->w_in[c]);
    }
    made->blocks = array->layers;
    made->block_count = array->layer_count;
    // As near as floats come.
    return fabs(direct_path(direct, 1.0) - expected) <= 1e-6 * magnitude &&
           fabs(direct_path(direct, -1.0) + expected) <= 1e-6 * magnitude;
}

static float *append(float *to, const double *from, uint32_t count, double gain)
{
    for (uint32_t i = 0; i < count; i++) {
        to[i] = (float)(gain * from[i]);
    }
    return to + count;
}

static float *append_floats(float *to, const float *from, uint64_t count)
{
    memcpy(to, from, count * sizeof *to);
    return to + count;
}

static void build(bl_load *load, const native *made, double head_scale, bl_content *content)
{
    const bl_config_model *model = &content->config.model;
    const uint64_t count = bl_native_count(load, model);
    float *weights = bl_load_take(load, (size_t)count, sizeof *weights);
    if (!bl_load_ok(load)) {
        return;
    }
    float *next = append(weights, made->w_in, made->channels, 1.0);
    next = append(next, made->b_in, made->channels, 1.0);
    for (uint32_t i = 0; i < made->block_count; i++) {
        const bl_conv *conv = &made->blocks[i].conv;
        next = append_floats(next, conv->w, (uint64_t)conv->out * conv->in * conv->kernel);
        next = append_floats(next, conv->b, conv->out);
    }
    next = append(next, made->w_out, made->channels, head_scale);
    append(next, &made->b_out, 1, head_scale);
    content->arch = bl_native_build(load, model, content->info.sample_rate_hz, weights);
    content->info.parameters = count;
    content->is_native = true;
}

void bl_reference_unfold(bl_load *load, bl_content *content)
{
    if (content->arch->kind != BL_ARCH_WAVENET) {
        return;
    }
    const bl_wavenet *net = &content->arch->u.wavenet;
    const bl_wavenet_array *array = &net->arrays[0];
    if (net->array_count > 2 || net->in_channels != 1 || net->condition_dsp != NULL ||
        net->post_head.count > 0 || array->allowed_count > 0 || array->rechannel.in != 1) {
        return;
    }
    native made = {.channels = array->channels};
    made.w_in = bl_load_take(load, array->channels, sizeof *made.w_in);
    made.b_in = bl_load_take(load, array->channels, sizeof *made.b_in);
    made.w_out = bl_load_take(load, array->channels, sizeof *made.w_out);
    bl_config_model model;
    if (bl_load_ok(load) && (net->array_count == 1 ? read_one_array(load, net, &made, &model)
                                                   : read_two_arrays(net, &made, &model))) {
        content->config = bl_config_default();
        content->config.model = model;
        content->config.data.sample_rate_hz = content->info.sample_rate_hz;
        build(load, &made, (double)net->head_scale, content);
    }
}
