// SPDX-License-Identifier: MIT
// The power spectrum of the last BL_SPECTRUM_SIZE samples, through a Hann window, in plain C:
// small and rare enough to need no library, and so at home on every processor.

#ifndef BACKLINE_RT_SPECTRUM_H
#define BACKLINE_RT_SPECTRUM_H

#include "backline/realtime.h"

enum { BL_SPECTRUM_SIZE = 512, BL_SPECTRUM_BINS = BL_SPECTRUM_SIZE / 2 };

/// Constant after creation.
typedef struct bl_spectrum {
    float window[BL_SPECTRUM_SIZE]; ///< sum 2, so that a sine of amplitude 1 peaks at power 1
    float turn_re[BL_SPECTRUM_BINS], turn_im[BL_SPECTRUM_BINS]; ///< exp(-2 pi i k / size)
} bl_spectrum;

/// Thread: any.
void bl_spectrum_init(bl_spectrum *spectrum);

/// Of `samples`, BL_SPECTRUM_SIZE of them, into BL_SPECTRUM_BINS powers, from 0 Hz on. Radix 2,
/// decimation in time (Cooley & Tukey 1965). Thread: RT.
void bl_spectrum_take(const bl_spectrum *spectrum, const float *samples,
                      float *powers) BL_NONBLOCKING;

#endif
