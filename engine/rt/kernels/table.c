// SPDX-License-Identifier: MIT
// The kernels of the instruction set this file is compiled for.

#include "rt/kernels/local.h"

const bl_kernels BL_KERNEL_SUFFIX(bl_kernels) = {
    .name = BL_KERNEL_NAME,
    .lanes = VEC_LANES,
    .activate = BL_KERNEL_SUFFIX(bl_activate),
    .activate_add = BL_KERNEL_SUFFIX(bl_activate_add),
    .choose_map = BL_KERNEL_SUFFIX(bl_choose_map),
    .choose_layer = BL_KERNEL_SUFFIX(bl_choose_layer),
    .is_fixed_size = BL_KERNEL_SUFFIX(bl_is_fixed_size),
    .lstm = BL_KERNEL_SUFFIX(bl_lstm_run),
    .gru = BL_KERNEL_SUFFIX(bl_gru_run),
    .filter = BL_KERNEL_SUFFIX(bl_filter),
    .multiply_spectra = BL_KERNEL_SUFFIX(bl_multiply_spectra),
};
