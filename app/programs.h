// SPDX-License-Identifier: MIT
// Which rig a program change chooses, for the audio thread, which cannot wait for MAIN to look.

#ifndef BACKLINE_APP_PROGRAMS_H
#define BACKLINE_APP_PROGRAMS_H

#include "midi.h"
#include "setlist.h"
#include "stage.h"

#include "backline/realtime.h"

#include <stdatomic.h>
#include <stdint.h>

/// One row a part that has a program. Each says which list of the stage it is from, so that what
/// was found while MAIN exchanges the list counts for that one or for none. While MAIN writes, a
/// program may be found as before or as after, or not; MAIN hears of every program change too and
/// chooses what was not chosen yet.
typedef struct bl_programs {
    _Atomic uint64_t rows[BL_SETLIST_PARTS_MAX]; ///< MAIN -> RT; 0: none
} bl_programs;

/// `list`: what bl_stage_get_list said after these rigs were set. `chosen_by_rig`: for every rig of
/// the list its index on the stage, -1: cannot be played. Thread: MAIN.
void bl_programs_set(bl_programs *programs, const bl_setlist *setlist, uint32_t list,
                     const int *chosen_by_rig);

/// Chooses the rig of a program change on the stage and notes in it for which list. Thread: RT.
void bl_programs_choose(const bl_programs *programs, bl_stage *stage,
                        bl_midi_event *program) BL_NONBLOCKING;

#endif
