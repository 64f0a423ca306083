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
};

/// All smoothers go to their targets at once: for a chain that nobody has heard yet. Thread: RT.
void bl_chain_settle(bl_chain *chain) BL_NONBLOCKING;

#endif
