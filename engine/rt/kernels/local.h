// SPDX-License-Identifier: MIT
// What the files of this folder offer each other, once per instruction set; table.c collects it.

#ifndef BACKLINE_RT_KERNELS_LOCAL_H
#define BACKLINE_RT_KERNELS_LOCAL_H

#include "rt/kernels.h"
#include "rt/kernels/vec.h"

void BL_KERNEL_SUFFIX(bl_activate)(const bl_activation *activation, bl_span x);

void BL_KERNEL_SUFFIX(bl_activate_add)(const bl_activation *activation, bl_span x, bl_rows from,
                                       bl_rows to);

bl_map_run *BL_KERNEL_SUFFIX(bl_choose_map)(const bl_map *map);

bl_layer_run *BL_KERNEL_SUFFIX(bl_choose_layer)(const struct bl_wavenet_stage *stage);
bool BL_KERNEL_SUFFIX(bl_is_fixed_size)(bl_layer_run *run);

void BL_KERNEL_SUFFIX(bl_lstm_run)(struct bl_lstm_net *lstm, const float *in, float *out,
                                   uint32_t frames);
void BL_KERNEL_SUFFIX(bl_gru_run)(struct bl_gru_net *gru, const float *in, float *out,
                                  uint32_t frames);

void BL_KERNEL_SUFFIX(bl_filter)(const float *h, uint32_t taps, float bias, const bl_taps *x,
                                 float *y, uint32_t frames);
void BL_KERNEL_SUFFIX(bl_multiply_spectra)(const float *inputs, const float *responses,
                                           uint32_t count, uint32_t stride, float *sum);

#endif
