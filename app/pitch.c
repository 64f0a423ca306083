// SPDX-License-Identifier: MIT
// Finding the pitch of a string.

#include "pitch.h"

#include <math.h>
#include <string.h>

enum { LAG_MAX = 460, /* more than a period of the lowest */ SPAN = BL_PITCH_WINDOW - LAG_MAX };

#define PI 3.14159265358979323846
#define RATE_WANTED_HZ 12000.0
#define CUTOFF_HZ 2000.0   // harmonics above tell nothing more about the pitch
#define QUIET 1e-3         // RMS: -60 dB
#define CLEAR 0.8          // of the normalised difference: below, it is no tone
#define FIRST_PEAK 0.9     // of the largest: the first such peak is the period
#define STILL_REPEATS 0.95 // of the first: lags of several periods that may refine it

/// A low-pass filter by a Blackman window, before every step-th sample is taken.
static void make_filter(bl_pitch *pitch, double sample_rate_hz)
{
    const uint32_t taps = 16 * pitch->step + 1;
    pitch->taps = taps < BL_PITCH_TAPS_MAX ? taps : BL_PITCH_TAPS_MAX;
    const double middle = (pitch->taps - 1) / 2.0;
    double sum = 0.0;
    for (uint32_t i = 0; i < pitch->taps; i++) {
        const double t = i - middle, x = 2.0 * CUTOFF_HZ / sample_rate_hz * t;
        const double sinc = x == 0.0 ? 1.0 : sin(PI * x) / (PI * x);
        const double turn = 2.0 * PI * i / (pitch->taps - 1);
        const double tap = sinc * (0.42 - 0.5 * cos(turn) + 0.08 * cos(2.0 * turn));
        pitch->filter[i] = (float)tap;
        sum += tap;
    }
    for (uint32_t i = 0; i < pitch->taps; i++) {
        pitch->filter[i] = (float)((double)pitch->filter[i] / sum);
    }
}

void bl_pitch_init(bl_pitch *pitch, double sample_rate_hz)
{
    memset(pitch, 0, sizeof *pitch);
    const double step = round(sample_rate_hz / RATE_WANTED_HZ);
    pitch->step = step > 1.0 ? (uint32_t)step : 1;
    pitch->rate_hz = sample_rate_hz / pitch->step;
    make_filter(pitch, sample_rate_hz);
}

/// One sample of the window: the filter over the line, which begins at its oldest.
static float filter(const bl_pitch *pitch)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < pitch->taps; i++) {
        const uint32_t at = pitch->line_at + i;
        sum += (double)pitch->filter[i] *
               (double)pitch->line[at < pitch->taps ? at : at - pitch->taps];
    }
    return (float)sum;
}

void bl_pitch_hear(bl_pitch *pitch, const float *samples, size_t frames)
{
    for (size_t i = 0; i < frames; i++) {
        pitch->line[pitch->line_at] = isfinite(samples[i]) ? samples[i] : 0.0F;
        pitch->line_at = (pitch->line_at + 1) % pitch->taps;
        if (++pitch->phase < pitch->step) {
            continue;
        }
        pitch->phase = 0;
        pitch->window[pitch->window_at] = filter(pitch);
        pitch->window_at = (pitch->window_at + 1) % BL_PITCH_WINDOW;
        pitch->filled += pitch->filled < BL_PITCH_WINDOW;
    }
}

/// McLeod's normalised square difference, 1 where the signal repeats after `lag`.
static void find_likeness(const float *x, double likeness[LAG_MAX])
{
    for (int lag = 0; lag < LAG_MAX; lag++) {
        double product = 0.0, energy = 0.0;
        for (int i = 0; i < SPAN; i++) {
            const double a = (double)x[i], b = (double)x[i + lag];
            product += a * b;
            energy += a * a + b * b;
        }
        likeness[lag] = energy > 0.0 ? 2.0 * product / energy : 0.0;
    }
}

static bool is_peak(const double *y, int at)
{
    return at > 0 && at + 1 < LAG_MAX && y[at] >= y[at - 1] && y[at] > y[at + 1];
}

/// Where the parabola through three points has its top.
static double refine(const double *y, int at)
{
    const double bend = y[at - 1] - 2.0 * y[at] + y[at + 1];
    return bend < 0.0 ? at + 0.5 * (y[at - 1] - y[at + 1]) / bend : at;
}

/// The first peak, behind the one at lag 0, that is nearly as high as the highest; 0: none.
static int find_period(const double *y, int least)
{
    double highest = 0.0;
    int from = 1;
    while (from < LAG_MAX && y[from] > 0.0) {
        from++;
    }
    from = from > least ? from : least;
    for (int lag = from; lag < LAG_MAX; lag++) {
        highest = is_peak(y, lag) && y[lag] > highest ? y[lag] : highest;
    }
    for (int lag = from; lag < LAG_MAX && highest >= CLEAR; lag++) {
        if (is_peak(y, lag) && y[lag] >= FIRST_PEAK * highest) {
            return lag;
        }
    }
    return 0;
}

/// The same over as many periods as fit, which finds the length of one more exactly.
static double refine_period(const double *y, int first)
{
    double period = refine(y, first);
    for (int count = 2; (count + 0.5) * period < LAG_MAX - 1; count++) {
        int at = (int)lround(count * period);
        at += y[at + 1] > y[at] ? 1 : y[at - 1] > y[at] ? -1 : 0;
        if (!is_peak(y, at) || y[at] < STILL_REPEATS * y[first]) {
            break;
        }
        period = refine(y, at) / count;
    }
    return period;
}

bool bl_pitch_find(const bl_pitch *pitch, double *frequency_hz)
{
    float x[BL_PITCH_WINDOW];
    double likeness[LAG_MAX], square = 0.0;
    for (uint32_t i = 0; i < BL_PITCH_WINDOW; i++) {
        x[i] = pitch->window[(pitch->window_at + i) % BL_PITCH_WINDOW];
        square += (double)x[i] * (double)x[i];
    }
    if (pitch->filled < BL_PITCH_WINDOW || square < QUIET * QUIET * BL_PITCH_WINDOW) {
        return false;
    }
    find_likeness(x, likeness);
    const int first = find_period(likeness, (int)(pitch->rate_hz / BL_PITCH_MAX_HZ));
    if (first == 0) {
        return false;
    }
    *frequency_hz = pitch->rate_hz / refine_period(likeness, first);
    return *frequency_hz >= BL_PITCH_MIN_HZ && *frequency_hz <= BL_PITCH_MAX_HZ;
}

bl_note bl_note_of(double frequency_hz, double a4_hz)
{
    static const char *const names[] = {"C",  "C#", "D",  "D#", "E",  "F",
                                        "F#", "G",  "G#", "A",  "A#", "B"};
    const double key = 69.0 + 12.0 * log2(frequency_hz / a4_hz); // 69 is A4, as in MIDI
    const int nearest = (int)lround(key);
    const int semitone = ((nearest % 12) + 12) % 12;
    return (bl_note){
        .name = names[semitone],
        .octave = (nearest - semitone) / 12 - 1,
        .cents = 100.0 * (key - nearest),
    };
}
