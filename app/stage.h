// SPDX-License-Identifier: MIT
// The stage: every rig of the current set list loaded, locked in memory and kept where it would be
// if it had always played, so that any of them can sound within a few periods. Alone puts chains
// into the engine and takes the old ones back. Its threads: LOADER brings chains along and hands
// them over, BUILDER reads files and builds, MEASURER finds out how loud rigs are.
//
// How to use it: bl_stage_create; bl_stage_set_engine as soon as there is an engine, and again for
// every other; bl_stage_set_rigs with the rigs of the set list in order, again after every edit
// (rigs that are the same keep their chains, so it may be called as often as one likes);
// bl_stage_choose from MAIN, bl_stage_choose_now from the JACK callback as soon as a program change
// has been recognised. Both only say what shall be heard: the newest wins, whoever it came from.
// How it went is in bl_stage_get_state; the eventfd is written whenever that has changed.

#ifndef BACKLINE_APP_STAGE_H
#define BACKLINE_APP_STAGE_H

#include "backline/engine.h"
#include "backline/model.h"
#include "backline/parameter.h"
#include "backline/realtime.h"
#include "backline/status.h"

#include "rig.h"
#include "trim.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bl_stage bl_stage;

enum {
    BL_STAGE_NONE = -1,       ///< instead of an index: no rig
    BL_STAGE_GUEST = -2,      ///< a chain from elsewhere, see bl_stage_give
    BL_STAGE_REQUESTS = 1024, ///< program changes that can wait
};

/// Of one core: what all rigs that are kept armed may need together.
#define BL_STAGE_ARMED_SHARE 0.6

typedef enum bl_stage_rig_phase {
    BL_STAGE_WAITING, ///< for BUILDER
    BL_STAGE_LOADED,  ///< in memory, starts after a replay of what it remembers
    BL_STAGE_ARMED,   ///< heard all up to some milliseconds ago: sounds at once
    BL_STAGE_PLAYING, ///< the audio thread has it: it sounds, or fades in or out
    BL_STAGE_FAILED,  ///< see `error`
} bl_stage_rig_phase;

/// One rig, for display.
typedef struct bl_stage_rig {
    bl_stage_rig_phase phase;
    size_t bytes, locked_bytes; ///< of its chain; locked: cannot be swapped out
    double share;               ///< of the time there is, as it plays; see bl_fit
    double asked_share;         ///< as it was meant
    bl_trim trim;
    bool measuring;         ///< the trim is a guess until its loudness is measured
    uint32_t behind_frames; ///< input it has not heard yet, if loaded or armed
    bl_error error;
} bl_stage_rig;

typedef struct bl_stage_state {
    uint64_t serial; ///< changes whenever anything here does but `memory_*`
    int rig_count;
    int chosen;   ///< what was asked for last, or BL_STAGE_NONE, or BL_STAGE_GUEST
    int sounding; ///< what sounds alone, or was the last to; BL_STAGE_NONE: no rig of the list
    int loaded, armed, failed;          ///< how many; those that play are counted as armed
    size_t memory_bytes;                ///< of all chains and their models
    size_t locked_bytes, loose_bytes;   ///< of the chains: that cannot, and can, be swapped out
    uint64_t switches;                  ///< rigs that have taken over so far
    uint64_t asked_frame, sounds_frame; ///< of the last switch: asked for, complete
} bl_stage_state;

/// `wake_fd`: MAIN's eventfd, or -1. Thread: MAIN. Owns: the caller.
bl_status bl_stage_create(int wake_fd, bl_stage **stage, bl_error *error);

/// Ends the threads; what hangs in a read for more than `patience_ms` is left behind. Chains that
/// the engine holds are the engine's. NULL is allowed. Thread: MAIN.
void bl_stage_destroy(bl_stage *stage, int patience_ms);

/// From its return on chains go to and come from `engine` alone (NULL: none), and every rig is
/// built anew for its rate. `quality`: see bl_voice_config; `whole`: never narrower than that,
/// whatever it costs (freewheel). Thread: MAIN.
void bl_stage_set_engine(bl_stage *stage, bl_engine *engine, double sample_rate_hz, double quality,
                         bool whole);

/// The level of the player's interface, for rigs that are built from now on. Thread: MAIN.
void bl_stage_set_calibration(bl_stage *stage, bool calibrate, double interface_dbu);

/// The rigs from now on, and which of them shall be heard (BL_STAGE_NONE: whatever sounds goes on).
/// A rig with the same files as one before takes over its chain, and moves it to its parameters.
/// Fails if there are more than BL_LIMIT_RIGS or memory is short: nothing changes then. Thread:
/// MAIN. Copies `rigs`.
bl_status bl_stage_set_rigs(bl_stage *stage, const bl_rig *rigs, int count, int chosen,
                            bl_error *error);

/// The number, from 1 on, of the list that bl_stage_set_rigs has set last. Thread: MAIN.
uint32_t bl_stage_get_list(const bl_stage *stage);

/// A number higher than every generation and every choice before. Thread: any, RT safe.
uint64_t bl_stage_next_generation(bl_stage *stage) BL_NONBLOCKING;

/// A chain that is no rig's shall be heard: it is replayed and joins like one. It is freed when
/// something else sounds. `trim` (NULL: none) is shown; if `unmeasured` is not NULL, it is a guess,
/// and the loudness of that rig, of which the chain is made, is measured. Its generation is from
/// bl_stage_next_generation, taken when it was asked for: false, and it stays the caller's, if
/// something was chosen since, or there is no engine. Thread: any but RT. Owns: the stage, on true.
bool bl_stage_give(bl_stage *stage, bl_chain *chain, const bl_trim *trim, const bl_rig *unmeasured);

/// Rig `index` shall be heard; BL_STAGE_NONE: what plays goes on, and a chain that was asked for
/// before, but is not here yet, is not wanted any more. Thread: MAIN. Returns at once.
void bl_stage_choose(bl_stage *stage, int index);

/// The same from the audio thread, which never waits: rig `index` of the list that is numbered
/// `list`. False if too many wait already. What is not in the list that there is then is ignored.
/// Thread: RT.
bool bl_stage_choose_now(bl_stage *stage, uint32_t list, int index) BL_NONBLOCKING;

/// What shall be heard: what was asked for last, by the audio thread too, or where that is nothing,
/// what sounds. Thread: MAIN.
int bl_stage_get_heard(bl_stage *stage);

/// Turns a knob of one rig, wherever its chain is. Thread: MAIN, which alone writes to the engine's
/// control ring.
void bl_stage_set_parameter(bl_stage *stage, int index, bl_parameter parameter, double value);

/// Thread: MAIN.
void bl_stage_get_state(bl_stage *stage, bl_stage_state *state);

/// Facts about the model of a rig; false if it has none, or it is not loaded. Thread: MAIN.
bool bl_stage_get_model(bl_stage *stage, int index, bl_model_info *model);

/// False if there is no such rig; BL_STAGE_GUEST is one. Thread: MAIN.
bool bl_stage_get_rig(bl_stage *stage, int index, bl_stage_rig *rig);

/// For runs that are not in real time, between two process calls: waits until everything asked for
/// so far is ready for the next one, all rigs are built, and every armed rig has heard everything;
/// at most `timeout_ms`. False if it did not come to that. Thread: the one that calls the engine;
/// never in real time.
bool bl_stage_wait(bl_stage *stage, int timeout_ms);

#endif
