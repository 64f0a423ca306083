// SPDX-License-Identifier: MIT
// What a network is, free of any file format: shapes and pointers to weights as stored. Loaders
// fill it, setup/ packs it for the kernels, the trainer reads it. Plain data, constant once filled.
// Weight order inside a matrix is row-major as in the files: [out][in / groups][tap], tap 0 oldest.

#ifndef BACKLINE_MODEL_ARCH_H
#define BACKLINE_MODEL_ARCH_H

#include <stdbool.h>
#include <stdint.h>

typedef enum bl_activation_kind {
    BL_ACTIVATION_IDENTITY,
    BL_ACTIVATION_TANH,
    BL_ACTIVATION_HARDTANH, ///< clip to -1..1
    BL_ACTIVATION_FASTTANH, ///< the rational approximation that some files ask for by name
    BL_ACTIVATION_RELU,
    BL_ACTIVATION_LEAKY_RELU, ///< p[0] slope
    BL_ACTIVATION_PRELU,      ///< slopes per channel
    BL_ACTIVATION_SIGMOID,
    BL_ACTIVATION_SILU,           ///< x sigmoid(x)
    BL_ACTIVATION_HARDSWISH,      ///< x clip(x + 3, 0, 6) / 6
    BL_ACTIVATION_LEAKY_HARDTANH, ///< p[0] min, p[1] max, p[2] slope below, p[3] slope above
    BL_ACTIVATION_SOFTSIGN,       ///< x / (1 + |x|)
    BL_ACTIVATION_ELU,            ///< x > 0 ? x : exp(x) - 1
    BL_ACTIVATION_SOFTMAX,        ///< over channels
} bl_activation_kind;

typedef struct bl_activation {
    bl_activation_kind kind;
    float p[4];
    const float *slopes; ///< PReLU: slope_count values, channel c uses slopes[min(c, count - 1)]
    uint32_t slope_count;
} bl_activation;

/// y = W x + b over channels, groups block diagonal: w[o][i / groups], b may be NULL.
typedef struct bl_matrix {
    uint32_t in, out, groups; ///< out = 0: absent
    const float *w, *b;
} bl_matrix;

/// Dilated convolution over time, groups block diagonal: w[o][i / groups][tap].
typedef struct bl_conv {
    uint32_t in, out, groups, kernel, dilation;
    const float *w, *b; ///< b may be NULL
} bl_conv;

/// Feature-wise linear modulation: x * scale(condition) + shift(condition) (Perez et al. 2018,
/// without "1 +"). Rows 0..dim-1 of `matrix` are the scale, dim..2 dim-1 the shift.
typedef struct bl_film {
    bool active, shift;
    bl_matrix matrix;
} bl_film;

typedef enum bl_film_place {
    BL_FILM_CONV_PRE,
    BL_FILM_CONV_POST,
    BL_FILM_MIXIN_PRE,
    BL_FILM_MIXIN_POST,
    BL_FILM_ACTIVATION_PRE,
    BL_FILM_ACTIVATION_POST,
    BL_FILM_LAYER1X1_POST, ///< applied only with blended gating, as the reference player does
    BL_FILM_HEAD1X1_POST,
    BL_FILM_PLACES
} bl_film_place;

typedef enum bl_gating {
    BL_GATING_NONE,
    BL_GATING_GATED,   ///< primary(top) * secondary(bottom)
    BL_GATING_BLENDED, ///< a = secondary(bottom); a * primary(top) + (1 - a) * top
} bl_gating;

/// One layer: z = gate(conv(x) + mixin(condition)); residual stream x += layer1x1(z) or x += z;
/// the head accumulator gets head1x1(z) or z.
typedef struct bl_wavenet_layer {
    bl_conv conv;    ///< channels -> bottleneck, or 2 bottleneck with gating
    bl_matrix mixin; ///< condition -> as conv; absent: out = 0
    bl_activation activation, secondary;
    bl_gating gating;
    bl_matrix layer1x1;     ///< bottleneck -> channels; absent: see residual_identity
    bool residual_identity; ///< layer1x1 absent: true x += z, false x unchanged
    bl_matrix head1x1;      ///< absent: out = 0
    bl_film film[BL_FILM_PLACES];
} bl_wavenet_layer;

/// A layer array: rechannel, layers, head convolution.
typedef struct bl_wavenet_array {
    uint32_t channels, bottleneck;
    bl_matrix rechannel; ///< array input -> channels; b only in native models
    uint32_t layer_count;
    bl_wavenet_layer *layers;
    bool head_from_residual; ///< true: the head reads the residual stream, not the sum of skips
    bl_conv head;            ///< bottleneck, head1x1 out, or channels -> head size
    uint32_t allowed_count;  ///< slimmable: widths that may be chosen, ascending; 0: fixed
    const uint32_t *allowed;
} bl_wavenet_array;

/// After the last array, scaled by head_scale: per stage activation, then convolution.
typedef struct bl_post_head {
    uint32_t count;
    bl_activation *activations;
    bl_conv *convs;
} bl_post_head;

struct bl_arch;

/// WaveNet after van den Oord et al. 2016, feed-forward as in Rethage et al. 2018. Array 0 hears
/// the input, array n the residual stream of array n - 1; the head accumulator of array n > 0
/// starts from the head output of array n - 1. All arrays see the same condition: the input, or
/// condition_dsp(input). Native wavenet_amp is one array with rechannel bias, no mixin, residual
/// identity and head_from_residual.
typedef struct bl_wavenet {
    uint32_t in_channels;
    bool causal; ///< false: every convolution is centred, (k-1) d - (k-1) d / 2 ahead
    uint32_t array_count;
    bl_wavenet_array *arrays;
    float head_scale;
    bl_post_head post_head;              ///< count = 0: absent
    const struct bl_arch *condition_dsp; ///< NULL: the input itself
} bl_wavenet;

typedef enum bl_sequence_kind {
    BL_SEQUENCE_MATRIX, ///< dense, per frame
    BL_SEQUENCE_CONV,
    BL_SEQUENCE_AFFINE, ///< batch normalisation at run time: y[c] = x[c] * scale[c] + shift[c]
    BL_SEQUENCE_ACTIVATION,
    BL_SEQUENCE_LSTM,
    BL_SEQUENCE_GRU,
} bl_sequence_kind;

/// One stage of a plain stack. LSTM: w [4H][in + H], gate order i f g o, b [4H], h0 [H], c0 [H].
/// GRU (Keras, reset_after): w [3H][in], u [3H][H], gate order z r h, b [2][3H], h0 [H].
typedef struct bl_sequence_stage {
    bl_sequence_kind kind;
    uint32_t in, out;
    bl_matrix matrix;
    bl_conv conv;
    bl_activation activation;
    const float *w, *u, *b, *h0, *c0;
    const float *scale, *shift;
} bl_sequence_stage;

/// A plain stack: out = out_gain * (stages(in_gain * x) + (skip ? in_gain * x : 0)).
typedef struct bl_sequence {
    uint32_t stage_count;
    bl_sequence_stage *stages;
    bool skip;
    float in_gain, out_gain;
    uint32_t
        prewarm_frames; ///< zeros run through it before the first sample (recurrent stages only)
} bl_sequence;

/// Finite impulse response: h[0] is the current sample.
typedef struct bl_linear {
    uint32_t taps;
    const float *h;
    float bias;
} bl_linear;

/// Models of several widths; `max_value` ascending, the last at least 1.
typedef struct bl_container {
    uint32_t count;
    const struct bl_arch **submodels;
    const double *max_values;
} bl_container;

typedef enum bl_arch_kind {
    BL_ARCH_WAVENET,
    BL_ARCH_SEQUENCE,
    BL_ARCH_LINEAR,
    BL_ARCH_CONTAINER,
} bl_arch_kind;

typedef struct bl_arch {
    bl_arch_kind kind;
    double sample_rate_hz;
    union {
        bl_wavenet wavenet;
        bl_sequence sequence;
        bl_linear linear;
        bl_container container;
    } u;
} bl_arch;

#endif
