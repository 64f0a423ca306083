// SPDX-License-Identifier: MIT
// Layout of a chain. Set up whole before the audio thread sees it, then touched by that thread
// alone (but for the trim that is wanted), then freed whole.

#ifndef BACKLINE_RT_CHAIN_H
#define BACKLINE_RT_CHAIN_H

#include "backline/chain.h"
#include "backline/voice.h"
#include "rt/cab.h"
#include "rt/ceiling.h"
#include "rt/cuts.h"
#include "rt/gate.h"
#include "rt/smoother.h"
#include "rt/tone.h"

#include <stdatomic.h>

struct bl_chain {
    bl_voice *voice;                            ///< NULL: clean
    bl_smoother parameters[BL_PARAMETER_COUNT]; ///< see bl_curve
    float calibration;                          ///< factor on the target of INPUT_TRIM
    bl_smoother trim;                           ///< logarithm to base 2 of a factor
    _Atomic float trim_wanted;                  ///< the same; whoever sets it -> who runs the chain
    bool spill;                                 ///< its cab rings on when it is left
    bool stages;                                ///< false: the next five do nothing
    bl_gate gate;
    bl_tone tone;
    bl_cab_player *cab; ///< NULL: none
    bl_cuts cuts;
    bl_ceiling ceiling;
    uint64_t generation;
    uint64_t position;      ///< frame that it hears next; means something only if `placed`
    bool placed;            ///< it is where it would be if it had always played
    bl_chain *narrow;       ///< owned, the same model at less cost; NULL: there is none
    double narrow_ratio;    ///< its cost against this one's; 0: there is none
    uint32_t memory_frames; ///< of voice and cab
};

/// Back to the state after creation, without the narrower form. Thread: RT.
void bl_chain_rewind(bl_chain *chain) BL_NONBLOCKING;

/// The same, but with the gate where that of `other` is, a chain with the same parameters that has
/// heard the same input: the gate remembers longer than the voice. Thread: RT.
void bl_chain_rewind_beside(bl_chain *chain, const bl_chain *other) BL_NONBLOCKING;

/// bl_chain_process with what goes from the voice into tone and cab multiplied by `weights`, one a
/// frame. Thread: RT.
void bl_chain_process_faded(bl_chain *chain, const float *in, const float *weights,
                            float *const *out, uint32_t frames) BL_NONBLOCKING;

/// The same with silence instead of the voice, which does not run. Thread: RT.
void bl_chain_ring_on(bl_chain *chain, float *const *out, uint32_t frames) BL_NONBLOCKING;

/// Nobody hears it now: it goes to the trim that is wanted at once. Thread: RT.
void bl_chain_take_trim(bl_chain *chain) BL_NONBLOCKING;

/// All smoothers go to their targets at once: for a chain that nobody has heard yet. Thread: RT.
void bl_chain_settle(bl_chain *chain) BL_NONBLOCKING;

#endif
