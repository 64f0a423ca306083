// SPDX-License-Identifier: MIT
// Running a net between two resamplers. Of speexdsp only its process and reset calls are used
// here; they neither allocate nor lock.

#include "rt/resampled.h"

#include "rt/library.h"

#include <string.h>

// Resamples at most `frames` to the model's rate; runs the net; keeps what it gives.
static void run_inner(bl_resampled_net *r, const float *in, uint32_t frames)
{
    while (frames > 0) {
        spx_uint32_t taken = frames, given = BL_INNER_FRAMES;
        speex_resampler_process_float(r->down, 0, in, &taken, r->in, &given);
        if (given > 0) {
            r->inner->process(r->inner, r->in, r->out, given);
        } else if (taken == 0) {
            return;
        }
        const uint32_t room = r->made_room - r->made_count;
        const uint32_t kept = given < room ? given : room;
        for (uint32_t t = 0; t < kept; t++) {
            r->made[r->made_count + t] = r->out[t] - r->steady;
        }
        r->made_count += kept;
        in += taken;
        frames -= taken;
    }
}

void bl_resampled_net_process(bl_net *net, const float *in, float *out, uint32_t frames)
{
    bl_resampled_net *r = (bl_resampled_net *)net;
    run_inner(r, in, frames);
    spx_uint32_t taken = r->made_count, given = frames;
    speex_resampler_process_float(r->up, 0, r->made, &taken, out, &given);
    r->made_count -= taken;
    memmove(r->made, r->made + taken, r->made_count * sizeof *r->made);
    for (uint32_t t = 0; t < given; t++) {
        out[t] += r->steady;
    }
    for (uint32_t t = given; t < frames; t++) {
        out[t] = r->steady;
    }
}

// Moves the second resampler to where its grid lies right; silence that it need not read yet is
// kept for it.
static void start_late(bl_resampled_net *r)
{
    memset(r->in, 0, BL_INNER_FRAMES * sizeof *r->in);
    uint32_t silent = r->early_model_frames, dropped = r->early_frames;
    while (dropped > 0) {
        spx_uint32_t taken = silent < BL_INNER_FRAMES ? silent : BL_INNER_FRAMES;
        spx_uint32_t given = dropped < BL_INNER_FRAMES ? dropped : BL_INNER_FRAMES;
        speex_resampler_process_float(r->up, 0, r->in, &taken, r->out, &given);
        silent -= taken;
        dropped -= given;
    }
    memset(r->made, 0, silent * sizeof *r->made);
    r->made_count = silent;
}

void bl_resampled_net_reset(bl_net *net)
{
    bl_resampled_net *r = (bl_resampled_net *)net;
    r->inner->reset(r->inner);
    speex_resampler_reset_mem(r->down);
    speex_resampler_reset_mem(r->up);
    start_late(r);
}
