// SPDX-License-Identifier: MIT
// Chains for engine tests: a plain gain, and one whose voice is a net that the test wrote, with
// the delay and the faults it needs.

#ifndef TESTS_SUPPORT_CHAINS_H
#define TESTS_SUPPORT_CHAINS_H

#include "backline/chain.h"

#include "rt/chain.h"
#include "rt/voice.h"
#include "setup/arena.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

/// A chain without a model.
static inline bl_chain *gain_chain(uint64_t generation, double level_db)
{
    bl_chain_config config = bl_chain_config_default();
    config.generation = generation;
    config.parameters[BL_PARAMETER_LEVEL] = level_db;
    bl_chain *chain = NULL;
    assert_int_equal(bl_chain_create(&config, &chain, NULL), BL_STATUS_OK);
    return chain;
}

enum { TEST_NET_DELAY_MAX = 4096 };

/// y[t] = gain * x[t - delay]; an input at or above `poison_above` turns the state into NaN, from
/// which only a reset brings it back, as in a recurrent net.
typedef struct test_net {
    bl_net base;
    float gain, poison_above;
    float state;
    uint64_t frame;
    uint32_t resets;
    float past[TEST_NET_DELAY_MAX];
} test_net;

static void test_net_process(bl_net *net, const float *in, float *out,
                             uint32_t frames) BL_NONBLOCKING;
static void test_net_process(bl_net *net, const float *in, float *out, uint32_t frames)
{
    test_net *self = (test_net *)(void *)net;
    const uint32_t delay = net->latency_frames;
    for (uint32_t i = 0; i < frames; i++, self->frame++) {
        if (in[i] >= self->poison_above) {
            self->state = NAN;
        }
        self->past[self->frame % TEST_NET_DELAY_MAX] = in[i];
        const uint64_t from = self->frame - delay;
        out[i] = self->past[from % TEST_NET_DELAY_MAX] * self->gain + self->state;
    }
}

static void test_net_reset(bl_net *net) BL_NONBLOCKING;
static void test_net_reset(bl_net *net)
{
    test_net *self = (test_net *)(void *)net;
    memset(self->past, 0, sizeof self->past);
    self->state = 0.0F;
    self->resets++;
}

/// A chain around such a net.
static inline bl_chain *net_chain(uint64_t generation, float gain, uint32_t delay)
{
    bl_chain *chain = gain_chain(generation, 0.0);
    bl_arena *arena = bl_arena_create(1 << 20);
    bl_voice *voice = bl_arena_take(arena, 1, sizeof *voice);
    test_net *net = bl_arena_take(arena, 1, sizeof *net);
    assert_non_null(net);
    net->base = (bl_net){.process = test_net_process,
                         .reset = test_net_reset,
                         .in_channels = 1,
                         .out_channels = 1,
                         .latency_frames = delay,
                         .kernel = "test"};
    net->gain = gain;
    net->poison_above = INFINITY;
    voice->net = &net->base;
    voice->arena = arena;
    chain->voice = voice;
    return chain;
}

static inline test_net *net_of(bl_chain *chain)
{
    return (test_net *)(void *)chain->voice->net;
}

#endif
