// SPDX-License-Identifier: MIT
// Layout of a chain. Set up whole before the audio thread sees it, then touched by that thread
// alone, then freed whole.

#ifndef BACKLINE_RT_CHAIN_H
#define BACKLINE_RT_CHAIN_H

#include "backline/chain.h"
#include "backline/voice.h"
#include "rt/smoother.h"

struct bl_chain {
    bl_voice *voice;                       ///< NULL: clean
    bl_smoother gains[BL_PARAMETER_COUNT]; ///< linear factors
    uint64_t generation;
    bl_chain *narrow;       ///< owned, the same model at less cost; NULL: there is none
    double narrow_ratio;    ///< its cost against this one's; 0: there is none
    uint32_t memory_frames; ///< after so many the state depends on nothing earlier
};

/// Back to the state after creation, without the narrower form. Thread: RT.
void bl_chain_rewind(bl_chain *chain) BL_NONBLOCKING;

/// All smoothers go to their targets at once: for a chain that nobody has heard yet. Thread: RT.
void bl_chain_settle(bl_chain *chain) BL_NONBLOCKING;

#endif
