// SPDX-License-Identifier: MIT
// GRU kernels: all gates of a tile in one pass over the columns, eight sums in flight. See the
// LSTM kernels. Thread: RT.

#include "rt/gru.h"

#include "rt/kernels/head.h"
#include "rt/kernels/local.h"
#include "rt/kernels/quick.h"

/// Sums that a column of x, or of h, adds its third row to.
enum { FROM_INPUT = 2, FROM_STATE = 3 };

VEC_INLINE const float *add_columns(const float *w, const float *values, uint32_t count, int groups,
                                    int part, vec sums[BL_GRU_TILE][BL_GRU_SUMS])
{
    for (uint32_t i = 0; i < count; i++) {
        const vec value = vec_set(values[i]);
#pragma GCC unroll 2
        for (int group = 0; group < groups; group++, w += BL_GRU_ROWS * VEC_LANES) {
            vec *sum = sums[group];
            sum[0] = vec_fma(vec_load(w), value, sum[0]);
            sum[1] = vec_fma(vec_load(w + VEC_LANES), value, sum[1]);
            sum[part] = vec_fma(vec_load(w + 2 * VEC_LANES), value, sum[part]);
        }
    }
    return w;
}

VEC_INLINE vec next_state(const vec *sums, vec h)
{
    const vec reset = vec_quick_sigmoid(sums[1]);
    const vec_ratio r =
        vec_tanh_ratio(vec_fma(reset, sums[FROM_STATE], sums[FROM_INPUT]), vec_set(2.0f));
    const vec keep = vec_quick_sigmoid(sums[0]), candidate = r.top / r.bottom;
    return vec_fma(keep, h - candidate, candidate);
}

VEC_INLINE const float *tile_step(const bl_gru_net *gru, const float *w, const float *x,
                                  uint32_t first, int groups)
{
    vec sums[BL_GRU_TILE][BL_GRU_SUMS];
#pragma GCC unroll 2
    for (int group = 0; group < groups; group++) {
#pragma GCC unroll 4
        for (int sum = 0; sum < BL_GRU_SUMS; sum++, w += VEC_LANES) {
            sums[group][sum] = vec_load(w);
        }
    }
    w = add_columns(w, x, gru->net.in_channels, groups, FROM_INPUT, sums);
    w = add_columns(w, gru->h, gru->padded, groups, FROM_STATE, sums);
#pragma GCC unroll 2
    for (int group = 0; group < groups; group++) {
        const size_t at = first + (size_t)group * VEC_LANES;
        vec_store(gru->h_next + at, next_state(sums[group], vec_load(gru->h + at)));
    }
    return w;
}

static void step(bl_gru_net *gru, const float *x)
{
    enum { TILE_CELLS = BL_GRU_TILE * VEC_LANES };
    const float *w = gru->weights;
    uint32_t first = 0;
    for (; first + TILE_CELLS <= gru->padded; first += TILE_CELLS) {
        w = tile_step(gru, w, x, first, BL_GRU_TILE);
    }
    if (first < gru->padded) {
        tile_step(gru, w, x, first, 1);
    }
    float *h = gru->h;
    gru->h = gru->h_next;
    gru->h_next = h;
}

void BL_KERNEL_SUFFIX(bl_gru_run)(bl_gru_net *gru, const float *in, float *out, uint32_t frames)
{
    for (uint32_t t = 0; t < frames; t++) {
        step(gru, in + (size_t)t * gru->net.in_channels);
        vec_head_write(&gru->head, gru->h, out + t);
    }
}
