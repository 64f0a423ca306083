// SPDX-License-Identifier: MIT
// Training configs (configs/*.yaml): what network, what data, how trained. Read with the line and
// column of each mistake; every key is in one table in io/config_table.c.

#ifndef BACKLINE_CONFIG_H
#define BACKLINE_CONFIG_H

#include "backline/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum bl_config_type {
    BL_CONFIG_WAVENET_AMP, ///< residual blocks, the head reads the last one
    BL_CONFIG_NAM_WAVENET, ///< one or two NAM layer arrays: the input in every layer, summed head
    BL_CONFIG_NAM_A2,      ///< NAM's second standard shape, in several widths
    BL_CONFIG_LSTM,        ///< one recurrent layer and a dense head
} bl_config_type;

typedef enum bl_config_activation {
    BL_CONFIG_TANH,
    BL_CONFIG_RELU,
    BL_CONFIG_LEAKY_RELU, ///< slope 0.01
} bl_config_activation;

typedef enum bl_config_optimizer { BL_CONFIG_ADAM, BL_CONFIG_SOAP } bl_config_optimizer;
typedef enum bl_config_loss { BL_CONFIG_ESR, BL_CONFIG_MSE } bl_config_loss;

enum { BL_CONFIG_LIST_MAX = 32 };

typedef struct bl_config_list {
    uint32_t count;
    uint32_t values[BL_CONFIG_LIST_MAX];
} bl_config_list;

/// The `model:` part. Each type has its own keys besides `type`; the others keep their defaults,
/// see bl_config_default.
typedef struct bl_config_model {
    bl_config_type type;
    bool causal;       ///< wavenet_amp; the other types always are
    uint32_t channels; ///< of wavenet_amp, and of nam_wavenet's first array
    uint32_t num_layers;
    uint32_t kernel_size;
    uint32_t dilation_base;
    bl_config_activation activation;
    bl_config_list dilations;        ///< nam_wavenet: one layer each
    uint32_t second_channels;        ///< nam_wavenet: of its second array; 0: there is none
    bl_config_list second_dilations; ///< the layers of that
    double head_scale;               ///< nam_wavenet: factor behind the head, not trained
    bl_config_list widths;           ///< nam_a2: channels of each network, ascending
    uint32_t cells;                  ///< lstm
    bool skip;                       ///< lstm: the input is added to the output
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
    uint32_t warm_up;    ///< steps over which the rate rises
    double clip;         ///< longest gradient; 0: any
    double weight_decay; ///< 0: none
    double average;      ///< share of the running mean kept in each step; 0: no mean
    uint32_t patience;   ///< epochs without a better one that end the training; 0: any
    bl_config_loss loss;
    double pre_emphasis; ///< a of y[n] - a y[n - 1] in the loss; 0: none
    double mrstft;       ///< weight of the spectral distance; 0: none
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
