// SPDX-License-Identifier: MIT
// Kernels of impulse responses: direct sums with vectors over time, and products of spectra.
// Thread: RT.

#include "rt/kernels/local.h"

enum {
    CHAINS = 4, // sums per output, so that a short block does not wait for its additions
    WIDTH = 2,  // vectors of outputs side by side
};

// Adds `count` taps whose input starts at `x`. Tap k of the filter, which starts at `first`, goes
// to chain k mod CHAINS.
VEC_INLINE void add_taps(const float *h, uint32_t first, uint32_t count, const float *x, int width,
                         vec sums[CHAINS][WIDTH])
{
    uint32_t k = 0;
    // Up to a tap of chain 0, whole rounds, the rest.
    for (; k < count && (first + k) % CHAINS != 0; k++) {
        vec *sum = sums[(first + k) % CHAINS];
        for (int v = 0; v < width; v++) {
            sum[v] = vec_fma(vec_set(h[k]), vec_load(x + k + v * VEC_LANES), sum[v]);
        }
    }
    for (; k + CHAINS <= count; k += CHAINS) {
#pragma GCC unroll 4
        for (uint32_t c = 0; c < CHAINS; c++) {
#pragma GCC unroll 2
            for (int v = 0; v < width; v++) {
                sums[c][v] =
                    vec_fma(vec_set(h[k + c]), vec_load(x + k + c + v * VEC_LANES), sums[c][v]);
            }
        }
    }
    for (uint32_t c = 0; k < count; k++, c++) {
        for (int v = 0; v < width; v++) {
            sums[c][v] = vec_fma(vec_set(h[k]), vec_load(x + k + v * VEC_LANES), sums[c][v]);
        }
    }
}

VEC_INLINE void filter_tile(const float *h, uint32_t taps, float bias, const bl_taps *x,
                            uint32_t at, int width, float *y)
{
    vec sums[CHAINS][WIDTH];
#pragma GCC unroll 4
    for (int c = 0; c < CHAINS; c++) {
#pragma GCC unroll 2
        for (int v = 0; v < width; v++) {
            sums[c][v] = vec_set(c == 0 ? bias : 0.0f);
        }
    }
    const uint32_t room = x->capacity - x->first;
    const uint32_t head = taps < room ? taps : room;
    add_taps(h, 0, head, x->rows + x->first + at, width, sums);
    if (head < taps) {
        add_taps(h + head, head, taps - head, x->rows + at, width, sums);
    }
#pragma GCC unroll 2
    for (int v = 0; v < width; v++) {
        vec_store(y + at + v * VEC_LANES, (sums[0][v] + sums[1][v]) + (sums[2][v] + sums[3][v]));
    }
}

void BL_KERNEL_SUFFIX(bl_filter)(const float *h, uint32_t taps, float bias, const bl_taps *x,
                                 float *y, uint32_t frames)
{
    uint32_t at = 0;
    for (; at + VEC_LANES < frames; at += WIDTH * VEC_LANES) {
        filter_tile(h, taps, bias, x, at, WIDTH, y);
    }
    if (at < frames) {
        filter_tile(h, taps, bias, x, at, 1, y);
    }
}

void BL_KERNEL_SUFFIX(bl_multiply_spectra)(const float *inputs, const float *responses,
                                           uint32_t count, uint32_t stride, float *sum)
{
    enum { TILE = 16 / VEC_LANES };
    const size_t step = 2 * (size_t)stride;
    for (uint32_t bin = 0; bin < stride; bin += TILE * VEC_LANES) {
        const float *x = inputs + bin, *h = responses + bin;
        vec re[TILE], im[TILE];
#pragma GCC unroll 4
        for (int v = 0; v < TILE; v++) {
            re[v] = vec_load(sum + bin + v * VEC_LANES);
            im[v] = vec_load(sum + stride + bin + v * VEC_LANES);
        }
        for (uint32_t i = 0; i < count; i++, x -= step, h += step) {
#pragma GCC unroll 4
            for (int v = 0; v < TILE; v++) {
                const vec xr = vec_load(x + v * VEC_LANES);
                const vec xi = vec_load(x + stride + v * VEC_LANES);
                const vec hr = vec_load(h + v * VEC_LANES);
                const vec hi = vec_load(h + stride + v * VEC_LANES);
                re[v] = vec_fma(-xi, hi, vec_fma(xr, hr, re[v]));
                im[v] = vec_fma(xi, hr, vec_fma(xr, hi, im[v]));
            }
        }
#pragma GCC unroll 4
        for (int v = 0; v < TILE; v++) {
            vec_store(sum + bin + v * VEC_LANES, re[v]);
            vec_store(sum + stride + bin + v * VEC_LANES, im[v]);
        }
    }
}
