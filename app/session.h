// SPDX-License-Identifier: MIT
// What makes a session portable: everything it plays is copied into its folder, under names that
// begin with a number of the content, and the rig is written beside it with its knobs as they are.

#ifndef BACKLINE_APP_SESSION_H
#define BACKLINE_APP_SESSION_H

#include "backline/status.h"

#include "rig.h"
#include "setlist.h"

#include <stdbool.h>

/// What plays, by files from / on.
typedef struct bl_session_sound {
    bl_rig rig;         ///< model and cab in it; knobs as they are now
    bool has_rig;       ///< false: its model plays alone
    bl_setlist setlist; ///< its rigs with their knobs as they are now; no parts: there is none
    char setlist_path[BL_RIG_PATH_MAX];
} bl_session_sound;

/// Copies the files of `sound` into `folder`/files unless they are there, and changes `sound` to
/// the copies; writes `folder`/rig.yaml if there is a rig, `folder`/setlist.yaml if there is a set
/// list, with a file for each of its rigs. Each file whole or not at all, and none that is in the
/// folder and has not changed. Thread: any but RT.
bl_status bl_session_keep(const char *folder, bl_session_sound *sound, bl_error *error);

#endif
