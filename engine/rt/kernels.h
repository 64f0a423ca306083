// SPDX-License-Identifier: MIT
// Kernels: the arithmetic of nets, one table per instruction set, chosen once when a net is built.
// All functions are RT safe. A frame's result never depends on its place in a call. Rows are
// touched up to `frames` rounded up to `lanes`.

#ifndef BACKLINE_RT_KERNELS_H
#define BACKLINE_RT_KERNELS_H

#include "model/arch.h"
#include "rt/history.h"

#include <stddef.h>
#include <stdint.h>

struct bl_map_job;

/// Runs one map over one block.
typedef void bl_map_run(const struct bl_map_job *job);

/// A linear map over channels and taps, packed for the kernels: per group w[tap][in][out].
typedef struct bl_map {
    uint32_t in, out, groups, taps;
    const float *w;
    const float *b; ///< `out` of them
    bl_map_run *run;
} bl_map;

/// y = b + start + side_w side + sum over taps of w_k x_k, in this order.
typedef struct bl_map_job {
    const bl_map *map;
    const float *w, *b; ///< of the map
    bl_taps x;
    const float *start; ///< rows added first, such as a residual stream or `y` itself; NULL: none
    size_t start_stride;
    const float *side_w; ///< a second map of one tap, side_w[in][out], one group; NULL: none
    const float *side;   ///< its inputs, BL_NET_STRIDE floats a row
    uint32_t side_in;
    bl_rows y;
    uint32_t frames;
} bl_map_job;

/// Rows that are changed in place.
typedef struct bl_span {
    float *at;
    size_t stride;
    uint32_t rows, frames;
} bl_span;

struct bl_wavenet_stage;
struct bl_wavenet_block;

/// Runs a whole WaveNet layer in one pass.
typedef void bl_layer_run(const struct bl_wavenet_stage *stage,
                          const struct bl_wavenet_block *block);
struct bl_lstm_net;
struct bl_gru_net;

typedef struct bl_kernels {
    const char *name; ///< "c", "v2", "v3", "neon"
    uint32_t lanes;   ///< floats of one vector; 1 for plain C

    /// x = activation(x), the first row being channel 0. Exact: tanh and sigmoid within 3e-7 of the
    /// true value.
    void (*activate)(const bl_activation *activation, bl_span x);
    /// The same, and then to = x + from; `from` may be `to`; NULL: to = x.
    void (*activate_add)(const bl_activation *activation, bl_span x, bl_rows from, bl_rows to);
    /// What runs a map of this shape.
    bl_map_run *(*choose_map)(const bl_map *map);
    /// The one pass for a layer of this shape; NULL: it runs as single steps.
    bl_layer_run *(*choose_layer)(const struct bl_wavenet_stage *stage);
    /// True if it is an instance for one size, not the pass for any. NULL: there are no instances.
    bool (*is_fixed_size)(bl_layer_run *run);

    /// Run recurrent layers over mono or frame-major input into planar output.
    void (*lstm)(struct bl_lstm_net *lstm, const float *in, float *out, uint32_t frames);
    void (*gru)(struct bl_gru_net *gru, const float *in, float *out, uint32_t frames);

    /// y = bias + sum over taps of h[k] x_k, oldest first, mono.
    void (*filter)(const float *h, uint32_t taps, float bias, const bl_taps *x, float *y,
                   uint32_t frames);
    /// sum += input times response over complex bins, [re, im][stride], for `count` responses one
    /// after another and inputs one before another; `stride` is a multiple of 16.
    void (*multiply_spectra)(const float *inputs, const float *responses, uint32_t count,
                             uint32_t stride, float *sum);
} bl_kernels;

extern const bl_kernels bl_kernels_c;
extern const bl_kernels bl_kernels_v2;
extern const bl_kernels bl_kernels_v3;
extern const bl_kernels bl_kernels_neon;

/// The plain job: y = map(x).
static inline bl_map_job bl_map_job_of(const bl_map *map, bl_taps x, bl_rows y, uint32_t frames)
{
    return (bl_map_job){.map = map, .w = map->w, .b = map->b, .x = x, .y = y, .frames = frames};
}

#endif
