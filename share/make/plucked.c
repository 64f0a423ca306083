// SPDX-License-Identifier: MIT
// The string loop: delay line, fractional read, one-pole loss filter, and the pick's excitation.
// Pitch and damping are set every BL_PLUCKED_CONTROL frames and move linearly between.

#include "plucked.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

// Distances from the bridge, as fractions of the open string (648 mm scale).
static const double pick_place = 0.15, coil_place[2] = {0.140, 0.168};

// Seconds to fall by 60 dB: at the lowest E's fundamental, and at `high_hz`.
static const double high_hz = 3000.0;
static const struct {
    double low_s, high_s;
} decays[BL_DAMPING_COUNT] = {
    [BL_DAMPING_RING] = {9.0, 1.1},    [BL_DAMPING_PALM] = {0.80, 0.12},
    [BL_DAMPING_DEAD] = {0.09, 0.03},  [BL_DAMPING_STOP] = {0.10, 0.04},
    [BL_DAMPING_TOUCH] = {0.06, 0.02},
};

// Loss of one turn through the loop, split into a pole (highs fall faster) and a gain.
typedef struct turn_loss {
    double pole, gain;
} turn_loss;

static double pole_magnitude(double pole, double omega)
{
    return (1.0 - pole) / sqrt(1.0 - 2.0 * pole * cos(omega) + pole * pole);
}

// The one-pole filter that gives both decay times: its magnitude at high_hz relative to DC is r, a
// quadratic in the pole; the gain then makes the fundamental right (Välimäki et al. 1996, sec. 3).
static turn_loss loss_for(bl_damping damping, double f0_hz, double sample_rate_hz)
{
    double low_s = decays[damping].low_s, high_s = decays[damping].high_s;
    if (damping == BL_DAMPING_RING) {
        low_s *= pow(82.4 / f0_hz, 0.3); // thin and short strings die sooner
    }
    double ratio = pow(10.0, -3.0 / f0_hz * (1.0 / high_s - 1.0 / low_s));
    double r2 = ratio * ratio;
    double half_b = 1.0 - r2 * cos(2.0 * pi * high_hz / sample_rate_hz);
    double pole = (half_b - sqrt(half_b * half_b - (1.0 - r2) * (1.0 - r2))) / (1.0 - r2);
    double omega = 2.0 * pi * f0_hz / sample_rate_hz;
    double gain = pow(10.0, -3.0 / (f0_hz * low_s)) / pole_magnitude(pole, omega);
    return (turn_loss){pole, fmin(gain, 0.99999)};
}

// Third-order Lagrange interpolation, `frames` >= 1 behind the newest sample. An FIR keeps still
// when the delay glides, where an all-pass would ring (Laakso et al. 1996, "Splitting the unit
// delay").
static double line_read(const bl_plucked *string, double frames)
{
    double whole = floor(frames);
    double d = frames - whole + 1.0;                     // 1..2: the middle of the four points
    uint32_t first = string->head - (uint32_t)whole + 1; // unsigned: wraps round the line
    const double *line = string->line;
    double x0 = line[first & (BL_PLUCKED_LINE - 1)];
    double x1 = line[(first - 1) & (BL_PLUCKED_LINE - 1)];
    double x2 = line[(first - 2) & (BL_PLUCKED_LINE - 1)];
    double x3 = line[(first - 3) & (BL_PLUCKED_LINE - 1)];
    double a = d - 1.0, b = d - 2.0, c = d - 3.0;
    return -a * b * c / 6.0 * x0 + d * b * c / 2.0 * x1 - d * a * c / 2.0 * x2 +
           d * a * b / 6.0 * x3;
}

static double pitch_hz(const bl_plucked *string)
{
    double wave = 0.5 - 0.5 * cos(string->vibrato_phase);
    double semitones = string->semitones + string->vibrato_semitones * wave;
    return string->open_hz * pow(2.0, semitones / 12.0);
}

static void advance_glide(bl_plucked *string)
{
    string->scrape = 0.0;
    if (string->glide_done < string->glide_frames) {
        double before = string->semitones;
        string->glide_done += BL_PLUCKED_CONTROL;
        double t = fmin(1.0, (double)string->glide_done / (double)string->glide_frames);
        string->semitones = string->glide_from +
                            (string->glide_to - string->glide_from) * (0.5 - 0.5 * cos(pi * t));
        if (string->damping == BL_DAMPING_RING) {
            double per_second =
                fabs(string->semitones - before) * string->sample_rate_hz / BL_PLUCKED_CONTROL;
            string->scrape = string->scrape_amount * fmin(1.0, per_second / 60.0);
        }
    }
    if (string->vibrato_semitones > 0.0) {
        string->vibrato_phase +=
            2.0 * pi * string->vibrato_hz * BL_PLUCKED_CONTROL / string->sample_rate_hz;
    }
}

// Where pitch and damping stand at the end of the next control block; the loop moves there in
// equal steps.
static void update_control(bl_plucked *string)
{
    advance_glide(string);
    double hz = pitch_hz(string);
    double omega = 2.0 * pi * hz / string->sample_rate_hz;
    turn_loss target = loss_for(string->damping, hz, string->sample_rate_hz);
    // A hand needs a few milliseconds to land: the coefficients go one eighth of the way at a time.
    target.pole = string->pole + (target.pole - string->pole) / 8.0;
    target.gain = string->gain + (target.gain - string->gain) / 8.0;
    double filter_delay = atan2(target.pole * sin(omega), 1.0 - target.pole * cos(omega)) / omega;
    double delay = string->sample_rate_hz / hz - filter_delay;
    string->delay_step = (delay - string->delay) / BL_PLUCKED_CONTROL;
    string->pole_step = (target.pole - string->pole) / BL_PLUCKED_CONTROL;
    string->gain_step = (target.gain - string->gain) / BL_PLUCKED_CONTROL;
    string->control = BL_PLUCKED_CONTROL;
}

void bl_plucked_init(bl_plucked *string, double sample_rate_hz, double open_hz, int wound)
{
    assert(sample_rate_hz / open_hz < BL_PLUCKED_LINE - 8);
    memset(string, 0, sizeof *string);
    string->sample_rate_hz = sample_rate_hz;
    string->open_hz = open_hz;
    double period = sample_rate_hz / open_hz;
    string->pick_frames = pick_place * period;
    string->coil_frames[0] = coil_place[0] * period;
    string->coil_frames[1] = coil_place[1] * period;
    string->scrape_amount = wound ? 0.004 : 0.0005;
    string->damping = BL_DAMPING_STOP;
    turn_loss start = loss_for(BL_DAMPING_STOP, open_hz, sample_rate_hz);
    string->pole = start.pole;
    string->gain = start.gain;
    string->delay = period;
}

static void excite(bl_plucked *string, double height, double place_frames, double cutoff_hz)
{
    string->pulse = height;
    string->pulse_frames = (uint32_t)lround(place_frames);
    string->period_frames = (uint32_t)lround(string->sample_rate_hz / pitch_hz(string));
    string->pulse_mean = height * string->pulse_frames / string->period_frames;
    string->softness = exp(-2.0 * pi * cutoff_hz / string->sample_rate_hz);
}

void bl_plucked_strike(bl_plucked *string, double velocity)
{
    // A hard stroke leaves the pick faster, and so brighter (Jaffe and Smith's dynamics filter).
    excite(string, velocity, string->pick_frames, 1200.0 + 6500.0 * velocity * velocity);
}

void bl_plucked_tap(bl_plucked *string, double velocity)
{
    // A fingertip is broad: dull, and half a period wide because it makes the string's new end.
    double period = string->sample_rate_hz / pitch_hz(string);
    excite(string, 0.5 * velocity, 0.4 * period, 1500.0);
}

void bl_plucked_glide(bl_plucked *string, double semitones, double seconds)
{
    string->glide_from = string->semitones;
    string->glide_to = semitones;
    string->glide_frames = (uint32_t)fmax(1.0, seconds * string->sample_rate_hz);
    string->glide_done = 0;
}

void bl_plucked_vibrato(bl_plucked *string, double semitones, double rate_hz)
{
    if (string->vibrato_semitones <= 0.0) {
        string->vibrato_phase = 0.0; // starts from the note itself, without a jump in pitch
    }
    string->vibrato_semitones = semitones;
    string->vibrato_hz = rate_hz;
}

void bl_plucked_damp(bl_plucked *string, bl_damping damping)
{
    string->damping = damping;
}

// The velocity wave of a string let go at one point is a rectangle as wide as the way from the
// bridge to the pick and back, minus its mean over the period; the pick's width rounds its edges.
static double excitation_next(bl_plucked *string, bl_random *random)
{
    double x = string->scrape > 0.0 ? string->scrape * bl_random_signed(random) : 0.0;
    if (string->period_frames > 0) {
        x -= string->pulse_mean;
        if (string->pulse_frames > 0) {
            x += string->pulse * (1.0 + 0.15 * bl_random_signed(random));
            string->pulse_frames--;
        }
        string->period_frames--;
    }
    string->soft[0] = x + string->softness * (string->soft[0] - x);
    string->soft[1] = string->soft[0] + string->softness * (string->soft[1] - string->soft[0]);
    return string->soft[1];
}

double bl_plucked_next(bl_plucked *string, bl_random *random)
{
    if (string->control == 0) {
        update_control(string);
    }
    string->control--;
    string->delay += string->delay_step;
    string->pole += string->pole_step;
    string->gain += string->gain_step;

    double turned = line_read(string, string->delay);
    string->filtered = turned + string->pole * (string->filtered - turned);
    double wave = excitation_next(string, random) + string->gain * string->filtered;
    string->line[string->head & (BL_PLUCKED_LINE - 1)] = wave;
    double heard = 2.0 * wave;
    for (int coil = 0; coil < 2; coil++) {
        heard -= line_read(string, string->coil_frames[coil]); // the bridge turns the sign round
    }
    string->head++;
    return heard;
}
