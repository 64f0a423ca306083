// SPDX-License-Identifier: MIT
// bl_head_write in vectors.

#ifndef BACKLINE_RT_KERNELS_HEAD_H
#define BACKLINE_RT_KERNELS_HEAD_H

#include "rt/head.h"
#include "rt/kernels/vec.h"

VEC_INLINE void vec_head_write(const bl_head *head, const float *state, float *out)
{
    for (uint32_t o = 0; o < head->out; o++) {
        if (head->weights == NULL) {
            out[(size_t)o * BL_NET_STRIDE] = state[o];
            continue;
        }
        const float *row = head->weights + (size_t)o * head->padded;
        vec sum = vec_set(0.0f);
        for (uint32_t i = 0; i < head->padded; i += VEC_LANES) {
            sum = vec_fma(vec_load(row + i), vec_load(state + i), sum);
        }
        out[(size_t)o * BL_NET_STRIDE] = head->bias[o] + vec_sum(sum);
    }
}

#endif
