// SPDX-License-Identifier: MIT
// Building one layer of a WaveNet. See setup/wavenet.c.

#ifndef BACKLINE_SETUP_WAVENET_STAGE_H
#define BACKLINE_SETUP_WAVENET_STAGE_H

#include "model/arch.h"
#include "rt/wavenet.h"
#include "setup/arena.h"

/// Rows of scratch that the layers seen so far need.
typedef struct bl_wavenet_sizes {
    uint32_t stream, z, film, side;
} bl_wavenet_sizes;

/// What the layers of one array share.
typedef struct bl_stage_recipe {
    const bl_kernels *kernels;
    const bl_wavenet_array *array;
    bool causal;
    bool hears_input;        ///< the array's input is the mono input of the network
    bool condition_is_input; ///< so is the condition
} bl_stage_recipe;

/// Raises `size` to at least `rows`.
void bl_wavenet_sizes_add(uint32_t *size, uint32_t rows);

/// Builds layer `index` of the array. `stream_read`: somebody reads the residual stream behind it.
/// False: memory is short.
bool bl_wavenet_stage_build(const bl_stage_recipe *recipe, uint32_t index, bool stream_read,
                            bl_arena *arena, bl_wavenet_stage *stage, bl_wavenet_sizes *sizes);

#endif
