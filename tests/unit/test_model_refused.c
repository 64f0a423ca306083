// SPDX-License-Identifier: MIT
// Files that are no good models, of every kind: one clear sentence, no crash, no leak, no memory
// without bound.

#include "backline/limits.h"
#include "backline/model.h"
#include "support/cmocka_all.h"
#include "support/model_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const bl_config_model shape = {.causal = true,
                                      .channels = 2,
                                      .num_layers = 2,
                                      .kernel_size = 3,
                                      .dilation_base = 2,
                                      .activation = BL_CONFIG_TANH};

enum { SHAPE_WEIGHTS = 2 * 2 + 2 * (12 + 2) + 2 + 1 };

static void assert_sentence(const char *what, bl_status found, bl_status expected,
                            const bl_error *error, const char *sentence)
{
    if (found != expected || error->status != expected || strstr(error->text, sentence) == NULL ||
        strchr(error->text, '\n') != NULL) {
        fail_msg("%s: found status %d \"%s\", expected %d \"%s\"", what, found, error->text,
                 expected, sentence);
    }
}

static void assert_refused(const char *what, const void *bytes, size_t size, bl_status status,
                           const char *sentence)
{
    // A copy of exactly this size, so that a sanitizer sees every byte read behind it.
    uint8_t *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    bl_error error = {0};
    bl_model *model = NULL;
    const bl_status found = bl_model_parse(copy, size, "broken", NULL, &model, &error);
    free(copy);
    assert_sentence(what, found, status, &error, sentence);
    if (status == BL_STATUS_LIMIT && strchr(error.text, ';') == NULL) {
        fail_msg("%s: says nothing of what to do: %s", what, error.text);
    }
    assert_null(model);
}

static void write_good(model_bytes *bytes)
{
    float weights[SHAPE_WEIGHTS];
    model_weights_fill(weights, SHAPE_WEIGHTS, 4, 3);
    native_file_write(bytes, &shape, 48000.0, weights, 0);
}

static void paths(void **state)
{
    (void)state;
    bl_error error = {0};
    bl_model *model = NULL;
    bl_status status = bl_model_load("/tmp/no-such-model.nam", NULL, &model, &error);
    assert_sentence("missing", status, BL_STATUS_NOT_FOUND, &error, "/tmp/no-such-model.nam: ");
    bl_error_clear(&error);
    status = bl_model_load("/tmp", NULL, &model, &error);
    assert_sentence("folder", status, BL_STATUS_IO, &error,
                    "/tmp: found a folder, expected a file");
    assert_int_equal(bl_model_load("/tmp", NULL, &model, NULL), BL_STATUS_IO); // no error object
}

static void no_model_at_all(void **state)
{
    (void)state;
    assert_refused("empty", "", 0, BL_STATUS_FORMAT, "broken: found an empty file");
    assert_refused("a byte", "{", 1, BL_STATUS_FORMAT,
                   "line 1, column 1: string or '}' expected near end of file");
    assert_refused("a WAV", "RIFF\0\0\0\0WAVEfmt ", 16, BL_STATUS_FORMAT,
                   "byte 0: found neither a JSON text nor a safetensors header");
    assert_refused("zeros", "\0\0\0\0\0\0\0\0\0\0\0", 11, BL_STATUS_FORMAT,
                   "byte 0: found neither");
    assert_refused("white space", "  \n ", 4, BL_STATUS_FORMAT, "byte 0: found neither");
    assert_refused("a list", "[]", 2, BL_STATUS_FORMAT, "found a JSON list at the top");
    assert_refused("not UTF-8", "{\"version\": \"\xff\xfe\"}", 17, BL_STATUS_FORMAT, "line 1, ");
    assert_refused("two documents", "{}{}", 4, BL_STATUS_FORMAT, "line 1, column 3: ");
    assert_refused("nothing in it", "{}", 2, BL_STATUS_FORMAT, "version: found nothing");
    assert_refused("byte order mark", "\xef\xbb\xbf{}", 5, BL_STATUS_FORMAT,
                   "version: found nothing");
}

// Every beginning of a good file is refused and leaks nothing.
static void cut_short(void **state)
{
    (void)state;
    model_bytes bytes = {0};
    write_good(&bytes);
    for (size_t size = 0; size < bytes.size; size++) {
        bl_model *model = NULL;
        bl_error error = {0};
        assert_int_not_equal(
            bl_model_parse((const uint8_t *)bytes.data, size, "cut", NULL, &model, &error),
            BL_STATUS_OK);
        assert_true(strncmp(error.text, "cut: ", 5) == 0);
    }
    model_bytes_finish(&bytes);
    nam_file_write(&bytes, "0.5.4", "Linear", "{\"receptive_field\": 3, \"bias\": true}", "48000",
                   4, 1);
    for (size_t size = 0; size < bytes.size; size++) {
        bl_model *model = NULL;
        assert_int_not_equal(
            bl_model_parse((const uint8_t *)bytes.data, size, "cut", NULL, &model, NULL),
            BL_STATUS_OK);
    }
    model_bytes_finish(&bytes);
}

static void deep_or_many(void **state)
{
    (void)state;
    model_bytes bytes = {0};
    for (int i = 0; i < 100000; i++) {
        model_bytes_append(&bytes, "[", 1);
    }
    assert_refused("deep list", bytes.data, bytes.size, BL_STATUS_LIMIT, "nested deeper than 64");
    model_bytes_finish(&bytes);

    for (int i = 0; i < 70; i++) {
        model_bytes_print(&bytes, "%s{\"a\": [\"]\\\"\", ", i == 0 ? "" : "\n");
    }
    assert_refused("deep object", bytes.data, bytes.size, BL_STATUS_LIMIT,
                   "line 33, column 1: found lists and objects nested deeper than 64");
    model_bytes_finish(&bytes);

    model_bytes_print(&bytes, "{\"weights\": [");
    for (int i = 0; i <= BL_LIMIT_JSON_NODES; i++) {
        model_bytes_append(&bytes, "{},", 3);
    }
    model_bytes_print(&bytes, "0]}");
    assert_refused("many objects", bytes.data, bytes.size, BL_STATUS_LIMIT,
                   "found more texts, lists and objects than 1048576");
    model_bytes_finish(&bytes);

    model_bytes_print(&bytes, "{\"weights\": [");
    for (int i = 0; i <= BL_LIMIT_WEIGHTS + BL_LIMIT_JSON_NODES; i++) {
        model_bytes_append(&bytes, "0,", 2);
    }
    model_bytes_print(&bytes, "0]}");
    assert_refused("many numbers", bytes.data, bytes.size, BL_STATUS_LIMIT,
                   "found more numbers than 17825792");
    model_bytes_finish(&bytes);
}

typedef struct edit {
    const char *what, *from, *to;
    bl_status status;
    const char *sentence;
} edit;

// Edits of the header, which keep the bytes of the data.
static void header_of_safetensors(void **state)
{
    (void)state;
    static const edit edits[] = {
        {"dtype", "\"F32\"", "\"F16\"", BL_STATUS_FORMAT,
         "input_conv.weight.dtype: found \"F16\", expected \"F32\"; save the model in 32-bit"},
        {"dtype missing", "\"dtype\"", "\"type\"", BL_STATUS_FORMAT,
         "input_conv.weight.dtype: found nothing"},
        {"shape", "[2, 1, 1]", "[1, 2, 1]", BL_STATUS_SHAPE,
         "input_conv.weight: found [1, 2, 1], expected a tensor of shape [2, 1, 1]"},
        {"dimensions", "[2, 1, 1]", "[2]", BL_STATUS_SHAPE,
         "input_conv.weight: found [2], expected"},
        {"product", "[2, 1, 1]", "[3, 1, 1]", BL_STATUS_SHAPE,
         "input_conv.weight.data_offsets: found 8 bytes, expected 12"},
        {"product huge", "[2, 1, 1]", "[16777216, 16777216, 16777216]", BL_STATUS_LIMIT,
         "input_conv.weight.shape: found more than"},
        {"size 0", "[2, 1, 1]", "[2, 0, 1]", BL_STATUS_FORMAT,
         "input_conv.weight.shape[1]: found 0"},
        {"size negative", "[2, 1, 1]", "[2, -1, 1]", BL_STATUS_FORMAT,
         "input_conv.weight.shape[1]: found -1"},
        {"dimensions huge", "[2, 1, 1]", "[1, 1, 1, 1, 1, 1, 1, 1, 2]", BL_STATUS_FORMAT,
         "input_conv.weight.shape: found a list of 9"},
        {"offsets backwards", "[0, 8]", "[8, 0]", BL_STATUS_FORMAT,
         "input_conv.weight.data_offsets: found 8 to 0, expected a range inside the 140 bytes"},
        {"offsets behind", "[0, 8]", "[1000, 1008]", BL_STATUS_FORMAT,
         "input_conv.weight.data_offsets: found 1000 to 1008"},
        {"offsets negative", "[0, 8]", "[-8, 0]", BL_STATUS_FORMAT,
         "input_conv.weight.data_offsets[0]: found -8"},
        {"offsets huge", "[0, 8]", "[0, 18446744073709551616]", BL_STATUS_FORMAT,
         "input_conv.weight.data_offsets[1]: found "},
        {"one offset", "[0, 8]", "[0]", BL_STATUS_FORMAT,
         "input_conv.weight.data_offsets: found a list of 1"},
        {"overlap", "[8, 16]", "[4, 12]", BL_STATUS_FORMAT,
         "input_conv.bias: found its data at byte 4, expected 8"},
        {"name", "\"input_conv.bias\"", "\"input_conv.mean\"", BL_STATUS_SHAPE,
         "input_conv.bias: found nothing, expected a tensor of shape [2]"},
        {"name twice", "\"input_conv.bias\"", "\"input_conv.weight\"", BL_STATUS_FORMAT,
         "duplicate object key near '\"input_conv.weight\"'"},
        {"metadata a text", "\"__metadata__\": {", "\"__metadata__\": 1, \"x\": {",
         BL_STATUS_FORMAT, "__metadata__: found 1, expected an object"},
        {"newer format", "backline-1", "backline-2", BL_STATUS_FORMAT,
         "__metadata__.format: found \"backline-2\", expected \"backline-1\"; it needs a newer"},
        {"config missing", "\"config\"", "\"c\"", BL_STATUS_FORMAT,
         "__metadata__.config: found nothing"},
        {"config broken", "wavenet_amp", "wavenet_drum", BL_STATUS_VALUE,
         "broken: __metadata__.config:2:9: "},
        {"config of other channels", "channels: 2", "channels: 3", BL_STATUS_SHAPE,
         "input_conv.weight: found [2, 1, 1], expected a tensor of shape [3, 1, 1]"},
        {"config of more layers", "num_layers: 2", "num_layers: 3", BL_STATUS_SHAPE,
         "blocks.2.conv.weight: found nothing"},
        {"config of fewer layers", "num_layers: 2", "num_layers: 1", BL_STATUS_SHAPE,
         "found 8 tensors, expected 6"},
        {"config of absurd depth", "num_layers: 2", "num_layers: 900", BL_STATUS_LIMIT,
         "__metadata__.config:5:15: found a receptive field of more than"},
        {"rate", "\"sample_rate_hz\": \"48000\"", "\"sample_rate_hz\": \"fast\"", BL_STATUS_FORMAT,
         "__metadata__.sample_rate_hz: found \"fast\""},
        {"rate a number", "\"sample_rate_hz\": \"48000\"", "\"sample_rate_hz\": 48000",
         BL_STATUS_FORMAT, "__metadata__.sample_rate_hz: found 48000, expected a text"},
        {"rate absurd", "\"sample_rate_hz\": \"48000\"", "\"sample_rate_hz\": \"1\"",
         BL_STATUS_FORMAT, "__metadata__.sample_rate_hz: found \"1\", expected a number from"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        model_bytes good = {0}, header = {0}, broken = {0};
        write_good(&good);
        const size_t data = SHAPE_WEIGHTS * sizeof(float);
        model_bytes_append(&header, good.data + 8, good.size - 8 - data);
        model_bytes_replace(&header, edits[i].from, edits[i].to);
        safetensors_write(&broken, header.data, good.data + good.size - data, data);
        assert_refused(edits[i].what, broken.data, broken.size, edits[i].status, edits[i].sentence);
        model_bytes_finish(&good);
        model_bytes_finish(&header);
        model_bytes_finish(&broken);
    }
}

static void frame_of_safetensors(void **state)
{
    (void)state;
    model_bytes bytes = {0};
    write_good(&bytes);
    model_bytes_append(&bytes, "more", 4);
    assert_refused("bytes behind", bytes.data, bytes.size, BL_STATUS_FORMAT,
                   "found 144 bytes of data, expected 140");
    const float nan = (float)NAN, infinity = -(float)INFINITY;
    memcpy(bytes.data + bytes.size - 4 - 4 * sizeof nan, &nan, sizeof nan);
    assert_refused("NaN", bytes.data, bytes.size - 4, BL_STATUS_VALUE,
                   "blocks.1.conv.bias: found NaN at position 1");
    memcpy(bytes.data + bytes.size - 4 - 4 * sizeof nan, &infinity, sizeof infinity);
    assert_refused("infinity", bytes.data, bytes.size - 4, BL_STATUS_VALUE,
                   "blocks.1.conv.bias: found infinity at position 1");
    static const uint8_t lengths[][8] = {{0, 0, 0, 0, 0, 0, 0, 0x80},
                                         {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
                                         {0, 0, 0, 1, 0, 0, 0, 0}};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        memcpy(bytes.data, lengths[i], 8);
        assert_refused("length", bytes.data, bytes.size, BL_STATUS_FORMAT,
                       "byte 0: found a header length of ");
    }
    model_bytes_finish(&bytes);

    safetensors_write(&bytes, "{}", "", 0);
    assert_refused("no tensors", bytes.data, bytes.size, BL_STATUS_FORMAT,
                   "input_conv.weight: found nothing");
    model_bytes_finish(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),
        cmocka_unit_test(no_model_at_all),
        cmocka_unit_test(cut_short),
        cmocka_unit_test(deep_or_many),
        cmocka_unit_test(header_of_safetensors),
        cmocka_unit_test(frame_of_safetensors),
    };
    return cmocka_run_group_tests_name("model_refused", tests, NULL, NULL);
}
