// SPDX-License-Identifier: MIT
// Answers that come late. The whitened correlation is noise of one strength on both sides of the
// delay, unless the target remembers: an echo is a peak on the late side only, reverb a hill.

#include "train/check_parts.h"
#include "train/turn.h"

#include <kiss_fftr.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 1 << 16, BINS = FRAMES / 2 + 1, WINDOWS = 48, SMOOTH = 64 };

static const double pi = 3.14159265358979323846;
static const double from_s = 0.08, to_s = 0.6;
static const double ground = 0.05; // of the level: gaps between harmonics say nothing
// Of the loudest level: below, nothing was recorded. A file taken to a higher rate has nothing but
// what the filter left over its old band, which whitening would raise to the strength of music.
static const float empty = 1e-9f;
static const double power_over = 8.0; // the late side's power over the other one's
static const double peak_over = 4.0;  // the same for the highest points
static const double echo_share = 0.3; // of the late power that one point holds: an echo, not reverb

typedef struct tail {
    kiss_fftr_cfg forward, inverse;
    float time[FRAMES], shape[FRAMES];
    kiss_fft_cpx x[BINS], y[BINS];
    float level_x[BINS], level_y[BINS];
    float complex sum[BINS]; ///< conj(X) Y over both smooth levels
    float own[BINS];         ///< |X|^2 over its smooth level
    size_t windows;
} tail;

static void transform(tail *t, const float *samples, kiss_fft_cpx *bins)
{
    for (size_t n = 0; n < FRAMES; n++) {
        t->time[n] = t->shape[n] * samples[n];
    }
    kiss_fftr(t->forward, t->time, bins);
}

// Mean power of the bins around each, in `level`: notes stay, the tilt goes.
static void smooth(const kiss_fft_cpx *bins, float *level)
{
    double sum = 0.0;
    for (size_t k = 0; k < BINS + SMOOTH; k++) {
        if (k < BINS) {
            sum += (double)(bins[k].r * bins[k].r + bins[k].i * bins[k].i);
        }
        if (k > 2 * SMOOTH) {
            const kiss_fft_cpx old = bins[k - 2 * SMOOTH - 1];
            sum -= (double)(old.r * old.r + old.i * old.i);
        }
        if (k >= SMOOTH) {
            level[k - SMOOTH] = (float)fmax(sum / (2 * SMOOTH + 1), 1e-30);
        }
    }
}

static float loudest(const float level[BINS])
{
    float most = 0.0f;
    for (size_t k = 0; k < BINS; k++) {
        most = fmaxf(most, level[k]);
    }
    return most;
}

static void add(tail *t)
{
    smooth(t->x, t->level_x);
    smooth(t->y, t->level_y);
    const float least_x = empty * loudest(t->level_x), least_y = empty * loudest(t->level_y);
    for (size_t k = 0; k < BINS; k++) {
        const kiss_fft_cpx x = t->x[k], y = t->y[k];
        if (t->level_x[k] < least_x || t->level_y[k] < least_y) {
            continue;
        }
        const float scale = 1.0f / sqrtf(t->level_x[k] * t->level_y[k]);
        t->sum[k] +=
            bl_complex_float(scale * (x.r * y.r + x.i * y.i), scale * (x.r * y.i - x.i * y.r));
        t->own[k] += (x.r * x.r + x.i * x.i) / t->level_x[k];
    }
    t->windows++;
}

static void gather(tail *t, const bl_audio *input, const bl_audio *target,
                   const bl_alignment *alignment)
{
    for (size_t n = 0; n < FRAMES; n++) {
        t->shape[n] = (float)(0.5 - 0.5 * cos(2.0 * pi * (double)n / FRAMES));
    }
    const size_t places = (size_t)(input->frames - FRAMES) / (FRAMES / 2) + 1;
    const size_t count = places < WINDOWS ? places : WINDOWS;
    for (size_t i = 0; i < count; i++) {
        const double from =
            count > 1 ? floor((double)(input->frames - FRAMES) * (double)i / (double)(count - 1))
                      : 0.0;
        const double delay =
            alignment->delay_frames + 1e-6 * alignment->drift_ppm * (from + FRAMES / 2.0);
        const double start = from + nearbyint(delay);
        if (start < 0.0 || start + FRAMES > (double)target->frames) {
            continue;
        }
        transform(t, input->samples + (size_t)from, t->x);
        transform(t, target->samples + (size_t)start, t->y);
        add(t);
    }
    for (size_t k = 0; k < BINS; k++) {
        const float scale = 1.0f / (t->own[k] + (float)(ground * (double)t->windows));
        const float complex answer = scale * t->sum[k];
        t->x[k] = (kiss_fft_cpx){crealf(answer), cimagf(answer)};
    }
    kiss_fftri(t->inverse, t->x, t->time);
}

static double at(const tail *t, long lag)
{
    return (double)t->time[(lag + FRAMES) % FRAMES];
}

typedef struct side {
    double power, highest;
    long place;
} side;

static side measure(const tail *t, long from, long to, long sign)
{
    side found = {0};
    for (long lag = from; lag < to; lag++) {
        const double here = at(t, sign * lag);
        found.power += here * here;
        if (fabs(here) > found.highest) {
            found.highest = fabs(here);
            found.place = lag;
        }
    }
    return found;
}

static void report(const tail *t, double rate_hz, bl_check *check)
{
    const long from = (long)(from_s * rate_hz), to = (long)fmin(to_s * rate_hz, 0.5 * FRAMES - 1.0);
    const side late = measure(t, from, to, 1), early = measure(t, from, to, -1);
    if (late.power < power_over * early.power && late.highest < peak_over * early.highest) {
        return;
    }
    const bool echo = late.highest * late.highest > echo_share * (late.power - early.power);
    const double after_ms = 1e3 * (double)late.place / rate_hz;
    const bl_finding where = {.kind = echo ? BL_FINDING_ECHO : BL_FINDING_REVERB,
                              .severity = BL_SEVERITY_WARNING,
                              .in_target = true,
                              .to_s = check->duration_s,
                              .value = echo ? after_ms : late.power / early.power};
    static const char advice[] = "switch it off and record again, a model remembers some "
                                 "milliseconds only";
    if (echo) {
        bl_check_add(check, &where,
                     "a delay effect is suspected: everything from 0 to %.2f s comes back %.0f ms "
                     "later; %s",
                     check->duration_s, after_ms, advice);
    } else {
        bl_check_add(check, &where,
                     "reverb is suspected from 0 to %.2f s: sounds linger for more than %.0f ms; "
                     "%s",
                     check->duration_s, 1e3 * from_s, advice);
    }
}

bool bl_check_tail(const bl_audio *input, const bl_audio *target, bl_check *check)
{
    if (!check->alignment.sure || input->frames < 2 * FRAMES) {
        return true;
    }
    tail *t = calloc(1, sizeof *t);
    bool good = t != NULL;
    if (good) {
        t->forward = kiss_fftr_alloc(FRAMES, 0, NULL, NULL);
        t->inverse = kiss_fftr_alloc(FRAMES, 1, NULL, NULL);
        good = t->forward != NULL && t->inverse != NULL;
        if (good) {
            gather(t, input, target, &check->alignment);
            report(t, input->sample_rate_hz, check);
        }
        kiss_fftr_free(t->forward);
        kiss_fftr_free(t->inverse);
    }
    free(t);
    return good;
}
