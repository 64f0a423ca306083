// SPDX-License-Identifier: MIT
// Packing weights in the order the kernels read them, and sizing histories.

#include "setup/pack.h"

#include "rt/net.h"

// w[tap][in][output] of one group; as stored it is w[output][in][tap].
static float *pack_group(const bl_conv *conv, uint32_t group, double gain, float *to)
{
    const uint32_t in = conv->in / conv->groups, out = conv->out / conv->groups;
    const float *from = conv->w + (size_t)group * out * in * conv->kernel;
    for (uint32_t k = 0; k < conv->kernel; k++) {
        for (uint32_t i = 0; i < in; i++) {
            for (uint32_t o = 0; o < out; o++) {
                *to++ = (float)(gain * (double)from[((size_t)o * in + i) * conv->kernel + k]);
            }
        }
    }
    return to;
}

bool bl_map_pack(const bl_conv *conv, double gain, const bl_kernels *kernels, bl_arena *arena,
                 bl_map *map)
{
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
    map->run = kernels->choose_map(map);
    for (uint32_t g = 0; g < conv->groups; g++) {
        w = pack_group(conv, g, gain, w);
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
    // One block of `blocks` is mirrored, which no processor foresees. The layers that feel it most
    // are the narrow ones, whose rings take least.
    const uint32_t blocks = channels <= 4 ? 16 : 3;
    const uint32_t least = blocks * BL_INNER_FRAMES, needed = reach + BL_INNER_FRAMES;
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
