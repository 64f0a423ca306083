// SPDX-License-Identifier: MIT
// How long a recurrent voice remembers, which no figure of its architecture tells.

#ifndef BACKLINE_SETUP_FORGET_H
#define BACKLINE_SETUP_FORGET_H

#include "backline/voice.h"

#define BL_FORGOTTEN 2e-6F // of full scale: what is left of the past then

/// Frames after which `voice` and `other`, two voices of one model, sound the same to within
/// BL_FORGOTTEN whatever they heard before: measured between one that has heard noise at full scale
/// and one that has heard silence, with quiet and with loud noise in both, a quarter added. Looks
/// at no more than `most`, and says that if they do not agree until then. Leaves both as after
/// creation. Thread: any but RT.
uint32_t bl_voice_measure_memory(bl_voice *voice, bl_voice *other, uint32_t most);

#endif
