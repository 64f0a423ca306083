// SPDX-License-Identifier: MIT
// Kernels: the arithmetic of nets, one table per instruction set, chosen once when a net is built.
// All functions are RT safe. A frame's result never depends on its place in a call.

#ifndef BACKLINE_RT_KERNELS_H
#define BACKLINE_RT_KERNELS_H

#include "model/arch.h"

#include <stddef.h>
#include <stdint.h>

typedef struct bl_kernels {
    const char *name; ///< "c", "v2", "v3", "neon"
    uint32_t lanes;   ///< floats of one vector; 1 for plain C

    /// x = activation(x) for `rows` channels, channel 0 first, `stride` floats apart. Exact: tanh
    /// and sigmoid within 3e-7 of the true value. Touches `frames` rounded up to `lanes`.
    void (*activate)(const bl_activation *activation, float *x, size_t stride, uint32_t rows,
                     uint32_t frames);
} bl_kernels;

extern const bl_kernels bl_kernels_c;
extern const bl_kernels bl_kernels_v2;
extern const bl_kernels bl_kernels_v3;
extern const bl_kernels bl_kernels_neon;

#endif
