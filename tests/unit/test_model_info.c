// SPDX-License-Identifier: MIT
// What `info` says of .nam files: sizes, counts, rates, names, levels.

#include "backline/model.h"
#include "model/arch.h"
#include "support/cmocka_all.h"
#include "support/model_files.h"

#include <stdio.h>
#include <string.h>

static bl_model *parse_nam(const char *version, const char *architecture, const char *config,
                           const char *rate, size_t count)
{
    model_bytes bytes = {0};
    bl_error error = {0};
    bl_model *model = NULL;
    nam_file_write(&bytes, version, architecture, config, rate, count, 1);
    if (bl_model_parse((const uint8_t *)bytes.data, bytes.size, "a/b.c.nam", NULL, &model,
                       &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    model_bytes_finish(&bytes);
    return model;
}

static void common_sizes(void **state)
{
    (void)state;
    static const uint32_t macs[NAM_PRESETS] = {13320, 6228, 2808, 732, 11776, 1731};
    for (int i = 0; i < NAM_PRESETS; i++) {
        const nam_preset preset = nam_preset_get(i);
        bl_model *model = parse_nam("0.7.0", "WaveNet", preset.config, "48000", preset.weights);
        const bl_model_info *info = bl_model_get_info(model);
        assert_string_equal(info->size_class, preset.size_class);
        assert_int_equal(info->parameters, preset.weights);
        assert_int_equal(info->mac_per_sample, macs[i]);
        assert_int_equal(info->receptive_field_samples, i < 4 ? 4093 : 6347);
        assert_int_equal(info->added_latency_samples, 0);
        bl_model_release(model);
    }
}

// A file that is like a common size but for one thing.
static void assert_unnamed(int index, const char *from, const char *to, size_t weights)
{
    const nam_preset preset = nam_preset_get(index);
    model_bytes config = {0};
    model_bytes_print(&config, "%s", preset.config);
    model_bytes_replace(&config, from, to);
    bl_model *model = parse_nam("0.7.0", "WaveNet", config.data, "48000", weights);
    assert_string_equal(bl_model_get_info(model)->size_class, "");
    bl_model_release(model);
    model_bytes_finish(&config);
}

static void almost_common_sizes(void **state)
{
    (void)state;
    enum { STANDARD = 0, A2_FULL = 4, LAYERS = 23, FILM = 16, ONE_BOTTLENECK = 1688 };
    const size_t full = nam_preset_get(A2_FULL).weights;
    assert_unnamed(STANDARD, "\"Tanh\"", "\"ReLU\"", nam_preset_get(STANDARD).weights);
    assert_unnamed(A2_FULL, "\"LeakyReLU\"", "\"Tanh\"", full);
    assert_unnamed(A2_FULL, "0.01}", "0.02}", full);
    assert_unnamed(A2_FULL, "\"channels\": 8", "\"channels\": 8, \"bottleneck\": 1",
                   ONE_BOTTLENECK);
    assert_unnamed(A2_FULL, "\"channels\": 8",
                   "\"channels\": 8, \"conv_pre_film\": {\"active\": true, \"shift\": false, "
                   "\"groups\": 1}",
                   full + (size_t)LAYERS * FILM);
}

// What is new in a model inside another is said as well.
static void warnings_from_inside(void **state)
{
    (void)state;
    static const char config[] =
        "{\"submodels\": [{\"max_value\": 1.0, \"model\": {\"version\": \"0.7.2\", "
        "\"architecture\": \"Linear\", \"config\": {\"receptive_field\": 1, \"bias\": false}, "
        "\"weights\": [1]}}]}";
    bl_model *model = parse_nam("0.7.0", "SlimmableContainer", config, "48000", 0);
    assert_non_null(strstr(bl_model_get_info(model)->warning,
                           "config.submodels[0].model: version 0.7.2 is newer than 0.7.0"));
    bl_model_release(model);
}

static void facts(void **state)
{
    (void)state;
    bl_model *model = parse_nam("0.7.3", "WaveNet", NAM_TINY_CONFIG, NULL, NAM_TINY_WEIGHTS);
    const bl_model_info *info = bl_model_get_info(model);
    assert_string_equal(info->name, "b.c");
    assert_string_equal(info->format, "nam 0.7.3");
    assert_string_equal(info->architecture, "WaveNet");
    assert_string_equal(info->size_class, "");
    assert_true(info->sample_rate_hz == 48000.0 && !info->sample_rate_known && info->causal);
    assert_non_null(strstr(info->warning, "0.7.3 is newer than 0.7.0"));
    assert_int_equal(info->receptive_field_samples, 23);
    assert_true(bl_model_get_arch(model)->u.wavenet.head_scale == 0.5f); // the last weight
    bl_model_release(model);

    model = parse_nam("0.5.4", "LSTM",
                      "{\"input_size\": 1, \"hidden_size\": 16, \"num_layers\": 1}", "44100", 1201);
    info = bl_model_get_info(model);
    assert_int_equal(info->mac_per_sample, 1152);
    assert_int_equal(info->receptive_field_samples, 0);
    assert_string_equal(info->warning, "");
    const bl_sequence *lstm = &bl_model_get_arch(model)->u.sequence;
    assert_int_equal(lstm->prewarm_frames, 22080);
    assert_int_equal(lstm->stages[0].kind, BL_SEQUENCE_LSTM);
    assert_ptr_equal(lstm->stages[0].c0, lstm->stages[0].h0 + 16);
    bl_model_release(model);

    // Without a rate: half a second at 48 kHz all the same.
    model = parse_nam("0.5.0", "LSTM", "{\"input_size\": 1, \"hidden_size\": 3, \"num_layers\": 1}",
                      NULL, 70);
    assert_int_equal(bl_model_get_arch(model)->u.sequence.prewarm_frames, 24000);
    bl_model_release(model);
}

static void metadata(void **state)
{
    (void)state;
    model_bytes bytes = {0};
    nam_file_write(&bytes, "0.5.4", "WaveNet", NAM_TINY_CONFIG, "44100", NAM_TINY_WEIGHTS, 1);
    model_bytes_replace(&bytes, "\"sample_rate\"",
                        "\"metadata\": {\"name\": \"Gr\\u00fcn \\u0007\", \"loudness\": -19.5, "
                        "\"input_level_dbu\": 12, \"output_level_dbu\": null, \"training\": "
                        "{\"validation_esr\": 0.01}}, \"sample_rate\"");
    bl_model *model = NULL;
    assert_int_equal(
        bl_model_parse((const uint8_t *)bytes.data, bytes.size, "x", NULL, &model, NULL),
        BL_STATUS_OK);
    const bl_model_info *info = bl_model_get_info(model);
    assert_string_equal(info->name, "Gr\xc3\xbcn ?");
    assert_true(info->has_loudness && info->loudness_db == -19.5);
    assert_true(info->has_input_level && info->input_level_dbu == 12.0);
    assert_false(info->has_output_level);
    assert_true(info->has_esr && info->esr == 0.01);
    assert_true(info->sample_rate_known && info->sample_rate_hz == 44100.0);
    bl_model_release(model);
    model_bytes_finish(&bytes);
}

// A name that is too long is cut between two characters.
static void long_name(void **state)
{
    (void)state;
    model_bytes bytes = {0}, name = {0};
    model_bytes_print(&name, "\"metadata\": {\"name\": \"");
    for (int i = 0; i < 100; i++) {
        model_bytes_print(&name, "\xc3\xbc");
    }
    model_bytes_print(&name, "\"}, \"sample_rate\"");
    nam_file_write(&bytes, "0.5.4", "WaveNet", NAM_TINY_CONFIG, "44100", NAM_TINY_WEIGHTS, 1);
    model_bytes_replace(&bytes, "\"sample_rate\"", name.data);
    bl_model *model = NULL;
    assert_int_equal(
        bl_model_parse((const uint8_t *)bytes.data, bytes.size, "x", NULL, &model, NULL),
        BL_STATUS_OK);
    assert_int_equal(strlen(bl_model_get_info(model)->name), 126);
    bl_model_release(model);
    model_bytes_finish(&bytes);
    model_bytes_finish(&name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(common_sizes),
        cmocka_unit_test(almost_common_sizes),
        cmocka_unit_test(warnings_from_inside),
        cmocka_unit_test(facts),
        cmocka_unit_test(metadata),
        cmocka_unit_test(long_name),
    };
    return cmocka_run_group_tests_name("model_info", tests, NULL, NULL);
}
