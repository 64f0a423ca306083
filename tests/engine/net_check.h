// SPDX-License-Identifier: MIT
// What every test of a net needs: noise, runs in any chunks, and the two promises that all nets
// keep, that chunking changes nothing and that reset goes back bit for bit.

#ifndef TESTS_ENGINE_NET_CHECK_H
#define TESTS_ENGINE_NET_CHECK_H

#include "setup/build.h"
#include "support/cmocka_all.h"
#include "support/random.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// `count` values of noise times `scale`; freed by the caller.
static inline float *check_noise_new(random_source *random, size_t count, float scale)
{
    float *values = malloc((count + 1) * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) {
        values[i] = random_float(random, -scale, scale);
    }
    return values;
}

enum { CHECK_CHUNK_RANDOM = 0 };

// Runs `frames` frames of `in` ([channel][frames]) through the net in chunks of `chunk` frames.
static inline void check_run(bl_net *net, const float *in, float *out, size_t frames,
                             uint32_t chunk)
{
    const size_t bytes = BL_NET_STRIDE * sizeof(float);
    float *planar_in = aligned_alloc(BL_NET_ALIGN, net->in_channels * bytes);
    float *planar_out = aligned_alloc(BL_NET_ALIGN, net->out_channels * bytes);
    assert_true(planar_in != NULL && planar_out != NULL);
    memset(planar_in, 0, net->in_channels * bytes);
    random_source random = {99};
    for (size_t at = 0; at < frames;) {
        uint32_t now = chunk;
        if (chunk == CHECK_CHUNK_RANDOM) {
            now = 1 + random_below(&random, BL_INNER_FRAMES);
        }
        now = now < frames - at ? now : (uint32_t)(frames - at);
        for (uint32_t c = 0; c < net->in_channels; c++) {
            memcpy(planar_in + c * BL_NET_STRIDE, in + c * frames + at, now * sizeof *in);
        }
        net->process(net, planar_in, planar_out, now);
        for (uint32_t c = 0; c < net->out_channels; c++) {
            memcpy(out + c * frames + at, planar_out + c * BL_NET_STRIDE, now * sizeof *out);
        }
        at += now;
    }
    free(planar_in);
    free(planar_out);
}

// Largest |a - b| / max(1, largest |b|).
static inline double check_difference(const float *a, const double *b, size_t count)
{
    double worst = 0.0, peak = 1.0;
    for (size_t i = 0; i < count; i++) {
        const double size = b[i] < 0.0 ? -b[i] : b[i];
        const double difference = (double)a[i] > b[i] ? (double)a[i] - b[i] : b[i] - (double)a[i];
        peak = size > peak ? size : peak;
        // Written so that NaN counts as worst.
        worst = difference <= worst ? worst : difference;
    }
    return worst / peak;
}

// Two runs agree to `tolerance` times max(1, peak); 0 asks for equal bits.
static inline void check_equal(const char *what, const float *a, const float *b, size_t count,
                               double tolerance)
{
    double worst = 0.0, peak = 1.0;
    for (size_t i = 0; i < count; i++) {
        const double difference = (double)a[i] - (double)b[i];
        const double size = (double)(b[i] < 0.0F ? -b[i] : b[i]);
        peak = size > peak ? size : peak;
        if (!(difference <= worst && -difference <= worst)) {
            worst = difference < 0.0 ? -difference : difference;
        }
    }
    if (!(worst <= tolerance * peak)) {
        fail_msg("%s: differs by %g, allowed %g", what, worst, tolerance * peak);
    }
}

// Chunks of 1, 2, 7, 64 and random sizes give the same output from a reset on.
static inline void check_promises(const char *what, bl_net *net, double tolerance)
{
    enum { FRAMES = 1000 };
    random_source random = {7};
    float *in = check_noise_new(&random, (size_t)net->in_channels * FRAMES, 0.8F);
    const size_t count = (size_t)net->out_channels * FRAMES;
    float *first = malloc(count * sizeof *first), *again = malloc(count * sizeof *again);
    assert_true(first != NULL && again != NULL);
    // As built, without a reset: so this also shows that reset means "as built".
    check_run(net, in, first, FRAMES, 64);
    static const uint32_t chunks[] = {64, 1, 2, 7, CHECK_CHUNK_RANDOM};
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        char place[128];
        snprintf(place, sizeof place, "%s, chunks of %u", what, chunks[i]);
        net->reset(net);
        check_run(net, in, again, FRAMES, chunks[i]);
        check_equal(place, again, first, count, i == 0 ? 0.0 : tolerance);
    }
    net->reset(net);
    free(in);
    free(first);
    free(again);
}

#endif
