// SPDX-License-Identifier: MIT
// What the files of this folder offer each other, once per instruction set; table.c collects it.

#ifndef BACKLINE_RT_KERNELS_LOCAL_H
#define BACKLINE_RT_KERNELS_LOCAL_H

#include "rt/kernels.h"
#include "rt/kernels/vec.h"

void BL_KERNEL_SUFFIX(bl_activate)(const bl_activation *activation, float *x, size_t stride,
                                   uint32_t rows, uint32_t frames);
void BL_KERNEL_SUFFIX(bl_map)(const bl_map *map, const bl_taps *x, bl_rows y, bool add,
                              uint32_t frames);

bl_layer_run *BL_KERNEL_SUFFIX(bl_choose_layer)(const struct bl_wavenet_stage *stage);

#endif
