// SPDX-License-Identifier: MIT
// Linear maps over whole blocks: heads, rechannels, and the layers that run step by step.
// Thread: RT.

#include "rt/kernels/local.h"
#include "rt/kernels/products.h"

// One block of outputs for one tile of time.
VEC_INLINE void map_tile(uint32_t outputs, uint32_t vectors, const bl_map *map, const float *w,
                         const float *b, const bl_taps *x, size_t row, bl_rows y, bool add,
                         uint32_t t)
{
    vec_tile tile;
    for (uint32_t o = 0; o < outputs; o++) {
        for (uint32_t v = 0; v < vectors; v++) {
            tile.v[o][v] = vec_set(b[o]);
        }
    }
    tile_taps(&tile, outputs, vectors, w, x, row, t, map->in / map->groups, map->taps);
    for (uint32_t o = 0; o < outputs; o++) {
        for (uint32_t v = 0; v < vectors; v++) {
            float *at = y.at + o * y.stride + t + v * VEC_LANES;
            vec_store(at, add ? vec_load(at) + tile.v[o][v] : tile.v[o][v]);
        }
    }
}

VEC_INLINE void map_outputs(uint32_t outputs, const bl_map *map, const float *w, const float *b,
                            const bl_taps *x, size_t row, bl_rows y, bool add, uint32_t frames)
{
    uint32_t t = 0;
    for (uint32_t left = (frames + VEC_LANES - 1) / VEC_LANES; left > 0;) {
        const uint32_t vectors = tile_vectors(left);
        switch (vectors) {
        case 1:
            map_tile(outputs, 1, map, w, b, x, row, y, add, t);
            break;
        case 2:
            map_tile(outputs, 2, map, w, b, x, row, y, add, t);
            break;
        default:
            map_tile(outputs, 3, map, w, b, x, row, y, add, t);
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
    const float *w = map->w, *b = map->b;
    for (uint32_t g = 0; g < map->groups; g++) {
        for (uint32_t o = 0; o < out; o += TILE_OUTPUTS) {
            const uint32_t outputs = out - o < TILE_OUTPUTS ? out - o : TILE_OUTPUTS;
            const size_t row = (size_t)g * in;
            switch (outputs) {
            case 1:
                map_outputs(1, map, w, b, x, row, y, add, frames);
                break;
            case 2:
                map_outputs(2, map, w, b, x, row, y, add, frames);
                break;
            case 3:
                map_outputs(3, map, w, b, x, row, y, add, frames);
                break;
            default:
                map_outputs(4, map, w, b, x, row, y, add, frames);
                break;
            }
            w += (size_t)outputs * in * map->taps;
            b += outputs;
            y.at += outputs * y.stride;
        }
    }
}
