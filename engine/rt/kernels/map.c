// SPDX-License-Identifier: MIT
// Linear maps over whole blocks: heads, rechannels, and the layers that run step by step.
// Thread: RT.

#include "rt/kernels/local.h"
#include "rt/kernels/products.h"

/// What the tiles of one call share.
typedef struct map_pass {
    const bl_map *map;
    const bl_taps *x;
    bool add;
    uint32_t frames;
} map_pass;

// One block of outputs for one tile of time. `row` is the first input, `to` the first output.
VEC_INLINE void map_tile(const map_pass *pass, uint32_t outputs, uint32_t vectors, const float *w,
                         const float *b, size_t row, bl_rows to, uint32_t t)
{
    vec_tile tile;
    for (uint32_t o = 0; o < outputs; o++) {
        for (uint32_t v = 0; v < vectors; v++) {
            tile.v[o][v] = vec_set(b[o]);
        }
    }
    tile_taps(&tile, outputs, vectors, w, pass->x, row, t, pass->map);
    for (uint32_t o = 0; o < outputs; o++) {
        for (uint32_t v = 0; v < vectors; v++) {
            float *at = to.at + o * to.stride + t + v * VEC_LANES;
            vec_store(at, pass->add ? vec_load(at) + tile.v[o][v] : tile.v[o][v]);
        }
    }
}

VEC_INLINE void map_outputs(const map_pass *pass, uint32_t outputs, const float *w, const float *b,
                            size_t row, bl_rows to)
{
    uint32_t t = 0;
    for (uint32_t left = (pass->frames + VEC_LANES - 1) / VEC_LANES; left > 0;) {
        const uint32_t vectors = tile_vectors(left);
        switch (vectors) {
        case 1:
            map_tile(pass, outputs, 1, w, b, row, to, t);
            break;
        case 2:
            map_tile(pass, outputs, 2, w, b, row, to, t);
            break;
        default:
            map_tile(pass, outputs, 3, w, b, row, to, t);
            break;
        }
        left -= vectors;
        t += vectors * VEC_LANES;
    }
}

void BL_KERNEL_SUFFIX(bl_map)(const bl_map *map, const bl_taps *x, bl_rows y, bool add,
                              uint32_t frames)
{
    const uint32_t in = map->in / map->groups, out = map->out / map->groups;
    const map_pass pass = {map, x, add, frames};
    const float *w = map->w, *b = map->b;
    for (uint32_t g = 0; g < map->groups; g++) {
        const size_t row = (size_t)g * in;
        for (uint32_t o = 0; o < out; o += TILE_OUTPUTS) {
            const uint32_t outputs = out - o < TILE_OUTPUTS ? out - o : TILE_OUTPUTS;
            switch (outputs) {
            case 1:
                map_outputs(&pass, 1, w, b, row, y);
                break;
            case 2:
                map_outputs(&pass, 2, w, b, row, y);
                break;
            case 3:
                map_outputs(&pass, 3, w, b, row, y);
                break;
            default:
                map_outputs(&pass, 4, w, b, row, y);
                break;
            }
            w += (size_t)outputs * in * map->taps;
            b += outputs;
            y.at += outputs * y.stride;
        }
    }
}
