// SPDX-License-Identifier: MIT
// Spill-over: the cab of a chain that is not heard any more rings on. While the chain is faded out,
// what goes into its cab fades and not what comes out; then the cab hears silence until it is
// through. Never more work than the chain alone.

#ifndef BACKLINE_RT_TAIL_H
#define BACKLINE_RT_TAIL_H

#include "rt/chain.h"

typedef struct bl_tail {
    bl_chain *chain;  ///< NULL: nothing rings
    uint32_t left;    ///< frames until it is through
    bl_smoother gain; ///< 1; to 0 where something else wants its place
} bl_tail;

/// `chain` rings from the next frame on; a cut would take `fade_frames`. Thread: RT.
void bl_tail_begin(bl_tail *tail, bl_chain *chain, uint32_t fade_frames) BL_NONBLOCKING;

/// The sum of both, but no louder than full scale, or than `sound` if that is louder. Thread: RT.
float bl_tail_sum(float sound, float ringing) BL_NONBLOCKING;

/// Adds the next frames so to all `channels` of `out`. Only with a chain. Thread: RT.
void bl_tail_add(bl_tail *tail, float *const *out, uint32_t channels,
                 uint32_t frames) BL_NONBLOCKING;

/// Fades out what still rings. Thread: RT.
void bl_tail_cut(bl_tail *tail) BL_NONBLOCKING;

/// The chain whose tail is through, which rings no more; else NULL. Thread: RT.
bl_chain *bl_tail_end(bl_tail *tail) BL_NONBLOCKING;

#endif
