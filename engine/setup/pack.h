// SPDX-License-Identifier: MIT
// Packing weights and making histories for the kernels. Everything comes from the arena; false
// means that memory is short.

#ifndef BACKLINE_SETUP_PACK_H
#define BACKLINE_SETUP_PACK_H

#include "model/arch.h"
#include "rt/history.h"
#include "rt/kernels.h"
#include "setup/arena.h"

#include <stdbool.h>

/// Packs a convolution, its weights and bias multiplied by `gain`.
bool bl_map_pack(const bl_conv *conv, double gain, const bl_kernels *kernels, bl_arena *arena,
                 bl_map *map);

/// The same for a matrix; one that is absent (out = 0) gives an absent map.
bool bl_map_pack_matrix(const bl_matrix *matrix, const bl_kernels *kernels, bl_arena *arena,
                        bl_map *map);

/// A history of `channels` channels that reaches `reach` frames back.
bool bl_history_make(uint32_t channels, uint32_t reach, bl_arena *arena, bl_history *history);

#endif
