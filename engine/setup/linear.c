// SPDX-License-Identifier: MIT
// Building impulse responses: how many taps are summed directly, the size of the partitions, their
// spectra, and when which part of the work is done.

#include "rt/linear.h"

#include "setup/isa.h"
#include "setup/pack.h"
#include "setup/stage.h"

#include <string.h>

enum {
    DIRECT_MAX = 1024,      ///< up to here summing costs less than transforming
    BLOCK_SHORT = 64,       ///< partitions of ordinary responses
    BLOCK_LONG = 256,       ///< of those with enough products to spread a transform over
    SHORT_TAPS_MAX = 65536, ///< where that is
    VECTOR = 16,            ///< floats; no instruction set has wider ones
    /// What a transform costs, in products of one partition of its size.
    TRANSFORM_SHORT = 32,
    TRANSFORM_LONG = 104,
};

// Even work: a slot gets its share of all products and both transforms, less the transform that
// falls into it anyway.
static void make_schedule(uint32_t count, uint32_t slots, uint32_t transform, uint32_t *schedule)
{
    const uint32_t work = count + 2 * transform;
    for (uint32_t slot = 0; slot < slots; slot++) {
        const uint32_t due = (uint32_t)((uint64_t)work * (slot + 1) / slots);
        const uint32_t done = due > transform ? due - transform : 0;
        schedule[slot] = slot + 1 < slots && done < count ? done : count;
    }
}

// Spectra of the partitions, scaled for a backward transform that does not.
static void transform_response(const bl_linear *linear, uint32_t first, const bl_partitions *p,
                               float *responses)
{
    const uint32_t size = 2 * p->block;
    float *padded = p->recent;
    for (uint32_t i = 0; i < p->count; i++) {
        const uint32_t from = first + i * p->block, left = linear->taps - from;
        const uint32_t taps = left < p->block ? left : p->block;
        memset(padded, 0, size * sizeof *padded);
        memcpy(padded, linear->h + from, taps * sizeof *padded);
        kiss_fftr(p->forward, padded, p->bins);
        float *re = responses + (size_t)i * 2 * p->stride, *im = re + p->stride;
        for (uint32_t bin = 0; bin <= p->block; bin++) {
            re[bin] = p->bins[bin].r / (float)size;
            im[bin] = p->bins[bin].i / (float)size;
        }
    }
    memset(padded, 0, size * sizeof *padded);
}

static kiss_fftr_cfg make_transform(uint32_t size, int inverse, bl_arena *arena)
{
    size_t bytes = 0;
    kiss_fftr_alloc((int)size, inverse, NULL, &bytes);
    void *memory = bl_arena_take(arena, 1, bytes);
    return memory != NULL ? kiss_fftr_alloc((int)size, inverse, memory, &bytes) : NULL;
}

static bool make_partitions(const bl_linear *linear, uint32_t first, uint32_t block,
                            bl_arena *arena, bl_partitions *p)
{
    const uint32_t stride = (block + 1 + VECTOR - 1) / VECTOR * VECTOR;
    const uint32_t count = (linear->taps - first + block - 1) / block;
    const size_t spectra = (size_t)count * 2 * stride;
    const uint32_t slots = block / BL_LINEAR_SLOT;
    uint32_t *schedule = bl_arena_take(arena, slots, sizeof *schedule);
    float *responses = bl_arena_take(arena, spectra, sizeof *responses);
    float *blocks = bl_arena_take(arena, 6 * (size_t)block, sizeof *blocks);
    *p = (bl_partitions){
        .block = block,
        .stride = stride,
        .count = count,
        .schedule = schedule,
        .responses = responses,
        .inputs = bl_arena_take(arena, spectra, sizeof(float)),
        .sum = bl_arena_take(arena, 2 * (size_t)stride, sizeof(float)),
        .recent = blocks,
        .now = blocks != NULL ? blocks + 2 * (size_t)block : NULL,
        .next = blocks != NULL ? blocks + 4 * (size_t)block : NULL,
        .bins = bl_arena_take(arena, (size_t)block + 1, sizeof(kiss_fft_cpx)),
        .forward = make_transform(2 * block, 0, arena),
        .backward = make_transform(2 * block, 1, arena),
    };
    if (schedule == NULL || responses == NULL || p->inputs == NULL || p->sum == NULL ||
        blocks == NULL || p->bins == NULL || p->forward == NULL || p->backward == NULL) {
        return false;
    }
    make_schedule(count, slots, block == BLOCK_LONG ? TRANSFORM_LONG : TRANSFORM_SHORT, schedule);
    transform_response(linear, first, p, responses);
    return true;
}

bl_status bl_linear_build(const bl_linear *linear, const bl_net_request *request, bl_arena *arena,
                          bl_net **net, bl_error *error)
{
    const uint32_t block = linear->taps <= SHORT_TAPS_MAX ? BLOCK_SHORT : BLOCK_LONG;
    const bool direct = linear->taps <= DIRECT_MAX;
    const uint32_t taps = direct ? linear->taps : 2 * block;
    const bl_kernels *kernels = bl_isa_kernels(request->isa);
    bl_linear_net *made = bl_arena_take(arena, 1, sizeof *made);
    float *h = bl_arena_take(arena, taps, sizeof *h);
    const char *name = bl_arena_print(arena, "%s linear %u", kernels->name, linear->taps);
    if (made == NULL || h == NULL || name == NULL ||
        !bl_history_make(1, taps - 1, arena, &made->history) ||
        (!direct && !make_partitions(linear, taps, block, arena, &made->rest))) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory to play it",
                            request->name);
    }
    for (uint32_t i = 0; i < taps; i++) {
        h[i] = linear->h[taps - 1 - i];
    }
    made->net = (bl_net){.process = bl_linear_net_process,
                         .reset = bl_linear_net_reset,
                         .in_channels = 1,
                         .out_channels = 1,
                         .grid_frames = made->rest.block, // 0 if all is summed directly
                         .kernel = name};
    made->kernels = kernels;
    made->rest.kernels = kernels;
    made->bias = linear->bias;
    made->taps = taps;
    made->h = h;
    *net = &made->net;
    return BL_STATUS_OK;
}
