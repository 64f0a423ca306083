// SPDX-License-Identifier: MIT
// What follows from an architecture alone: counts and times.

#ifndef BACKLINE_MODEL_MEASURE_H
#define BACKLINE_MODEL_MEASURE_H

#include "model/arch.h"

typedef struct bl_arch_measure {
    uint64_t mac_per_sample;          ///< all matrix weights, once; LSTM + 3 per cell
    uint64_t receptive_field_samples; ///< 0: unlimited (recurrent)
    uint64_t lookahead_samples;       ///< of a centred WaveNet
} bl_arch_measure;

/// Thread: any. Weights are not read and may be NULL.
bl_arch_measure bl_arch_get_measure(const bl_arch *arch);

/// Zeros that run through recurrent layers before the first sample: as the reference player of .nam
/// files does, half a second in whole blocks, here of BL_INNER_FRAMES. Thread: any.
uint32_t bl_prewarm_frames(double sample_rate_hz);

/// Multiply-adds of the zeros that must run through the recurrent layers before the first sample,
/// padding and activations included; of a container at its costliest width. Thread: any.
uint64_t bl_arch_get_prewarm_macs(const bl_arch *arch);

#endif
