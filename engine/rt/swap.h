// SPDX-License-Identifier: MIT
// Where chains come into the engine and leave it: the beginning and the end of a hot swap. What
// sounds in between is rt/engine.c.

#ifndef BACKLINE_RT_SWAP_H
#define BACKLINE_RT_SWAP_H

#include "rt/engine.h"

/// Takes a chain that waits, if nothing else is under way, and begins to fade to it. Thread: RT, at
/// the start of a process call.
void bl_swap_take(bl_engine *engine) BL_NONBLOCKING;

/// Where the fade is over, the successor is what is live. Thread: RT, after every block.
void bl_swap_finish_if_due(bl_engine *engine) BL_NONBLOCKING;

/// Gives a chain back. The retired slot is empty. Thread: RT.
void bl_swap_retire(bl_engine *engine, bl_chain *chain) BL_NONBLOCKING;

#endif
