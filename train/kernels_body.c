// SPDX-License-Identifier: MIT
// The inner loops, written once with the compiler's vector extension. CMake compiles this file per
// instruction set with BL_TRAIN_SUFFIX naming the variant. Eight lanes everywhere, so that every
// variant sums in the same order.

#include "train/kernels.h"

#include <assert.h>
#include <string.h>

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define INLINE static inline __attribute__((always_inline))

typedef float v8 __attribute__((vector_size(32)));
typedef int32_t v8i __attribute__((vector_size(32)));

enum { LANES = BL_TRAIN_LANES, OUTS = BL_TRAIN_OUT_BLOCK, TERMS = BL_TRAIN_TERM_BLOCK };

INLINE v8 load(const float *p)
{
    v8 v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void store(float *p, v8 v)
{
    memcpy(p, &v, sizeof v);
}

INLINE v8 splat(float x)
{
    return (v8){x, x, x, x, x, x, x, x};
}

// `count` outputs (a constant after inlining) over two vectors of frames at a time.
INLINE void multiply_block(const uint32_t count, uint32_t term_count, const float *const *terms,
                           const float *packed, float *const *init, float *const *out,
                           size_t frames)
{
    for (size_t n = 0; n < frames; n += 2 * LANES) {
        v8 sum[OUTS][2];
        for (uint32_t o = 0; o < count; o++) {
            sum[o][0] = init != NULL ? load(init[o] + n) : splat(0.0f);
            sum[o][1] = init != NULL ? load(init[o] + n + LANES) : splat(0.0f);
        }
        for (uint32_t m = 0; m < term_count; m++) {
            const v8 x0 = load(terms[m] + n);
            const v8 x1 = load(terms[m] + n + LANES);
            for (uint32_t o = 0; o < count; o++) {
                const v8 w = splat(packed[(size_t)m * OUTS + o]);
                sum[o][0] += w * x0;
                sum[o][1] += w * x1;
            }
        }
        for (uint32_t o = 0; o < count; o++) {
            store(out[o] + n, sum[o][0]);
            store(out[o] + n + LANES, sum[o][1]);
        }
    }
}

static void multiply(uint32_t outs, uint32_t term_count, const float *const *terms,
                     const float *packed, float *const *init, float *const *out, size_t frames)
{
    uint32_t o = 0;
    for (; o + OUTS <= outs; o += OUTS) {
        multiply_block(OUTS, term_count, terms, packed + (size_t)o * term_count,
                       init != NULL ? init + o : NULL, out + o, frames);
    }
    packed += (size_t)o * term_count;
    init = init != NULL ? init + o : NULL;
    switch (outs - o) {
    case 3:
        multiply_block(3, term_count, terms, packed, init, out + o, frames);
        break;
    case 2:
        multiply_block(2, term_count, terms, packed, init, out + o, frames);
        break;
    case 1:
        multiply_block(1, term_count, terms, packed, init, out + o, frames);
        break;
    default:
        break;
    }
}

static void correlate_block(const float *const *delta, const float *const *terms, float *sums,
                            size_t row, size_t frames)
{
    v8 sum[OUTS][TERMS];
    for (int o = 0; o < OUTS; o++) {
        for (int m = 0; m < TERMS; m++) {
            sum[o][m] = load(sums + (size_t)o * row + (size_t)m * LANES);
        }
    }
    for (size_t n = 0; n < frames; n += LANES) {
        const v8 x0 = load(terms[0] + n);
        const v8 x1 = load(terms[1] + n);
        const v8 x2 = load(terms[2] + n);
        for (int o = 0; o < OUTS; o++) {
            const v8 d = load(delta[o] + n);
            sum[o][0] += d * x0;
            sum[o][1] += d * x1;
            sum[o][2] += d * x2;
        }
    }
    for (int o = 0; o < OUTS; o++) {
        for (int m = 0; m < TERMS; m++) {
            store(sums + (size_t)o * row + (size_t)m * LANES, sum[o][m]);
        }
    }
}

static void correlate(uint32_t outs, uint32_t term_count, const float *const *delta,
                      const float *const *terms, float *sums, size_t frames)
{
    assert(outs % OUTS == 0 && term_count % TERMS == 0);
    const size_t row = (size_t)term_count * LANES;
    for (uint32_t m = 0; m < term_count; m += TERMS) {
        for (uint32_t o = 0; o < outs; o += OUTS) {
            correlate_block(delta + o, terms + m, sums + o * row + (size_t)m * LANES, row, frames);
        }
    }
}

// e^x for |x| <= 88 by 2^k * p(r), |r| <= ln 2 / 2; p is the Taylor polynomial of degree 7, whose
// remainder there is below 4e-9.
INLINE v8 exponential(v8 x)
{
    const v8 shift = splat(12582912.0f); // 1.5 * 2^23: adding it rounds to an integer
    const v8 biased = x * 1.44269504f + shift;
    const v8 k = biased - shift;
    const v8 r = (x - k * 0.693359375f) + k * 2.12194440e-4f;
    v8 p = splat(1.0f / 5040.0f);
    p = p * r + 1.0f / 720.0f;
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    v8i bits;
    memcpy(&bits, &biased, sizeof bits);
    bits = (bits << 23) + 0x3f800000;
    v8 scale;
    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

INLINE v8 choose(v8i mask, v8 yes, v8 no)
{
    v8i y, n;
    memcpy(&y, &yes, sizeof y);
    memcpy(&n, &no, sizeof n);
    const v8i bits = (mask & y) | (~mask & n);
    v8 result;
    memcpy(&result, &bits, sizeof result);
    return result;
}

// 1 - 2 / (e^2x + 1), within 2e-7 of tanh; beyond 9 it is 1 in float.
INLINE v8 hyperbolic_tangent(v8 x)
{
    x = choose(x > 9.0f, splat(9.0f), x);
    x = choose(x < -9.0f, splat(-9.0f), x);
    return 1.0f - 2.0f / (exponential(2.0f * x) + 1.0f);
}

INLINE v8 activated(const bl_activation_kind kind, float slope, v8 x)
{
    switch (kind) {
    case BL_ACTIVATION_TANH:
        return hyperbolic_tangent(x);
    case BL_ACTIVATION_RELU:
    case BL_ACTIVATION_LEAKY_RELU:
        return choose(x > 0.0f, x, slope * x);
    default:
        return x;
    }
}

// From the activated value: 1 - a^2 for tanh, the side of zero for the others.
INLINE v8 derivative(const bl_activation_kind kind, float slope, v8 a)
{
    switch (kind) {
    case BL_ACTIVATION_TANH:
        return 1.0f - a * a;
    case BL_ACTIVATION_RELU:
    case BL_ACTIVATION_LEAKY_RELU:
        return choose(a > 0.0f, splat(1.0f), splat(slope));
    default:
        return splat(1.0f);
    }
}

INLINE void activate_rows(const bl_activation_kind kind, float slope, uint32_t channels,
                          float *const *rows, float *const *head, size_t frames)
{
    for (uint32_t c = 0; c < channels; c++) {
        for (size_t n = 0; n < frames; n += LANES) {
            const v8 a = activated(kind, slope, load(rows[c] + n));
            store(rows[c] + n, a);
            if (head != NULL) {
                store(head[c] + n, load(head[c] + n) + a);
            }
        }
    }
}

INLINE void derive_rows(const bl_activation_kind kind, float slope, uint32_t channels,
                        const float *const *rows, float *const *delta, size_t frames)
{
    for (uint32_t c = 0; c < channels; c++) {
        for (size_t n = 0; n < frames; n += LANES) {
            const v8 a = load(rows[c] + n);
            store(delta[c] + n, load(delta[c] + n) * derivative(kind, slope, a));
        }
    }
}

static void activate(bl_activation_kind kind, float slope, uint32_t channels, float *const *rows,
                     float *const *head, size_t frames)
{
    switch (kind) {
    case BL_ACTIVATION_TANH:
        activate_rows(BL_ACTIVATION_TANH, 0.0f, channels, rows, head, frames);
        break;
    case BL_ACTIVATION_RELU:
    case BL_ACTIVATION_LEAKY_RELU:
        activate_rows(BL_ACTIVATION_LEAKY_RELU, slope, channels, rows, head, frames);
        break;
    default:
        activate_rows(BL_ACTIVATION_IDENTITY, 0.0f, channels, rows, head, frames);
        break;
    }
}

static void derive(bl_activation_kind kind, float slope, uint32_t channels,
                   const float *const *rows, float *const *delta, size_t frames)
{
    switch (kind) {
    case BL_ACTIVATION_TANH:
        derive_rows(BL_ACTIVATION_TANH, 0.0f, channels, rows, delta, frames);
        break;
    case BL_ACTIVATION_RELU:
    case BL_ACTIVATION_LEAKY_RELU:
        derive_rows(BL_ACTIVATION_LEAKY_RELU, slope, channels, rows, delta, frames);
        break;
    default:
        break;
    }
}

const bl_train_kernels JOIN(bl_train_kernels_, BL_TRAIN_SUFFIX);
const bl_train_kernels JOIN(bl_train_kernels_, BL_TRAIN_SUFFIX) = {
    .name = BL_TRAIN_NAME,
    .multiply = multiply,
    .correlate = correlate,
    .activate = activate,
    .derive = derive,
};
