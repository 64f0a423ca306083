// SPDX-License-Identifier: MIT
// How a model's sound differs from the amplifier's, in figures and in words.

#ifndef BACKLINE_TRAIN_COMPARE_H
#define BACKLINE_TRAIN_COMPARE_H

#include "backline/status.h"

#include <stddef.h>
#include <stdint.h>

/// The part kept back from training: three signals of the same time, full scale 1.0.
typedef struct bl_compare_take {
    const float *input, *target, *output; ///< `frames` each
    size_t frames;
    double sample_rate_hz;
} bl_compare_take;

enum { BL_COMPARE_FFT = 4096, BL_COMPARE_BINS = BL_COMPARE_FFT / 2 + 1 };

/// Mean power in each bin of Hann windows that overlap by half (P. Welch, IEEE Trans. AU-15, 1967).
typedef struct bl_spectrum {
    double power[BL_COMPARE_BINS];
} bl_spectrum;

typedef enum bl_band { BL_BAND_LOWS, BL_BAND_MIDS, BL_BAND_HIGHS, BL_BAND_COUNT } bl_band;

typedef struct bl_comparison {
    double esr;                      ///< sum of squared differences over that of the target
    double level_db;                 ///< of the model over the target
    double band_db[BL_BAND_COUNT];   ///< the same in each band: up to 300 Hz, to 3 kHz, above
    double band_part[BL_BAND_COUNT]; ///< of the difference's power that lies in each band
    double soft_esr, loud_esr;       ///< of the softer and the louder half of what is played
    size_t window_frames;            ///< length of the two places below
    size_t worst_frame;              ///< where the difference is strongest
    size_t typical_frame;            ///< where it is as in the middle one of all windows
    bl_spectrum target, output, difference;
} bl_comparison;

/// Compares. Thread: any but RT. Fails if memory is short or the take is shorter than one
/// transform.
bl_status bl_compare(const bl_compare_take *take, bl_comparison *comparison, bl_error *error);

/// The verdict on an ESR: "Very close", "Close", "Rough" or "Not there yet". Thread: any.
const char *bl_compare_verdict(double esr);

/// What the verdict means to a player, without a full stop. Thread: any.
const char *bl_compare_meaning(double esr);

enum { BL_COMPARE_SENTENCE_MAX = 200 };

/// One sentence on what is still different, the most audible first. Thread: any but RT.
void bl_compare_sentence(const bl_comparison *comparison, char text[BL_COMPARE_SENTENCE_MAX]);

#endif
