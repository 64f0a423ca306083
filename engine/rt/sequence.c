// SPDX-License-Identifier: MIT
// Running a stack of stages. Between two stages stands a planar buffer in L1; a stage never works
// in place.

#include "rt/sequence.h"

#include <assert.h>
#include <stddef.h>

static void scale(const float *in, float *out, uint32_t channels, uint32_t frames, float gain)
{
    for (uint32_t c = 0; c < channels; c++) {
        for (uint32_t t = 0; t < frames; t++) {
            out[c * BL_NET_STRIDE + t] = gain * in[c * BL_NET_STRIDE + t];
        }
    }
}

// A mono input is added to every output channel, else channel by channel.
static void add_direct(const bl_sequence_net *seq, float *out, uint32_t frames)
{
    assert(seq->scaled != NULL);
    for (uint32_t c = 0; c < seq->net.out_channels; c++) {
        const float *direct = seq->scaled + (seq->net.in_channels == 1 ? 0 : c * BL_NET_STRIDE);
        for (uint32_t t = 0; t < frames; t++) {
            out[c * BL_NET_STRIDE + t] += direct[t];
        }
    }
}

void bl_sequence_net_process(bl_net *net, const float *in, float *out, uint32_t frames)
{
    bl_sequence_net *seq = (bl_sequence_net *)net;
    const float *from = in;
    if (seq->scaled != NULL) {
        scale(in, seq->scaled, net->in_channels, frames, seq->in_gain);
        from = seq->scaled;
    }
    for (uint32_t i = 0; i < seq->stage_count; i++) {
        float *to = i + 1 < seq->stage_count ? seq->between[i % 2] : out;
        seq->stages[i]->process(seq->stages[i], from, to, frames);
        from = to;
    }
    if (seq->skip) {
        add_direct(seq, out, frames);
    }
    if (seq->out_gain != 1.0F) {
        scale(out, out, net->out_channels, frames, seq->out_gain);
    }
}

void bl_sequence_net_reset(bl_net *net)
{
    bl_sequence_net *seq = (bl_sequence_net *)net;
    for (uint32_t i = 0; i < seq->stage_count; i++) {
        seq->stages[i]->reset(seq->stages[i]);
    }
}
