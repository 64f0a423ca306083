// SPDX-License-Identifier: MIT
// A recursive filter of up to third order, kept as what it adds to its input: with H = B / A,
// y = x + (B - A) / A x. So it is exactly transparent where B equals A, whatever rounding does.
// Direct form I in double: its memory is signals, which no change of coefficients can make jump.

#ifndef BACKLINE_RT_SECTION_H
#define BACKLINE_RT_SECTION_H

enum { BL_SECTION_ORDER = 3 };

typedef struct bl_section {
    double d[BL_SECTION_ORDER + 1]; ///< of z^-i in B - A
    double a[BL_SECTION_ORDER + 1]; ///< of z^-i in A; a[0] is 1
} bl_section;

typedef struct bl_section_state {
    double in[BL_SECTION_ORDER], added[BL_SECTION_ORDER]; ///< the newest first
} bl_section_state;

/// The section B / A. Thread: any, RT safe.
static inline bl_section bl_section_of(const double b[BL_SECTION_ORDER + 1],
                                       const double a[BL_SECTION_ORDER + 1])
{
    bl_section section;
    for (int i = 0; i <= BL_SECTION_ORDER; i++) {
        section.d[i] = (b[i] - a[i]) / a[0];
        section.a[i] = a[i] / a[0];
    }
    return section;
}

/// What the section adds to `x`. Thread: any, RT safe.
static inline double bl_section_add(const bl_section *section, bl_section_state *state, double x)
{
    const double *d = section->d, *a = section->a;
    double *in = state->in, *added = state->added;
    const double sum = d[0] * x + (d[1] * in[0] - a[1] * added[0]) +
                       (d[2] * in[1] - a[2] * added[1]) + (d[3] * in[2] - a[3] * added[2]);
    for (int i = BL_SECTION_ORDER - 1; i > 0; i--) {
        in[i] = in[i - 1];
        added[i] = added[i - 1];
    }
    in[0] = x;
    added[0] = sum;
    return sum;
}

#endif
