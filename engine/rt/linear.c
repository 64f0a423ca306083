// SPDX-License-Identifier: MIT
// Running impulse responses. Of kissfft only the two transforms are called here: sizes are powers
// of two and input and output differ, so that they work in the memory made in setup.

#include "rt/linear.h"

#include "rt/library.h"
#include "rt/mirror.h"

static void sum_direct(const bl_linear_net *linear, float *out, uint32_t frames)
{
    const uint32_t mask = linear->ring - 1;
    for (uint32_t t = 0; t < frames; t++) {
        out[t] = linear->bias;
    }
    for (uint32_t tap = 0; tap < linear->taps; tap++) {
        const float *x = linear->history + ((linear->written - tap) & mask);
        for (uint32_t t = 0; t < frames; t++) {
            out[t] += linear->h[tap] * x[t];
        }
    }
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

// sum += input * response, bin by bin.
static void multiply(const bl_partitions *p, const float *x, const float *h)
{
    const uint32_t stride = p->stride;
    for (uint32_t bin = 0; bin < stride; bin++) {
        const float xr = x[bin], xi = x[stride + bin], hr = h[bin], hi = h[stride + bin];
        p->sum[bin] += xr * hr - xi * hi;
        p->sum[stride + bin] += xr * hi + xi * hr;
    }
}

static void transform_sum(bl_partitions *p)
{
    for (uint32_t bin = 0; bin <= p->block; bin++) {
        p->bins[bin] = (kiss_fft_cpx){.r = p->sum[bin], .i = p->sum[p->stride + bin]};
    }
    kiss_fftri(p->backward, p->bins, p->next);
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
    const size_t step = 2 * (size_t)p->stride;
    for (uint32_t i = slot > 0 ? p->schedule[slot - 1] : 0; i < p->schedule[slot]; i++) {
        const uint32_t at = p->newest >= i ? p->newest - i : p->newest + p->count - i;
        multiply(p, p->inputs + at * step, p->responses + i * step);
    }
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
    bl_mirror_write(linear->history, linear->ring, linear->written, in, frames);
    sum_direct(linear, out, frames);
    linear->written = (linear->written + frames) & (linear->ring - 1);
    if (linear->rest.count > 0) {
        add_partitions(&linear->rest, in, out, frames);
    }
}

void bl_linear_net_reset(bl_net *net)
{
    bl_linear_net *linear = (bl_linear_net *)net;
    bl_partitions *p = &linear->rest;
    linear->written = 0;
    memset(linear->history, 0, (linear->ring + BL_NET_STRIDE) * sizeof(float));
    if (p->count > 0) {
        p->phase = 0;
        p->newest = 0;
        memset(p->inputs, 0, 2 * (size_t)p->count * p->stride * sizeof(float));
        memset(p->recent, 0, 2 * (size_t)p->block * sizeof(float));
        memset(p->now, 0, 2 * (size_t)p->block * sizeof(float));
        memset(p->next, 0, 2 * (size_t)p->block * sizeof(float));
    }
}
