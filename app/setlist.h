// SPDX-License-Identifier: MIT
// A set list: songs, their parts, and the rig of each part (YAML). Paths in the file are relative
// to the file. Not for the audio thread.

#ifndef BACKLINE_APP_SETLIST_H
#define BACKLINE_APP_SETLIST_H

#include "rig.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BL_SETLIST_SONGS_MAX = 256,
    BL_SETLIST_PARTS_MAX = 1024, ///< of all songs together
    BL_SETLIST_RIGS_MAX = 128,   ///< different ones
    BL_SETLIST_NAME_MAX = 128,
    BL_SETLIST_BANK_MAX = 16383,
    BL_SETLIST_PROGRAM_MAX = 127,
};

/// Where no part is meant.
#define BL_SETLIST_NONE SIZE_MAX

typedef struct bl_setlist_part {
    char name[BL_SETLIST_NAME_MAX];
    size_t song, rig; ///< indices
    int bank;         ///< 0..BL_SETLIST_BANK_MAX
    int program;      ///< 0..BL_SETLIST_PROGRAM_MAX as on the wire; -1: no program chooses it
} bl_setlist_part;

typedef struct bl_setlist_song {
    char name[BL_SETLIST_NAME_MAX];
    size_t first, count; ///< of its parts
    double tempo_bpm;    ///< 0: the file does not say
} bl_setlist_song;

typedef struct bl_setlist_rig {
    char path[BL_RIG_PATH_MAX];
    bl_rig rig;
    double as_read[BL_PARAMETER_COUNT]; ///< its parameters in the file, whatever is made of them
    bl_error error;                     ///< not OK: the file cannot be used, and why
} bl_setlist_rig;

/// Parts stand in the order in which they are played, those of a song together.
typedef struct bl_setlist {
    char name[BL_SETLIST_NAME_MAX];
    bl_setlist_song *songs;
    bl_setlist_part *parts;
    bl_setlist_rig *rigs;
    size_t song_count, part_count, rig_count;
} bl_setlist;

/// Reads a set list and its rigs. A rig that cannot be used fails alone: its `error` says why.
/// Where no part has a `program`, they get them in order, from bank 0, program 0 on. Fails with
/// line and column on keys, values and counts that are not allowed, and on a program that two parts
/// have. Thread: any but RT. Owns: the caller, who ends with bl_setlist_finish in any case.
bl_status bl_setlist_load(const char *path, bl_setlist *setlist, bl_error *error);

/// Writes a set list whole or not at all, rigs in its folder or below it by a relative path.
/// Thread: any but RT.
bl_status bl_setlist_save(const char *path, const bl_setlist *setlist, bl_error *error);

/// Makes `copy` the same, with memory of its own. False: memory is short. Thread: any but RT.
bool bl_setlist_copy(const bl_setlist *setlist, bl_setlist *copy);

/// Whether two files say the same, whatever has been made of the parameters since. Thread: any.
bool bl_setlist_same(const bl_setlist *a, const bl_setlist *b);

/// Frees what it holds.
void bl_setlist_finish(bl_setlist *setlist);

/// The rig of this file, or BL_SETLIST_NONE.
size_t bl_setlist_find_rig(const bl_setlist *setlist, const char *path);

/// The part that a program change chooses, or BL_SETLIST_NONE.
size_t bl_setlist_find_program(const bl_setlist *setlist, int bank, int program);

/// Where to go on in a list that may have been edited: the part of these names, else the one that
/// stands where it stood, else the last. The list has parts.
size_t bl_setlist_resume(const bl_setlist *setlist, const char *song, const char *part,
                         size_t place);

#endif
