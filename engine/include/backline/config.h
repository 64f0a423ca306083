// SPDX-License-Identifier: MIT
// Training configs (configs/*.yaml): what network, what data, how trained. Read with the line and
// column of each mistake; every key is in one table in io/config_table.c.

#ifndef BACKLINE_CONFIG_H
#define BACKLINE_CONFIG_H

#include "backline/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum bl_config_type { BL_CONFIG_WAVENET_AMP } bl_config_type;
typedef enum bl_config_activation { BL_CONFIG_TANH, BL_CONFIG_RELU } bl_config_activation;
typedef enum bl_config_optimizer { BL_CONFIG_ADAM, BL_CONFIG_SOAP } bl_config_optimizer;
typedef enum bl_config_loss { BL_CONFIG_ESR, BL_CONFIG_MSE } bl_config_loss;

/// The `model:` part. Defaults: see bl_config_default.
typedef struct bl_config_model {
    bl_config_type type;
    bool causal;
    uint32_t channels;
    uint32_t num_layers;
    uint32_t kernel_size;
    uint32_t dilation_base;
    bl_config_activation activation;
} bl_config_model;

/// The `data:` part.
typedef struct bl_config_data {
    double sample_rate_hz;
    uint32_t segment_frames;
    double validation_s;
} bl_config_data;

/// The `training:` part. Exactly one of `epochs` and `minutes` is above zero.
typedef struct bl_config_training {
    uint32_t epochs;
    double minutes;
    uint32_t batch_size;
    double learning_rate;
    bl_config_optimizer optimizer;
    bl_config_loss loss;
    uint64_t seed;
} bl_config_training;

typedef struct bl_config {
    bl_config_model model;
    bl_config_data data;
    bl_config_training training;
} bl_config;

/// The values of keys that a file leaves out (`causal` is false). Thread: any.
bl_config bl_config_default(void);

/// Reads a YAML file. Unknown keys, wrong types and values out of range fail with
/// "FILE:LINE:COLUMN: ...". Thread: any but RT.
bl_status bl_config_load(const char *path, bl_config *config, bl_error *error);

/// The same from text; `name` stands for the file in errors. Thread: any but RT.
bl_status bl_config_parse(const char *text, size_t size, const char *name, bl_config *config,
                          bl_error *error);

/// Writes `config` as YAML that bl_config_parse reads back to the same values, at most `capacity`
/// bytes with the final zero. Fails with BL_STATUS_LIMIT if it does not fit. Thread: any but RT.
bl_status bl_config_write(const bl_config *config, char *text, size_t capacity, bl_error *error);

#endif
