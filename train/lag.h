// SPDX-License-Identifier: MIT
// Where two recordings of one performance lie against each other, to some tens of frames: whitened
// cross-correlation (PHAT; Knapp & Carter 1976) of long windows, and the line through their peaks.

#ifndef BACKLINE_TRAIN_LAG_H
#define BACKLINE_TRAIN_LAG_H

#include "backline/status.h"

#include <stdbool.h>
#include <stddef.h>

/// The target at frame n + offset + slope * n answers the input at frame n.
typedef struct bl_lag_line {
    double offset_frames;
    double slope;     ///< frames per frame; 0 unless the windows agree on a line that is not level
    bool inverted;    ///< positive input gives negative output
    size_t windows;   ///< that were loud enough to tell anything
    size_t agreeing;  ///< of them, with a peak on the line
    double certainty; ///< 0..1: share of the windows' evidence that lies on the line
} bl_lag_line;

typedef struct bl_lag bl_lag;

/// Correlates up to some thirty windows spread over `frames`; memory and time do not grow beyond
/// that. NULL if memory is short or there are fewer than 4096 frames. Thread: any but RT. Owns: the
/// caller. `input` and `target` are not kept.
bl_lag *bl_lag_create(const float *input, size_t input_frames, const float *target,
                      size_t target_frames);

/// NULL is allowed.
void bl_lag_destroy(bl_lag *lag);

/// The line with the most evidence. Thread: the owner's.
bl_lag_line bl_lag_find(const bl_lag *lag);

#endif
