// SPDX-License-Identifier: MIT
// Complex numbers from their parts: not every compiler's <complex.h> has CMPLX (C11 7.3.9.3).

#ifndef BACKLINE_TRAIN_TURN_H
#define BACKLINE_TRAIN_TURN_H

#include <complex.h>
#include <math.h>
#include <string.h>

static inline double complex bl_complex(double re, double im)
{
    const double parts[2] = {re, im};
    double complex made;
    memcpy(&made, parts, sizeof made);
    return made;
}

static inline float complex bl_complex_float(float re, float im)
{
    const float parts[2] = {re, im};
    float complex made;
    memcpy(&made, parts, sizeof made);
    return made;
}

/// exp(i angle), by which a delay turns a phase.
static inline double complex bl_turn(double angle)
{
    return bl_complex(cos(angle), sin(angle));
}

#endif
