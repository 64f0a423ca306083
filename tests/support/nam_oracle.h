// SPDX-License-Identifier: MIT
// What a .nam file sounds like, in double, whole signals at once, straight from its JSON text and
// the description of the format. Shares no code with the engine or its readers.

#ifndef TESTS_SUPPORT_NAM_ORACLE_H
#define TESTS_SUPPORT_NAM_ORACLE_H

#include <jansson.h>
#include <stddef.h>

/// Weights of a .nam object that are not a network's own choice.
typedef struct nam_weights {
    const double *values;
    size_t taken;
    char *positive; ///< NULL, or marks weights that must be above zero (variances)
} nam_weights;

typedef struct nam_sound {
    double *out;    ///< [frames], the caller frees it
    double largest; ///< magnitude of any number on the way
    size_t weights; ///< taken
} nam_sound;

/// Plays `silence` zeros, then `frames` samples through a .nam object. With `weights` NULL those of
/// the object itself are used; else `weights->taken` is their number, 0 if nobody knows it yet.
nam_sound nam_oracle_play(const json_t *object, const nam_weights *weights, const float *in,
                          size_t frames, size_t silence);

#endif
