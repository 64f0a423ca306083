// SPDX-License-Identifier: MIT
// Packing weights in the order the kernels read them, and sizing histories.

#include "setup/pack.h"

#include "rt/net.h"

// w[tap][in][output] of `outputs` rows from row `o` on; rows are as stored: [in][tap].
static float *pack_block(const bl_conv *conv, uint32_t o, uint32_t outputs, double gain, float *to)
{
    const uint32_t in = conv->in / conv->groups;
    for (uint32_t k = 0; k < conv->kernel; k++) {
        for (uint32_t i = 0; i < in; i++) {
            for (uint32_t j = 0; j < outputs; j++) {
                const size_t row = (size_t)(o + j) * in;
                *to++ = (float)(gain * (double)conv->w[(row + i) * conv->kernel + k]);
            }
        }
    }
    return to;
}

bool bl_map_pack(const bl_conv *conv, double gain, const bl_kernels *kernels, bl_arena *arena,
                 bl_map *map)
{
    const uint32_t out = conv->out / conv->groups;
    const size_t weights = (size_t)conv->out * (conv->in / conv->groups) * conv->kernel;
    float *w = bl_arena_take(arena, weights, sizeof *w);
    float *b = bl_arena_take(arena, conv->out, sizeof *b);
    if (w == NULL || b == NULL) {
        return false;
    }
    *map = (bl_map){.in = conv->in,
                    .out = conv->out,
                    .groups = conv->groups,
                    .taps = conv->kernel,
                    .w = w,
                    .b = b};
    for (uint32_t g = 0; g < conv->groups; g++) {
        for (uint32_t o = 0; o < out; o += kernels->outputs) {
            const uint32_t left = out - o;
            w = pack_block(conv, g * out + o, left < kernels->outputs ? left : kernels->outputs,
                           gain, w);
        }
    }
    for (uint32_t o = 0; o < conv->out && conv->b != NULL; o++) {
        b[o] = (float)(gain * (double)conv->b[o]);
    }
    return true;
}

bool bl_map_pack_matrix(const bl_matrix *matrix, const bl_kernels *kernels, bl_arena *arena,
                        bl_map *map)
{
    if (matrix->out == 0) {
        *map = (bl_map){.out = 0};
        return true;
    }
    const bl_conv conv = {.in = matrix->in,
                          .out = matrix->out,
                          .groups = matrix->groups,
                          .kernel = 1,
                          .dilation = 1,
                          .w = matrix->w,
                          .b = matrix->b};
    return bl_map_pack(&conv, 1.0, kernels, arena, map);
}

bool bl_history_make(uint32_t channels, uint32_t reach, bl_arena *arena, bl_history *history)
{
    enum { LINE = BL_NET_ALIGN / sizeof(float) };
    const uint32_t least = 2 * BL_INNER_FRAMES, needed = reach + BL_INNER_FRAMES;
    const uint32_t capacity = needed > least ? needed : least;
    // An odd number of cache lines: rows that are a multiple of 4 KiB apart would share the few
    // ways of one cache set.
    const size_t lines = ((size_t)capacity + BL_INNER_FRAMES + LINE - 1) / LINE;
    *history =
        (bl_history){.stride = (lines | 1) * LINE, .channels = channels, .capacity = capacity};
    history->rows = bl_arena_take(arena, channels, history->stride * sizeof(float));
    history->column = bl_arena_take(arena, channels, sizeof(float));
    return history->rows != NULL && history->column != NULL;
}
