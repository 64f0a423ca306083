// SPDX-License-Identifier: MIT
// The overload guard: decides, from the share of its period that the audio callback took, which of
// two widths of the live chain is heard and whether the other one is fed, so that it can take over
// in the state it would have if it had always played. Where both at a time would be late, the heard
// one dips to silence and the other rises from there. Never reads a clock. Thread: RT.

#ifndef BACKLINE_RT_OVERLOAD_H
#define BACKLINE_RT_OVERLOAD_H

#include "backline/realtime.h"
#include "rt/smoother.h"

#include <stdbool.h>
#include <stdint.h>

// Shares of a period, of the full width alone:
#define BL_OVERLOAD_FALL 0.70   // the narrow width takes over
#define BL_OVERLOAD_ARM 0.40    // the narrow width may be needed, and is fed
#define BL_OVERLOAD_DISARM 0.30 // it is not needed any more
#define BL_OVERLOAD_RETURN 0.60 // low enough to come back
// And of both together:
#define BL_OVERLOAD_SAFE 0.95 // they play at a time up to here

enum {
    BL_OVERLOAD_WINDOW = 1024, ///< frames that one judgement is made of, at least,
    BL_OVERLOAD_PERIODS = 4,   ///< and periods
    BL_OVERLOAD_LATE = 2,      ///< so many late ones in a row, and what is not heard is not fed
    BL_OVERLOAD_QUIET_S = 5,   ///< for so long it must be low before the full width comes back;
    BL_OVERLOAD_DOUBLINGS = 4, ///< twice as long after each return that did not last, so many times
};

typedef struct bl_overload {
    uint32_t quiet_frames;  ///< BL_OVERLOAD_QUIET_S
    uint32_t doublings;     ///< of it, so far
    bool returned;          ///< the full width has fallen before, and come back,
    uint64_t kept_frames;   ///< and has been heard for so long
    double ratio;           ///< cost of the narrow width against the full one; 0: there is none
    uint32_t memory_frames; ///< after so many the state depends on nothing earlier
    bool narrow;            ///< the narrow width is heard, or faded to
    bool both;              ///< the width that is not heard is fed
    bool wanted;            ///< and takes over as soon as it is warm
    bool fading;            ///< and does so now,
    bool dipping;           ///< by way of silence, towards which the full one is on its way
    uint32_t cold_frames;   ///< until it is warm
    uint64_t calm_frames;   ///< for how long the load has been low enough to come back
    double busy_frames; ///< of the window that is being collected: share, at most 1, times frames
    uint32_t seen_frames, seen_periods;
    uint32_t late_periods; ///< in a row, now
    bl_smoother fade;      ///< weight of the narrow width, while both play
    bl_smoother gain;      ///< of what is heard: below 1 during a dip
} bl_overload;

/// For an engine without a chain.
bl_overload bl_overload_at_rest(double sample_rate_hz, uint32_t fade_frames);

/// Another chain is live, at its full width.
void bl_overload_begin(bl_overload *overload, double ratio, uint32_t memory_frames) BL_NONBLOCKING;

/// The callback took `share` of a period of `frames`. Returns true if the width that is not heard
/// plays from now on, or after a dip: it must begin in silence.
bool bl_overload_report(bl_overload *overload, double share, uint32_t frames) BL_NONBLOCKING;

/// `frames` were played, in both widths if `both`.
void bl_overload_advance(bl_overload *overload, uint32_t frames) BL_NONBLOCKING;

#endif
