// SPDX-License-Identifier: MIT
// The inner loops, written once with the compiler's vector extension. CMake compiles this file per
// instruction set. Eight lanes everywhere, so that every variant sums in the same order.

#include "rt/kernels/exact.h"
#include "train/kernels.h"
#include "train/lstm_body.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define INLINE VEC_INLINE

typedef float v8 __attribute__((vector_size(32)));

enum { LANES = BL_TRAIN_LANES, OUTS = BL_TRAIN_OUT_BLOCK, TERMS = BL_TRAIN_TERM_BLOCK, WIDE = 3 };

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

// a b + c, fused where the processor can: never left to the compiler, as in rt/kernels/vec.h.
INLINE v8 fma8(v8 a, v8 b, v8 c)
{
#if defined(__AVX2__) && defined(__FMA__)
    return vec_fma(a, b, c);
#else
    typedef union halves {
        v8 whole;
        vec half[2];
    } halves;
    const halves x = {a}, y = {b};
    halves z = {c};
    z.half[0] = vec_fma(x.half[0], y.half[0], z.half[0]);
    z.half[1] = vec_fma(x.half[1], y.half[1], z.half[1]);
    return z.whole;
#endif
}

// `count` outputs over `wide` vectors of frames from n on (both constants after inlining).
INLINE void multiply_frames(const uint32_t count, const uint32_t wide, uint32_t term_count,
                            const float *const *terms, const float *packed, float *const *init,
                            float *const *out, size_t n)
{
    v8 sum[OUTS][WIDE];
    for (uint32_t o = 0; o < count; o++) {
        for (uint32_t k = 0; k < wide; k++) {
            sum[o][k] = init != NULL ? load(init[o] + n + k * LANES) : splat(0.0f);
        }
    }
    for (uint32_t m = 0; m < term_count; m++) {
        const float *term = terms[m] + n;
        v8 x[WIDE];
        for (uint32_t k = 0; k < wide; k++) {
            x[k] = load(term + k * LANES);
        }
        for (uint32_t o = 0; o < count; o++) {
            const v8 w = splat(packed[(size_t)m * OUTS + o]);
            for (uint32_t k = 0; k < wide; k++) {
                sum[o][k] = fma8(w, x[k], sum[o][k]);
            }
        }
    }
    for (uint32_t o = 0; o < count; o++) {
        for (uint32_t k = 0; k < wide; k++) {
            store(out[o] + n + k * LANES, sum[o][k]);
        }
    }
}

// Three vectors by four outputs fill the registers.
INLINE void multiply_block(const uint32_t count, uint32_t term_count, const float *const *terms,
                           const float *packed, float *const *init, float *const *out,
                           size_t frames)
{
    size_t n = 0;
    for (; n + WIDE * LANES <= frames; n += WIDE * LANES) {
        multiply_frames(count, WIDE, term_count, terms, packed, init, out, n);
    }
    for (; n + LANES <= frames; n += LANES) {
        multiply_frames(count, 1, term_count, terms, packed, init, out, n);
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
            sum[o][0] = fma8(d, x0, sum[o][0]);
            sum[o][1] = fma8(d, x1, sum[o][1]);
            sum[o][2] = fma8(d, x2, sum[o][2]);
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

INLINE vec activated(const bl_activation_kind kind, vec slope, vec x)
{
    switch (kind) {
    case BL_ACTIVATION_TANH:
        return vec_tanh(x);
    case BL_ACTIVATION_LEAKY_RELU:
        return vec_leaky(x, slope);
    default:
        return x;
    }
}

// From the activated value: 1 - a^2 for tanh, the side of zero for the others.
INLINE vec derivative(const bl_activation_kind kind, vec slope, vec a)
{
    const vec one = vec_set(1.0f);
    return kind == BL_ACTIVATION_TANH ? one - a * a : vec_select(a > vec_set(0.0f), one, slope);
}

INLINE void activate_rows(const bl_activation_kind kind, float slope, uint32_t channels,
                          float *const *rows, float *const *head, size_t frames)
{
    const vec slopes = vec_set(slope);
    for (uint32_t c = 0; c < channels; c++) {
        for (size_t n = 0; n < frames; n += VEC_LANES) {
            const vec a = activated(kind, slopes, vec_load(rows[c] + n));
            vec_store(rows[c] + n, a);
            if (head != NULL) {
                vec_store(head[c] + n, vec_load(head[c] + n) + a);
            }
        }
    }
}

INLINE void derive_rows(const bl_activation_kind kind, float slope, uint32_t channels,
                        const float *const *rows, float *const *delta, size_t frames)
{
    const vec slopes = vec_set(slope);
    for (uint32_t c = 0; c < channels; c++) {
        for (size_t n = 0; n < frames; n += VEC_LANES) {
            const vec factor = derivative(kind, slopes, vec_load(rows[c] + n));
            vec_store(delta[c] + n, vec_load(delta[c] + n) * factor);
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

enum { PANEL_ROWS = 8 };

// c[0..rows)[0..width) of one panel: eight sums in registers over all terms.
INLINE void multiply_rows(const float *a, size_t row_step, size_t term_step, const float *panel,
                          uint32_t terms, uint32_t rows, v8 *sums)
{
    for (uint32_t r = 0; r < PANEL_ROWS; r++) {
        sums[r] = splat(0.0f);
    }
    if (rows == PANEL_ROWS) {
        for (uint32_t l = 0; l < terms; l++) {
            const v8 x = load(panel + (size_t)l * LANES);
            for (uint32_t r = 0; r < PANEL_ROWS; r++) {
                sums[r] = fma8(splat(a[r * row_step + l * term_step]), x, sums[r]);
            }
        }
        return;
    }
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t l = 0; l < terms; l++) {
            sums[r] = fma8(splat(a[r * row_step + l * term_step]), load(panel + (size_t)l * LANES),
                           sums[r]);
        }
    }
}

static void matrix_multiply(const float *restrict a, bool turned, const float *restrict b,
                            float *restrict c, uint32_t m, uint32_t k, uint32_t n)
{
    const size_t row_step = turned ? 1 : k, term_step = turned ? m : 1;
    float panel[BL_TRAIN_SIDE_MAX * LANES];
    assert(k <= BL_TRAIN_SIDE_MAX);
    for (uint32_t from = 0; from < n; from += LANES) {
        const uint32_t width = n - from < LANES ? n - from : LANES;
        for (uint32_t l = 0; l < k; l++) {
            for (uint32_t j = 0; j < LANES; j++) {
                panel[l * LANES + j] = j < width ? b[(size_t)l * n + from + j] : 0.0f;
            }
        }
        for (uint32_t i = 0; i < m; i += PANEL_ROWS) {
            v8 sums[PANEL_ROWS];
            const uint32_t rows = m - i < PANEL_ROWS ? m - i : PANEL_ROWS;
            multiply_rows(a + i * row_step, row_step, term_step, panel, k, rows, sums);
            for (uint32_t r = 0; r < rows; r++) {
                float *to = c + (size_t)(i + r) * n + from;
                memcpy(to, &sums[r], width * sizeof *to);
            }
        }
    }
}

static float dot(const float *a, const float *b, uint32_t n)
{
    v8 sum = splat(0.0f);
    uint32_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        sum = fma8(load(a + i), load(b + i), sum);
    }
    float rest = 0.0f;
    for (; i < n; i++) {
        rest += a[i] * b[i];
    }
    for (int lane = 0; lane < LANES; lane++) {
        rest += sum[lane];
    }
    return rest;
}

static void matrix_orthonormalize(float *rows, uint32_t n)
{
    for (uint32_t r = 0; r < n; r++) {
        float *row = rows + (size_t)r * n;
        for (int attempt = 0; attempt < 2; attempt++) {
            for (uint32_t before = 0; before < r; before++) {
                const float *other = rows + (size_t)before * n;
                const float share = dot(other, row, n);
                for (uint32_t i = 0; i < n; i++) {
                    row[i] -= share * other[i];
                }
            }
            const float square = dot(row, row, n);
            const bool vanished = !(square > 1e-24f);
            const float scale = vanished ? 0.0f : 1.0f / sqrtf(square);
            for (uint32_t i = 0; i < n; i++) {
                row[i] = vanished ? (i == r ? 1.0f : 0.0f) : row[i] * scale;
            }
        }
    }
}

const bl_train_kernels BL_KERNEL_SUFFIX(bl_train_kernels);
const bl_train_kernels BL_KERNEL_SUFFIX(bl_train_kernels) = {
    .name = BL_KERNEL_NAME,
    .multiply = multiply,
    .correlate = correlate,
    .activate = activate,
    .derive = derive,
    .lstm_forward = lstm_forward,
    .lstm_backward = lstm_backward,
    .lstm_correlate = lstm_correlate,
    .matrix_multiply = matrix_multiply,
    .matrix_orthonormalize = matrix_orthonormalize,
};
