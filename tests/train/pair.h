// SPDX-License-Identifier: MIT
// Made-up guitars and amplifiers, for tests of what recordings are checked for.

#ifndef BACKLINE_TESTS_TRAIN_PAIR_H
#define BACKLINE_TESTS_TRAIN_PAIR_H

#include "backline/audio.h"

#include <stdint.h>

enum { PAIR_RATE = 44100 };

/// One-pole filters before and after a bent curve: y = lowpass(tanh(drive * highpass(x) + bias)).
typedef struct pair_amp {
    double drive;
    double bias;         ///< bends one side more than the other
    double highpass_hz;  ///< before; 0: none
    double lowpass_hz;   ///< after; 0: none
    double resonance_hz; ///< a second-order low-pass after that, as a loudspeaker; 0: none
    double noise;        ///< added to the answer, standard deviation
} pair_amp;

/// Notes, chords and pauses with pick noise, and a pickup's noise floor. The same seed gives the
/// same bits. The caller ends with bl_audio_finish, as for all below.
bl_audio pair_guitar(double seconds, uint64_t seed);

bl_audio pair_answer(const bl_audio *guitar, const pair_amp *amp, uint64_t seed);

/// The recording `delay_frames` later (also earlier, also between frames), growing by `drift_ppm`.
bl_audio pair_delayed(const bl_audio *audio, double delay_frames, double drift_ppm);

bl_audio pair_copy(const bl_audio *audio);

#endif
