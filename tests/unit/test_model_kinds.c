// SPDX-License-Identifier: MIT
// Every kind of network that a config can describe: the figures of the standard shapes, and the way
// through a native file and back, bit for bit.

#include "backline/model.h"
#include "model/native.h"
#include "support/cmocka_all.h"
#include "support/model_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void load_shipped(const char *name, bl_config *config)
{
    char path[512];
    bl_error error = {0};
    snprintf(path, sizeof path, "%s/configs/%s.yaml", BL_SOURCE_DIR, name);
    if (bl_config_load(path, config, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
}

// Weights as NAM's own files count them, without their head scale; fields as they prewarm.
static void standard_figures(void **state)
{
    (void)state;
    static const struct {
        const char *name, *size_class, *architecture;
        uint32_t parameters, macs, field;
    } rows[] = {{"nam_standard", "standard", "WaveNet", 13801, 13320, 4093},
                {"nam_lite", "lite", "WaveNet", 6553, 6228, 4093},
                {"nam_feather", "feather", "WaveNet", 3025, 2808, 4093},
                {"nam_nano", "nano", "WaveNet", 841, 732, 4093},
                {"nam_a2", "A2 full", "SlimmableContainer", 1870 + 12145, 11776, 6347},
                {"lstm", "", "LSTM", 4 * 16 * 18 + 17, 4 * 16 * 17 + 3 * 16 + 16, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bl_config config;
        bl_model_info info;
        load_shipped(rows[i].name, &config);
        assert_int_equal(bl_model_info_from_config(&config, &info, NULL), BL_STATUS_OK);
        assert_string_equal(info.architecture, rows[i].architecture);
        assert_string_equal(info.size_class, rows[i].size_class);
        assert_int_equal(info.parameters, rows[i].parameters);
        assert_int_equal(info.mac_per_sample, rows[i].macs);
        assert_int_equal(info.receptive_field_samples, rows[i].field);
        assert_int_equal(info.added_latency_samples, 0);
        assert_true(info.sample_rate_hz == 48000.0);
    }
}

// The recommended live model costs at most half a standard NAM.
static void stage_figures(void **state)
{
    (void)state;
    bl_config config;
    bl_model_info info;
    load_shipped("config_stage", &config);
    assert_int_equal(bl_model_info_from_config(&config, &info, NULL), BL_STATUS_OK);
    assert_true(info.mac_per_sample <= 13320 / 2);
    assert_int_equal(info.added_latency_samples, 0);
    assert_true(config.training.minutes > 0.0);
    assert_int_equal(config.training.epochs, 0);
}

static bl_native_tensor *list(const bl_model *model, uint32_t *count)
{
    *count = bl_native_list(bl_model_get_arch(model), NULL);
    bl_native_tensor *tensors = calloc(*count, sizeof *tensors);
    assert_non_null(tensors);
    bl_native_list(bl_model_get_arch(model), tensors);
    return tensors;
}

static void assert_same_tensors(const bl_model *one, const bl_model *other, const float *weights)
{
    uint32_t count, other_count;
    bl_native_tensor *first = list(one, &count), *second = list(other, &other_count);
    assert_int_equal(count, other_count);
    for (uint32_t i = 0; i < count; i++) {
        assert_string_equal(first[i].name, second[i].name);
        assert_int_equal(first[i].count, second[i].count);
        const size_t size = (size_t)first[i].count * sizeof **first[i].weights;
        assert_memory_equal(*first[i].weights, weights, size);
        assert_memory_equal(*second[i].weights, weights, size);
        for (uint32_t j = 0; j < i; j++) {
            assert_string_not_equal(first[i].name, first[j].name);
        }
        weights += first[i].count;
    }
    free(first);
    free(second);
}

static void through_a_file(void **state)
{
    (void)state;
    static const char *const names[] = {"config_stage", "nam_standard", "nam_nano",
                                        "nam_a2",       "lstm",         "config"};
    char folder[] = "/tmp/backline-kinds-XXXXXX", path[128];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/saved.safetensors", folder);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bl_config config;
        bl_model_info info;
        bl_error error = {0};
        bl_model *model = NULL, *again = NULL;
        load_shipped(names[i], &config);
        assert_int_equal(bl_model_info_from_config(&config, &info, NULL), BL_STATUS_OK);
        const size_t count = (size_t)info.parameters;
        float *weights = calloc(count, sizeof *weights);
        assert_non_null(weights);
        model_weights_fill(weights, count, 16, 7);
        assert_int_equal(bl_model_from_config(&config, weights, count, "kept", &model, &error),
                         BL_STATUS_OK);
        bl_model_set_esr(model, 0.25);
        if (bl_model_save(model, path, &error) != BL_STATUS_OK ||
            bl_model_load(path, NULL, &again, &error) != BL_STATUS_OK) {
            fail_msg("%s", error.text);
        }
        assert_same_tensors(model, again, weights);
        assert_memory_equal(bl_model_get_info(model), bl_model_get_info(again), sizeof info);
        bl_model_release(again);
        bl_model_release(model);
        free(weights);
        unlink(path);
    }
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard_figures),
        cmocka_unit_test(stage_figures),
        cmocka_unit_test(through_a_file),
    };
    return cmocka_run_group_tests_name("model_kinds", tests, NULL, NULL);
}
