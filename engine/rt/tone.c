// SPDX-License-Identifier: MIT
// Running the tone controls. The numerator of the stack has a zero at s = 0 wherever the knobs
// stand; against noon it cancels, which leaves a second over a second order and a third over a
// third. Passive, so all poles and zeros are in the left half plane, and the quotient is stable.

#include "rt/tone.h"

#include "backline/limits.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

void bl_tone_stack(double bass, double middle, double treble, double b[4], double a[4])
{
    const double r1 = 250e3, r2 = 1e6, r3 = 25e3, r4 = 56e3, c1 = 250e-12, c2 = 20e-9, c3 = 20e-9;
    const double t = treble / 10.0, m = middle / 10.0, l = exp(3.4 * (bass / 10.0 - 1.0));
    const double c12 = c1 * c2, c13 = c1 * c3, c23 = c2 * c3, c123 = c1 * c2 * c3;
    const double mm = m - m * m; // the two parts of the middle control in parallel
    b[0] = 0.0;
    b[1] = t * c1 * r1 + m * c3 * r3 + l * (c1 + c2) * r2 + (c1 + c2) * r3;
    b[2] = t * (c12 + c13) * r1 * r4 + mm * (c13 + c23) * r3 * r3 + m * c13 * r1 * r3 +
           l * (c12 * r1 * r2 + (c12 + c13) * r2 * r4) + l * m * (c13 + c23) * r2 * r3 +
           (c12 * r1 * r3 + (c12 + c13) * r3 * r4);
    b[3] = (l * m * r2 + mm * r3) * c123 * r3 * (r1 + r4) + (t - t * m) * c123 * r1 * r3 * r4 +
           t * l * c123 * r1 * r2 * r4;
    a[0] = 1.0;
    a[1] = c1 * r1 + (c1 + c2) * r3 + (c2 + c3) * r4 + m * c3 * r3 + l * (c1 + c2) * r2;
    a[2] = m * (c13 * r1 * r3 - c23 * r3 * r4) + mm * (c13 + c23) * r3 * r3 +
           l * m * (c13 + c23) * r2 * r3 +
           l * (c12 * r2 * r4 + c12 * r1 * r2 + c13 * r2 * r4 + c23 * r2 * r4) +
           (c12 + c13) * r1 * r4 + (c12 + c13 + c23) * r3 * r4 + c12 * r1 * r3;
    a[3] = (l * m * r2 + mm * r3) * c123 * r3 * (r1 + r4) - m * c123 * r1 * r3 * r4 +
           l * c123 * r1 * r2 * r4 + c123 * r1 * r3 * r4;
}

bl_tone bl_tone_at_rest(double sample_rate_hz)
{
    return (bl_tone){.sample_rate_hz = sample_rate_hz};
}

// The bilinear transform of p[0] + p[1] s + ... of the given order, up to a factor that all
// polynomials of one order share.
static void to_digital(const double *p, int order, double twice_rate, double z[4])
{
    const double p0 = p[0], p1 = p[1] * twice_rate, p2 = p[2] * twice_rate * twice_rate;
    if (order == 2) {
        z[0] = p0 + p1 + p2;
        z[1] = 2.0 * (p0 - p2);
        z[2] = p0 - p1 + p2;
        z[3] = 0.0;
        return;
    }
    const double p3 = p[3] * twice_rate * twice_rate * twice_rate;
    z[0] = p0 + p1 + p2 + p3;
    z[1] = 3.0 * p0 + p1 - p2 - 3.0 * p3;
    z[2] = 3.0 * p0 - p1 - p2 + 3.0 * p3;
    z[3] = p0 - p1 + p2 - p3;
}

// A high shelf of slope 1: R. Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter
// coefficients". At 0 dB numerator and denominator are the same number by number.
static bl_section shelf(double gain_db, double hz, double rate_hz)
{
    const double w = 2.0 * PI * fmin(hz / rate_hz, 0.4), cosine = cos(w);
    const double gain = pow(10.0, gain_db / 40.0);
    const double bend = sqrt(2.0 * gain) * sin(w); // 2 sqrt(A) alpha
    const double up = gain + 1.0, down = gain - 1.0;
    const double b[4] = {gain * (up + down * cosine + bend), -2.0 * gain * (down + up * cosine),
                         gain * (up + down * cosine - bend)};
    const double a[4] = {up - down * cosine + bend, 2.0 * (down - up * cosine),
                         up - down * cosine - bend};
    return bl_section_of(b, a);
}

static void make_sections(bl_tone *tone, const double knobs[BL_TONE_KNOBS])
{
    const double twice_rate = 2.0 * tone->sample_rate_hz;
    double noon_b[4], noon_a[4], b[4], a[4], over[4], under[4];
    bl_tone_stack(5.0, 5.0, 5.0, noon_b, noon_a);
    bl_tone_stack(knobs[0], knobs[1], knobs[2], b, a);
    to_digital(b + 1, 2, twice_rate, over);
    to_digital(noon_b + 1, 2, twice_rate, under);
    tone->sections[0] = bl_section_of(over, under);
    to_digital(noon_a, 3, twice_rate, over);
    to_digital(a, 3, twice_rate, under);
    tone->sections[1] = bl_section_of(over, under);
    tone->sections[2] = shelf((knobs[3] - 5.0) / 5.0 * BL_TONE_PRESENCE_DB, BL_TONE_PRESENCE_HZ,
                              tone->sample_rate_hz);
}

static void advance(bl_tone *tone, bl_smoother *knobs, uint32_t frames)
{
    double values[BL_TONE_KNOBS];
    for (int k = 0; k < BL_TONE_KNOBS; k++) {
        values[k] = (double)bl_smoother_advance(&knobs[k], frames);
    }
    make_sections(tone, values);
}

void bl_tone_settle(bl_tone *tone, bl_smoother knobs[BL_TONE_KNOBS])
{
    advance(tone, knobs, 0);
}

void bl_tone_reset(bl_tone *tone)
{
    tone->phase = 0;
    memset(tone->states, 0, sizeof tone->states);
}

static bool any_moves(const bl_smoother *knobs)
{
    bool moves = false;
    for (int k = 0; k < BL_TONE_KNOBS; k++) {
        moves = moves || knobs[k].remaining > 0;
    }
    return moves;
}

static void filter(bl_tone *tone, const float *weights, float *samples, uint32_t frames)
{
    for (uint32_t i = 0; i < frames; i++) {
        double added = 0.0;
        for (int s = 0; s < BL_TONE_SECTIONS; s++) {
            added +=
                bl_section_add(&tone->sections[s], &tone->states[s], (double)samples[i] + added);
        }
        samples[i] = (float)((double)samples[i] + (double)weights[i] * added);
    }
}

void bl_tone_process(bl_tone *tone, bl_smoother *on, bl_smoother knobs[BL_TONE_KNOBS],
                     float *samples, uint32_t frames)
{
    float weights[BL_INNER_FRAMES];
    bl_smoother_fill(on, weights, frames);
    for (uint32_t at = 0; at < frames;) {
        if (tone->phase == 0 && any_moves(knobs)) {
            advance(tone, knobs, BL_TONE_STEP);
        }
        const uint32_t room = BL_TONE_STEP - tone->phase, left = frames - at;
        const uint32_t now = room < left ? room : left;
        filter(tone, weights + at, samples + at, now);
        tone->phase = (tone->phase + now) % BL_TONE_STEP;
        at += now;
    }
}
