// SPDX-License-Identifier: MIT
// The fused layer for common shapes: instances with constant sizes and activation for those of up
// to 8 channels, and for the others steps of constant tile size that are called. Thread: RT.

#include "rt/kernels/layer.h"

#include "rt/kernels/local.h"

/// Not inlined, so that the inner loop has the registers to itself.
#define LAYER_APART static __attribute__((noinline))

/// Outputs `o`.. up to `end` in tiles of one size.
typedef void layer_step(const layer_pass *pass, uint32_t o, uint32_t end, uint32_t t);

static layer_shape shape_of(const bl_wavenet_stage *stage)
{
    return (layer_shape){stage->conv.in, stage->conv.taps, stage->channels,
                         stage->mixin.out != 0 ? stage->mixin.in : 0, stage->expand.out != 0};
}

#define LAYER_STEPS(height, vectors)                                                               \
    LAYER_APART void conv_##height##_##vectors(const layer_pass *pass, uint32_t o, uint32_t end,   \
                                               uint32_t t)                                         \
    {                                                                                              \
        const layer_shape shape = shape_of(pass->stage);                                           \
        for (; o < end; o += (height)) {                                                           \
            layer_conv(pass, shape, (tile_size){height, vectors}, o, t);                           \
        }                                                                                          \
    }                                                                                              \
    LAYER_APART void residual_##height##_##vectors(const layer_pass *pass, uint32_t o,             \
                                                   uint32_t end, uint32_t t)                       \
    {                                                                                              \
        const layer_shape shape = shape_of(pass->stage);                                           \
        for (; o < end; o += (height)) {                                                           \
            layer_residual(pass, shape, (tile_size){height, vectors}, o, t);                       \
        }                                                                                          \
    }

LAYER_STEPS(1, 1)
LAYER_STEPS(2, 1)
LAYER_STEPS(3, 1)
LAYER_STEPS(4, 1)
LAYER_STEPS(8, 1)
LAYER_STEPS(1, 2)
LAYER_STEPS(2, 2)
LAYER_STEPS(3, 2)
LAYER_STEPS(4, 2)
LAYER_STEPS(6, 2)
LAYER_STEPS(1, 3)
LAYER_STEPS(2, 3)
LAYER_STEPS(3, 3)
LAYER_STEPS(4, 3)
#undef LAYER_STEPS

static layer_step *const conv_steps[3][9] = {
    {[1] = conv_1_1, [2] = conv_2_1, [3] = conv_3_1, [4] = conv_4_1, [8] = conv_8_1},
    {[1] = conv_1_2, [2] = conv_2_2, [3] = conv_3_2, [4] = conv_4_2, [6] = conv_6_2},
    {[1] = conv_1_3, [2] = conv_2_3, [3] = conv_3_3, [4] = conv_4_3},
};

static layer_step *const residual_steps[3][9] = {
    {[1] = residual_1_1,
     [2] = residual_2_1,
     [3] = residual_3_1,
     [4] = residual_4_1,
     [8] = residual_8_1},
    {[1] = residual_1_2,
     [2] = residual_2_2,
     [3] = residual_3_2,
     [4] = residual_4_2,
     [6] = residual_6_2},
    {[1] = residual_1_3, [2] = residual_2_3, [3] = residual_3_3, [4] = residual_4_3},
};

// Height of the next tile of `left` outputs: about twelve accumulators, and no short last tile.
static uint32_t next_height(uint32_t left, uint32_t vectors)
{
    if (vectors == 1 && left >= 8) {
        return 8;
    }
    if (vectors == 2 && left >= 6 && left != 8) {
        return 6;
    }
    return left == 5 ? 3 : left < 4 ? left : 4;
}

static void all_outputs(layer_step *const steps[9], const layer_pass *pass, uint32_t vectors,
                        uint32_t t)
{
    const uint32_t count = pass->stage->channels;
    for (uint32_t o = 0; o < count;) {
        const uint32_t height = next_height(count - o, vectors);
        uint32_t end = o + height;
        while (end < count && next_height(count - end, vectors) == height) {
            end += height;
        }
        steps[height](pass, o, end, t);
        o = end;
    }
}

#define LAYER_MIDDLE(vectors)                                                                      \
    LAYER_APART void middle_##vectors(const layer_pass *pass, uint32_t t)                          \
    {                                                                                              \
        layer_middle(pass, shape_of(pass->stage), vectors, t);                                     \
    }
LAYER_MIDDLE(1)
LAYER_MIDDLE(2)
LAYER_MIDDLE(3)
#undef LAYER_MIDDLE

static void run_wide(const bl_wavenet_stage *stage, const bl_wavenet_block *block)
{
    static void (*const middles[3])(const layer_pass *, uint32_t) = {middle_1, middle_2, middle_3};
    const layer_pass pass = layer_start(stage, block, stage->conv.taps);
    uint32_t left = (block->frames + VEC_LANES - 1) / VEC_LANES, t = 0;
    while (left > 0) {
        const uint32_t take = tile_take(left, 3);
        all_outputs(conv_steps[take - 1], &pass, take, t);
        middles[take - 1](&pass, t);
        if (stage->residual == BL_RESIDUAL_MATRIX) {
            all_outputs(residual_steps[take - 1], &pass, take, t);
        }
        left -= take;
        t += take * VEC_LANES;
    }
}

/// X(channels, taps, activation, height, longest tile in vectors): the layers of common networks
/// behind the first one. Sanitizers take long over each, and two show what all do.
#ifdef BL_FEW_INSTANCES
#define LAYER_SHAPES(X)                                                                            \
    X(2, 3, BL_ACTIVATION_TANH, 2, 4)                                                              \
    X(3, 6, BL_ACTIVATION_LEAKY_RELU, 3, 4)
#else
#define LAYER_SHAPES(X)                                                                            \
    X(8, 3, BL_ACTIVATION_TANH, 4, 3)                                                              \
    X(6, 3, BL_ACTIVATION_TANH, 6, 2)                                                              \
    X(4, 3, BL_ACTIVATION_TANH, 4, 3)                                                              \
    X(2, 3, BL_ACTIVATION_TANH, 2, 4)                                                              \
    X(8, 6, BL_ACTIVATION_LEAKY_RELU, 4, 3)                                                        \
    X(8, 15, BL_ACTIVATION_LEAKY_RELU, 4, 3)                                                       \
    X(3, 6, BL_ACTIVATION_LEAKY_RELU, 3, 4)                                                        \
    X(3, 15, BL_ACTIVATION_LEAKY_RELU, 3, 4)
#endif

VEC_INLINE void small_tile(const layer_pass *pass, layer_shape shape, bl_activation_kind kind,
                           tile_size size, uint32_t t)
{
    const bool has_residual = pass->stage->residual == BL_RESIDUAL_MATRIX;
    const bool is_tanh = kind == BL_ACTIVATION_TANH; // which wants registers itself
    const uint32_t busy = size.outputs * size.vectors;
    tile z;
    if (size.outputs == shape.channels && busy <= (is_tanh ? 4 : 8)) {
        layer_sum(pass, shape, size, 0, t, &z);
        layer_activate_sums(kind, pass, size, 0, t, &z, false);
        if (has_residual) {
            layer_residual_of(pass, shape, size, t, &z);
        }
        return;
    }
    TILE_UNROLL
    for (uint32_t o = 0; o < shape.channels; o += size.outputs) {
        if (is_tanh) {
            layer_conv(pass, shape, size, o, t);
        } else {
            layer_sum(pass, shape, size, o, t, &z);
            layer_activate_sums(kind, pass, size, o, t, &z, true);
        }
    }
    if (is_tanh) {
        layer_activate(kind, pass, shape, size.vectors, t);
    }
    if (has_residual) {
        TILE_UNROLL
        for (uint32_t o = 0; o < shape.channels; o += size.outputs) {
            layer_residual(pass, shape, size, o, t);
        }
    }
}

VEC_INLINE void run_small(const bl_wavenet_stage *stage, const bl_wavenet_block *block,
                          layer_shape shape, bl_activation_kind kind, uint32_t height,
                          uint32_t longest)
{
    const layer_pass pass = layer_start(stage, block, shape.taps);
    uint32_t left = (block->frames + VEC_LANES - 1) / VEC_LANES, t = 0;
    while (left > 0) {
        const uint32_t take = tile_take(left, longest);
        switch (take) {
        case 1:
            small_tile(&pass, shape, kind, (tile_size){height, 1}, t);
            break;
        case 2:
            small_tile(&pass, shape, kind, (tile_size){height, 2}, t);
            break;
        case 3:
            if (longest >= 3) {
                small_tile(&pass, shape, kind, (tile_size){height, 3}, t);
            }
            break;
        default:
            if (longest >= 4) {
                small_tile(&pass, shape, kind, (tile_size){height, 4}, t);
            }
            break;
        }
        left -= take;
        t += take * VEC_LANES;
    }
}

#define LAYER_INSTANCE(width, count, kind, height, longest)                                        \
    static void run_##width##_##count(const bl_wavenet_stage *stage,                               \
                                      const bl_wavenet_block *block)                               \
    {                                                                                              \
        run_small(stage, block, (layer_shape){width, count, width, 1, false}, kind, height,        \
                  longest);                                                                        \
    }
LAYER_SHAPES(LAYER_INSTANCE)
#undef LAYER_INSTANCE

// What one pass can do: no gating, a simple activation, skips and a 1x1 or neither.
static bool is_plain(const bl_wavenet_stage *stage)
{
    const bl_activation_kind kind = stage->activation.kind;
    return stage->extras == NULL && stage->conv.groups == 1 && stage->gating == BL_GATING_NONE &&
           stage->bottleneck == stage->channels &&
           (stage->mixin.out == 0 || stage->mixin.groups == 1) &&
           (kind == BL_ACTIVATION_TANH || kind == BL_ACTIVATION_RELU ||
            (kind == BL_ACTIVATION_LEAKY_RELU && stage->adds_skip)) &&
           (stage->adds_skip
                ? stage->residual == BL_RESIDUAL_MATRIX || stage->residual == BL_RESIDUAL_NONE
                : stage->residual == BL_RESIDUAL_IDENTITY) &&
           (stage->residual != BL_RESIDUAL_MATRIX || stage->layer1x1.groups == 1);
}

bl_layer_run *BL_KERNEL_SUFFIX(bl_choose_layer)(const bl_wavenet_stage *stage)
{
    if (!is_plain(stage)) {
        return NULL;
    }
    const bool usual = stage->adds_skip && stage->expand.out == 0 && stage->mixin.in == 1 &&
                       stage->mixin.out != 0 && stage->conv.in == stage->channels;
#define LAYER_CHOOSE(width, count, of, height, longest)                                            \
    if (usual && stage->channels == (width) && stage->conv.taps == (count) &&                      \
        stage->activation.kind == (of)) {                                                          \
        return run_##width##_##count;                                                              \
    }
    LAYER_SHAPES(LAYER_CHOOSE)
#undef LAYER_CHOOSE
    return run_wide;
}

bool BL_KERNEL_SUFFIX(bl_is_fixed_size)(bl_layer_run *run)
{
    return run != NULL && run != run_wide;
}
