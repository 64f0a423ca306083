// SPDX-License-Identifier: MIT
// The inner loops: a tile of outputs x vectors accumulators (vectors run over time) that stays in
// registers over all inputs and taps. Every frame meets the same operations in the same order
// whatever the tile's size, so that results do not depend on how a block is cut.

#ifndef BACKLINE_RT_KERNELS_TILE_H
#define BACKLINE_RT_KERNELS_TILE_H

#include "rt/history.h"
#include "rt/kernels/vec.h"

enum {
    TILE_VECTORS = 8, ///< the longest tile
    TILE_OUTPUTS = 8, ///< the highest tile
};

/// Tells the compiler to unroll what has a constant count.
#define TILE_UNROLL _Pragma("GCC unroll 12")

/// Accumulators; [output][vector].
typedef struct tile {
    vec v[TILE_OUTPUTS][TILE_VECTORS];
} tile;

/// Size of a tile; both are constants wherever a tile_ function is inlined.
typedef struct tile_size {
    uint32_t outputs, vectors;
} tile_size;

/// A matrix as packed: w[in][out], rows `stride` floats apart.
typedef struct tile_weights {
    const float *w;
    size_t stride;
} tile_weights;

/// Goes to the next row, of whose place the compiler then knows nothing: else it makes a pointer of
/// its own for every vector of every row, and spills them.
#define TILE_NEXT_ROW(row, stride)                                                                 \
    do {                                                                                           \
        (row) += (stride);                                                                         \
        __asm__("" : "+r"(row));                                                                   \
    } while (0)

VEC_INLINE void tile_start(tile *sums, tile_size size, const float *b)
{
    TILE_UNROLL
    for (uint32_t o = 0; o < size.outputs; o++) {
        const vec bias = vec_set(b[o]);
        TILE_UNROLL
        for (uint32_t v = 0; v < size.vectors; v++) {
            sums->v[o][v] = bias;
        }
    }
}

/// sums[o][v] += x[o][v].
VEC_INLINE void tile_add_rows(tile *sums, tile_size size, const float *x, size_t stride)
{
    TILE_UNROLL
    for (uint32_t o = 0; o < size.outputs; o++) {
        TILE_UNROLL
        for (uint32_t v = 0; v < size.vectors; v++) {
            sums->v[o][v] += vec_load(x + v * VEC_LANES);
        }
        TILE_NEXT_ROW(x, stride);
    }
}

VEC_INLINE void tile_store(const tile *sums, tile_size size, float *to, size_t stride)
{
    TILE_UNROLL
    for (uint32_t o = 0; o < size.outputs; o++) {
        TILE_UNROLL
        for (uint32_t v = 0; v < size.vectors; v++) {
            vec_store(to + v * VEC_LANES, sums->v[o][v]);
        }
        TILE_NEXT_ROW(to, stride);
    }
}

/// sums[o][v] += w[o] x[v]. Holds the shorter side in registers.
VEC_INLINE void tile_add_row(tile *sums, tile_size size, const float *w, const float *x)
{
    if (size.outputs < size.vectors) {
        vec weight[TILE_OUTPUTS];
        TILE_UNROLL
        for (uint32_t o = 0; o < size.outputs; o++) {
            weight[o] = vec_set(w[o]);
        }
        TILE_UNROLL
        for (uint32_t v = 0; v < size.vectors; v++) {
            const vec column = vec_load(x + v * VEC_LANES);
            TILE_UNROLL
            for (uint32_t o = 0; o < size.outputs; o++) {
                sums->v[o][v] = vec_fma(weight[o], column, sums->v[o][v]);
            }
        }
    } else {
        vec column[TILE_VECTORS];
        TILE_UNROLL
        for (uint32_t v = 0; v < size.vectors; v++) {
            column[v] = vec_load(x + v * VEC_LANES);
        }
        TILE_UNROLL
        for (uint32_t o = 0; o < size.outputs; o++) {
            const vec weight = vec_set(w[o]);
            TILE_UNROLL
            for (uint32_t v = 0; v < size.vectors; v++) {
                sums->v[o][v] = vec_fma(weight, column[v], sums->v[o][v]);
            }
        }
    }
}

/// sums[o][v] += w[i][o] x[i][v] over `in` rows of x. Unrolled where there are few: with more, the
/// code outgrows what the processor keeps decoded.
VEC_INLINE void tile_add(tile *sums, tile_size size, tile_weights weights, const float *x,
                         size_t x_stride, uint32_t in)
{
    if (__builtin_constant_p(in) && in <= 4) {
        TILE_UNROLL
        for (uint32_t i = 0; i < in; i++) {
            tile_add_row(sums, size, weights.w + i * weights.stride, x);
            TILE_NEXT_ROW(x, x_stride);
        }
        return;
    }
    for (uint32_t i = 0; i < in; i++) {
        tile_add_row(sums, size, weights.w, x);
        weights.w += weights.stride;
        x += x_stride;
    }
}

/// The same over all taps; `x` is the first input's row, advanced to the tile's first frame.
VEC_INLINE void tile_add_taps(tile *sums, tile_size size, tile_weights weights, const bl_taps *taps,
                              const float *x, uint32_t in, uint32_t count)
{
    uint32_t at = taps->first;
    for (uint32_t k = 0; k < count; k++) {
        tile_add(sums, size, weights, x + at, taps->stride, in);
        weights.w += in * weights.stride;
        at += taps->step;
        at = at >= taps->capacity ? at - taps->capacity : at;
    }
}

/// How many of `left` vectors the next tile takes: `longest` (2, 3, 4 or 8), or less where that
/// spares a short last one, which would leave most accumulators idle.
VEC_INLINE uint32_t tile_take(uint32_t left, uint32_t longest)
{
    if (left >= longest) {
        return left == longest + 1 && longest > 2 ? longest - 1 : longest;
    }
    return left;
}

#endif
