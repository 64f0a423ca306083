// SPDX-License-Identifier: MIT
// An electric guitar up to its cable: six strings in standard tuning, a pickup with its resonance,
// and the noise of both. Driven by commands at given frames.

#ifndef BACKLINE_SHARE_GUITAR_H
#define BACKLINE_SHARE_GUITAR_H

#include "plucked.h"

#include <stddef.h>
#include <stdint.h>

enum { BL_GUITAR_STRINGS = 6 }; ///< string 0 is the low E

typedef enum bl_guitar_action {
    BL_GUITAR_STRIKE,  ///< a: velocity 0..1
    BL_GUITAR_TAP,     ///< a: velocity 0..1
    BL_GUITAR_GLIDE,   ///< a: semitones above the open string, b: seconds
    BL_GUITAR_VIBRATO, ///< a: semitones, b: Hz
    BL_GUITAR_DAMP,    ///< damping
} bl_guitar_action;

/// One thing a hand does, at one frame.
typedef struct bl_guitar_command {
    uint64_t frame;
    uint32_t order; ///< of commands with the same frame
    uint32_t string;
    bl_guitar_action action;
    bl_damping damping;
    double a, b;
} bl_guitar_command;

typedef struct bl_guitar bl_guitar;

/// A silent guitar (but for its noise floor); NULL if memory is short. Owns: the caller.
bl_guitar *bl_guitar_create(double sample_rate_hz, uint64_t seed);

/// NULL is allowed.
void bl_guitar_destroy(bl_guitar *guitar);

/// Frequency of an open string in standard tuning, A4 = 440 Hz.
double bl_guitar_open_hz(uint32_t string);

void bl_guitar_do(bl_guitar *guitar, const bl_guitar_command *command);

/// The next sample of the cable's signal; a hard stroke on one string peaks near 1.
double bl_guitar_next(bl_guitar *guitar);

#endif
