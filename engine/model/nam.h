// SPDX-License-Identifier: MIT
// Reading .nam files: one object with version, architecture, config and weights, which may hold
// other such objects. A reader takes the weights in the order of the file while it builds; taking
// past the end gives NULL and goes on counting, so that a refusal names both counts.

#ifndef BACKLINE_MODEL_NAM_H
#define BACKLINE_MODEL_NAM_H

#include "model/arch.h"
#include "model/content.h"
#include "model/json.h"

#include <stdbool.h>
#include <stdint.h>

/// One object being read.
typedef struct bl_nam {
    bl_load *load;
    bl_json config;
    const float *weights;
    uint64_t found, wanted; ///< numbers in the file; taken so far
    double sample_rate_hz;
    bool sample_rate_known;
    uint32_t in_channels, out_channels; ///< that are heard, and that come out
    uint64_t parameters;                ///< of what plays at full width, as stored
} bl_nam;

/// Reads a whole file. Thread: any but RT.
void bl_nam_read(const bl_json *root, bl_content *content);

/// Reads a .nam object inside another. NULL and a kept failure if it is not a good one.
bl_arch *bl_nam_read_object(const bl_json *object, bl_nam *nam);

/// The next `count` weights, or NULL past the end.
const float *bl_nam_take(bl_nam *nam, uint64_t count);

/// A matrix or convolution with its weights taken. `groups` is the place that is blamed if the
/// channels are not divisible.
bl_matrix bl_nam_take_matrix(bl_nam *nam, uint32_t in, uint32_t out, uint32_t groups, bool bias,
                             const bl_json *place);
bl_conv bl_nam_take_conv(bl_nam *nam, const bl_conv *shape, bool bias, const bl_json *place);

/// One activation for so many channels: a name or an object with `type`.
bl_activation bl_nam_read_activation(const bl_json *json, uint32_t channels);

void bl_nam_read_wavenet(bl_nam *nam, bl_arch *arch);
void bl_nam_read_lstm(bl_nam *nam, bl_arch *arch);
void bl_nam_read_convnet(bl_nam *nam, bl_arch *arch);
void bl_nam_read_linear(bl_nam *nam, bl_arch *arch);
void bl_nam_read_container(bl_nam *nam, bl_arch *arch);

/// One layer array of a WaveNet that hears `in` channels and so many of the condition.
void bl_nam_read_array(bl_nam *nam, const bl_json *json, uint32_t in, uint32_t condition,
                       bl_wavenet_array *array);

#endif
