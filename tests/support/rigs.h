// SPDX-License-Identifier: MIT
// Rigs of every kind that is played in its own way, with random weights, as files in the test's
// folder: for tests of what switches between them.

#ifndef TESTS_SUPPORT_RIGS_H
#define TESTS_SUPPORT_RIGS_H

#include "backline/chain.h"

enum { TEST_RIGS = 8 };

/// The files of rig 0..TEST_RIGS - 1 in the test's folder (see folder.h).
typedef struct test_rig {
    const char *name;
    char model[512], cab[512]; ///< "": none
    double parameters[BL_PARAMETER_COUNT];
} test_rig;

/// Writes model and cab of rig `index`: WaveNets, causal, centred and at another rate; recurrent
/// ones, of which one remembers for seconds; slimmable ones by channels and by submodel; an impulse
/// response; about half with a cab.
test_rig test_rig_make(int index);

/// A guitar-like signal: plucked notes that ring out, pauses between some of them.
void test_guitar_fill(float *samples, uint32_t frames, uint64_t seed);

#endif
