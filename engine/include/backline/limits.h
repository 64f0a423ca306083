// SPDX-License-Identifier: MIT
// Every limit that foreign bytes are checked against, in one place, before memory is taken.

#ifndef BACKLINE_LIMITS_H
#define BACKLINE_LIMITS_H

#include <stdint.h>

enum {
    BL_INNER_FRAMES = 64, ///< frames of one inner block: the most a voice or chain sees at once
    BL_PERIOD_MAX = 8192, ///< largest JACK period in frames
    BL_OUTPUTS_MAX = 2,   ///< channels of a chain's output: left and right
    BL_LIMIT_LATENCY_FRAMES = 1 << 16,       ///< real delay of a chain (1.4 s at 48 kHz)
    BL_LIMIT_TAPE_FRAMES = 1 << 21,          ///< input an engine remembers (44 s at 48 kHz, 8 MiB)
    BL_LIMIT_RIGS = 1024,                    ///< rigs of one set list
    BL_LIMIT_FILE_BYTES = 256 * 1024 * 1024, ///< model and config files
    BL_LIMIT_CONFIG_BYTES = 1024 * 1024,     ///< YAML text
    BL_LIMIT_WEIGHTS = 16 * 1024 * 1024,     ///< floats in one model file
    BL_LIMIT_CHANNELS = 1024,                ///< channels of any layer
    BL_LIMIT_KERNEL = 65536,                 ///< taps of one convolution
    BL_LIMIT_DILATION = 1 << 20,             ///< samples between two taps
    BL_LIMIT_LAYERS = 1024,                  ///< layers of one network, over all arrays
    BL_LIMIT_ARRAYS = 64,                    ///< layer arrays of one WaveNet
    BL_LIMIT_RECEPTIVE_FIELD = 1 << 22,      ///< samples (87 s at 48 kHz)
    BL_LIMIT_VOICE_BYTES = 1024 * 1024 * 1024, ///< memory of one voice
    BL_LIMIT_SUBMODELS = 64,                   ///< models inside one container
    BL_LIMIT_JSON_DEPTH = 64,                  ///< nesting of a JSON document
    BL_LIMIT_TENSORS = 8192,                   ///< tensors of one safetensors file
    BL_LIMIT_JSON_NODES = 1 << 20,             ///< texts, lists and objects of a JSON document
};

// Of the zeros that run through recurrent layers before the first sample: about a second of one
// core.
#define BL_LIMIT_PREWARM_MACS (UINT64_C(1) << 33)

#define BL_LIMIT_STAGE_BYTES (UINT64_C(1) << 31) // memory of all rigs of a set list that are loaded

#define BL_LIMIT_AUDIO_FRAMES (UINT64_C(1) << 31) // of a sound file: 12 hours at 48 kHz

#define BL_RATE_MIN_HZ 8000.0
#define BL_RATE_MAX_HZ 768000.0

#endif
