// SPDX-License-Identifier: MIT
// The howl guard. Acoustic feedback is one tone that takes over the input and grows evenly, by the
// same factor every few milliseconds or every time round, or stands still where an amplifier stops
// its growth. Strings jump when they are struck and then die away, however loud they are. Feedback
// turns the output down, further as long as the tone does not die, and it comes back slowly; at
// once where the tone does not answer by a fall: then it is no feedback. Adds no delay.

#ifndef BACKLINE_RT_HOWL_H
#define BACKLINE_RT_HOWL_H

#include "backline/realtime.h"
#include "rt/smoother.h"
#include "rt/spectrum.h"

#include <stdbool.h>
#include <stdint.h>

#define BL_HOWL_RATE_HZ 24000.0    ///< the input is looked at near this rate
#define BL_HOWL_SHARE 0.93F        ///< of the input's power, that the tone holds
#define BL_HOWL_STILL_LEAST 0.995F ///< of its most power, a tone that stands still keeps: 0.02 dB
#define BL_HOWL_CLIPPED 0.98F      ///< peak of an input that may clip
#define BL_HOWL_STILL_RISE_DB 0.1F ///< one that rises more in a look does not stand still
#define BL_HOWL_INPUT_MIN 1e-6F    ///< power of the tone, 1.5 for a sine at full scale
#define BL_HOWL_STILL_MIN 1e-4F    ///< power of a tone that stands still
#define BL_HOWL_MOST 0.6F          ///< of the power, that a tone on the stairs holds
#define BL_HOWL_CARES 4.0F         ///< by which feedback falls below its most when turned down
#define BL_HOWL_OUTPUT_MIN 0.1F    ///< peak of the output
#define BL_HOWL_STEP 0.25F         ///< factor by which the output is turned down at a time
#define BL_HOWL_FLOOR 0.001F       ///< and not further than this
#define BL_HOWL_BACK_DB_PER_S 6.0  ///< once the tone was gone for BL_HOWL_HOLD_S
#define BL_HOWL_HOLD_S 0.5

enum {
    BL_HOWL_PACE = 8,          ///< samples at the lower rate between two steps of a look
    BL_HOWL_HOP = 128,         ///< and between two looks: 5.3 ms
    BL_HOWL_KEPT = 15,         ///< looks back: 80 ms
    BL_HOWL_PROOF = 12,        ///< looks in which feedback answers
    BL_HOWL_STILL = 32,        ///< looks: 171 ms
    BL_HOWL_STILL_HIDDEN = 64, ///< where the input clips: 341 ms
    BL_HOWL_PATIENCE = 6,      ///< looks that the tone has to fall by half
    BL_HOWL_LOWEST = 4,        ///< bin, of 47 Hz each
    BL_HOWL_LOBE = 2,          ///< bins either side that belong to a tone
};

/// What is known of the tones that were heard since the guard was switched on.
typedef struct bl_howl_trail {
    uint32_t looks;    ///< so far
    uint32_t tone;     ///< bin at the last look; 0: none
    uint32_t still;    ///< looks since it stands still
    float still_power; ///< the most since then
    uint32_t clipped;  ///< looks that still see an input that clipped
    uint32_t clear;    ///< looks since the tone stands still and none of these
    uint32_t loudest;  ///< bin of the loudest tone at the last look, alone or not
    uint32_t lasting;  ///< looks since it is the same and holds most of the power
    uint32_t innocent; ///< bin of a tone that did not care; 0: there is none

    uint32_t bin;         ///< of the tone that is turned down; 0: there is none
    float power;          ///< of it at the last check
    uint32_t until_check; ///< looks
    float most_power;     ///< of it since it was found
    uint32_t until_proof; ///< looks; 0: it is feedback
    uint32_t gone;        ///< looks since it was there
} bl_howl_trail;

typedef struct bl_howl {
    // Constant after creation.
    bl_spectrum spectrum;
    uint32_t decimation; ///< frames whose mean is one sample
    uint32_t hold_looks;
    float back; ///< factor per look by which the output comes back

    // The input at the lower rate, and what it looked like.
    float sum;                     ///< of the frames of a sample that is not complete
    uint32_t frames;               ///< how many those are
    uint32_t taken;                ///< samples so far, modulo 2^32
    float input_peak, output_peak; ///< since the last look
    float ring[BL_SPECTRUM_RING];  ///< the samples
    bl_spectrum_work work;         ///< of the look that is under way
    float powers[BL_HOWL_KEPT + 1][BL_SPECTRUM_BINS]; ///< of the last looks, in a ring
    bl_howl_trail trail;

    bl_smoother gain;
    uint64_t count; ///< howls so far, that were proved
} bl_howl;

/// Thread: any.
void bl_howl_init(bl_howl *howl, double sample_rate_hz);

/// Listens to 1..BL_INNER_FRAMES frames of `in` and scales the same frames of `channels` in place;
/// while there is no howl no bit changes. With `on` false it only lets go. Thread: RT.
void bl_howl_process(bl_howl *howl, bool on, const float *in, float *const *channels,
                     uint32_t count, uint32_t frames) BL_NONBLOCKING;

/// True while the output is turned down, for feedback or on suspicion. Thread: RT.
static inline bool bl_howl_acts(const bl_howl *howl)
{
    return howl->gain.target < 1.0F;
}

#endif
