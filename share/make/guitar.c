// SPDX-License-Identifier: MIT
// Strings, pickup and cable. The pickup's inductance and the cable's capacitance make a resonant
// low-pass near 3.5 kHz; the amp's input capacitor makes a high-pass.

#include "guitar.h"

#include <math.h>
#include <stdlib.h>

static const double pi = 3.14159265358979323846;

static const double resonance_hz = 3500.0, resonance_q = 1.6, coupling_hz = 12.0;
static const double hiss = 6.0e-4, hum = 4.0e-5; // amplitudes; mains: 50 Hz and its third harmonic

// Semitones of the open strings from A4: E2 A2 D3 G3 B3 E4; thick strings move more of the field.
static const double tuning[BL_GUITAR_STRINGS] = {-29, -24, -19, -14, -10, -5};
static const double loudness[BL_GUITAR_STRINGS] = {1.0, 0.92, 0.85, 0.85, 0.75, 0.7};

struct bl_guitar {
    bl_plucked strings[BL_GUITAR_STRINGS];
    bl_random random;
    double sample_rate_hz;
    double b0, a1, a2; // resonance: b0 (1 + 2 z^-1 + z^-2) / (1 + a1 z^-1 + a2 z^-2)
    double s1, s2;     // its state, transposed direct form II
    double coupling, x1, y1;
    uint64_t frame;
};

double bl_guitar_open_hz(uint32_t string)
{
    return 440.0 * pow(2.0, tuning[string] / 12.0);
}

// Second-order low-pass by the bilinear transform (R. Bristow-Johnson, "Audio EQ cookbook").
static void set_resonance(bl_guitar *guitar)
{
    double omega = 2.0 * pi * resonance_hz / guitar->sample_rate_hz;
    double alpha = sin(omega) / (2.0 * resonance_q);
    guitar->b0 = (1.0 - cos(omega)) / 2.0 / (1.0 + alpha);
    guitar->a1 = -2.0 * cos(omega) / (1.0 + alpha);
    guitar->a2 = (1.0 - alpha) / (1.0 + alpha);
}

bl_guitar *bl_guitar_create(double sample_rate_hz, uint64_t seed)
{
    bl_guitar *guitar = calloc(1, sizeof *guitar);
    if (guitar == NULL) {
        return NULL;
    }
    guitar->sample_rate_hz = sample_rate_hz;
    guitar->random.state = seed;
    guitar->coupling = 1.0 - 2.0 * pi * coupling_hz / sample_rate_hz;
    set_resonance(guitar);
    for (uint32_t i = 0; i < BL_GUITAR_STRINGS; i++) {
        bl_plucked_init(&guitar->strings[i], sample_rate_hz, bl_guitar_open_hz(i), i < 3);
    }
    return guitar;
}

void bl_guitar_destroy(bl_guitar *guitar)
{
    free(guitar);
}

void bl_guitar_do(bl_guitar *guitar, const bl_guitar_command *command)
{
    bl_plucked *string = &guitar->strings[command->string];
    switch (command->action) {
    case BL_GUITAR_STRIKE:
        bl_plucked_strike(string, command->a);
        break;
    case BL_GUITAR_TAP:
        bl_plucked_tap(string, command->a);
        break;
    case BL_GUITAR_GLIDE:
        bl_plucked_glide(string, command->a, command->b);
        break;
    case BL_GUITAR_VIBRATO:
        bl_plucked_vibrato(string, command->a, command->b);
        break;
    case BL_GUITAR_DAMP:
        bl_plucked_damp(string, command->damping);
        break;
    }
}

static double noise_next(bl_guitar *guitar)
{
    double phase = 2.0 * pi * 50.0 * fmod((double)guitar->frame++ / guitar->sample_rate_hz, 1.0);
    return hiss * bl_random_signed(&guitar->random) + hum * (sin(phase) + 0.5 * sin(3.0 * phase));
}

double bl_guitar_next(bl_guitar *guitar)
{
    double x = noise_next(guitar);
    for (uint32_t i = 0; i < BL_GUITAR_STRINGS; i++) {
        x += 0.5 * loudness[i] * bl_plucked_next(&guitar->strings[i], &guitar->random);
    }
    x *= guitar->b0;
    double resonant = x + guitar->s1;
    guitar->s1 = 2.0 * x - guitar->a1 * resonant + guitar->s2;
    guitar->s2 = x - guitar->a2 * resonant;

    double y = resonant - guitar->x1 + guitar->coupling * guitar->y1;
    guitar->x1 = resonant;
    guitar->y1 = y;
    return y;
}
