// SPDX-License-Identifier: MIT
// Measures voices and the core that runs them. A core shares its units, its cache and its clock
// with others, so what it can do changes from moment to moment: short passes of voices stand
// between short passes of multiply-adds, and only those count whose neighbours ran at full speed.

#ifndef BACKLINE_APP_MEASURE_H
#define BACKLINE_APP_MEASURE_H

#include "backline/status.h"
#include "backline/voice.h"

#include <stdint.h>

typedef struct bl_measure {
    double ns_per_sample; ///< CPU time at the best clock, median of what counts
    double p999_block_us; ///< wall time that 999 of 1000 blocks keep to
    uint32_t passes;      ///< that counted; 0: none was left alone, and all of them did
} bl_measure;

/// The core, and what its passes of multiply-adds took so far.
typedef struct bl_measure_core bl_measure_core;

/// One voice played in blocks of one size.
typedef struct bl_measure_player bl_measure_player;

/// Keeps the calling thread on the core it is on and turns denormals off, as in the audio thread.
/// Without the right to pin, it only does the latter. Thread: MAIN, once, before the others.
void bl_measure_prepare(void);

/// Owns: the caller, until bl_measure_core_destroy. Thread: MAIN, as all below.
bl_status bl_measure_core_create(bl_measure_core **core, bl_error *error);
void bl_measure_core_destroy(bl_measure_core *core);

/// Single-precision multiply-adds that this core can do in a second, in 1e9, with the widest
/// instructions that kernels use, on registers alone: the fastest twentieth of the passes.
double bl_measure_core_peak_gmac_per_s(const bl_measure_core *core);

/// Owns: the caller, until bl_measure_player_destroy; borrows `voice`, which several players may
/// share. Resets the voice.
bl_status bl_measure_player_create(bl_voice *voice, uint32_t block_frames,
                                   bl_measure_player **player, bl_error *error);
void bl_measure_player_destroy(bl_measure_player *player);

/// Plays for about `seconds`, and measures the core between. May be called several times, in turns
/// with other players, so that all meet the same moments.
void bl_measure_player_run(bl_measure_player *player, bl_measure_core *core, double seconds);

/// What the runs so far showed. Reorders what it was measured from.
bl_measure bl_measure_player_result(bl_measure_player *player, const bl_measure_core *core);

/// Ticks that a hypervisor took from this machine since it started; 0 if unknown. Thread: any.
uint64_t bl_measure_steal_ticks(void);

#endif
