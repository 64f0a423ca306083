// SPDX-License-Identifier: MIT
// Where things are: the XDG folders of the user, and what is shipped beside the program.

#ifndef BACKLINE_APP_PATHS_H
#define BACKLINE_APP_PATHS_H

#include <stdbool.h>
#include <stddef.h>

enum { BL_PATH_MAX = 4096 };

typedef enum bl_path_kind {
    BL_PATH_CONFIG, ///< $XDG_CONFIG_HOME/backline: settings
    BL_PATH_STATE,  ///< $XDG_STATE_HOME/backline: what was last
    BL_PATH_DATA,   ///< $XDG_DATA_HOME/backline: models, captures
    BL_PATH_CACHE,  ///< $XDG_CACHE_HOME/backline: what can be measured again
} bl_path_kind;

/// Path of a file in one of the user's folders; false if there is no home or it is too long.
/// Thread: any but RT.
bool bl_path_user(bl_path_kind kind, const char *file, char path[BL_PATH_MAX]);

/// From now on the state is state.yaml in this folder: that of a session. Thread: MAIN, before
/// others are made.
void bl_path_set_session(const char *folder);

/// Makes the folder that `path` is in, and those above it. False if that fails.
bool bl_path_make_folder(const char *path);

/// Path of a shipped file: beside the program (../share/backline), else where it was installed.
/// False if it is in neither.
bool bl_path_share(const char *file, char path[BL_PATH_MAX]);

/// The path that leads to the same file from any folder; as it is if there is none or it does
/// already. Thread: any but RT.
void bl_path_absolute(const char *path, char absolute[BL_PATH_MAX]);

/// Paths of the shipped models in the order of their names, at most `max`. Returns how many.
size_t bl_path_list_models(char (*paths)[BL_PATH_MAX], size_t max);

/// The shipped model to play when nobody chose one. False if none is shipped.
bool bl_path_factory_model(char path[BL_PATH_MAX]);

#endif
