// SPDX-License-Identifier: MIT
// How loud sound is to ears: integrated loudness by ITU-R BS.1770-4, gated.

#ifndef BACKLINE_APP_LOUDNESS_H
#define BACKLINE_APP_LOUDNESS_H

#include "backline/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bl_loudness bl_loudness;

enum { BL_LOUDNESS_PARTS = 4 }; ///< at most

/// For sound of 1 or 2 channels. One channel counts as played by both loudspeakers, as a chain's
/// is. Thread: any but RT, as all here. Owns: the caller. Fails if memory is short.
bl_status bl_loudness_create(uint32_t channels, double sample_rate_hz, bl_loudness **loudness,
                             bl_error *error);

/// NULL is allowed.
void bl_loudness_destroy(bl_loudness *loudness);

/// Listens to at most BL_INNER_FRAMES more frames. False if memory is short.
bool bl_loudness_add(bl_loudness *loudness, const float *const *channels, uint32_t frames);

/// LUFS of all that `count` of them have heard, as parts of one sound; -INFINITY if that was
/// silence or each shorter than 0.4 s.
double bl_loudness_lufs(bl_loudness *const *parts, size_t count);

#endif
