// SPDX-License-Identifier: MIT
// Writers of model files for tests: any config with random weights, whole or broken. Every writer
// appends to a buffer and cannot fail (out of memory ends the test program).

#ifndef TESTS_SUPPORT_MODEL_FILES_H
#define TESTS_SUPPORT_MODEL_FILES_H

#include "backline/config.h"

#include <stddef.h>
#include <stdint.h>

/// Bytes of a file. Start with all zero; `data` always has a zero byte behind `size`.
typedef struct model_bytes {
    char *data;
    size_t size, capacity;
} model_bytes;

void model_bytes_append(model_bytes *bytes, const void *data, size_t size);
void model_bytes_print(model_bytes *bytes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void model_bytes_finish(model_bytes *bytes);

/// Replaces the first `from` by `to`; ends the program if there is none.
void model_bytes_replace(model_bytes *bytes, const char *from, const char *to);

/// Saves to `path`; ends the program if that fails.
void model_bytes_save(const model_bytes *bytes, const char *path);

/// Numbers in the range that keeps a network of `fan_in` inputs lively but bounded.
void model_weights_fill(float *weights, size_t count, uint32_t fan_in, uint64_t seed);

/// A .nam file: `config` is the JSON text of its config, `rate` the JSON text of its sample rate
/// or NULL for none, `count` random weights (the last one 0.5, a harmless head scale).
void nam_file_write(model_bytes *bytes, const char *version, const char *architecture,
                    const char *config, const char *rate, size_t count, uint64_t seed);

/// The same with given weights.
void nam_file_write_weights(model_bytes *bytes, const char *version, const char *architecture,
                            const char *config, const char *rate, const float *weights,
                            size_t count);

/// A WaveNet of two small layer arrays, whose config tests edit.
#define NAM_TINY_LAYERS                                                                            \
    "{\"input_size\": 1, \"condition_size\": 1, \"head_size\": 2, \"channels\": 3, "               \
    "\"kernel_size\": 3, \"dilations\": [1, 2], \"activation\": \"Tanh\", \"gated\": false, "      \
    "\"head_bias\": false}, {\"input_size\": 3, \"condition_size\": 1, \"head_size\": 1, "         \
    "\"channels\": 2, \"kernel_size\": 3, \"dilations\": [8], \"activation\": \"Tanh\", "          \
    "\"gated\": false, \"head_bias\": true}"
#define NAM_TINY_CONFIG "{\"layers\": [" NAM_TINY_LAYERS "], \"head\": null, \"head_scale\": 0.02}"

enum { NAM_TINY_WEIGHTS = 131 };

/// A common size: its name in `info`, its config and number of weights.
typedef struct nam_preset {
    const char *size_class;
    size_t weights;
    char config[4096];
} nam_preset;

/// Preset 0..NAM_PRESETS - 1: standard, lite, feather, nano, A2 full, A2 lite.
enum { NAM_PRESETS = 6 };
nam_preset nam_preset_get(int index);

/// Floats of a native model of this shape.
size_t native_weight_count(const bl_config_model *model);

/// The native safetensors form of a flat weight list; without metadata if `plain`.
void native_file_write(model_bytes *bytes, const bl_config_model *model, double sample_rate_hz,
                       const float *weights, int plain);

/// A safetensors file out of a header's JSON text and its data.
void safetensors_write(model_bytes *bytes, const char *header, const void *data, size_t size);

/// How a native model is written as a NAM WaveNet.
typedef enum nam_reference_form {
    NAM_REFERENCE_TWO_ARRAYS,  ///< version 0.5: a second array carries the direct path
    NAM_REFERENCE_LINEAR_LAYER ///< version 0.7: a first linear layer puts it into the sum
} nam_reference_form;

/// The same network as native_file_write's, in terms of the NAM WaveNet.
void nam_reference_write(model_bytes *bytes, const bl_config_model *model, double sample_rate_hz,
                         const float *weights, nam_reference_form form);

#endif
