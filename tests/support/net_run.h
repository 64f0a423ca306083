// SPDX-License-Identifier: MIT
// Running a net in tests: built for one instruction set, streamed in chunks.

#ifndef BACKLINE_TESTS_NET_RUN_H
#define BACKLINE_TESTS_NET_RUN_H

#include "setup/build.h"

#include <stddef.h>

/// A net with its memory and aligned buffers. Only nets with one input.
typedef struct net_run {
    bl_arena *arena;
    bl_net *net;
    float *in, *out;
} net_run;

/// Fails the test if the net cannot be built.
net_run net_run_create(const bl_arch *arch, bl_isa isa);
void net_run_destroy(net_run *run);

/// Streams `frames` samples in chunks of `chunk`, larger ones as several calls; output channel 0.
void net_run_stream(net_run *run, const float *in, float *out, size_t frames, uint32_t chunk);

/// The largest |a - b|; infinite if either is not finite.
double net_run_distance(const float *a, const float *b, size_t frames);
double net_run_distance_to(const float *a, const double *b, size_t frames);

/// Largest magnitude, at least 1: what tolerances are multiplied by.
double net_run_scale(const double *x, size_t frames);

#endif
