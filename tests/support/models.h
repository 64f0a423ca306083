// SPDX-License-Identifier: MIT
// One model of each kind that is played in its own way, with random weights, for tests of what
// stands around models.

#ifndef TESTS_SUPPORT_MODELS_H
#define TESTS_SUPPORT_MODELS_H

#include "backline/model.h"

#include "support/cmocka_all.h"
#include "support/model_files.h"

#include <stdlib.h>

/// A native model.
static inline bl_model *native_model(bl_config config, uint64_t seed)
{
    const size_t count = native_weight_count(&config.model);
    float *weights = malloc(count * sizeof *weights);
    assert_non_null(weights);
    model_weights_fill(weights, count, config.model.channels * config.model.kernel_size, seed);
    bl_model *model = NULL;
    bl_error error = {0};
    if (bl_model_from_config(&config, weights, count, "test", &model, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    free(weights);
    return model;
}

static inline bl_config native_config(bool causal, uint32_t channels, uint32_t layers, double rate)
{
    bl_config config = bl_config_default();
    config.model.causal = causal;
    config.model.channels = channels;
    config.model.num_layers = layers;
    config.data.sample_rate_hz = rate;
    return config;
}

static inline bl_model *nam_model(const char *architecture, const char *config, size_t weights)
{
    model_bytes bytes = {0};
    nam_file_write(&bytes, "0.5.4", architecture, config, "48000", weights, 1);
    bl_model *model = NULL;
    bl_error error = {0};
    if (bl_model_parse((const uint8_t *)bytes.data, bytes.size, "test", NULL, &model, &error) !=
        BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    model_bytes_finish(&bytes);
    return model;
}

enum { ANY_MODELS = 7 };

/// Model 0..ANY_MODELS - 1, for chains at 48 kHz: causal and centred WaveNets, NAM sizes, LSTM, an
/// impulse response, one at another rate.
static inline bl_model *any_model(int index)
{
    nam_preset preset;
    switch (index) {
    case 0:
        return native_model(native_config(true, 16, 6, 48000.0), 1);
    case 1:
        return native_model(native_config(false, 8, 5, 48000.0), 2);
    case 2:
        preset = nam_preset_get(3);
        return nam_model("WaveNet", preset.config, preset.weights);
    case 3:
        preset = nam_preset_get(5);
        return nam_model("WaveNet", preset.config, preset.weights);
    case 4:
        return nam_model("LSTM", "{\"input_size\": 1, \"hidden_size\": 8, \"num_layers\": 1}", 345);
    case 5:
        return nam_model("Linear", "{\"receptive_field\": 3000, \"bias\": false}", 3000);
    default:
        return native_model(native_config(true, 4, 4, 44100.0), 3);
    }
}

#endif
