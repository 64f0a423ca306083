// SPDX-License-Identifier: MIT
// Running impulse responses. Of kissfft only the two transforms are called here: sizes are powers
// of two and input and output differ, so that they work in the memory made in setup.

#include "rt/linear.h"

#include "rt/library.h"

#include <string.h>

static void sum_direct(bl_linear_net *linear, const float *in, float *out, uint32_t frames)
{
    memcpy(bl_history_next(&linear->history).at, in, frames * sizeof *in);
    bl_history_commit(&linear->history, frames);
    const bl_taps x = bl_history_taps(&linear->history, frames, 0, linear->taps, 1);
    linear->kernels->filter(linear->h, linear->taps, linear->bias, &x, out, frames);
}

// The spectrum of the last two blocks becomes the newest of the input.
static void transform_input(bl_partitions *p)
{
    p->newest = p->newest + 1 < p->count ? p->newest + 1 : 0;
    kiss_fftr(p->forward, p->recent, p->bins);
    float *re = p->inputs + (size_t)p->newest * 2 * p->stride, *im = re + p->stride;
    for (uint32_t bin = 0; bin <= p->block; bin++) {
        re[bin] = p->bins[bin].r;
        im[bin] = p->bins[bin].i;
    }
    memset(p->sum, 0, 2 * (size_t)p->stride * sizeof *p->sum);
    memcpy(p->recent, p->recent + p->block, p->block * sizeof *p->recent);
}

static void transform_sum(bl_partitions *p)
{
    for (uint32_t bin = 0; bin <= p->block; bin++) {
        p->bins[bin] = (kiss_fft_cpx){.r = p->sum[bin], .i = p->sum[p->stride + bin]};
    }
    kiss_fftri(p->backward, p->bins, p->next);
}

// sum += input spectrum, `first` blocks old and older, times the responses from `first` on.
static void multiply_range(const bl_partitions *p, uint32_t first, uint32_t count)
{
    const size_t step = 2 * (size_t)p->stride;
    while (count > 0) {
        const uint32_t at = p->newest >= first ? p->newest - first : p->newest + p->count - first;
        const uint32_t now = count < at + 1 ? count : at + 1; // to the start of the ring
        p->kernels->multiply_spectra(p->inputs + at * step, p->responses + first * step, now,
                                     p->stride, p->sum);
        first += now;
        count -= now;
    }
}

// The share of the next block's work that is due at the start of a slot.
static void run_slot(bl_partitions *p, uint32_t slot)
{
    if (slot == 0) {
        float *heard = p->now;
        p->now = p->next;
        p->next = heard;
        transform_input(p);
    }
    const uint32_t first = slot > 0 ? p->schedule[slot - 1] : 0;
    multiply_range(p, first, p->schedule[slot] - first);
    if ((slot + 1) * BL_LINEAR_SLOT == p->block) {
        transform_sum(p);
    }
}

static void add_partitions(bl_partitions *p, const float *in, float *out, uint32_t frames)
{
    while (frames > 0) {
        if (p->phase % BL_LINEAR_SLOT == 0) {
            run_slot(p, p->phase / BL_LINEAR_SLOT);
        }
        const uint32_t room = BL_LINEAR_SLOT - p->phase % BL_LINEAR_SLOT;
        const uint32_t now = frames < room ? frames : room;
        const float *heard = p->now + p->block + p->phase;
        memcpy(p->recent + p->block + p->phase, in, now * sizeof *in);
        for (uint32_t t = 0; t < now; t++) {
            out[t] += heard[t];
        }
        in += now;
        out += now;
        frames -= now;
        p->phase = (p->phase + now) % p->block;
    }
}

void bl_linear_net_process(bl_net *net, const float *in, float *out, uint32_t frames)
{
    bl_linear_net *linear = (bl_linear_net *)net;
    sum_direct(linear, in, out, frames);
    if (linear->rest.count > 0) {
        add_partitions(&linear->rest, in, out, frames);
    }
}

void bl_linear_net_reset(bl_net *net)
{
    bl_linear_net *linear = (bl_linear_net *)net;
    bl_partitions *p = &linear->rest;
    bl_history_reset(&linear->history);
    if (p->count > 0) {
        p->phase = 0;
        p->newest = 0;
        memset(p->inputs, 0, 2 * (size_t)p->count * p->stride * sizeof(float));
        memset(p->recent, 0, 2 * (size_t)p->block * sizeof(float));
        memset(p->now, 0, 2 * (size_t)p->block * sizeof(float));
        memset(p->next, 0, 2 * (size_t)p->block * sizeof(float));
    }
}
