// SPDX-License-Identifier: MIT
// Where the amplifier's answer lies against the clean recording: delay to a fraction of a frame,
// drift of the clocks, polarity. Found from the recordings themselves; no test signal is needed.

#ifndef BACKLINE_TRAIN_ALIGN_H
#define BACKLINE_TRAIN_ALIGN_H

#include "backline/audio.h"
#include "backline/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct bl_alignment {
    double delay_frames; ///< at the start: the target is so much later; negative: earlier
    double drift_ppm;    ///< the delay grows by so many frames in a million; 0 unless it is plain
    double lead_frames;  ///< the answer is not over before `delay_frames` less these
    double error_frames; ///< what the parts of the recording differ by: standard error of the delay
    double related;      ///< 0..1: how much of the recording says that one answers the other
    double linear_esr;   ///< of the best linear filter: how hard the amplifier is to learn
    double sharpness;    ///< 0..1: how well all frequencies agree on the delay
    bool inverted;       ///< positive input gives negative output, surely
    bool vague;          ///< for want of treble the delay is known to some 100 frames only
    bool sure;           ///< the above may be acted upon
} bl_alignment;

/// Finds delays up to a sixth of the recording, at most 65,536 frames, either way. Fails with
/// BL_STATUS_SHAPE if there are fewer than 8192 frames, or if memory is short. Thread: any but RT;
/// it takes about a second, however long the recordings are.
bl_status bl_align_find(const bl_audio *input, const bl_audio *target, bl_alignment *alignment,
                        bl_error *error);

/// What to take off for training, in frames at the start: the delay less its lead, since a causal
/// model cannot answer before it is asked, in whole frames unless the fraction is known. 0 where
/// the pair can be learnt as it is, or nothing is sure. Thread: any.
double bl_align_correction(const bl_alignment *alignment);

/// Moves `target` so that what was at frame n + delay_frames + drift_ppm * n / 1e6 comes to frame
/// n, by a windowed sinc of 64 taps where that is not a whole frame. The length stays; what was not
/// recorded becomes silence. Thread: any but RT. Fails if memory is short.
bl_status bl_align_apply(bl_audio *target, double delay_frames, double drift_ppm, bl_error *error);

#endif
