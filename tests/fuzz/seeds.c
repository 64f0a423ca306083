// SPDX-License-Identifier: MIT
// Writes small good files of every kind, from which the fuzzers start: seeds FORMAT FOLDER.

#include "support/model_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Saves and ends `bytes`.
static void save(const char *folder, const char *name, model_bytes *bytes)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    model_bytes_save(bytes, path);
    model_bytes_finish(bytes);
}

static void write_safetensors(const char *folder)
{
    const bl_config_model model = {.causal = true,
                                   .channels = 2,
                                   .num_layers = 2,
                                   .kernel_size = 2,
                                   .dilation_base = 2,
                                   .activation = BL_CONFIG_TANH};
    float weights[64];
    model_weights_fill(weights, native_weight_count(&model), 4, 1);
    for (int plain = 0; plain < 2; plain++) {
        model_bytes bytes = {0};
        native_file_write(&bytes, &model, 48000.0, weights, plain);
        save(folder, plain ? "plain" : "native", &bytes);
    }
}

#define LAYER                                                                                      \
    "\"input_size\": 1, \"condition_size\": 1, \"channels\": 2, \"head_size\": 1, \"head_bias\": " \
    "true, \"kernel_size\": 2, \"dilations\": [1, 3], "
#define LINEAR                                                                                     \
    "{\"version\": \"0.5.4\", \"architecture\": \"Linear\", \"config\": {\"receptive_field\": 2, " \
    "\"bias\": true}, \"weights\": [1, 0.5, 0], \"sample_rate\": 48000}"

static void write_nam(const char *folder)
{
    static const struct {
        const char *name, *architecture, *config;
        size_t weights;
    } files[] = {
        {"a1", "WaveNet",
         "{\"layers\": [{" LAYER "\"activation\": \"Tanh\", \"gated\": false}], \"head\": null, "
         "\"head_scale\": 0.1}",
         2 + 2 * (8 + 2 + 2 + 4 + 2) + 3 + 1},
        {"gated", "WaveNet",
         "{\"layers\": [{" LAYER "\"activation\": [\"ReLU\", {\"type\": \"PReLU\", "
         "\"negative_slopes\": [0.1, 0.2]}], \"gating_mode\": [\"gated\", \"blended\"], "
         "\"secondary_activation\": \"Softsign\"}], \"head_scale\": 0.1}",
         2 + 2 * (16 + 4 + 4 + 4 + 2) + 3 + 1},
        {"film", "WaveNet",
         "{\"layers\": [{" LAYER "\"activation\": \"SiLU\", \"conv_pre_film\": {}, "
         "\"activation_post_film\": {\"shift\": false}, \"slimmable\": {\"method\": "
         "\"slice_channels_uniform\", \"kwargs\": {\"allowed_channels\": [1, 2]}}}], "
         "\"head_scale\": 0.1}",
         2 + 2 * (8 + 2 + 2 + 4 + 2 + 8 + 4) + 3 + 1},
        {"head", "WaveNet",
         "{\"layers\": [{" LAYER "\"activation\": \"Hardswish\", \"groups_input\": 2}], \"head\": "
         "{\"channels\": 2, \"out_channels\": 1, \"kernel_sizes\": [2, 1], \"activation\": "
         "\"LeakyHardtanh\"}, \"head_scale\": 0.1}",
         2 + 2 * (4 + 2 + 2 + 4 + 2) + 3 + 6 + 3 + 1},
        {"condition", "WaveNet",
         "{\"condition_dsp\": " LINEAR ", \"layers\": [{" LAYER
         "\"activation\": \"Fasttanh\"}], \"head_scale\": 0.1}",
         2 + 2 * (8 + 2 + 2 + 4 + 2) + 3 + 1},
        {"lstm", "LSTM", "{\"input_size\": 1, \"hidden_size\": 2, \"num_layers\": 1}", 39},
        {"convnet", "ConvNet",
         "{\"channels\": 2, \"dilations\": [1, 2], \"batchnorm\": false, \"activation\": \"ReLU\"}",
         19},
        {"linear", "Linear", "{\"receptive_field\": 5, \"bias\": true}", 6},
        {"container", "SlimmableContainer",
         "{\"submodels\": [{\"max_value\": 0.5, \"model\": " LINEAR "}, {\"max_value\": 1.0, "
         "\"model\": " LINEAR "}]}",
         0},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        model_bytes bytes = {0};
        // The lowest rate: a recurrent net runs half a second before its first sample.
        nam_file_write(&bytes, "0.6.0", files[i].architecture, files[i].config,
                       strcmp(files[i].architecture, "LSTM") == 0 ? "8000" : "48000",
                       files[i].weights, i);
        save(folder, files[i].name, &bytes);
    }
}

static void write_aidax(const char *folder)
{
    static const struct {
        const char *name, *text;
    } files[] = {
        {"lstm",
         "{\"in_shape\": [null, null, 1], \"layers\": [{\"type\": \"lstm\", \"activation\": "
         "\"\", \"shape\": [null, null, 1], \"weights\": [[[1, 2, 3, 4]], [[1, 0, 1, 0]], "
         "[0, 0, 0, 0]]}, {\"type\": \"dense\", \"activation\": \"tanh\", \"shape\": [null, "
         "null, 1], \"weights\": [[[1]], [0]]}], \"in_skip\": 1, \"in_gain\": 1.5, "
         "\"metadata\": {\"samplerate\": 44100, \"name\": \"x\"}}"},
        {"gru", "{\"in_shape\": [1], \"layers\": [{\"type\": \"gru\", \"shape\": [1], \"weights\": "
                "[[[1, 2, 3]], [[1, 0, 1]], [[0, 0, 0], [1, 1, 1]]]}]}"},
        {"conv",
         "{\"in_shape\": [1], \"layers\": [{\"type\": \"conv1d\", \"shape\": [2], "
         "\"weights\": [[[[1, 2]], [[3, 4]]], [5, 6]], \"kernel_size\": [2], \"dilation\": "
         "[3], \"activation\": \"relu\"}, {\"type\": \"prelu\", \"shape\": [2], \"weights\": "
         "[[[0.1, 0.2]]]}, {\"type\": \"batchnorm\", \"shape\": [2], \"weights\": [[1, 1], "
         "[0, 0], [0, 0], [1, 1]], \"epsilon\": 0.001}, {\"type\": \"activation\", "
         "\"activation\": \"softmax\", \"shape\": [2], \"weights\": []}, {\"type\": "
         "\"dense\", \"shape\": [1], \"weights\": [[[1], [2]], [0]]}]}"},
        {"proteus",
         "{\"model_data\": {\"unit_type\": \"GRU\", \"hidden_size\": 1, \"skip\": 1}, "
         "\"state_dict\": {\"rec.weight_ih_l0\": [[1], [2], [3]], \"rec.weight_hh_l0\": "
         "[[1], [2], [3]], \"rec.bias_ih_l0\": [1, 2, 3], \"rec.bias_hh_l0\": [1, 2, 3], "
         "\"lin.weight\": [[1]], \"lin.bias\": [0]}}"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        model_bytes bytes = {0};
        model_bytes_print(&bytes, "%s", files[i].text);
        save(folder, files[i].name, &bytes);
    }
}

static void write_text(const char *folder, const char *name, const char *text)
{
    model_bytes bytes = {0};
    model_bytes_print(&bytes, "%s", text);
    save(folder, name, &bytes);
}

static void write_setlists(const char *folder)
{
    write_text(folder, "parts",
               "version: 1\nname: \"\xc3\x84: #1\"\nsongs:\n- name: One\n  parts:\n"
               "  - {name: Verse, rig: a.yaml, program: 7, bank: 130}\n"
               "  - {name: Solo, rig: ./a.yaml}\n- {name: Two, rig: nowhere.yaml}\n");
    write_text(folder, "itself", "version: 1\nsongs: [{rig: list.yaml}, {rig: /a}, {rig: a.yaml}]");
}

static void write_midi_maps(const char *folder)
{
    write_text(folder, "actions",
               "version: 1\nchannel: 3\ncontrols:\n- {cc: 64, action: next}\n"
               "- {cc: 66, channel: 1, action: part, number: 2}\n"
               "- {note: 36, action: tuner, mode: toggle}\n- {cc: 1, action: jump}\n");
    write_text(folder, "parameters",
               "version: 1\nchannel: any\ncontrols:\n"
               "- {cc: 11, parameter: level_db, min: 0, max: -20, curve: fast}\n"
               "- {cc: 68, parameter: bass, mode: momentary, min: 2, max: 6.5}\n"
               "- {cc: 20, parameter: treble, mode: relative_sign}\n");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *format;
        void (*write)(const char *folder);
    } writers[] = {{"safetensors", write_safetensors},
                   {"nam", write_nam},
                   {"aidax", write_aidax},
                   {"setlist", write_setlists},
                   {"midi", write_midi_maps}};
    for (size_t i = 0; argc == 3 && i < sizeof writers / sizeof *writers; i++) {
        if (strcmp(argv[1], writers[i].format) == 0) {
            writers[i].write(argv[2]);
            return 0;
        }
    }
    fprintf(stderr, "usage: seeds safetensors|nam|aidax|setlist|midi FOLDER\n");
    return 2;
}
