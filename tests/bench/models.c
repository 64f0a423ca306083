// SPDX-License-Identifier: MIT
// Writes one model of every common class, with random weights, for measuring: bench-models FOLDER.

#include "support/model_files.h"

#include <stdio.h>
#include <stdlib.h>

// Saves and ends `bytes`.
static void save(const char *folder, const char *name, model_bytes *bytes)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    model_bytes_save(bytes, path);
    model_bytes_finish(bytes);
}

static void write_nam(const char *folder, const char *name, const char *architecture,
                      const char *config, size_t weights)
{
    model_bytes bytes = {0};
    nam_file_write(&bytes, "0.5.4", architecture, config, "48000", weights, 1);
    save(folder, name, &bytes);
}

static void write_presets(const char *folder)
{
    static const char *const names[NAM_PRESETS] = {"a1-standard.nam", "a1-lite.nam",
                                                   "a1-feather.nam",  "a1-nano.nam",
                                                   "a2-full.nam",     "a2-lite.nam"};
    for (int i = 0; i < NAM_PRESETS; i++) {
        const nam_preset preset = nam_preset_get(i);
        write_nam(folder, names[i], "WaveNet", preset.config, preset.weights);
    }
}

static void write_lstms(const char *folder)
{
    static const struct {
        const char *name;
        size_t layers, hidden;
    } sizes[] = {
        {"lstm-1x16.nam", 1, 16},
        {"lstm-2x8.nam", 2, 8},
        {"lstm-1x40.nam", 1, 40},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const size_t layers = sizes[i].layers, hidden = sizes[i].hidden;
        size_t weights = hidden + 1; // the head
        for (size_t l = 0; l < layers; l++) {
            weights += 4 * hidden * ((l > 0 ? hidden : 1) + hidden + 1) + 2 * hidden;
        }
        char config[128];
        snprintf(config, sizeof config,
                 "{\"input_size\": 1, \"hidden_size\": %zu, \"num_layers\": %zu}", hidden, layers);
        write_nam(folder, sizes[i].name, "LSTM", config, weights);
    }
}

static void write_native(const char *folder, const char *name, uint32_t layers)
{
    const bl_config_model model = {.causal = true,
                                   .channels = 16,
                                   .num_layers = layers,
                                   .kernel_size = 3,
                                   .dilation_base = 2,
                                   .activation = BL_CONFIG_TANH};
    const size_t count = native_weight_count(&model);
    float *weights = calloc(count, sizeof *weights);
    if (weights == NULL) {
        abort();
    }
    model_weights_fill(weights, count, model.channels * model.kernel_size, 1);
    model_bytes bytes = {0};
    native_file_write(&bytes, &model, 48000.0, weights, 0);
    save(folder, name, &bytes);
    free(weights);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: bench-models FOLDER\n", stderr);
        return 2;
    }
    write_presets(argv[1]);
    write_lstms(argv[1]);
    write_native(argv[1], "reference-6.safetensors", 6);
    write_native(argv[1], "reference-10.safetensors", 10);
    return 0;
}
