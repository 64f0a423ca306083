// SPDX-License-Identifier: MIT
// Which rig a program change chooses, for the audio thread, which cannot wait for MAIN to look.

#ifndef BACKLINE_APP_PROGRAMS_H
#define BACKLINE_APP_PROGRAMS_H

#include "setlist.h"

#include "backline/realtime.h"

#include <stdatomic.h>
#include <stdint.h>

/// One row a part that has a program. While MAIN writes, a program may choose as before or as
/// after, or nothing; MAIN hears of every program change too and puts right what it got wrong.
typedef struct bl_programs {
    _Atomic uint32_t rows[BL_SETLIST_PARTS_MAX]; ///< MAIN -> RT; 0: none
} bl_programs;

/// `chosen_by_rig`: for every rig of the list a number from 0 on to find, -1: cannot be played.
/// Thread: MAIN.
void bl_programs_set(bl_programs *programs, const bl_setlist *setlist, const int *chosen_by_rig);

/// The number found, or -1. Thread: RT.
int bl_programs_find(const bl_programs *programs, uint32_t bank, uint32_t program) BL_NONBLOCKING;

#endif
