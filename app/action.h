// SPDX-License-Identifier: MIT
// The one table of what a player can do while playing. Computer keys, MIDI and the window all act
// through it.

#ifndef BACKLINE_APP_ACTION_H
#define BACKLINE_APP_ACTION_H

typedef enum bl_action_kind {
    BL_ACTION_STEP,   ///< happens when it is pressed
    BL_ACTION_NUMBER, ///< the same, with a number that counts from 1
    BL_ACTION_SWITCH, ///< on or off
} bl_action_kind;

/// id, name in files, what it is called, kind, keys on a terminal (any of them; of a number the
/// n-th stands for n). Enter and the arrows stand for `n` and `p`.
// clang-format off
#define BL_ACTION_TABLE(X)                                                    \
    X(NEXT, "next", "Next part", STEP, "n ")                                  \
    X(PREVIOUS, "previous", "Previous part", STEP, "p")                       \
    X(NEXT_SONG, "next_song", "Next song", STEP, "N")                         \
    X(PREVIOUS_SONG, "previous_song", "Previous song", STEP, "P")             \
    X(LAST, "last", "Back to where you were", STEP, "r")                      \
    X(PART, "part", "Part of this song", NUMBER, "123456789")                 \
    X(JUMP, "jump", "Part of the whole list", NUMBER, "")                     \
    X(MUTE, "mute", "Mute", SWITCH, "m")                                      \
    X(BYPASS, "bypass", "Bypass", SWITCH, "b")                                \
    X(TUNER, "tuner", "Tuner", SWITCH, "t")                                   \
    X(PANIC, "panic", "Silence at once", STEP, "x")                           \
    X(TAP, "tap", "Tap the tempo", STEP, "T")                                 \
    X(SAVE, "save", "Save the rig as it is", STEP, "S")
// clang-format on

typedef enum bl_action {
#define BL_ACTION_ENUM(id, ...) BL_ACTION_##id,
    BL_ACTION_TABLE(BL_ACTION_ENUM)
#undef BL_ACTION_ENUM
        BL_ACTION_COUNT
} bl_action;

/// For switches in place of 0 (off) and 1 (on).
enum { BL_ACTION_TOGGLE = -1 };

typedef struct bl_action_info {
    const char *name, *label;
    bl_action_kind kind;
    const char *keys;
} bl_action_info;

/// The table's row. Thread: any. Never NULL for a valid id.
const bl_action_info *bl_action_get(bl_action action);

/// The action of this name, or BL_ACTION_COUNT. Thread: any.
bl_action bl_action_find(const char *name);

/// The action of a key, with the value to act with, or BL_ACTION_COUNT. Thread: any.
bl_action bl_action_of_key(char key, int *value);

#endif
