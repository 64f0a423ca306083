// SPDX-License-Identifier: MIT
// The inner loops: a tile of OUTPUTS x VECTORS accumulators (vectors run over time) that stays in
// registers over all inputs and taps. Every frame meets the same operations in the same order
// whatever the tile's width, so that results do not depend on how a block is cut.

#ifndef BACKLINE_RT_KERNELS_PRODUCTS_H
#define BACKLINE_RT_KERNELS_PRODUCTS_H

#include "rt/history.h"
#include "rt/kernels.h"
#include "rt/kernels/vec.h"

enum {
    TILE_OUTPUTS = 4, ///< outputs of one tile
    TILE_VECTORS = 3, ///< the widest tile
};

typedef struct vec_tile {
    vec v[TILE_OUTPUTS][TILE_VECTORS];
} vec_tile;

/// Vectors of the next tile when `left` of them are to do: pairs, and three rather than one.
VEC_INLINE uint32_t tile_vectors(uint32_t left)
{
    return left == 3 || left == 1 ? left : 2;
}

/// tile[o][v] += w[i][o] x[i][v] over `in` rows of x.
VEC_INLINE const float *tile_products(vec_tile *tile, uint32_t outputs, uint32_t vectors,
                                      const float *w, const float *x, size_t stride, uint32_t in)
{
    for (uint32_t i = 0; i < in; i++) {
        vec column[TILE_VECTORS];
#pragma GCC unroll 4
        for (uint32_t v = 0; v < vectors; v++) {
            column[v] = vec_load(x + v * VEC_LANES);
        }
#pragma GCC unroll 4
        for (uint32_t o = 0; o < outputs; o++) {
            const vec weight = vec_set(w[o]);
#pragma GCC unroll 4
            for (uint32_t v = 0; v < vectors; v++) {
                tile->v[o][v] = vec_fma(weight, column[v], tile->v[o][v]);
            }
        }
        w += outputs;
        x += stride;
    }
    return w;
}

/// All taps of a group of a map, whose inputs start at `row`; `t` is the tile's first frame.
VEC_INLINE const float *tile_taps(vec_tile *tile, uint32_t outputs, uint32_t vectors,
                                  const float *w, const bl_taps *x, size_t row, uint32_t t,
                                  const bl_map *map)
{
    const float *rows = x->rows + row * x->stride + t;
    uint32_t at = x->first;
    const uint32_t in = map->in / map->groups;
    for (uint32_t k = 0; k < map->taps; k++) {
        w = tile_products(tile, outputs, vectors, w, rows + at, x->stride, in);
        at += x->step;
        at = at >= x->capacity ? at - x->capacity : at;
    }
    return w;
}

#endif
