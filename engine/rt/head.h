// SPDX-License-Identifier: MIT
// The dense layer that reads a recurrent layer's state, frame by frame. Without one the state
// itself goes out, scattered over planar channels.

#ifndef BACKLINE_RT_HEAD_H
#define BACKLINE_RT_HEAD_H

#include "rt/net.h"

#include <stddef.h>

typedef struct bl_head {
    uint32_t out;         ///< channels
    uint32_t padded;      ///< floats of a state and of a row of weights
    const float *weights; ///< [out][padded]; NULL: the output is the state
    const float *bias;    ///< [out]
} bl_head;

/// One frame, plain C. Thread: RT.
static inline void bl_head_write(const bl_head *head, const float *state, float *out)
{
    for (uint32_t o = 0; o < head->out; o++) {
        float sum = head->weights != NULL ? head->bias[o] : state[o];
        for (uint32_t i = 0; head->weights != NULL && i < head->padded; i++) {
            sum += head->weights[(size_t)o * head->padded + i] * state[i];
        }
        out[(size_t)o * BL_NET_STRIDE] = sum;
    }
}

#endif
