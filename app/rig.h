// SPDX-License-Identifier: MIT
// A rig: a chain on disk. Paths in the file are relative to the file. Not for the audio thread.

#ifndef BACKLINE_APP_RIG_H
#define BACKLINE_APP_RIG_H

#include "backline/parameter.h"
#include "backline/status.h"

#include <stdbool.h>

enum { BL_RIG_PATH_MAX = 4096, BL_RIG_NAME_MAX = 128 };

typedef struct bl_rig {
    char name[BL_RIG_NAME_MAX];  ///< for people; "": none
    char model[BL_RIG_PATH_MAX]; ///< as seen from the working folder; "": the clean signal
    char cab[BL_RIG_PATH_MAX];   ///< the same; "": none
    bool spill;                  ///< its cab rings on after a change to another rig
    bool match_loudness;         ///< trimmed to be as loud as other rigs, see trim.h
    double parameters[BL_PARAMETER_COUNT];
} bl_rig;

/// No files, the same loudness, every parameter at its default. Thread: any.
bl_rig bl_rig_default(void);

/// Whether all of two sets of parameters (BL_PARAMETER_COUNT values each) are equal. Thread: any.
bool bl_rig_same_parameters(const double *a, const double *b);

/// Reads a rig. What the file does not say is at its default. Fails with line and column on a key
/// that does not exist or stands there twice, on a value out of its range, and if a file it names
/// is missing; a model that is not beside it may be one that ships, by its name. Thread: any but
/// RT.
bl_status bl_rig_load(const char *path, bl_rig *rig, bl_error *error);

/// Writes a rig whole or not at all, every parameter, files in the rig's folder or below it by a
/// relative path, shipped models by their name. Thread: any but RT.
bl_status bl_rig_save(const char *path, const bl_rig *rig, bl_error *error);

#endif
