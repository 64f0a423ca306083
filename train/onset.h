// SPDX-License-Identifier: MIT
// When an amplifier begins to answer. Its filters spread the answer over a millisecond and more, so
// the peak of a correlation is late; what counts is how far the phase lies beyond the minimum phase
// that belongs to the amplifier's frequency response (Oppenheim & Schafer, ch. 12).

#ifndef BACKLINE_TRAIN_ONSET_H
#define BACKLINE_TRAIN_ONSET_H

#include "train/cross.h"

#include <stdbool.h>

/// Above this sharpness the fraction of a frame is right too.
#define BL_ONSET_SHARP 0.97

typedef struct bl_onset {
    double delay_frames; ///< beyond minimum phase, relative to the line of the sums
    double lead_frames;  ///< the answer reaches so far before `delay_frames`; whole frames
    double height;       ///< of the peak over what chance gives; below 8 it is a guess
    double sharpness;    ///< 1: all frequencies agree on the delay; near 0: none do
    bool vague;          ///< known to some 100 frames only; lead_frames allows for them
    bool inverted;       ///< surely: where phases differ much polarity means nothing
    double linear_esr;   ///< what the best linear filter leaves over: how hard the amplifier is
} bl_onset;

/// Fails if memory is short. Thread: any but RT.
bool bl_onset_find(const bl_cross_sums *sums, bl_onset *onset);

#endif
