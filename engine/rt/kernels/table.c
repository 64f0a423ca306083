// SPDX-License-Identifier: MIT
// The kernels of the instruction set this file is compiled for.

#include "rt/kernels/local.h"
#include "rt/kernels/products.h"

const bl_kernels BL_KERNEL_SUFFIX(bl_kernels) = {
    .name = BL_KERNEL_NAME,
    .lanes = VEC_LANES,
    .outputs = TILE_OUTPUTS,
    .activate = BL_KERNEL_SUFFIX(bl_activate),
    .map = BL_KERNEL_SUFFIX(bl_map),
    .choose_layer = BL_KERNEL_SUFFIX(bl_choose_layer),
};
