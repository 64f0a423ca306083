// SPDX-License-Identifier: MIT
// The tone controls of a valve amplifier: bass, middle and treble of the '59 Bassman's passive
// stack with all they do to each other, relative to that stack with its knobs at noon, which is
// undone, so that the model's own tone stays while nothing is turned; and presence, a high shelf.
// At noon every bit of the signal passes.

#ifndef BACKLINE_RT_TONE_H
#define BACKLINE_RT_TONE_H

#include "backline/realtime.h"
#include "rt/section.h"
#include "rt/smoother.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    BL_TONE_KNOBS = 4, ///< bass, middle, treble, presence
    BL_TONE_STEP = 8,  ///< frames from one set of coefficients to the next while a knob moves
    BL_TONE_SECTIONS = 3,
};

#define BL_TONE_PRESENCE_DB 8.0 ///< at 10, and as much down at 0
#define BL_TONE_PRESENCE_HZ 3500.0

typedef struct bl_tone {
    double sample_rate_hz;
    uint32_t phase; ///< frames since the last step
    bl_section sections[BL_TONE_SECTIONS];
    bl_section_state states[BL_TONE_SECTIONS];
} bl_tone;

/// Transfer function of the stack at knobs from 0 to 10, bass on an audio taper: coefficients of
/// s^0..s^3. Yeh and Smith, "Discretization of the '59 Fender Bassman Tone Stack", DAFx 2006.
/// Thread: any, RT safe.
void bl_tone_stack(double bass, double middle, double treble, double b[4],
                   double a[4]) BL_NONBLOCKING;

/// Thread: any. bl_tone_settle comes before the first block.
bl_tone bl_tone_at_rest(double sample_rate_hz);

/// The sections for where the knobs stand. Thread: RT.
void bl_tone_settle(bl_tone *tone, bl_smoother knobs[BL_TONE_KNOBS]) BL_NONBLOCKING;

/// As after silence. Thread: RT.
void bl_tone_reset(bl_tone *tone) BL_NONBLOCKING;

/// Filters 1..BL_INNER_FRAMES samples in place, as far as the weight `on` says. Thread: RT.
void bl_tone_process(bl_tone *tone, bl_smoother *on, bl_smoother knobs[BL_TONE_KNOBS],
                     float *samples, uint32_t frames) BL_NONBLOCKING;

#endif
