// SPDX-License-Identifier: MIT
// Measures voices and the core that runs them. Passes are short and timed in CPU time of the
// thread, and the median counts, so that a busy machine disturbs little.

#ifndef BACKLINE_APP_MEASURE_H
#define BACKLINE_APP_MEASURE_H

#include "backline/status.h"
#include "backline/voice.h"

#include <stdint.h>

typedef struct bl_measure {
    double ns_per_sample; ///< CPU time, median over passes
    double p999_block_us; ///< wall time that 999 of 1000 blocks keep to
} bl_measure;

/// Keeps the calling thread on the core it is on and turns denormals off, as in the audio thread.
/// Without the right to pin, it only does the latter. Thread: MAIN, once, before the others.
void bl_measure_prepare(void);

/// Single-precision multiply-adds that this core can do in a second, in 1e9, with the widest
/// instructions that kernels use, on registers alone. Takes `seconds`. Thread: MAIN.
double bl_measure_peak_gmac_per_s(double seconds);

/// Runs the voice in blocks of `block_frames`, like a sound server, for about `seconds`. Resets it
/// first. Thread: MAIN.
bl_status bl_measure_voice(bl_voice *voice, uint32_t block_frames, double seconds,
                           bl_measure *result, bl_error *error);

/// Ticks that a hypervisor took from this machine since it started; 0 if unknown. Thread: any.
uint64_t bl_measure_steal_ticks(void);

#endif
