// SPDX-License-Identifier: MIT
// Cross-spectra of two recordings, gathered over many short windows in sections, so that each part
// of the recording can be asked where the target lies (Welch 1967).

#ifndef BACKLINE_TRAIN_CROSS_H
#define BACKLINE_TRAIN_CROSS_H

#include "train/lag.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    BL_CROSS_FRAMES = 8192, ///< of a window
    BL_CROSS_BINS = BL_CROSS_FRAMES / 2 + 1,
    BL_CROSS_SECTIONS = 16,
};

/// Sums over windows, from zero. Phase is relative to the line that they were gathered along.
typedef struct bl_cross_sums {
    size_t windows;
    double centre;                     ///< mean frame of its windows
    float complex turn[BL_CROSS_BINS]; ///< conj(X) Y / |X Y|: every window counts alike
    float complex both[BL_CROSS_BINS]; ///< conj(X) Y: loud windows count more
    float input[BL_CROSS_BINS];        ///< |X|^2
    float target[BL_CROSS_BINS];       ///< |Y|^2
} bl_cross_sums;

typedef struct bl_cross_adder bl_cross_adder;

/// What adding windows needs. NULL if memory is short. Owns: the caller.
bl_cross_adder *bl_cross_adder_create(void);

/// NULL is allowed.
void bl_cross_adder_destroy(bl_cross_adder *adder);

/// Adds one window of BL_CROSS_FRAMES of both, the target turned back by `rest` frames.
void bl_cross_add(bl_cross_adder *adder, const float *input, const float *target, double rest,
                  bl_cross_sums *sums);

typedef struct bl_cross {
    size_t count; ///< sections in use, in order of time, each with a window at least
    bl_cross_sums sections[BL_CROSS_SECTIONS];
} bl_cross;

/// Gathers up to about a thousand windows spread over the recording along `line`; the rest of an
/// hour adds nothing. NULL if memory is short. Thread: any but RT. Owns: the caller, who frees it.
bl_cross *bl_cross_gather(const float *input, size_t input_frames, const float *target,
                          size_t target_frames, const bl_lag_line *line);

/// How surely bin k of `turn` has a direction at all, 0..1: what chance gives is taken off.
double bl_cross_surety(const bl_cross_sums *sums, size_t k);

/// Coherence of bin k by `both`, 0..1, likewise.
double bl_cross_coherence(const bl_cross_sums *sums, size_t k);

#endif
