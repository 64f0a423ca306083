// SPDX-License-Identifier: MIT
// A mono net that runs at a rate of its own, between two resamplers. Every frame in gives a frame
// out: the first resampler has always made the model frames that the second needs for it, because
// frame k needs model frame floor(k m / e), which needs frame floor(floor(k m / e) e / m) <= k.
// The second one starts late by less than a model frame, so that the delay of all is a whole number
// of frames. The grid of both depends on the number of frames since reset alone.

#ifndef BACKLINE_RT_RESAMPLED_H
#define BACKLINE_RT_RESAMPLED_H

#include "rt/net.h"

#include <speex/speex_resampler.h>

typedef struct bl_resampled_net {
    bl_net net;
    bl_net *inner;
    SpeexResamplerState *down, *up; ///< to the model's rate, and back
    /// What the inner net gives for silence. The second resampler sees the output without it, so
    /// that its empty memory is the steady state.
    float steady;
    float *in, *out;    ///< one block of the inner net, aligned
    float *made;        ///< model frames that the second resampler has not taken yet
    uint32_t made_room; ///< enough for one block, never full
    uint32_t made_count;
    /// A reset lets the second resampler read so many frames of silence, and drops as many of what
    /// it gives: there its grid lies right.
    uint32_t early_model_frames, early_frames;
} bl_resampled_net;

/// The functions of its bl_net. Thread: RT.
void bl_resampled_net_process(bl_net *net, const float *in, float *out,
                              uint32_t frames) BL_NONBLOCKING;
void bl_resampled_net_reset(bl_net *net) BL_NONBLOCKING;

#endif
