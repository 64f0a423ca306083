// SPDX-License-Identifier: MIT
// What the program remembers from one start to the next: state.yaml. Loaded by MAIN at the start,
// saved by LOADER, since a disk can be slow.

#ifndef BACKLINE_APP_MEMORY_H
#define BACKLINE_APP_MEMORY_H

#include "backline/parameter.h"
#include "backline/status.h"

#include "jack.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    BL_DEVICES_MAX = 16,
    BL_CONNECTIONS_MAX = 32,
    BL_PLAYED_MAX = 12,
    BL_SETLISTS_MAX = 6,
    BL_TURNED_MAX = 128
};

/// The connections that the player last had on one device.
typedef struct bl_device {
    char name[BL_PORT_NAME_MAX];
    bl_connection connections[BL_CONNECTIONS_MAX];
    size_t count;
} bl_device;

/// A model that was played.
typedef struct bl_played {
    char path[4096], name[128];
} bl_played;

/// How the sound was left: of the model and the rig above.
typedef struct bl_knobs {
    bool known; ///< false: none of this was remembered
    bool muted, bypassed;
    double parameters[BL_PARAMETER_COUNT];
} bl_knobs;

/// Knobs of a rig of the set list that stand elsewhere than in its file.
typedef struct bl_turned {
    char rig[4096]; ///< the file, absolute
    bool is_turned[BL_PARAMETER_COUNT];
    double parameters[BL_PARAMETER_COUNT]; ///< of those
} bl_turned;

typedef struct bl_memory {
    char model[4096];                     ///< the last one; "": none yet
    char rig[4096];                       ///< whose stages and cab it had; "": it played alone
    char setlist[4096];                   ///< that it belongs to; "": none
    char song[128], part[128];            ///< where the player was in it
    size_t place;                         ///< the same as a number, from 0 on
    char setlists[BL_SETLISTS_MAX][4096]; ///< that were open, the newest first
    size_t setlist_count;
    bl_knobs knobs;    ///< as they were left
    bl_turned *turned; ///< of the set list above
    size_t turned_count;
    bl_played *played; ///< the newest first
    size_t played_count;
    bl_device *devices;
    size_t device_count;
} bl_memory;

/// Makes this process the one that remembers under `name`, for as long as `*lock_fd` is open; a
/// process that is killed leaves no lock behind. False: another one is. True with -1 where there is
/// no lock to be had. Owns: the caller, the descriptor. Thread: any but RT.
bool bl_memory_claim(const char *name, int *lock_fd);

/// Reads state.yaml (state-NAME.yaml unless `name` is "backline"); a missing file gives an empty
/// one. One that cannot be read is moved aside if it is `mine`, and left alone else. Owns: the
/// caller, who ends with bl_memory_finish in any case. Thread: any but RT.
bl_status bl_memory_load(const char *name, bool mine, bl_memory *memory, bl_error *error);

/// Path of the file; false if there is no home. Thread: any but RT.
bool bl_memory_path(const char *name, char path[4096]);

/// Writes it whole or not at all.
bl_status bl_memory_save(const char *name, const bl_memory *memory, bl_error *error);

/// Makes `copy` the same, with memory of its own. False: memory is short.
bool bl_memory_copy(const bl_memory *memory, bl_memory *copy);

/// Puts a model first among the played ones; the oldest makes room. False: memory is short.
bool bl_memory_play(bl_memory *memory, const char *path, const char *name);

/// Makes room for `count` rigs whose knobs were turned, none of them yet, in place of those before.
/// False: memory is short, and nothing has changed.
bool bl_memory_make_turned(bl_memory *memory, size_t count);

/// It belongs to this set list from now on, which stands first among those that were open.
void bl_memory_open_setlist(bl_memory *memory, const char *path);

/// Frees what it holds.
void bl_memory_finish(bl_memory *memory);

/// The device by name, or NULL. Owns: the memory, until the next remember.
const bl_device *bl_memory_find(const bl_memory *memory, const char *device);

/// Replaces or adds a device; the one longest unused makes room. False: memory is short.
bool bl_memory_remember(bl_memory *memory, const bl_device *device);

#endif
