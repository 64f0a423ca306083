// SPDX-License-Identifier: MIT
// Model files for tests, written from the format's description, not with the loader's code.

#include "support/model_files.h"

#include "backline/text.h"
#include "support/random.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(model_bytes *bytes, size_t more)
{
    if (bytes->size + more + 1 > bytes->capacity) {
        bytes->capacity = 2 * (bytes->size + more + 1);
        bytes->data = realloc(bytes->data, bytes->capacity);
        if (bytes->data == NULL) {
            abort();
        }
    }
}

void model_bytes_append(model_bytes *bytes, const void *data, size_t size)
{
    reserve(bytes, size);
    if (size > 0) {
        memcpy(bytes->data + bytes->size, data, size);
    }
    bytes->size += size;
    bytes->data[bytes->size] = '\0';
}

void model_bytes_print(model_bytes *bytes, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    reserve(bytes, (size_t)size);
    vsnprintf(bytes->data + bytes->size, (size_t)size + 1, format, again);
    va_end(again);
    bytes->size += (size_t)size;
}

void model_bytes_replace(model_bytes *bytes, const char *from, const char *to)
{
    const char *place = strstr(bytes->data, from);
    if (place == NULL) {
        fprintf(stderr, "there is no %s to replace\n", from);
        abort();
    }
    const size_t before = (size_t)(place - bytes->data);
    model_bytes edited = {0};
    model_bytes_append(&edited, bytes->data, before);
    model_bytes_append(&edited, to, strlen(to));
    model_bytes_append(&edited, place + strlen(from), bytes->size - before - strlen(from));
    model_bytes_finish(bytes);
    *bytes = edited;
}

void model_bytes_finish(model_bytes *bytes)
{
    free(bytes->data);
    *bytes = (model_bytes){0};
}

void model_bytes_save(const model_bytes *bytes, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes->data, 1, bytes->size, file) != bytes->size ||
        fclose(file) != 0) {
        fprintf(stderr, "%s: cannot be written\n", path);
        abort();
    }
}

void model_weights_fill(float *weights, size_t count, uint32_t fan_in, uint64_t seed)
{
    random_source random = {seed};
    const float bound = 1.0f / sqrtf((float)fan_in);
    for (size_t i = 0; i < count; i++) {
        weights[i] = random_float(&random, -bound, bound);
    }
}

// The same text in every locale.
static void print_number(model_bytes *bytes, double value)
{
    char text[BL_TEXT_NUMBER_MAX];
    bl_text_format_number(value, text);
    model_bytes_print(bytes, "%s", text);
}

void nam_file_write_weights(model_bytes *bytes, const char *version, const char *architecture,
                            const char *config, const char *rate, const float *weights,
                            size_t count)
{
    model_bytes_print(bytes, "{\"version\": \"%s\", \"architecture\": \"%s\", \"config\": %s, ",
                      version, architecture, config);
    if (rate != NULL) {
        model_bytes_print(bytes, "\"sample_rate\": %s, ", rate);
    }
    model_bytes_print(bytes, "\"weights\": [");
    for (size_t i = 0; i < count; i++) {
        model_bytes_print(bytes, "%s", i > 0 ? ", " : "");
        print_number(bytes, (double)weights[i]);
    }
    model_bytes_print(bytes, "]}");
}

void nam_file_write(model_bytes *bytes, const char *version, const char *architecture,
                    const char *config, const char *rate, size_t count, uint64_t seed)
{
    enum { FAN_IN = 16 };
    float *weights = calloc(count + 1, sizeof *weights);
    if (weights == NULL) {
        abort();
    }
    model_weights_fill(weights, count, FAN_IN, seed);
    if (count > 0) {
        weights[count - 1] = 0.5f;
    }
    nam_file_write_weights(bytes, version, architecture, config, rate, weights, count);
    free(weights);
}

static void print_a1_array(model_bytes *config, int in, int channels, int head,
                           const char *dilations, const char *bias)
{
    model_bytes_print(config,
                      "{\"input_size\": %d, \"condition_size\": 1, \"head_size\": %d, "
                      "\"channels\": %d, \"kernel_size\": 3, \"dilations\": [%s], \"activation\": "
                      "\"Tanh\", \"gated\": false, \"head_bias\": %s}",
                      in, head, channels, dilations, bias);
}

static void print_a1(model_bytes *config, int index)
{
    static const int wide[] = {16, 12, 8, 4};
    const int a = wide[index], b = a / 2;
    model_bytes_print(config, "{\"layers\": [");
    print_a1_array(config, 1, a, b,
                   index == 0 ? "1, 2, 4, 8, 16, 32, 64, 128, 256, 512" : "1, 2, 4, 8, 16, 32, 64",
                   "false");
    model_bytes_print(config, ", ");
    print_a1_array(config, a, b, 1,
                   index == 0 ? "1, 2, 4, 8, 16, 32, 64, 128, 256, 512"
                              : "128, 256, 512, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512",
                   "true");
    model_bytes_print(config, "], \"head\": null, \"head_scale\": 0.02}");
}

static void print_a2(model_bytes *config, int channels)
{
    model_bytes_print(
        config,
        "{\"layers\": [{\"input_size\": 1, \"condition_size\": 1, \"channels\": %d, "
        "\"kernel_sizes\": [6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 15, 15, 6, 6, 6, 6, 6, 6, "
        "6], "
        "\"dilations\": [1, 3, 7, 17, 41, 101, 239, 1, 3, 7, 17, 41, 101, 239, 1, 13, 1, 3, 7, 17, "
        "41, 101, 239], \"activation\": {\"type\": \"LeakyReLU\", \"negative_slope\": 0.01}, "
        "\"head\": {\"out_channels\": 1, \"kernel_size\": 16, \"bias\": true}}], \"head\": null, "
        "\"head_scale\": 0.02}",
        channels);
}

nam_preset nam_preset_get(int index)
{
    static const char *const names[NAM_PRESETS] = {"standard", "lite",    "feather",
                                                   "nano",     "A2 full", "A2 lite"};
    static const size_t weights[NAM_PRESETS] = {13802, 6554, 3026, 842, 12146, 1871};
    nam_preset preset = {.size_class = names[index], .weights = weights[index]};
    model_bytes config = {0};
    if (index < 4) {
        print_a1(&config, index);
    } else {
        print_a2(&config, index == 4 ? 8 : 3);
    }
    snprintf(preset.config, sizeof preset.config, "%s", config.data);
    model_bytes_finish(&config);
    return preset;
}
