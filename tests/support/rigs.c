// SPDX-License-Identifier: MIT
// Writing the files of test rigs.

#include "support/rigs.h"

#include "backline/audio.h"

#include "support/folder.h"
#include "support/model_files.h"
#include "support/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLIM                                                                                       \
    "{\"layers\": [{\"input_size\": 1, \"condition_size\": 1, \"head_size\": 1, \"channels\": 8, " \
    "\"kernel_size\": 3, \"dilations\": [1, 2, 4], \"activation\": \"Tanh\", \"gated\": false, "   \
    "\"head_bias\": false, \"slimmable\": {\"method\": \"slice_channels_uniform\", \"kwargs\": "   \
    "{\"allowed_channels\": [2, 4, 8]}}}], \"head\": null, \"head_scale\": 1}"

enum { SLIM_WEIGHTS = 8 + 3 * (8 * 8 * 3 + 8 + 8 + 8 * 8 + 8) + 8 + 1, HIDDEN = 8 };

static const char *path_of(const char *kind, int index)
{
    char name[64];
    snprintf(name, sizeof name, "%s-%d", kind, index);
    return test_folder_file(name);
}

/// One LSTM layer whose forget gates stand at `forget_bias`, and whose input gates let in as much
/// as is forgotten, so that the cells never fill up and what they hold is heard.
static void write_lstm(model_bytes *bytes, float forget_bias, uint64_t seed)
{
    enum { ROWS = 4 * HIDDEN, WEIGHTS = ROWS * (1 + HIDDEN) + ROWS + 2 * HIDDEN + HIDDEN + 1 };
    float weights[WEIGHTS];
    random_source random = {seed};
    for (int i = 0; i < WEIGHTS; i++) {
        weights[i] = random_float(&random, -0.4F, 0.4F);
    }
    float *input = weights + ROWS * (1 + HIDDEN), *forget = input + HIDDEN;
    for (int cell = 0; cell < HIDDEN; cell++) {
        input[cell] = 1.0F - forget_bias;
        forget[cell] = forget_bias;
    }
    nam_file_write_weights(bytes, "0.5.4", "LSTM",
                           "{\"input_size\": 1, \"hidden_size\": 8, \"num_layers\": 1}", "48000",
                           weights, WEIGHTS);
}

static void write_native(model_bytes *bytes, bool causal, uint32_t channels, double rate_hz)
{
    bl_config config = bl_config_default();
    config.model.causal = causal;
    config.model.channels = channels;
    config.model.num_layers = 6;
    const size_t count = native_weight_count(&config.model);
    float *weights = calloc(count, sizeof *weights);
    model_weights_fill(weights, count, channels * config.model.kernel_size, channels);
    native_file_write(bytes, &config.model, rate_hz, weights, 0);
    free(weights);
}

static void write_container(model_bytes *bytes)
{
    model_bytes small = {0}, large = {0};
    nam_file_write(&small, "0.5.4", "WaveNet", NAM_TINY_CONFIG, "48000", NAM_TINY_WEIGHTS, 5);
    nam_file_write(&large, "0.5.4", "WaveNet", SLIM, "48000", SLIM_WEIGHTS, 6);
    model_bytes_print(bytes,
                      "{\"version\": \"0.6.0\", \"architecture\": \"SlimmableContainer\", "
                      "\"config\": {\"submodels\": [{\"max_value\": 0.5, \"model\": %s}, "
                      "{\"max_value\": 1.0, \"model\": %s}]}, \"sample_rate\": 48000, "
                      "\"weights\": []}",
                      small.data, large.data);
    model_bytes_finish(&small);
    model_bytes_finish(&large);
}

static const char *write_model(model_bytes *bytes, int index)
{
    nam_preset preset;
    switch (index) {
    case 0:
        preset = nam_preset_get(3);
        nam_file_write(bytes, "0.5.4", "WaveNet", preset.config, "48000", preset.weights, 1);
        return "NAM nano WaveNet";
    case 1:
        write_lstm(bytes, 4.0F, 2);
        return "LSTM, forget bias 4";
    case 2:
        write_native(bytes, true, 8, 44100.0);
        return "WaveNet at 44.1 kHz";
    case 3:
        nam_file_write(bytes, "0.5.4", "WaveNet", SLIM, "48000", SLIM_WEIGHTS, 3);
        return "WaveNet slimmable by channels";
    case 4:
        write_lstm(bytes, 10.5F, 4);
        return "LSTM, forget bias 10.5";
    case 5:
        write_native(bytes, false, 4, 48000.0);
        return "centred WaveNet";
    case 6:
        write_container(bytes);
        return "slimmable container";
    default:
        nam_file_write(bytes, "0.5.4", "Linear", "{\"receptive_field\": 3000, \"bias\": false}",
                       "48000", 3000, 7);
        return "impulse response";
    }
}

static void write_cab(const char *path, int index)
{
    enum { TAPS = 9000 };
    float *taps = calloc(TAPS, sizeof *taps);
    random_source random = {(uint64_t)index + 100};
    for (int i = 0; i < TAPS; i++) {
        taps[i] = random_float(&random, -1.0F, 1.0F) * expf(-(float)i / 800.0F);
    }
    const bl_audio audio = {
        .samples = taps, .frames = TAPS, .sample_rate_hz = 48000.0, .file_channels = 1};
    if (bl_audio_save(path, &audio, BL_AUDIO_FLOAT_32, NULL) != BL_STATUS_OK) {
        abort();
    }
    free(taps);
}

test_rig test_rig_make(int index)
{
    test_rig rig = {.cab = ""};
    model_bytes bytes = {0};
    rig.name = write_model(&bytes, index);
    snprintf(rig.model, sizeof rig.model, "%s", path_of("model", index));
    model_bytes_save(&bytes, rig.model);
    model_bytes_finish(&bytes);
    if (index % 2 == 0) {
        snprintf(rig.cab, sizeof rig.cab, "%s", path_of("cab", index));
        write_cab(rig.cab, index);
    }
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        rig.parameters[p] = bl_parameter_get((bl_parameter)p)->default_value;
    }
    rig.parameters[BL_PARAMETER_TREBLE] = 3.0 + index;
    rig.parameters[BL_PARAMETER_LEVEL] = -index;
    return rig;
}

void test_guitar_fill(float *samples, uint32_t frames, uint64_t seed)
{
    random_source random = {seed};
    for (uint32_t at = 0; at < frames;) {
        const uint32_t length = 3000 + random_below(&random, 20000);
        const float hz = random_float(&random, 80.0F, 900.0F);
        const float peak = random_below(&random, 4) == 0 ? 0.0F : random_float(&random, 0.1F, 0.7F);
        for (uint32_t i = 0; i < length && at < frames; i++, at++) {
            const float t = (float)i / 48000.0F, fade = expf(-t * 6.0F);
            const float turn = 6.2831853F * hz * t;
            samples[at] = peak * fade * (sinf(turn) + 0.5F * sinf(2.0F * turn) * fade) +
                          1e-5F * random_float(&random, -1.0F, 1.0F);
        }
    }
}
