// SPDX-License-Identifier: MIT
// Four guitar amplifiers as circuits, from the jack to the output transformer, without a cabinet:
// what the factory models are trained from.

#ifndef BACKLINE_SHARE_AMP_H
#define BACKLINE_SHARE_AMP_H

#include "circuit.h"

#include "backline/audio.h"
#include "backline/status.h"

/// Volts at the jack that full scale of a recording stands for (5.2 dBu).
#define BL_AMP_JACK_V 2.0

/// Circuits in a row. Each begins with the output resistance of the one before.
typedef struct bl_amp_stage {
    const bl_part *parts;
    size_t count;
    int output; ///< node that drives the next one
} bl_amp_stage;

typedef struct bl_amp_design {
    const char *name, *description;
    const bl_amp_stage *stages; ///< the last one is the power stage
    size_t count;
    double preamp_supply_v, supply_v, bias_v;
    double rectifier_ohms, reservoir_farads; ///< what lets the supply sag
    double turns;                            ///< output voltage over the primary's swing
    double full_scale_v;                     ///< at the output
} bl_amp_design;

/// clean, edge, crunch, lead. Constant.
extern const bl_amp_design bl_amp_designs[];
enum { BL_AMP_DESIGNS = 4 };

/// NULL if there is none of that name.
const bl_amp_design *bl_amp_find(const char *name);

typedef struct bl_amp bl_amp;

/// Switched on and warm: at rest. NULL if memory is short or the circuit has no rest.
/// Owns: the caller.
bl_amp *bl_amp_create(const bl_amp_design *design, double rate_hz);

/// NULL is allowed.
void bl_amp_destroy(bl_amp *amp);

/// One sample at the amplifier's rate, full scale to full scale.
double bl_amp_next(bl_amp *amp, double sample);

/// Samples whose circuit had no solution, and that repeat the one before.
size_t bl_amp_failures(const bl_amp *amp);

/// Plays `audio` through the amplifier at sixteen times its rate and replaces it. The first and the
/// last second of it should be silent.
bl_status bl_amp_play(const bl_amp_design *design, bl_audio *audio, bl_error *error);

#endif
