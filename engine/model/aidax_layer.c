// SPDX-License-Identifier: MIT
// Keras-style layers. Keras stores inputs first ([in][out], [tap][in][out]); here every output has
// its row. Gate orders: LSTM i f c o is i f g o, GRU z r h.

#include "backline/limits.h"
#include "model/aidax.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct activation_row {
    const char *name;
    bl_activation_kind kind;
} activation_row;

static const activation_row activations[] = {
    {"tanh", BL_ACTIVATION_TANH},       {"relu", BL_ACTIVATION_RELU},
    {"sigmoid", BL_ACTIVATION_SIGMOID}, {"softmax", BL_ACTIVATION_SOFTMAX},
    {"elu", BL_ACTIVATION_ELU},
};

// The activation behind a layer, if it has one.
static void append_activation(bl_stack *stack, const bl_json *layer)
{
    const bl_json json = bl_json_member(layer, "activation");
    const char *name = bl_json_is_given(&json) ? bl_json_to_text(&json) : "";
    if (name[0] == '\0' || strcmp(name, "linear") == 0) {
        return;
    }
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        if (strcmp(name, activations[i].name) == 0) {
            bl_sequence_stage *stage =
                bl_stack_append(stack, BL_SEQUENCE_ACTIVATION, stack->channels);
            if (stage != NULL) {
                stage->activation.kind = activations[i].kind;
            }
            return;
        }
    }
    bl_json_expect(&json, "tanh, relu, sigmoid, softmax, elu or nothing");
}

// Inside the recurrent layers every player has tanh.
static void check_tanh(const bl_json *layer)
{
    const bl_json json = bl_json_member(layer, "activation");
    const char *name = bl_json_is_given(&json) ? bl_json_to_text(&json) : "";
    if (name[0] != '\0' && strcmp(name, "tanh") != 0) {
        bl_json_expect(&json, "tanh or nothing");
    }
}

// [rows][columns] becomes to[c * stride + r].
static void transpose(const float *table, uint32_t rows, uint32_t columns, size_t stride, float *to)
{
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t c = 0; c < columns; c++) {
            to[c * stride + r] = table[(size_t)r * columns + c];
        }
    }
}

static void read_dense(bl_stack *stack, const bl_json *weights, uint32_t out)
{
    bl_load *load = stack->load;
    const uint32_t in = stack->channels;
    bl_json_to_list(weights, 2, 2);
    const bl_json kernel = bl_json_element(weights, 0), bias = bl_json_element(weights, 1);
    const float *table = bl_json_to_table(&kernel, in, out);
    const float *b = bl_json_to_vector(&bias, out);
    float *w = bl_load_take(load, (size_t)in * out, sizeof *w);
    bl_sequence_stage *stage = bl_stack_append(stack, BL_SEQUENCE_MATRIX, out);
    if (stage != NULL) {
        transpose(table, in, out, in, w);
        stage->matrix = (bl_matrix){.in = in, .out = out, .groups = 1, .w = w, .b = b};
        stack->parameters += (uint64_t)in * out + out;
    }
}

// A size that stands alone or last in a list.
static uint32_t read_last(const bl_json *layer, const char *key, uint32_t max)
{
    const bl_json json = bl_json_member(layer, key);
    if (!bl_json_is_list(&json)) {
        return bl_json_to_u32(&json, 1, max);
    }
    const uint32_t count = bl_json_to_list(&json, 1, 8);
    const bl_json last = bl_json_element(&json, count > 0 ? count - 1 : 0);
    return bl_json_to_u32(&last, 1, max);
}

static void read_conv(bl_stack *stack, const bl_json *layer, const bl_json *weights, uint32_t out)
{
    bl_load *load = stack->load;
    bl_conv conv = {.in = stack->channels, .out = out};
    conv.kernel = read_last(layer, "kernel_size", BL_LIMIT_KERNEL);
    conv.dilation = read_last(layer, "dilation", BL_LIMIT_DILATION);
    conv.groups = bl_json_get_u32_or(layer, "groups", 1, BL_LIMIT_CHANNELS, 1);
    if (conv.in % conv.groups != 0 || conv.out % conv.groups != 0) {
        const bl_json groups = bl_json_member(layer, "groups");
        bl_json_fail(&groups, BL_STATUS_SHAPE,
                     "found %" PRIu32 ", expected a number that divides the %" PRIu32
                     " channels in and the %" PRIu32 " out",
                     conv.groups, conv.in, conv.out);
    }
    const uint32_t in = conv.in / conv.groups;
    const size_t row = (size_t)in * conv.kernel;
    bl_json_to_list(weights, 2, 2);
    const bl_json taps = bl_json_element(weights, 0), bias = bl_json_element(weights, 1);
    bl_json_to_list(&taps, conv.kernel, conv.kernel);
    float *w = bl_load_take(load, row * out, sizeof *w);
    for (uint32_t tap = 0; tap < conv.kernel && bl_load_ok(load); tap++) {
        const bl_json json = bl_json_element(&taps, tap);
        const float *table = bl_json_to_table(&json, in, out);
        for (size_t i = 0; table != NULL && i < (size_t)in * out; i++) {
            w[i % out * row + i / out * conv.kernel + tap] = table[i];
        }
    }
    conv.w = w;
    conv.b = bl_json_to_vector(&bias, out);
    bl_sequence_stage *stage = bl_stack_append(stack, BL_SEQUENCE_CONV, out);
    if (stage != NULL) {
        stage->conv = conv;
        stack->parameters += row * out + out;
    }
}

static void read_lstm(bl_stack *stack, const bl_json *weights, uint32_t cells)
{
    bl_load *load = stack->load;
    const uint32_t in = stack->channels, gates = 4 * cells;
    bl_json_to_list(weights, 3, 3);
    const bl_json kernel = bl_json_element(weights, 0), recurrent = bl_json_element(weights, 1);
    const bl_json bias = bl_json_element(weights, 2);
    const float *k = bl_json_to_table(&kernel, in, gates);
    const float *u = bl_json_to_table(&recurrent, cells, gates);
    const float *b = bl_json_to_vector(&bias, gates);
    float *w = bl_load_take(load, (size_t)gates * (in + cells), sizeof *w);
    const float *zeros = bl_load_take(load, cells, sizeof *zeros);
    bl_sequence_stage *stage = bl_stack_append(stack, BL_SEQUENCE_LSTM, cells);
    if (stage != NULL) {
        transpose(k, in, gates, in + cells, w);
        transpose(u, cells, gates, in + cells, w + in);
        stage->w = w;
        stage->b = b;
        stage->h0 = stage->c0 = zeros;
        stack->parameters += (uint64_t)gates * (in + cells + 1);
    }
}

static void read_gru(bl_stack *stack, const bl_json *weights, uint32_t cells)
{
    bl_load *load = stack->load;
    const uint32_t in = stack->channels, gates = 3 * cells;
    bl_json_to_list(weights, 3, 3);
    const bl_json kernel = bl_json_element(weights, 0), recurrent = bl_json_element(weights, 1);
    const bl_json bias = bl_json_element(weights, 2);
    const float *k = bl_json_to_table(&kernel, in, gates);
    const float *r = bl_json_to_table(&recurrent, cells, gates);
    const float *b = bl_json_to_table(&bias, 2, gates);
    float *w = bl_load_take(load, (size_t)gates * in, sizeof *w);
    float *u = bl_load_take(load, (size_t)gates * cells, sizeof *u);
    const float *zeros = bl_load_take(load, cells, sizeof *zeros);
    bl_sequence_stage *stage = bl_stack_append(stack, BL_SEQUENCE_GRU, cells);
    if (stage != NULL) {
        transpose(k, in, gates, in, w);
        transpose(r, cells, gates, cells, u);
        stage->w = w;
        stage->u = u;
        stage->b = b;
        stage->h0 = zeros;
        stack->parameters += (uint64_t)gates * (in + cells + 2);
    }
}

static void read_prelu(bl_stack *stack, const bl_json *weights)
{
    bl_json_to_list(weights, 1, 1);
    const bl_json table = bl_json_element(weights, 0);
    const float *slopes = bl_json_to_table(&table, 1, stack->channels);
    bl_sequence_stage *stage = bl_stack_append(stack, BL_SEQUENCE_ACTIVATION, stack->channels);
    if (stage != NULL) {
        stage->activation = (bl_activation){
            .kind = BL_ACTIVATION_PRELU, .slopes = slopes, .slope_count = stack->channels};
        stack->parameters += stack->channels;
    }
}

// y = (x - mean) gamma / sqrt(variance + epsilon) + beta; without gamma and beta: 1 and 0.
static void read_normalisation(bl_stack *stack, const bl_json *layer, const bl_json *weights)
{
    bl_load *load = stack->load;
    const uint32_t channels = stack->channels;
    const bool affine = weights->value.count != 2;
    bl_json_to_list(weights, affine ? 4 : 2, affine ? 4 : 2);
    const float *vectors[4] = {NULL, NULL, NULL, NULL}; // gamma, beta, mean, variance
    for (uint32_t i = affine ? 0 : 2; i < 4; i++) {
        const bl_json json = bl_json_element(weights, affine ? i : i - 2);
        vectors[i] = bl_json_to_vector(&json, channels);
    }
    const bl_json json = bl_json_member(layer, "epsilon");
    const double epsilon = bl_json_to_double(&json, 0.0, 1.0);
    float *scale = bl_load_take(load, channels, sizeof *scale);
    float *shift = bl_load_take(load, channels, sizeof *shift);
    for (uint32_t c = 0; c < channels && bl_load_ok(load); c++) {
        const double gamma = affine ? (double)vectors[0][c] : 1.0;
        const double beta = affine ? (double)vectors[1][c] : 0.0;
        const double factor = gamma / sqrt((double)vectors[3][c] + epsilon);
        scale[c] = (float)factor;
        shift[c] = (float)(beta - (double)vectors[2][c] * factor);
        if (!isfinite(scale[c]) || !isfinite(shift[c])) {
            bl_json_fail(weights, BL_STATUS_VALUE,
                         "found a variance of %g in channel %" PRIu32 ", expected one above zero",
                         (double)vectors[3][c], c);
        }
    }
    bl_sequence_stage *stage = bl_stack_append(stack, BL_SEQUENCE_AFFINE, channels);
    if (stage != NULL) {
        stage->scale = scale;
        stage->shift = shift;
        stack->parameters += (affine ? UINT64_C(4) : 2) * channels;
    }
}

// The last of `shape`, which must not change where a layer cannot.
static uint32_t read_width(const bl_stack *stack, const bl_json *layer, bool fixed)
{
    const uint32_t width = read_last(layer, "shape", BL_LIMIT_CHANNELS);
    if (fixed && width != stack->channels) {
        const bl_json shape = bl_json_member(layer, "shape");
        bl_json_fail(&shape, BL_STATUS_SHAPE,
                     "found %" PRIu32 " channels, expected %" PRIu32 " as the layer before gives",
                     width, stack->channels);
    }
    return width;
}

// An empty text, `harmless`, 1, or lists of nothing but 1.
static bool is_harmless(const bl_json *json, const char *harmless)
{
    if (bl_json_is(json, BL_JSON_TEXT)) {
        const char *text = json->value.u.text;
        return text[0] == '\0' || (harmless != NULL && strcmp(text, harmless) == 0);
    }
    bool ones = bl_json_is(json, BL_JSON_NUMBER) && json->value.u.number == 1.0;
    if (bl_json_is(json, BL_JSON_NUMBERS)) {
        ones = true;
        for (uint32_t i = 0; i < json->value.count; i++) {
            ones = ones && json->value.u.numbers[i] == 1.0;
        }
    }
    return ones;
}

// Keys that would change the sound, if any player obeyed them.
static void warn_of_ignored(const bl_json *layer, const char *type)
{
    static const struct {
        const char *key, *harmless, *type; // NULL: of any type
    } rows[] = {
        {"strides", NULL, NULL},
        {"padding", "causal", NULL},
        {"recurrent_activation", "sigmoid", NULL},
        {"activation", "linear", "batchnorm"},
        {"activation", "linear", "prelu"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const bl_json json = bl_json_member(layer, rows[i].key);
        const bool concerned = rows[i].type == NULL || strcmp(rows[i].type, type) == 0;
        if (concerned && bl_json_is_given(&json) && !is_harmless(&json, rows[i].harmless)) {
            bl_json_warn(&json, "ignored, as other players do; the sound may differ");
        }
    }
}

void bl_aidax_read_layer(bl_stack *stack, const bl_json *layer)
{
    const bl_json type = bl_json_member(layer, "type");
    const bl_json weights = bl_json_member(layer, "weights");
    const char *name = bl_json_to_text(&type);
    warn_of_ignored(layer, name);
    if (strcmp(name, "dense") == 0 || strcmp(name, "time-distributed-dense") == 0) {
        read_dense(stack, &weights, read_width(stack, layer, false));
        append_activation(stack, layer);
    } else if (strcmp(name, "conv1d") == 0) {
        read_conv(stack, layer, &weights, read_width(stack, layer, false));
        append_activation(stack, layer);
    } else if (strcmp(name, "lstm") == 0) {
        check_tanh(layer);
        read_lstm(stack, &weights, read_width(stack, layer, false));
    } else if (strcmp(name, "gru") == 0) {
        check_tanh(layer);
        read_gru(stack, &weights, read_width(stack, layer, false));
    } else if (strcmp(name, "prelu") == 0) {
        read_width(stack, layer, true);
        read_prelu(stack, &weights);
    } else if (strcmp(name, "batchnorm") == 0) {
        read_width(stack, layer, true);
        read_normalisation(stack, layer, &weights);
    } else if (strcmp(name, "activation") == 0) {
        read_width(stack, layer, true);
        append_activation(stack, layer);
    } else {
        bl_json_expect(&type, "dense, time-distributed-dense, conv1d, lstm, gru, prelu, batchnorm "
                              "or activation");
    }
}
