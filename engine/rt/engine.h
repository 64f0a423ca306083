// SPDX-License-Identifier: MIT
// Layout of the engine. Says of every member which thread owns it; what two threads touch is a
// ring, a slot or an atomic.

#ifndef BACKLINE_RT_ENGINE_H
#define BACKLINE_RT_ENGINE_H

#include "backline/engine.h"
#include "backline/limits.h"
#include "backline/ring.h"
#include "backline/slot.h"
#include "rt/howl.h"
#include "rt/overload.h"
#include "rt/resume.h"
#include "rt/smoother.h"
#include "rt/tail.h"
#include "rt/tape.h"

#include <stdatomic.h>

/// A parameter set for a chain that has not come yet.
typedef struct bl_engine_coming {
    uint64_t generation;
    double value;
} bl_engine_coming;

struct bl_engine {
    // Constant after creation.
    uint32_t crossfade_frames, ramp_frames;
    bl_ring *controls;  ///< bl_control, MAIN -> RT
    bl_ring *telemetry; ///< bl_telemetry, RT -> MAIN

    // Between threads.
    bl_slot next;    ///< chain that begins whenever it is taken, LOADER -> RT
    bl_slot joining; ///< chain that joins at `joining_frame` and at no other, LOADER -> RT
    _Atomic uint64_t joining_frame; ///< LOADER -> RT, changes only while `joining` is empty
    bl_slot retired;                ///< chain, RT -> LOADER or MAIN
    _Atomic bool unhurried;         ///< the next call is in freewheel, RT -> LOADER
    _Atomic uint64_t sounding;      ///< generation that plays alone, RT -> any
    _Atomic uint64_t since;         ///< frame from which on it does, RT -> any
    _Atomic uint32_t latency;       ///< frames of the live chain, RT -> any

    // RT alone.
    bl_chain *live;       ///< what is heard; NULL before the first chain
    bl_chain *successor;  ///< takes over from `live` now; NULL: no swap runs
    bool whole;           ///< bl_engine_play_whole was called for the next call
    uint32_t warm_up;     ///< frames that the successor still plays unheard
    bl_tail tail;         ///< of the chain before `live`
    bool spills;          ///< the swap that runs fades what goes into the cab of `live`
    bl_smoother fade;     ///< weight of the successor against `live`
    bl_smoother audible;  ///< gain, 0 while muted
    bl_overload overload; ///< which width of `live` is heard
    bl_howl howl;         ///< turns the output down where it feeds back
    bl_smoother bypass;   ///< weight of the clean signal against the chains
    bl_resume resume;     ///< fades in after a gap
    bl_engine_coming coming[BL_PARAMETER_COUNT];
    bl_telemetry totals; ///< counts since creation, peaks since the last meters
    bool swap_untold;    ///< a SWAPPED record waits for room in the ring
    bl_tape tape;        ///< clean input, whole periods ahead of what was played
};

/// Plays one chain on its own into all `channels` of `out`, silence where it breaks: then it begins
/// anew. Thread: RT.
void bl_engine_play_chain(bl_engine *engine, bl_chain *chain, const float *clean, float *const *out,
                          uint32_t channels, uint32_t frames) BL_NONBLOCKING;

#endif
