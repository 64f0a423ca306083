// SPDX-License-Identifier: MIT
// Networks with random weights for tests, and a plain double-precision rendering of them that
// shares no code with the engine.

#ifndef BACKLINE_TESTS_NET_FIXTURE_H
#define BACKLINE_TESTS_NET_FIXTURE_H

#include "model/arch.h"

#include <stddef.h>

/// Memory of architectures and a random generator; everything is freed together.
typedef struct fixture fixture;

fixture *fixture_create(uint64_t seed);
void fixture_destroy(fixture *made);

/// Zeroed memory of the fixture.
void *fixture_take(fixture *made, size_t count, size_t size);

/// Uniform in [0, 1).
double fixture_random(fixture *made);

/// Uniform in low..high, both included.
uint32_t fixture_pick(fixture *made, uint32_t low, uint32_t high);

/// Uniform in -range..range.
float *fixture_weights(fixture *made, size_t count, double range);

/// Random weights of the usual size for their number of inputs; biases in -0.3..0.3.
bl_conv fixture_conv(fixture *made, uint32_t in, uint32_t out, uint32_t groups, uint32_t kernel,
                     uint32_t dilation, bool bias);
bl_matrix fixture_matrix(fixture *made, uint32_t in, uint32_t out, uint32_t groups, bool bias);
bl_activation fixture_activation(fixture *made, bl_activation_kind kind);

/// One value through an activation, in double; softmax, which needs all, leaves it.
double fixture_activate(const bl_activation *activation, uint32_t channel, double x);

/// The reference model: dilations base^i.
bl_arch *fixture_native(fixture *made, uint32_t channels, uint32_t layers, uint32_t kernel,
                        uint32_t base, bool causal, bl_activation_kind activation);

/// Shape of one plain layer array for fixture_wavenet. Zero means the usual value.
typedef struct fixture_array {
    uint32_t channels, kernel;
    uint32_t bottleneck; ///< usual: channels
    uint32_t layer_count;
    const uint32_t *dilations;
    uint32_t head_out, head_kernel; ///< usual: 1
    bl_activation_kind activation;
    bl_gating gating;
} fixture_array;

/// A mono causal WaveNet of `count` arrays with mix-in, 1x1 and skips.
bl_arch *fixture_wavenet(fixture *made, const fixture_array *arrays, uint32_t count);

typedef enum fixture_a1 {
    FIXTURE_A1_STANDARD,
    FIXTURE_A1_LITE,
    FIXTURE_A1_FEATHER,
    FIXTURE_A1_NANO
} fixture_a1;

/// The four usual sizes of the first generation; weights random.
bl_arch *fixture_make_a1(fixture *made, fixture_a1 size);

/// The second generation with `channels` channels (8 full, 3 lite).
bl_arch *fixture_make_a2(fixture *made, uint32_t channels);

/// A WaveNet that uses anything the format allows, seldom the same twice.
bl_arch *fixture_any_wavenet(fixture *made);

/// Renders `frames` mono samples in double, after silence for ever; a centred network hears
/// silence after the end. Only WaveNets.
void fixture_render(const bl_arch *arch, const float *in, size_t frames, double *out);

/// Guitar-like test signal: noise, tones, silence, full-scale clicks; deterministic.
void fixture_signal(fixture *made, float *out, size_t frames);

#endif
