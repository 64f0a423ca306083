// SPDX-License-Identifier: MIT
// The scores themselves: the riff that ships, and practice takes of any length from a seed.

#ifndef BACKLINE_SHARE_RIFF_H
#define BACKLINE_SHARE_RIFF_H

#include "score.h"

/// The shipped riff: 24 s, begins and ends in rest, so that it loops. Constant.
const bl_score *bl_riff_score(void);

/// Plays it as it ships: 48 kHz, peak -6 dBFS. Owns: the caller, bl_audio_finish.
bl_status bl_riff_play(bl_audio *audio, bl_error *error);

/// A take of at least `seconds` with everything amps are asked to answer: chugs, chords, lines,
/// arpeggios, strums and rests, soft and hard, all over the neck. The same seed gives the same
/// score. Owns: the caller, who ends with bl_practice_destroy. NULL if memory is short.
bl_score *bl_practice_create(double seconds, uint64_t seed);

/// NULL is allowed.
void bl_practice_destroy(bl_score *score);

#endif
