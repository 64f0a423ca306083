// SPDX-License-Identifier: MIT
// What the checks share: the list they write to, and the pair as levels over time.

#ifndef BACKLINE_TRAIN_CHECK_PARTS_H
#define BACKLINE_TRAIN_CHECK_PARTS_H

#include "train/check.h"

enum { BL_CHECK_BLOCK = 1024 };

/// Root mean squares of blocks of both recordings, the target's moved by the delay.
typedef struct bl_levels {
    size_t count;
    float *input, *target;
    double loud_input, loud_target; ///< that a twentieth of the blocks exceed
    double block_s;
    double offset_s; ///< of the target behind the input
} bl_levels;

/// Fails if memory is short. Owns: the caller, who ends with bl_levels_finish.
bool bl_levels_init(bl_levels *levels, const bl_audio *input, const bl_audio *target,
                    const bl_alignment *alignment);
void bl_levels_finish(bl_levels *levels);

/// Adds a finding; when the list is full it is dropped, since that says enough.
void bl_check_add(bl_check *check, const bl_finding *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// "4 min 3.20 s" or "3.20 s", in `text` of at least 32 bytes.
const char *bl_check_time(double seconds, char *text);

/// Silence, clipping and DC of one recording.
void bl_check_levels(const bl_audio *audio, bool is_target, bl_check *check);

/// Whether the first recording looks like the amplifier's and the second like the guitar's.
bool bl_check_swapped(const bl_levels *levels, bl_check *check);

/// Places where the guitar plays and the target is dead; a gate.
void bl_check_gate(const bl_levels *levels, bl_check *check);

/// Noise floor and hum in the pauses. Fails if memory is short.
bool bl_check_noise(const bl_audio *input, const bl_audio *target, const bl_levels *levels,
                    bl_check *check);

/// Echoes and reverb, by answers that come late. Fails if memory is short.
bool bl_check_tail(const bl_audio *input, const bl_audio *target, bl_check *check);

/// Parts of the input that are the same bit for bit, and whether the target is. Fails if memory is
/// short.
bool bl_check_repeat(const bl_audio *input, const bl_audio *target, bl_check *check);

#endif
