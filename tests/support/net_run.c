// SPDX-License-Identifier: MIT
// Running a net in tests.

#include "support/net_run.h"

#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

net_run net_run_create(const bl_arch *arch, bl_isa isa)
{
    net_run run = {.arena = bl_arena_create(BL_LIMIT_VOICE_BYTES)};
    assert_non_null(run.arena);
    const bl_net_request request = {.isa = isa, .quality = 1.0, .name = "test"};
    bl_error error = {0};
    if (bl_net_build(arch, &request, run.arena, &run.net, &error) != BL_STATUS_OK) {
        fail_msg("cannot build: %s", error.text);
    }
    assert_int_equal(run.net->in_channels, 1);
    run.in = bl_arena_take(run.arena, 1, BL_NET_STRIDE * sizeof(float));
    run.out = bl_arena_take(run.arena, run.net->out_channels, BL_NET_STRIDE * sizeof(float));
    return run;
}

void net_run_destroy(net_run *run)
{
    bl_arena_destroy(run->arena);
}

void net_run_stream(net_run *run, const float *in, float *out, size_t frames, uint32_t chunk)
{
    for (size_t t = 0; t < frames;) {
        size_t left = frames - t < chunk ? frames - t : chunk;
        while (left > 0) {
            const uint32_t now = left < BL_INNER_FRAMES ? (uint32_t)left : BL_INNER_FRAMES;
            memcpy(run->in, in + t, now * sizeof *in);
            run->net->process(run->net, run->in, run->out, now);
            memcpy(out + t, run->out, now * sizeof *out);
            t += now;
            left -= now;
        }
    }
}

double net_run_distance(const float *a, const float *b, size_t frames)
{
    double largest = 0.0;
    for (size_t t = 0; t < frames; t++) {
        const double distance = fabs((double)a[t] - (double)b[t]);
        largest = distance <= largest ? largest : isnan(distance) ? HUGE_VAL : distance;
    }
    return largest;
}

double net_run_distance_to(const float *a, const double *b, size_t frames)
{
    double largest = 0.0;
    for (size_t t = 0; t < frames; t++) {
        const double distance = fabs((double)a[t] - b[t]);
        largest = distance <= largest ? largest : isnan(distance) ? HUGE_VAL : distance;
    }
    return largest;
}

double net_run_scale(const double *x, size_t frames)
{
    double largest = 1.0;
    for (size_t t = 0; t < frames; t++) {
        largest = fmax(largest, fabs(x[t]));
    }
    return largest;
}
