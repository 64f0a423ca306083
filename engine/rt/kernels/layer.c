// SPDX-License-Identifier: MIT
// A whole WaveNet layer in one pass: per tile of time, the convolution's accumulators start from
// bias and condition and stay in registers over all inputs and taps; activation, head, 1x1 and
// residual follow while the tile is in the first cache. Thread: RT.

#include "rt/kernels/activation.h"
#include "rt/kernels/local.h"
#include "rt/kernels/products.h"
#include "rt/wavenet.h"

enum { TILE_STRIDE = TILE_VECTORS * VEC_LANES };

/// What the tiles of one block share.
typedef struct layer_pass {
    const bl_wavenet_stage *stage;
    const bl_wavenet_block *block;
    bl_taps taps;
    const float *x; ///< residual input of frame 0, channel 0
    float *z;       ///< conv.out rows, TILE_STRIDE apart
} layer_pass;

static bool activates_in_registers(const bl_wavenet_stage *stage)
{
    return stage->gating == BL_GATING_NONE && (stage->activation.kind == BL_ACTIVATION_TANH ||
                                               stage->activation.kind == BL_ACTIVATION_RELU ||
                                               stage->activation.kind == BL_ACTIVATION_LEAKY_RELU ||
                                               stage->activation.kind == BL_ACTIVATION_IDENTITY);
}

// Outputs `o`.. of the convolution into the tile's z, activated where that is simple.
VEC_INLINE const float *conv_outputs(const layer_pass *pass, uint32_t outputs, uint32_t vectors,
                                     uint32_t o, const float *w, uint32_t t, bool activate)
{
    const bl_wavenet_stage *stage = pass->stage;
    const bl_map *mixin = &stage->mixin;
    vec_tile tile;
    for (uint32_t i = 0; i < outputs; i++) {
        for (uint32_t v = 0; v < vectors; v++) {
            tile.v[i][v] = vec_set(stage->conv.b[o + i]);
        }
    }
    if (mixin->out != 0) {
        tile_products(&tile, outputs, vectors, mixin->w + (size_t)o * mixin->in,
                      pass->block->condition + t, BL_NET_STRIDE, mixin->in);
    }
    w = tile_taps(&tile, outputs, vectors, w, &pass->taps, 0, t, &stage->conv);
    const bl_activation_kind kind = activate ? stage->activation.kind : BL_ACTIVATION_IDENTITY;
    const float slope = stage->activation.p[0];
    for (uint32_t i = 0; i < outputs; i++) {
        for (uint32_t v = 0; v < vectors; v++) {
            vec z = tile.v[i][v];
            switch (kind) {
            case BL_ACTIVATION_TANH:
                z = vec_tanh(z);
                break;
            case BL_ACTIVATION_RELU:
                z = vec_max(vec_set(0.0f), z);
                break;
            case BL_ACTIVATION_LEAKY_RELU:
                z = vec_leaky(z, vec_set(slope));
                break;
            default:
                break;
            }
            vec_store(pass->z + (o + i) * TILE_STRIDE + v * VEC_LANES, z);
        }
    }
    return w;
}

// Activation and gating of the tile where registers do not do.
static void gate(const layer_pass *pass, uint32_t frames)
{
    const bl_wavenet_stage *stage = pass->stage;
    const uint32_t rows = stage->bottleneck;
    float *z = pass->z, *a = z + (size_t)rows * TILE_STRIDE, *before = a;
    if (stage->gating == BL_GATING_BLENDED) {
        before = a + (size_t)rows * TILE_STRIDE;
        for (uint32_t i = 0; i < rows * TILE_STRIDE; i += VEC_LANES) {
            vec_store(before + i, vec_load(z + i));
        }
    }
    BL_KERNEL_SUFFIX(bl_activate)(&stage->activation, z, TILE_STRIDE, rows, frames);
    if (stage->gating == BL_GATING_NONE) {
        return;
    }
    BL_KERNEL_SUFFIX(bl_activate)(&stage->secondary, a, TILE_STRIDE, rows, frames);
    for (uint32_t i = 0; i < rows * TILE_STRIDE; i += VEC_LANES) {
        const vec top = vec_load(z + i), weight = vec_load(a + i);
        const vec rest = (vec_set(1.0f) - weight) * vec_load(before + i);
        vec_store(z + i,
                  stage->gating == BL_GATING_GATED ? top * weight : vec_fma(weight, top, rest));
    }
}

VEC_INLINE void add_skip(const layer_pass *pass, uint32_t vectors, uint32_t t)
{
    const bl_rows skip = pass->block->skip;
    float *to = skip.at + t;
    const float *z = pass->z;
    for (uint32_t c = 0; c < pass->stage->bottleneck; c++) {
        for (uint32_t v = 0; v < vectors; v++) {
            const vec add = vec_load(z + v * VEC_LANES);
            float *at = to + v * VEC_LANES;
            vec_store(at, pass->block->skip_starts ? add : vec_load(at) + add);
        }
        to += skip.stride;
        z += TILE_STRIDE;
    }
}

// The residual stream of outputs `o`..: x, expanded from the mono input where the layer hears it.
VEC_INLINE vec residual_input(const layer_pass *pass, uint32_t c, uint32_t t)
{
    const bl_wavenet_stage *stage = pass->stage;
    if (stage->expand_w != NULL) {
        return vec_fma(vec_set(stage->expand_w[c]), vec_load(pass->x + t),
                       vec_set(stage->expand_b[c]));
    }
    return vec_load(pass->x + c * stage->history.stride + t);
}

VEC_INLINE const float *residual_outputs(const layer_pass *pass, uint32_t outputs, uint32_t vectors,
                                         uint32_t o, const float *w, uint32_t t)
{
    const bl_map *map = &pass->stage->layer1x1;
    const bl_rows out = pass->block->out;
    vec_tile tile;
    for (uint32_t i = 0; i < outputs; i++) {
        for (uint32_t v = 0; v < vectors; v++) {
            tile.v[i][v] = vec_set(map->b[o + i]) + residual_input(pass, o + i, t + v * VEC_LANES);
        }
    }
    w = tile_products(&tile, outputs, vectors, w, pass->z, TILE_STRIDE, map->in);
    for (uint32_t i = 0; i < outputs; i++) {
        for (uint32_t v = 0; v < vectors; v++) {
            vec_store(out.at + (o + i) * out.stride + t + v * VEC_LANES, tile.v[i][v]);
        }
    }
    return w;
}

VEC_INLINE void add_identity(const layer_pass *pass, uint32_t vectors, uint32_t t)
{
    const bl_rows out = pass->block->out;
    for (uint32_t c = 0; c < pass->stage->channels; c++) {
        for (uint32_t v = 0; v < vectors; v++) {
            const uint32_t at = t + v * VEC_LANES;
            vec_store(out.at + c * out.stride + at,
                      residual_input(pass, c, at) +
                          vec_load(pass->z + c * TILE_STRIDE + v * VEC_LANES));
        }
    }
}

VEC_INLINE void layer_tile(const layer_pass *pass, uint32_t vectors, uint32_t t)
{
    const bl_wavenet_stage *stage = pass->stage;
    const bool in_registers = activates_in_registers(stage);
    const float *w = stage->conv.w;
    uint32_t o = 0;
    for (; o + 4 <= stage->conv.out; o += 4) {
        w = conv_outputs(pass, 4, vectors, o, w, t, in_registers);
    }
    switch (stage->conv.out - o) {
    case 3:
        conv_outputs(pass, 3, vectors, o, w, t, in_registers);
        break;
    case 2:
        conv_outputs(pass, 2, vectors, o, w, t, in_registers);
        break;
    case 1:
        conv_outputs(pass, 1, vectors, o, w, t, in_registers);
        break;
    default:
        break;
    }
    if (!in_registers) {
        gate(pass, vectors * VEC_LANES);
    }
    if (stage->adds_skip) {
        add_skip(pass, vectors, t);
    }
    if (stage->residual == BL_RESIDUAL_IDENTITY) {
        add_identity(pass, vectors, t);
    }
    if (stage->residual != BL_RESIDUAL_MATRIX) {
        return;
    }
    w = stage->layer1x1.w;
    for (o = 0; o + 4 <= stage->channels; o += 4) {
        w = residual_outputs(pass, 4, vectors, o, w, t);
    }
    switch (stage->channels - o) {
    case 3:
        residual_outputs(pass, 3, vectors, o, w, t);
        break;
    case 2:
        residual_outputs(pass, 2, vectors, o, w, t);
        break;
    case 1:
        residual_outputs(pass, 1, vectors, o, w, t);
        break;
    default:
        break;
    }
}

static void run_layer(const bl_wavenet_stage *stage, const bl_wavenet_block *block)
{
    const uint32_t frames = block->frames;
    const bl_taps residual = bl_history_taps(&stage->history, frames, stage->lag, 1, 0);
    const layer_pass pass = {
        .stage = stage,
        .block = block,
        .taps = bl_history_taps(&stage->history, frames, 0, stage->conv.taps, stage->dilation),
        .x = residual.rows + residual.first,
        .z = block->tile,
    };
    uint32_t t = 0;
    for (uint32_t left = (frames + VEC_LANES - 1) / VEC_LANES; left > 0;) {
        const uint32_t vectors = tile_vectors(left);
        switch (vectors) {
        case 1:
            layer_tile(&pass, 1, t);
            break;
        case 2:
            layer_tile(&pass, 2, t);
            break;
        default:
            layer_tile(&pass, 3, t);
            break;
        }
        left -= vectors;
        t += vectors * VEC_LANES;
    }
}

bl_layer_run *BL_KERNEL_SUFFIX(bl_choose_layer)(const bl_wavenet_stage *stage)
{
    const bool fits = stage->extras == NULL && stage->conv.groups == 1 &&
                      (stage->mixin.out == 0 || stage->mixin.groups == 1) &&
                      (stage->residual != BL_RESIDUAL_MATRIX || stage->layer1x1.groups == 1) &&
                      stage->residual != BL_RESIDUAL_KEEP;
    return fits ? run_layer : NULL;
}
