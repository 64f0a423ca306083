// SPDX-License-Identifier: MIT
// What the controllers and notes of a pedal board do: midi.yaml, written by hand or learnt. It
// belongs to the pedal board, not to a set list, which has its programs itself. Not for the audio
// thread.

#ifndef BACKLINE_APP_MIDI_MAP_H
#define BACKLINE_APP_MIDI_MAP_H

#include "backline/parameter.h"
#include "backline/status.h"

#include "action.h"
#include "midi.h"

#include <stdbool.h>
#include <stddef.h>

enum { BL_MIDI_MAP_MAX = 256, BL_MIDI_ANY_CHANNEL = -1 };

/// How values are understood: id, name in files.
#define BL_MIDI_MODE_TABLE(X)                                                                      \
    X(ABSOLUTE, "absolute")   /* 0..127 over the range; a switch is on from 64 on */               \
    X(TOGGLE, "toggle")       /* every press (from below 64 to 64 and above) is the other way */   \
    X(MOMENTARY, "momentary") /* the maximum while it is pressed, else the minimum */              \
    X(TWOS, "relative_twos")  /* steps: 1..63 up, 127..64 down (two's complement) */               \
    X(OFFSET, "relative_offset") /* steps: 65..127 up, 63..0 down */                               \
    X(SIGN, "relative_sign")     /* steps: 1..63 up, 65..127 down (bit 6 is the sign) */

typedef enum bl_midi_mode {
#define BL_MIDI_MODE_ENUM(id, name) BL_MIDI_MODE_##id,
    BL_MIDI_MODE_TABLE(BL_MIDI_MODE_ENUM)
#undef BL_MIDI_MODE_ENUM
        BL_MIDI_MODES
} bl_midi_mode;

/// Their names; of relative modes 1, 65 and 1 are a step up.
extern const char *const bl_midi_modes[BL_MIDI_MODES];

/// Where a control's half way lies, for pedals that do all in their first or last part.
typedef enum bl_midi_curve {
    BL_MIDI_EVEN,
    BL_MIDI_SLOW,
    BL_MIDI_FAST,
    BL_MIDI_CURVES
} bl_midi_curve;

/// Their names: "even", "slow", "fast".
extern const char *const bl_midi_curves[BL_MIDI_CURVES];

/// What is moved: an action or a parameter.
typedef struct bl_midi_target {
    bl_action action;       ///< BL_ACTION_COUNT: a parameter
    bl_parameter parameter; ///< of an action 0
    int number;             ///< of an action that wants one, from 1 on; 0: the control's value + 1
} bl_midi_target;

/// What a control is to do when it is learnt.
typedef struct bl_midi_wish {
    bl_midi_target target;
    bl_midi_mode mode; ///< BL_MIDI_MODES: the usual one of the control and the target
    bl_midi_curve curve;
    double min, max; ///< of a parameter
} bl_midi_wish;

typedef struct bl_midi_row {
    bl_midi_kind kind; ///< control or note
    int channel;       ///< 0..15 or BL_MIDI_ANY_CHANNEL
    uint8_t number;
    bl_midi_target target;
    bl_midi_mode mode;
    bl_midi_curve curve;
    double min, max; ///< of a parameter; may be the wrong way round: then it turns backwards
    bool pressed;    ///< not in the file: its last value was 64 or above
} bl_midi_row;

typedef struct bl_midi_map {
    int channel; ///< the only one that is listened to, 0..15; BL_MIDI_ANY_CHANNEL: all
    bl_midi_row rows[BL_MIDI_MAP_MAX];
    size_t count;
} bl_midi_map;

/// Something to do.
typedef struct bl_midi_effect {
    bl_midi_target target;
    double value; ///< of a parameter in its unit; of an action what bl_app_act takes
} bl_midi_effect;

/// An empty one that listens to all channels. Thread: any.
void bl_midi_map_init(bl_midi_map *map);

/// Reads a map; fails with line and column, and `map` is as it was then. Thread: any but RT.
bl_status bl_midi_map_load(const char *path, bl_midi_map *map, bl_error *error);

/// Writes it whole or not at all. Thread: any but RT.
bl_status bl_midi_map_save(const char *path, const bl_midi_map *map, bl_error *error);

/// What an event does by row `index`; false: nothing. `current`: the values that parameters have
/// now. Thread: the map's owner.
bool bl_midi_map_apply(bl_midi_map *map, size_t index, const bl_midi_event *event,
                       const double current[BL_PARAMETER_COUNT], bl_midi_effect *effect);

/// Lets this control do nothing but what is wished, and the target be moved by nothing else. False:
/// the map is full.
bool bl_midi_map_learn(bl_midi_map *map, const bl_midi_event *event, const bl_midi_wish *wish);

/// Lets nothing move `target` any more. Returns whether something did.
bool bl_midi_map_forget(bl_midi_map *map, const bl_midi_target *target);

/// The target called `name`: an action, or a parameter by its key; "part 3" is part with its
/// number. False: there is none.
bool bl_midi_target_find(const char *name, bl_midi_target *target);

/// A target's name and, in any order, a mode, and for a parameter a curve and two numbers, its
/// range in its unit: "bass", "part 3 toggle", "level_db -20 0 slow". False: it cannot be
/// understood.
bool bl_midi_wish_find(const char *words, bl_midi_wish *wish);

#endif
