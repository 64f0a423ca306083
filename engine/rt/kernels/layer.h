// SPDX-License-Identifier: MIT
// A whole WaveNet layer in one pass: per tile of time, the convolution's sums start from bias and
// mix-in and stay in registers over all inputs and taps; activation and head, then the 1x1, whose
// sums start from the residual stream and end in the history of the next layer.

#ifndef BACKLINE_RT_KERNELS_LAYER_H
#define BACKLINE_RT_KERNELS_LAYER_H

#include "rt/kernels/activation.h"
#include "rt/kernels/tile.h"
#include "rt/wavenet.h"

/// Sizes of a layer without gating: constants in the instances of small shapes.
typedef struct layer_shape {
    uint32_t in, taps; ///< of the convolution
    uint32_t channels; ///< of everything else
    uint32_t mixin;    ///< inputs of the mix-in; 0: there is none
    bool expands;      ///< the layer hears the mono input itself
} layer_shape;

/// What the tiles of one block share.
typedef struct layer_pass {
    const bl_wavenet_stage *stage;
    const bl_wavenet_block *block;
    bl_taps taps;
    const float *x; ///< residual input of frame 0, channel 0
    float *z;       ///< rows of the tile, LAYER_STRIDE apart
} layer_pass;

enum { LAYER_STRIDE = 4 * VEC_LANES };

/// Outputs `o`.. of convolution and mix-in.
VEC_INLINE void layer_sum(const layer_pass *pass, layer_shape shape, tile_size size, uint32_t o,
                          uint32_t t, tile *sums)
{
    const bl_wavenet_stage *stage = pass->stage;
    tile_start(sums, size, stage->conv.b + o);
    if (shape.mixin != 0) {
        tile_add(sums, size, (tile_weights){stage->mixin.w + o, shape.channels},
                 pass->block->condition + t, BL_NET_STRIDE, shape.mixin);
    }
    tile_add_taps(sums, size, (tile_weights){stage->conv.w + o, shape.channels}, &pass->taps,
                  pass->taps.rows + t, shape.in, shape.taps);
}

/// The same into z.
VEC_INLINE void layer_conv(const layer_pass *pass, layer_shape shape, tile_size size, uint32_t o,
                           uint32_t t)
{
    tile sums;
    layer_sum(pass, shape, size, o, t, &sums);
    tile_store(&sums, size, pass->z + o * LAYER_STRIDE, LAYER_STRIDE);
}

/// x + b, where the sums of outputs `o`.. of the residual stream start.
VEC_INLINE void layer_residual_start(const layer_pass *pass, layer_shape shape, tile_size size,
                                     uint32_t o, uint32_t t, tile *sums)
{
    const bl_wavenet_stage *stage = pass->stage;
    tile_start(sums, size, stage->layer1x1.b + o);
    if (shape.expands) {
        tile_add(sums, size, (tile_weights){stage->expand.w + o, 0}, pass->x + t, 0, 1);
    } else {
        tile_add_rows(sums, size, pass->x + o * stage->history.stride + t, stage->history.stride);
    }
}

/// All of the residual stream, x + W z + b, of a z that is in registers.
VEC_INLINE void layer_residual_of(const layer_pass *pass, layer_shape shape, tile_size size,
                                  uint32_t t, const tile *z)
{
    const bl_rows out = pass->block->out;
    const float *w = pass->stage->layer1x1.w;
    tile sums;
    layer_residual_start(pass, shape, size, 0, t, &sums);
    TILE_UNROLL
    for (uint32_t i = 0; i < size.outputs; i++) {
        TILE_UNROLL
        for (uint32_t o = 0; o < size.outputs; o++) {
            const vec weight = vec_set(*w++);
            TILE_UNROLL
            for (uint32_t v = 0; v < size.vectors; v++) {
                sums.v[o][v] = vec_fma(weight, z->v[i][v], sums.v[o][v]);
            }
        }
    }
    tile_store(&sums, size, out.at + t, out.stride);
}

/// Outputs `o`.. of the residual stream, x + W z + b.
VEC_INLINE void layer_residual(const layer_pass *pass, layer_shape shape, tile_size size,
                               uint32_t o, uint32_t t)
{
    const bl_wavenet_stage *stage = pass->stage;
    const bl_rows out = pass->block->out;
    tile sums;
    layer_residual_start(pass, shape, size, o, t, &sums);
    tile_add(&sums, size, (tile_weights){stage->layer1x1.w + o, shape.channels}, pass->z,
             LAYER_STRIDE, shape.channels);
    tile_store(&sums, size, out.at + o * out.stride + t, out.stride);
}

/// Activates outputs `o`.., in place or, with `stores`, into z, and adds them to the head's
/// accumulators.
VEC_INLINE void layer_activate_sums(bl_activation_kind kind, const layer_pass *pass, tile_size size,
                                    uint32_t o, uint32_t t, tile *sums, bool stores)
{
    const float slope = pass->stage->activation.p[0];
    const bl_rows skip = pass->block->skip;
    const bool starts = pass->block->skip_starts;
    float *z = pass->z + o * LAYER_STRIDE, *to = skip.at + o * skip.stride + t;
    TILE_UNROLL
    for (uint32_t c = 0; c < size.outputs; c++) {
        TILE_UNROLL
        for (uint32_t v = 0; v < size.vectors; v++) {
            float *sum = to + v * VEC_LANES;
            const vec y = vec_activate(kind, &pass->stage->activation, slope, sums->v[c][v]);
            if (stores) {
                vec_store(z + v * VEC_LANES, y);
            }
            sums->v[c][v] = y;
            vec_store(sum, starts ? y : vec_load(sum) + y);
        }
        z += LAYER_STRIDE;
        TILE_NEXT_ROW(to, skip.stride);
    }
}

/// z = activation(z), and the head's accumulators.
VEC_INLINE void layer_activate(bl_activation_kind kind, const layer_pass *pass, layer_shape shape,
                               uint32_t vectors, uint32_t t)
{
    const float slope = pass->stage->activation.p[0];
    const bl_rows skip = pass->block->skip;
    const bool starts = pass->block->skip_starts;
    float *z = pass->z, *to = skip.at + t;
    for (uint32_t c = 0; c < shape.channels; c++) {
        TILE_UNROLL
        for (uint32_t v = 0; v < vectors; v++) {
            float *at = z + v * VEC_LANES, *sum = to + v * VEC_LANES;
            const vec y = vec_activate(kind, &pass->stage->activation, slope, vec_load(at));
            vec_store(at, y);
            vec_store(sum, starts ? y : vec_load(sum) + y);
        }
        z += LAYER_STRIDE;
        to += skip.stride;
    }
}

/// x + activation(z) into the residual stream, for layers without 1x1 and head.
VEC_INLINE void layer_identity(bl_activation_kind kind, const layer_pass *pass, layer_shape shape,
                               uint32_t vectors, uint32_t t)
{
    const bl_wavenet_stage *stage = pass->stage;
    const float slope = stage->activation.p[0];
    const bl_rows out = pass->block->out;
    for (uint32_t c = 0; c < shape.channels; c++) {
        TILE_UNROLL
        for (uint32_t v = 0; v < vectors; v++) {
            const uint32_t at = t + v * VEC_LANES;
            const vec z = vec_activate(kind, &stage->activation, slope,
                                       vec_load(pass->z + c * LAYER_STRIDE + v * VEC_LANES));
            vec x;
            if (shape.expands) {
                x = vec_fma(vec_set(stage->expand.w[c]), vec_load(pass->x + at),
                            vec_set(stage->expand.b[c]));
            } else {
                x = vec_load(pass->x + c * stage->history.stride + at);
            }
            vec_store(out.at + c * out.stride + at, x + z);
        }
    }
}

/// Activation and what follows it without a matrix.
VEC_INLINE void layer_middle(const layer_pass *pass, layer_shape shape, uint32_t vectors,
                             uint32_t t)
{
    const bl_activation_kind kind = pass->stage->activation.kind;
    if (!pass->stage->adds_skip) {
        if (kind == BL_ACTIVATION_TANH) {
            layer_identity(BL_ACTIVATION_TANH, pass, shape, vectors, t);
        } else {
            layer_identity(BL_ACTIVATION_RELU, pass, shape, vectors, t);
        }
    } else if (kind == BL_ACTIVATION_TANH) {
        layer_activate(BL_ACTIVATION_TANH, pass, shape, vectors, t);
    } else if (kind == BL_ACTIVATION_LEAKY_RELU) {
        layer_activate(BL_ACTIVATION_LEAKY_RELU, pass, shape, vectors, t);
    } else {
        layer_activate(BL_ACTIVATION_RELU, pass, shape, vectors, t);
    }
}

VEC_INLINE layer_pass layer_start(const bl_wavenet_stage *stage, const bl_wavenet_block *block,
                                  uint32_t taps)
{
    const bl_taps residual = bl_history_taps(&stage->history, block->frames, stage->lag, 1, 0);
    return (layer_pass){
        .stage = stage,
        .block = block,
        .taps = bl_history_taps(&stage->history, block->frames, 0, taps, stage->dilation),
        .x = residual.rows + residual.first,
        .z = block->tile,
    };
}

#endif
