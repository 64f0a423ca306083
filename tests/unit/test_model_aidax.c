// SPDX-License-Identifier: MIT
// Keras-style files and Proteus files: layouts and gate orders, told by numbers that name their
// place; gains, rates and metadata; what is refused.

#include "backline/model.h"
#include "model/arch.h"
#include "support/cmocka_all.h"
#include "support/model_files.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static bl_status parse(const model_bytes *bytes, bl_model **model, bl_error *error)
{
    return bl_model_parse((const uint8_t *)bytes->data, bytes->size, "amp.aidax", NULL, model,
                          error);
}

// Ends `bytes`.
static bl_model *load(model_bytes *bytes)
{
    bl_error error = {0};
    bl_model *model = NULL;
    if (parse(bytes, &model, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    model_bytes_finish(bytes);
    return model;
}

// Ends `bytes`.
static void assert_refused(model_bytes *bytes, bl_status status, const char *sentence)
{
    bl_error error = {0};
    bl_model *model = NULL;
    const bl_status found = parse(bytes, &model, &error);
    model_bytes_finish(bytes);
    if (found != status || strncmp(error.text, "amp.aidax: ", 11) != 0 ||
        strstr(error.text, sentence) == NULL) {
        fail_msg("found status %d \"%s\", expected %d \"%s\"", found, error.text, status, sentence);
    }
}

// [first, first + 1, ...] of `count`.
static void print_row(model_bytes *bytes, int first, int count)
{
    for (int i = 0; i < count; i++) {
        model_bytes_print(bytes, "%s%d", i == 0 ? "[" : ", ", first + i);
    }
    model_bytes_print(bytes, "]");
}

// Rows that begin with first, first + 100, ...
static void print_table(model_bytes *bytes, int first, int rows, int columns)
{
    for (int i = 0; i < rows; i++) {
        model_bytes_print(bytes, "%s", i == 0 ? "[" : ", ");
        print_row(bytes, first + 100 * i, columns);
    }
    model_bytes_print(bytes, "]");
}

static void begin(model_bytes *bytes)
{
    model_bytes_print(bytes, "{\"in_shape\": [null, null, 1], \"layers\": [");
}

static void begin_layer(model_bytes *bytes, const char *type, const char *activation, int width)
{
    const char *comma = bytes->data[bytes->size - 1] == '[' ? "" : ", ";
    model_bytes_print(bytes,
                      "%s{\"type\": \"%s\", \"activation\": \"%s\", \"shape\": [null, null, %d], "
                      "\"weights\": [",
                      comma, type, activation, width);
}

static void dense(model_bytes *bytes, int in, int out, const char *activation)
{
    begin_layer(bytes, "dense", activation, out);
    print_table(bytes, 0, in, out);
    model_bytes_print(bytes, ", ");
    print_row(bytes, 1000, out);
    model_bytes_print(bytes, "]}");
}

// Kernel, recurrent kernel, bias; `gates` gates.
static void recurrent(model_bytes *bytes, const char *type, int gates, int in, int cells)
{
    begin_layer(bytes, type, "tanh", cells);
    print_table(bytes, 0, in, gates * cells);
    model_bytes_print(bytes, ", ");
    print_table(bytes, 1000, cells, gates * cells);
    model_bytes_print(bytes, ", ");
    if (gates == 3) {
        print_table(bytes, 5000, 2, gates * cells);
    } else {
        print_row(bytes, 5000, gates * cells);
    }
    model_bytes_print(bytes, "]}");
}

static const bl_sequence *sequence_of(const bl_model *model)
{
    assert_int_equal(bl_model_get_arch(model)->kind, BL_ARCH_SEQUENCE);
    return &bl_model_get_arch(model)->u.sequence;
}

static void lstm_and_dense(void **state)
{
    (void)state;
    model_bytes bytes = {0};
    begin(&bytes);
    recurrent(&bytes, "lstm", 4, 1, 2);
    dense(&bytes, 2, 1, "");
    model_bytes_print(&bytes, "], \"in_skip\": 1, \"in_gain\": 6, \"out_gain\": -20, \"metadata\": "
                              "{\"name\": \"Twin\", \"samplerate\": \"44100\", \"esr\": 0.25}}");
    bl_model *model = load(&bytes);
    const bl_sequence *net = sequence_of(model);
    assert_int_equal(net->stage_count, 2);
    const bl_sequence_stage *lstm = &net->stages[0], *head = &net->stages[1];
    assert_int_equal(lstm->kind, BL_SEQUENCE_LSTM);
    for (int row = 0; row < 8; row++) {
        assert_true(lstm->w[row * 3] == (float)row);
        assert_true(lstm->w[row * 3 + 1] == (float)(1000 + row));
        assert_true(lstm->w[row * 3 + 2] == (float)(1100 + row));
        assert_true(lstm->b[row] == (float)(5000 + row));
    }
    assert_true(lstm->h0[0] == 0.0f && lstm->c0[1] == 0.0f);
    assert_true(head->matrix.w[0] == 0.0f && head->matrix.w[1] == 100.0f);
    assert_true(head->matrix.b[0] == 1000.0f);
    assert_true(net->skip);
    assert_float_equal(net->in_gain, powf(10.0f, 0.3f), 1e-6);
    assert_float_equal(net->out_gain, 0.1f, 1e-7);
    assert_int_equal(net->prewarm_frames, 22080);
    const bl_model_info *info = bl_model_get_info(model);
    assert_string_equal(info->format, "aidax");
    assert_string_equal(info->architecture, "lstm 2, dense 1");
    assert_string_equal(info->name, "Twin");
    assert_true(info->sample_rate_known && info->sample_rate_hz == 44100.0);
    assert_true(info->has_esr && info->esr == 0.25);
    assert_int_equal(info->parameters, 8 * 4 + 3);
    assert_int_equal(info->mac_per_sample, 4 * 2 * 3 + 3 * 2 + 2);
    assert_int_equal(info->receptive_field_samples, 0);
    bl_model_release(model);
}

static void gru(void **state)
{
    (void)state;
    model_bytes bytes = {0};
    begin(&bytes);
    recurrent(&bytes, "gru", 3, 1, 2);
    dense(&bytes, 2, 1, "");
    model_bytes_print(&bytes, "]}");
    bl_model *model = load(&bytes);
    const bl_sequence_stage *stage = &sequence_of(model)->stages[0];
    for (int row = 0; row < 6; row++) {
        assert_true(stage->w[row] == (float)row);
        assert_true(stage->u[row * 2] == (float)(1000 + row));
        assert_true(stage->u[row * 2 + 1] == (float)(1100 + row));
        assert_true(stage->b[row] == (float)(5000 + row));
        assert_true(stage->b[6 + row] == (float)(5100 + row));
    }
    const bl_sequence *net = sequence_of(model);
    assert_false(net->skip);
    assert_true(net->in_gain == 1.0f && net->out_gain == 1.0f);
    assert_true(bl_model_get_info(model)->sample_rate_hz == 48000.0);
    assert_false(bl_model_get_info(model)->sample_rate_known);
    assert_int_equal(bl_model_get_info(model)->mac_per_sample, 3 * 2 * 3 + 2);
    bl_model_release(model);
}

// Three taps, two inputs, two outputs: the last tap of the file is the current sample, as here.
static void convolution_and_pointwise(void **state)
{
    (void)state;
    model_bytes bytes = {0};
    begin(&bytes);
    dense(&bytes, 1, 2, "relu");
    begin_layer(&bytes, "conv1d", "sigmoid", 2);
    model_bytes_print(&bytes,
                      "[[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[9, 10], [11, 12]]], [20, 21]],"
                      " \"kernel_size\": [3], \"dilation\": [4]}");
    begin_layer(&bytes, "prelu", "", 2);
    model_bytes_print(&bytes, "[[0.5, 0.25]]]}");
    begin_layer(&bytes, "batchnorm", "", 2);
    model_bytes_print(&bytes, "[6, 6], [1, 2], [3, 3], [3.5, 8.5]], \"epsilon\": 0.5}");
    begin_layer(&bytes, "batchnorm", "", 2);
    model_bytes_print(&bytes, "[1, 0], [4, 4]], \"epsilon\": 0}");
    begin_layer(&bytes, "activation", "elu", 2);
    model_bytes_print(&bytes, "]}");
    begin_layer(&bytes, "activation", "softmax", 2);
    model_bytes_print(&bytes, "]}");
    dense(&bytes, 2, 1, "tanh");
    model_bytes_print(&bytes, "]}");
    bl_model *model = load(&bytes);
    const bl_sequence *net = sequence_of(model);
    assert_int_equal(net->stage_count, 11);
    static const float w[] = {1, 5, 9, 3, 7, 11, 2, 6, 10, 4, 8, 12}; // [out][in][tap]
    assert_int_equal(net->stages[1].activation.kind, BL_ACTIVATION_RELU);
    assert_memory_equal(net->stages[2].conv.w, w, sizeof w);
    assert_int_equal(net->stages[2].conv.dilation, 4);
    assert_true(net->stages[2].conv.b[1] == 21.0f);
    assert_int_equal(net->stages[3].activation.kind, BL_ACTIVATION_SIGMOID);
    assert_true(net->stages[4].activation.slopes[1] == 0.25f);
    assert_true(net->stages[5].scale[0] == 3.0f && net->stages[5].scale[1] == 2.0f);
    assert_true(net->stages[5].shift[0] == 1.0f - 9.0f && net->stages[5].shift[1] == 2.0f - 6.0f);
    assert_true(net->stages[6].scale[1] == 0.5f && net->stages[6].shift[0] == -0.5f);
    assert_int_equal(net->stages[7].activation.kind, BL_ACTIVATION_ELU);
    assert_int_equal(net->stages[8].activation.kind, BL_ACTIVATION_SOFTMAX);
    assert_int_equal(net->stages[10].activation.kind, BL_ACTIVATION_TANH);
    assert_int_equal(net->prewarm_frames, 0);
    assert_int_equal(bl_model_get_info(model)->receptive_field_samples, 9);
    assert_int_equal(bl_model_get_info(model)->mac_per_sample, 2 + 12 + 2);
    assert_int_equal(bl_model_get_info(model)->parameters, 4 + 14 + 2 + 8 + 4 + 3);
    bl_model_release(model);
}

// A state dict whose gates are in PyTorch's order.
static void print_proteus(model_bytes *bytes, const char *unit, int gates, int skip)
{
    model_bytes_print(
        bytes,
        "{\"model_data\": {\"model\": \"SimpleRNN\", \"input_size\": 1, \"skip\": %d, "
        "\"output_size\": 1, \"unit_type\": \"%s\", \"num_layers\": 1, "
        "\"hidden_size\": 2, \"bias_fl\": true}, \"state_dict\": {",
        skip, unit);
    model_bytes_print(bytes, "\"rec.weight_ih_l0\": ");
    print_table(bytes, 0, gates * 2, 1);
    model_bytes_print(bytes, ", \"rec.weight_hh_l0\": ");
    print_table(bytes, 0, gates * 2, 2);
    model_bytes_print(bytes, ", \"rec.bias_ih_l0\": ");
    print_row(bytes, 1000, gates * 2);
    model_bytes_print(bytes, ", \"rec.bias_hh_l0\": ");
    print_row(bytes, 5000, gates * 2);
    model_bytes_print(bytes, ", \"lin.weight\": [[7, 8]], \"lin.bias\": [9]}}");
}

static void proteus_lstm(void **state)
{
    (void)state;
    model_bytes bytes = {0};
    print_proteus(&bytes, "LSTM", 4, 1);
    bl_model *model = load(&bytes);
    const bl_sequence *net = sequence_of(model);
    const bl_sequence_stage *stage = &net->stages[0];
    for (int row = 0; row < 8; row++) {
        assert_true(stage->w[row * 3] == (float)(100 * row));
        assert_true(stage->w[row * 3 + 1] == (float)(100 * row));
        assert_true(stage->w[row * 3 + 2] == (float)(100 * row + 1));
        assert_true(stage->b[row] == (float)(6000 + 2 * row));
    }
    assert_true(net->stages[1].matrix.w[1] == 8.0f && net->stages[1].matrix.b[0] == 9.0f);
    assert_true(net->skip);
    const bl_model_info *info = bl_model_get_info(model);
    assert_string_equal(info->format, "proteus");
    assert_string_equal(info->architecture, "lstm 2");
    assert_true(info->sample_rate_hz == 44100.0 && !info->sample_rate_known);
    assert_int_equal(info->parameters, 8 + 16 + 16 + 3);
    assert_int_equal(net->prewarm_frames, 22080);
    bl_model_release(model);
}

static void proteus_gru(void **state)
{
    (void)state;
    static const int gate_of[] = {2, 3, 0, 1, 4, 5}; // row of the file for each row here: z r n
    model_bytes bytes = {0};
    print_proteus(&bytes, "GRU", 3, 0);
    bl_model *model = load(&bytes);
    const bl_sequence *net = sequence_of(model);
    const bl_sequence_stage *stage = &net->stages[0];
    for (int row = 0; row < 6; row++) {
        assert_true(stage->w[row] == (float)(100 * gate_of[row]));
        assert_true(stage->u[row * 2] == (float)(100 * gate_of[row]));
        assert_true(stage->u[row * 2 + 1] == (float)(100 * gate_of[row] + 1));
        assert_true(stage->b[row] == (float)(1000 + gate_of[row]));
        assert_true(stage->b[6 + row] == (float)(5000 + gate_of[row]));
    }
    assert_false(net->skip);
    bl_model_release(model);
}

typedef struct edit {
    const char *from, *to;
    bl_status status;
    const char *sentence;
} edit;

static void refused_layers(void **state)
{
    (void)state;
    static const edit edits[] = {
        {"[null, null, 1]", "[null, null, 2]", BL_STATUS_FORMAT,
         "in_shape[2]: found 2, expected 1; models with knobs"},
        {"\"in_shape\"", "\"i\"", BL_STATUS_FORMAT, "in_shape: found nothing"},
        {"\"lstm\"", "\"conv2d\"", BL_STATUS_FORMAT,
         "layers[0].type: found \"conv2d\", expected dense"},
        {"\"tanh\"", "\"relu\"", BL_STATUS_FORMAT,
         "layers[0].activation: found \"relu\", expected tanh or nothing"},
        {"null, 2]", "null, 3]", BL_STATUS_FORMAT,
         "layers[0].weights[0][0]: found a list of 8, expected a list of 12"},
        {"null, 2]", "null, 100000]", BL_STATUS_FORMAT,
         "layers[0].shape[2]: found 100000, expected a whole number from 1 to 1024"},
        {"null, 2]", "null]", BL_STATUS_FORMAT, "layers[0].shape[1]: found null"},
        {"5007]", "5007, 1]", BL_STATUS_FORMAT, "layers[0].weights[2]: found a list of 9"},
        {"5007]", "\"a\"]", BL_STATUS_FORMAT, "layers[0].weights[2][7]: found \"a\""},
        {"5007]", "1e39]", BL_STATUS_FORMAT, "layers[0].weights[2][7]: found 1e+39"},
        {"\"dense\", \"activation\": \"\"", "\"dense\", \"activation\": \"gelu\"", BL_STATUS_FORMAT,
         "layers[1].activation: found \"gelu\""},
        {"\"layers\": [", "\"layers\": [], \"x\": [", BL_STATUS_FORMAT,
         "layers: found a list of 0"},
        {"\"in_skip\": 0", "\"in_skip\": 2", BL_STATUS_FORMAT, "in_skip: found 2"},
        {"\"in_skip\": 0", "\"in_gain\": \"loud\"", BL_STATUS_FORMAT, "in_gain: found \"loud\""},
        {"\"in_skip\": 0", "\"samplerate\": 10", BL_STATUS_FORMAT,
         "samplerate: found 10, expected a sample rate in Hz"},
        {"\"in_skip\": 0", "\"metadata\": {\"samplerate\": \"x\"}", BL_STATUS_FORMAT,
         "metadata.samplerate: found \"x\""},
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        model_bytes bytes = {0};
        begin(&bytes);
        recurrent(&bytes, "lstm", 4, 1, 2);
        dense(&bytes, 2, 1, "");
        model_bytes_print(&bytes, "], \"in_skip\": 0}");
        model_bytes_replace(&bytes, edits[i].from, edits[i].to);
        assert_refused(&bytes, edits[i].status, edits[i].sentence);
    }
    model_bytes bytes = {0};
    begin(&bytes);
    dense(&bytes, 1, 2, "");
    model_bytes_print(&bytes, "]}");
    assert_refused(&bytes, BL_STATUS_SHAPE, "found 2 channels out of the last layer, expected 1");
    begin(&bytes);
    begin_layer(&bytes, "activation", "tanh", 2);
    model_bytes_print(&bytes, "]}]}");
    assert_refused(&bytes, BL_STATUS_SHAPE, "layers[0].shape: found 2 channels, expected 1");
    begin(&bytes);
    begin_layer(&bytes, "batchnorm", "", 1);
    model_bytes_print(&bytes, "[0], [-1]], \"epsilon\": 0.001}]}");
    assert_refused(&bytes, BL_STATUS_VALUE,
                   "layers[0].weights: found a variance of -1 in channel 0");
}

// Arrays that no layer has are not dropped.
static void too_many_arrays(void **state)
{
    (void)state;
    static const edit edits[] = {
        {"5007]]", "5007], [1]]", BL_STATUS_FORMAT,
         "layers[0].weights: found a list of 4, expected a list of 3"},
        {"[1000]]", "[1000], [1]]", BL_STATUS_FORMAT,
         "layers[1].weights: found a list of 3, expected a list of 2"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        model_bytes bytes = {0};
        begin(&bytes);
        recurrent(&bytes, "lstm", 4, 1, 2);
        dense(&bytes, 2, 1, "");
        model_bytes_print(&bytes, "]}");
        model_bytes_replace(&bytes, edits[i].from, edits[i].to);
        assert_refused(&bytes, edits[i].status, edits[i].sentence);
    }
    model_bytes bytes = {0};
    begin(&bytes);
    recurrent(&bytes, "gru", 3, 1, 1);
    model_bytes_print(&bytes, "]}");
    model_bytes_replace(&bytes, "]]]}]}", "]], [1]]}]}");
    assert_refused(&bytes, BL_STATUS_FORMAT,
                   "layers[0].weights: found a list of 4, expected a list of 3");
    begin(&bytes);
    begin_layer(&bytes, "prelu", "", 1);
    model_bytes_print(&bytes, "[[1]], [1]]}]}");
    assert_refused(&bytes, BL_STATUS_FORMAT,
                   "layers[0].weights: found a list of 2, expected a list of 1");
}

static void ignored_keys(void **state)
{
    (void)state;
    static const struct {
        const char *extra, *warning;
    } rows[] = {
        {"\"padding\": \"causal\", \"strides\": [1]", ""},
        {"\"padding\": \"same\"", "layers[0].padding: ignored"},
        {"\"strides\": 2", "layers[0].strides: ignored"},
        {"\"strides\": [2]", "layers[0].strides: ignored"},
        {"\"recurrent_activation\": \"sigmoid\"", ""},
        {"\"recurrent_activation\": \"hard_sigmoid\"", "layers[0].recurrent_activation: ignored"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char type[96];
        snprintf(type, sizeof type, "%s, \"type\"", rows[i].extra);
        model_bytes bytes = {0};
        begin(&bytes);
        dense(&bytes, 1, 1, "");
        model_bytes_print(&bytes, "]}");
        model_bytes_replace(&bytes, "\"type\"", type);
        bl_model *model = load(&bytes);
        const char *warning = bl_model_get_info(model)->warning;
        if (strncmp(warning, rows[i].warning, strlen(rows[i].warning)) != 0 ||
            (rows[i].warning[0] == '\0') != (warning[0] == '\0')) {
            fail_msg("%s: found the warning \"%s\"", rows[i].extra, warning);
        }
        bl_model_release(model);
    }
}

static void refused_proteus(void **state)
{
    (void)state;
    static const edit edits[] = {
        {"\"LSTM\"", "\"RNN\"", BL_STATUS_FORMAT, "model_data.unit_type: found \"RNN\""},
        {"\"model_data\"", "\"m\"", BL_STATUS_FORMAT, "model_data.unit_type: found nothing"},
        {"\"input_size\": 1", "\"input_size\": 2", BL_STATUS_FORMAT,
         "model_data.input_size: found 2, expected 1; models with knobs"},
        {"\"hidden_size\": 2", "\"hidden_size\": 3", BL_STATUS_FORMAT,
         "state_dict.rec.weight_ih_l0: found a list of 8, expected a list of 12"},
        {"\"hidden_size\": 2", "\"hidden_size\": 1e9", BL_STATUS_FORMAT,
         "model_data.hidden_size: found 1000000000"},
        {"\"num_layers\": 1", "\"num_layers\": 2", BL_STATUS_FORMAT,
         "state_dict.rec.weight_ih_l1: found nothing"},
        {"rec.bias_hh_l0", "rec.bias", BL_STATUS_FORMAT,
         "state_dict.rec.bias_hh_l0: found nothing, expected a list of 8"},
        {"[[7, 8]]", "[7, 8]", BL_STATUS_FORMAT, "state_dict.lin.weight: found a list of 2"},
        {"\"lin.bias\"", "\"rec.weight_ih_l1\": [[1]], \"lin.bias\"", BL_STATUS_SHAPE,
         "state_dict: found 7 tensors, expected 6 for num_layers 1"},
        {"[9]", "[null]", BL_STATUS_FORMAT, "state_dict.lin.bias[0]: found null"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        model_bytes bytes = {0};
        print_proteus(&bytes, "LSTM", 4, 1);
        model_bytes_replace(&bytes, edits[i].from, edits[i].to);
        assert_refused(&bytes, edits[i].status, edits[i].sentence);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lstm_and_dense),
        cmocka_unit_test(gru),
        cmocka_unit_test(convolution_and_pointwise),
        cmocka_unit_test(proteus_lstm),
        cmocka_unit_test(proteus_gru),
        cmocka_unit_test(refused_layers),
        cmocka_unit_test(too_many_arrays),
        cmocka_unit_test(ignored_keys),
        cmocka_unit_test(refused_proteus),
    };
    const int failures = cmocka_run_group_tests_name("model_aidax", tests, NULL, NULL);
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL) {
        puts("the locale de_DE.UTF-8 is not installed: its run is skipped");
        return failures;
    }
    return failures + cmocka_run_group_tests_name("model_aidax de_DE", tests, NULL, NULL);
}
