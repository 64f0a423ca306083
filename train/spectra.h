// SPDX-License-Identifier: MIT
// The multi-resolution distance of two spectra (Yamamoto et al. 2020): per resolution the spectral
// convergence and the mean distance of log magnitudes, over Hann windows. One object per thread.

#ifndef BACKLINE_TRAIN_SPECTRA_H
#define BACKLINE_TRAIN_SPECTRA_H

#include <stddef.h>

typedef struct bl_spectra bl_spectra;

/// For segments of `frames`; resolutions longer than that are left out. NULL if memory is short.
/// Owns: the caller.
bl_spectra *bl_spectra_create(size_t frames);

/// NULL is allowed.
void bl_spectra_destroy(bl_spectra *spectra);

/// Adds `weight` times the distance's gradient with respect to `out` to `delta`; returns the
/// distance, the mean over the resolutions. Thread: one per object.
double bl_spectra_add(bl_spectra *spectra, const float *out, const float *wanted, double weight,
                      float *delta);

#endif
