// SPDX-License-Identifier: MIT
// One network in several file formats sounds the same: the reference model native and in both NAM
// forms, an LSTM as .nam, as AIDA-X and as Proteus file, a GRU as AIDA-X and as Proteus file.

#include "backline/voice.h"
#include "support/cmocka_all.h"
#include "support/model_files.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 2048, CELLS = 5, GATES_MAX = 4 };

// Plays noise through the model in `bytes`, and ends them.
static void play(model_bytes *bytes, float out[FRAMES])
{
    bl_error error = {0};
    bl_model *model = NULL;
    bl_voice *voice = NULL;
    if (bl_model_parse((const uint8_t *)bytes->data, bytes->size, "form", NULL, &model, &error) !=
            BL_STATUS_OK ||
        bl_voice_create(model, NULL, &voice, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    random_source random = {5};
    for (int i = 0; i < FRAMES; i++) {
        out[i] = random_float(&random, -1.0f, 1.0f);
    }
    for (int i = 0; i < FRAMES; i += BL_INNER_FRAMES) {
        bl_voice_process(voice, out + i, out + i, BL_INNER_FRAMES);
    }
    bl_voice_destroy(voice);
    bl_model_release(model);
    model_bytes_finish(bytes);
}

static float largest_difference(const float *a, const float *b)
{
    float largest = 0.0f;
    for (int i = 0; i < FRAMES; i++) {
        largest = fmaxf(largest, fabsf(a[i] - b[i]));
    }
    return largest;
}

static void assert_lively(const float *out)
{
    float peak = 0.0f;
    for (int i = 0; i < FRAMES; i++) {
        peak = fmaxf(peak, fabsf(out[i]));
    }
    assert_true(peak > 0.05f && peak < 10.0f);
}

static void reference_model(void **state)
{
    (void)state;
    const bl_config_model shapes[] = {{.causal = true,
                                       .channels = 16,
                                       .num_layers = 6,
                                       .kernel_size = 3,
                                       .dilation_base = 2,
                                       .activation = BL_CONFIG_TANH},
                                      {.causal = true,
                                       .channels = 5,
                                       .num_layers = 3,
                                       .kernel_size = 4,
                                       .dilation_base = 3,
                                       .activation = BL_CONFIG_RELU}};
    for (size_t i = 0; i < 2; i++) {
        static float native[FRAMES], out[FRAMES];
        float *weights = calloc(native_weight_count(&shapes[i]), sizeof *weights);
        assert_non_null(weights);
        model_weights_fill(weights, native_weight_count(&shapes[i]), 16, 3);
        model_bytes bytes = {0};
        native_file_write(&bytes, &shapes[i], 48000.0, weights, 0);
        play(&bytes, native);
        assert_lively(native);
        nam_reference_write(&bytes, &shapes[i], 48000.0, weights, NAM_REFERENCE_LINEAR_LAYER);
        play(&bytes, out);
        assert_true(largest_difference(native, out) == 0.0f); // the same weights again
        nam_reference_write(&bytes, &shapes[i], 48000.0, weights, NAM_REFERENCE_TWO_ARRAYS);
        play(&bytes, out);
        assert_true(largest_difference(native, out) <= 1e-5f);
        free(weights);
    }
}

// A recurrent layer and its head in PyTorch's order: gates i f g o, or r z n.
typedef struct cell_net {
    int gates;
    float w_in[GATES_MAX * CELLS], w_state[GATES_MAX * CELLS][CELLS];
    float b_in[GATES_MAX * CELLS], b_state[GATES_MAX * CELLS];
    float w_out[CELLS], b_out;
} cell_net;

static cell_net make_net(int gates)
{
    cell_net net = {.gates = gates};
    model_weights_fill(net.w_in, GATES_MAX * CELLS, 1, 11);
    model_weights_fill(net.w_state[0], GATES_MAX * CELLS * CELLS, CELLS, 12);
    model_weights_fill(net.b_in, GATES_MAX * CELLS, CELLS, 13);
    model_weights_fill(net.b_state, GATES_MAX * CELLS, CELLS, 14);
    model_weights_fill(net.w_out, CELLS, 1, 15);
    net.b_out = 0.25f;
    return net;
}

static void print_numbers(model_bytes *bytes, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        model_bytes_print(bytes, "%s%.9g", i == 0 ? "[" : ", ", (double)values[i]);
    }
    model_bytes_print(bytes, "]");
}

static void write_proteus(model_bytes *bytes, const cell_net *net)
{
    const size_t rows = (size_t)net->gates * CELLS;
    model_bytes_print(bytes,
                      "{\"model_data\": {\"unit_type\": \"%s\", \"hidden_size\": %d, \"skip\": 1}, "
                      "\"state_dict\": {\"rec.weight_ih_l0\": [",
                      net->gates == 4 ? "LSTM" : "GRU", CELLS);
    for (size_t r = 0; r < rows; r++) {
        model_bytes_print(bytes, "%s[%.9g]", r == 0 ? "" : ", ", (double)net->w_in[r]);
    }
    model_bytes_print(bytes, "], \"rec.weight_hh_l0\": [");
    for (size_t r = 0; r < rows; r++) {
        model_bytes_print(bytes, "%s", r == 0 ? "" : ", ");
        print_numbers(bytes, net->w_state[r], CELLS);
    }
    model_bytes_print(bytes, "], \"rec.bias_ih_l0\": ");
    print_numbers(bytes, net->b_in, rows);
    model_bytes_print(bytes, ", \"rec.bias_hh_l0\": ");
    print_numbers(bytes, net->b_state, rows);
    model_bytes_print(bytes, ", \"lin.weight\": [");
    print_numbers(bytes, net->w_out, CELLS);
    model_bytes_print(bytes, "], \"lin.bias\": [%.9g]}}", (double)net->b_out);
}

// Row `r` of the file in Keras' order, whose GRU has the gates z r h.
static size_t keras_row(const cell_net *net, size_t r)
{
    return net->gates == 4 || r >= (size_t)2 * CELLS ? r : (r + CELLS) % ((size_t)2 * CELLS);
}

static void print_keras_row(model_bytes *bytes, const cell_net *net, const float *values,
                            size_t stride)
{
    for (size_t r = 0; r < (size_t)net->gates * CELLS; r++) {
        model_bytes_print(bytes, "%s%.9g", r == 0 ? "[" : ", ",
                          (double)values[keras_row(net, r) * stride]);
    }
    model_bytes_print(bytes, "]");
}

static void write_aidax(model_bytes *bytes, const cell_net *net)
{
    float bias[GATES_MAX * CELLS];
    for (size_t r = 0; r < GATES_MAX * CELLS; r++) {
        bias[r] = net->b_in[r] + net->b_state[r];
    }
    model_bytes_print(bytes,
                      "{\"in_shape\": [null, null, 1], \"in_skip\": 1, \"samplerate\": 44100, "
                      "\"layers\": [{\"type\": \"%s\", \"activation\": \"\", \"shape\": [null, "
                      "null, %d], \"weights\": [[",
                      net->gates == 4 ? "lstm" : "gru", CELLS);
    print_keras_row(bytes, net, net->w_in, 1);
    model_bytes_print(bytes, "], [");
    for (size_t c = 0; c < CELLS; c++) {
        model_bytes_print(bytes, "%s", c == 0 ? "" : ", ");
        print_keras_row(bytes, net, &net->w_state[0][c], CELLS);
    }
    model_bytes_print(bytes, "], ");
    if (net->gates == 4) {
        print_keras_row(bytes, net, bias, 1);
    } else {
        model_bytes_print(bytes, "[");
        print_keras_row(bytes, net, net->b_in, 1);
        model_bytes_print(bytes, ", ");
        print_keras_row(bytes, net, net->b_state, 1);
        model_bytes_print(bytes, "]");
    }
    model_bytes_print(bytes, "]}, {\"type\": \"dense\", \"activation\": \"\", \"shape\": [null, "
                             "null, 1], \"weights\": [[");
    for (size_t c = 0; c < CELLS; c++) {
        model_bytes_print(bytes, "%s[%.9g]", c == 0 ? "" : ", ", (double)net->w_out[c]);
    }
    model_bytes_print(bytes, "], [%.9g]]}]}", (double)net->b_out);
}

static void write_nam(model_bytes *bytes, const cell_net *net)
{
    enum { ROWS = 4 * CELLS, COUNT = ROWS * (CELLS + 2) + 2 * CELLS + CELLS + 1 };
    float weights[COUNT] = {0}, *next = weights; // zeros: the state that the others start from
    for (int r = 0; r < ROWS; r++) {
        *next++ = net->w_in[r];
        memcpy(next, net->w_state[r], sizeof net->w_state[r]);
        next += CELLS;
    }
    for (int r = 0; r < ROWS; r++) {
        *next++ = net->b_in[r] + net->b_state[r];
    }
    next += 2 * CELLS;
    memcpy(next, net->w_out, sizeof net->w_out);
    next[CELLS] = net->b_out;
    nam_file_write_weights(bytes, "0.5.4", "LSTM",
                           "{\"input_size\": 1, \"hidden_size\": 5, \"num_layers\": 1}", "44100",
                           weights, COUNT);
}

static void lstm(void **state)
{
    (void)state;
    static float aidax[FRAMES], out[FRAMES];
    const cell_net net = make_net(4);
    model_bytes bytes = {0};
    write_aidax(&bytes, &net);
    play(&bytes, aidax);
    assert_lively(aidax);
    write_proteus(&bytes, &net);
    play(&bytes, out);
    assert_true(largest_difference(aidax, out) <= 1e-6f);

    write_nam(&bytes, &net);
    play(&bytes, out);
    random_source random = {5};
    for (int i = 0; i < FRAMES; i++) {
        out[i] += random_float(&random, -1.0f, 1.0f); // .nam has no direct path
    }
    assert_true(largest_difference(aidax, out) <= 1e-6f);
}

static void gru(void **state)
{
    (void)state;
    static float aidax[FRAMES], out[FRAMES];
    const cell_net net = make_net(3);
    model_bytes bytes = {0};
    write_aidax(&bytes, &net);
    play(&bytes, aidax);
    assert_lively(aidax);
    write_proteus(&bytes, &net);
    play(&bytes, out);
    assert_true(largest_difference(aidax, out) <= 1e-6f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_model),
        cmocka_unit_test(lstm),
        cmocka_unit_test(gru),
    };
    return cmocka_run_group_tests_name("model_forms", tests, NULL, NULL);
}
