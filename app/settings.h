// SPDX-License-Identifier: MIT
// What the player sets: settings.yaml, written by hand, read at the start.

#ifndef BACKLINE_APP_SETTINGS_H
#define BACKLINE_APP_SETTINGS_H

#include "backline/status.h"

#include <stdbool.h>

typedef struct bl_settings {
    char server_command[1024]; ///< "": the usual one, see server.h
    /// What the interface's input is set to: level in dBu (RMS of a 1 kHz sine) that it turns into
    /// full scale. Then a model whose file says at which level it was captured is played at that
    /// very level. Without it, off, the guitar is heard as it comes.
    double interface_input_dbu;
    bool has_interface_input;
} bl_settings;

/// Reads settings.yaml; a missing file leaves the defaults. On failure the sentence says what is
/// wrong, all else in the file is read, and what is wrong has its default. Thread: any but RT.
bl_status bl_settings_load(bl_settings *settings, bl_error *error);

#endif
