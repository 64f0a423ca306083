// SPDX-License-Identifier: MIT
// What the player sets: settings.yaml, written by hand, read at the start.

#ifndef BACKLINE_APP_SETTINGS_H
#define BACKLINE_APP_SETTINGS_H

#include "backline/status.h"

typedef struct bl_settings {
    char server_command[1024]; ///< "": the usual one, see server.h
} bl_settings;

/// Reads settings.yaml; a missing file leaves the defaults. Thread: any but RT.
bl_status bl_settings_load(bl_settings *settings, bl_error *error);

#endif
