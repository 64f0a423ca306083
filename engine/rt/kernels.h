// SPDX-License-Identifier: MIT
// Kernels: the arithmetic of nets, one table per instruction set, chosen once when a net is built.
// All functions are RT safe. A frame's result never depends on its place in a call. Rows are
// touched up to `frames` rounded up to `lanes`.

#ifndef BACKLINE_RT_KERNELS_H
#define BACKLINE_RT_KERNELS_H

#include "model/arch.h"
#include "rt/history.h"

#include <stddef.h>
#include <stdint.h>

/// A linear map over channels and taps, y = b + sum over taps of W_k x_k, packed for the kernels:
/// per group, per block of `kernels.outputs` outputs (the last one narrower): w[tap][in][output].
typedef struct bl_map {
    uint32_t in, out, groups, taps;
    const float *w;
    const float *b; ///< `out` of them
} bl_map;

struct bl_wavenet_stage;
struct bl_wavenet_block;

/// Runs a whole WaveNet layer in one pass.
typedef void bl_layer_run(const struct bl_wavenet_stage *stage,
                          const struct bl_wavenet_block *block);

typedef struct bl_kernels {
    const char *name; ///< "c", "v2", "v3", "neon"
    uint32_t lanes;   ///< floats of one vector; 1 for plain C
    uint32_t outputs; ///< that one tile computes together

    /// x = activation(x) for `rows` channels, channel 0 first, `stride` floats apart. Exact: tanh
    /// and sigmoid within 3e-7 of the true value.
    void (*activate)(const bl_activation *activation, float *x, size_t stride, uint32_t rows,
                     uint32_t frames);
    /// y = map(x), or y += map(x).
    void (*map)(const bl_map *map, const bl_taps *x, bl_rows y, bool add, uint32_t frames);
    /// The fused pass for a layer of this shape, or NULL: then it runs as single steps.
    bl_layer_run *(*choose_layer)(const struct bl_wavenet_stage *stage);
} bl_kernels;

extern const bl_kernels bl_kernels_c;
extern const bl_kernels bl_kernels_v2;
extern const bl_kernels bl_kernels_v3;
extern const bl_kernels bl_kernels_neon;

#endif
