// SPDX-License-Identifier: MIT
// The power spectrum of BL_SPECTRUM_SIZE samples, through a Hann window, in steps of about the same
// cost, so that no block has to pay for all of it. In plain C: small and rare enough to need no
// library, and so at home on every processor.

#ifndef BACKLINE_RT_SPECTRUM_H
#define BACKLINE_RT_SPECTRUM_H

#include "backline/realtime.h"

#include <stdint.h>

enum {
    BL_SPECTRUM_SIZE = 512,
    BL_SPECTRUM_BINS = BL_SPECTRUM_SIZE / 2,
    BL_SPECTRUM_RING = 2 * BL_SPECTRUM_SIZE, ///< samples; new ones may come while it is read
    BL_SPECTRUM_STEPS = 15,
};

/// Constant after creation.
typedef struct bl_spectrum {
    float window[BL_SPECTRUM_SIZE]; ///< sum 2, so that a sine of amplitude 1 peaks at power 1
    float turn_re[BL_SPECTRUM_BINS], turn_im[BL_SPECTRUM_BINS]; ///< exp(-pi i k / h) at h + k
    float real_re[BL_SPECTRUM_BINS], real_im[BL_SPECTRUM_BINS]; ///< exp(-2 pi i k / size) at k
    uint8_t reversed[BL_SPECTRUM_BINS];                         ///< the bits of an index
} bl_spectrum;

/// Between the steps.
typedef struct bl_spectrum_work {
    float re[BL_SPECTRUM_BINS], im[BL_SPECTRUM_BINS];
} bl_spectrum_work;

/// Thread: any.
void bl_spectrum_init(bl_spectrum *spectrum);

/// Step 0..BL_SPECTRUM_STEPS - 1 of the transform of the BL_SPECTRUM_SIZE samples from `from` on in
/// the ring, all in order. After the last one `powers` holds BL_SPECTRUM_BINS values, from 0 Hz on.
/// A real transform by a complex one of half the size, radix 2, decimation in time (Cooley & Tukey
/// 1965). Thread: RT.
void bl_spectrum_step(const bl_spectrum *spectrum, bl_spectrum_work *work, uint32_t step,
                      const float ring[BL_SPECTRUM_RING], uint32_t from,
                      float *powers) BL_NONBLOCKING;

#endif
