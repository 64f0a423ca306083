// SPDX-License-Identifier: MIT
// Loading and saving with memory short: every allocation fails once, and each time there is a clear
// sentence, no model, and (under a sanitizer) no leak. Linked with --wrap for malloc, calloc
// and realloc; jansson keeps its own memory, since its release 2.14 writes behind a buffer that
// could not grow.

#include "backline/model.h"
#include "support/cmocka_all.h"
#include "support/model_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint32_t calls;
static uint32_t failing; // the call that fails, counted from 1; 0: none
static bool armed;       // outside, cmocka and stdio allocate as they like

// The linker gives these names.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

static bool fails(void)
{
    return armed && ++calls == failing;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

// Runs `body` once to count, then once for each allocation.
static void fail_each(bl_status (*body)(const void *data, bl_error *error), const void *data)
{
    bl_error error = {0};
    failing = 0;
    calls = 0;
    armed = true;
    bl_status status = body(data, &error);
    armed = false;
    if (status != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    const uint32_t count = calls;
    assert_true(count > 1);
    for (uint32_t i = 1; i <= count; i++) {
        bl_error_clear(&error);
        failing = i;
        calls = 0;
        armed = true;
        status = body(data, &error);
        armed = false;
        if (status != BL_STATUS_NO_MEMORY || error.status != status ||
            strstr(error.text, "memory") == NULL) {
            fail_msg("allocation %u of %u: status %d, \"%s\"", i, count, status, error.text);
        }
    }
}

static bl_status parse(const void *data, bl_error *error)
{
    const model_bytes *bytes = data;
    bl_model *model = NULL;
    const bl_status status =
        bl_model_parse((const uint8_t *)bytes->data, bytes->size, "x", NULL, &model, error);
    assert_true((status == BL_STATUS_OK) == (model != NULL));
    bl_model_release(model);
    return status;
}

static const bl_config_model shape = {.causal = true,
                                      .channels = 3,
                                      .num_layers = 2,
                                      .kernel_size = 2,
                                      .dilation_base = 2,
                                      .activation = BL_CONFIG_TANH};

static void fill(float *weights)
{
    model_weights_fill(weights, native_weight_count(&shape), 4, 1);
}

static void loading(void **state)
{
    (void)state;
    float weights[64];
    fill(weights);
    model_bytes bytes = {0};
    native_file_write(&bytes, &shape, 48000.0, weights, 0);
    fail_each(parse, &bytes);
    model_bytes_finish(&bytes);
    native_file_write(&bytes, &shape, 48000.0, weights, 1);
    fail_each(parse, &bytes);
    model_bytes_finish(&bytes);
    nam_reference_write(&bytes, &shape, 48000.0, weights, NAM_REFERENCE_TWO_ARRAYS);
    fail_each(parse, &bytes);
    model_bytes_finish(&bytes);
    nam_file_write(&bytes, "0.5.4", "LSTM",
                   "{\"input_size\": 1, \"hidden_size\": 2, \"num_layers\": 1}", NULL, 39, 1);
    fail_each(parse, &bytes);
    model_bytes_finish(&bytes);
    model_bytes_print(&bytes, "{\"in_shape\": [1], \"layers\": [{\"type\": \"dense\", \"shape\": "
                              "[1], \"weights\": [[[1]], [0]]}]}");
    fail_each(parse, &bytes);
    model_bytes_finish(&bytes);
}

static bl_status load(const void *data, bl_error *error)
{
    bl_model *model = NULL;
    const bl_status status = bl_model_load(data, NULL, &model, error);
    bl_model_release(model);
    return status;
}

typedef struct target {
    const bl_model *model;
    const char *path;
} target;

static bl_status save(const void *data, bl_error *error)
{
    const target *to = data;
    return bl_model_save(to->model, to->path, error);
}

static bl_status build(const void *data, bl_error *error)
{
    bl_config config = bl_config_default();
    config.model = shape;
    bl_model *model = NULL;
    const bl_status status =
        bl_model_from_config(&config, data, native_weight_count(&shape), "x", &model, error);
    bl_model_release(model);
    return status;
}

static bl_status describe(const void *data, bl_error *error)
{
    bl_model_info info;
    return bl_model_info_from_config(data, &info, error);
}

static void saving_and_building(void **state)
{
    (void)state;
    float weights[64];
    fill(weights);
    fail_each(build, weights);
    bl_config config = bl_config_default();
    config.model = shape;
    fail_each(describe, &config);

    char folder[] = "/tmp/backline-memory-XXXXXX", path[128];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/x.safetensors", folder);
    bl_model *model = NULL;
    assert_int_equal(
        bl_model_from_config(&config, weights, native_weight_count(&shape), "x", &model, NULL),
        BL_STATUS_OK);
    fail_each(save, &(target){model, path});
    fail_each(load, path);
    bl_model_release(model);
    unlink(path);
    assert_int_equal(rmdir(folder), 0); // nothing half-written is left
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loading),
        cmocka_unit_test(saving_and_building),
    };
    return cmocka_run_group_tests_name("model_memory", tests, NULL, NULL);
}
