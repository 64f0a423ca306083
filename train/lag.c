// SPDX-License-Identifier: MIT
// Every window votes with its highest peaks; notes are periodic, so the highest one may be wrong.
// The line through two peaks that gathers most of all windows' evidence wins (Fischler & Bolles
// 1981, with every pair tried).

#include "train/lag.h"

#include <kiss_fftr.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    WINDOW_MAX = 1 << 18,
    WINDOW_MIN = 1 << 12,
    WINDOWS = 32,
    PEAKS = 4,      ///< that each window votes with
    PEAK_GAP = 64,  ///< frames between two of them
    TOLERANCE = 48, ///< frames from the line: an amplifier's own filters move the peak
};

static const double pi = 3.14159265358979323846;
static const double slope_max = 1e-3;
static const double silence = 1e-6; // of the loudest window's power
static const double chance = 5.0;   // peaks this high over the noise come about by chance
static const double enough = 12.0;  // a single window cannot say more: sweeps overstate themselves

typedef struct peak {
    long lag;
    double height; ///< over the correlation's root mean square, signed
} peak;

typedef struct window {
    double centre; ///< frame of the input
    peak peaks[PEAKS];
} window;

struct bl_lag {
    size_t length; ///< of a window
    long reach;    ///< lags looked at, either way
    size_t count;
    window windows[WINDOWS];
};

typedef struct workshop {
    size_t length;
    float *shape, *time;
    kiss_fft_cpx *x, *y;
    kiss_fftr_cfg forward, inverse;
} workshop;

static void workshop_finish(workshop *w)
{
    free(w->shape);
    free(w->time);
    free(w->x);
    free(w->y);
    kiss_fftr_free(w->forward);
    kiss_fftr_free(w->inverse);
}

static bool workshop_init(workshop *w, size_t length)
{
    *w = (workshop){.length = length};
    w->shape = malloc(length * sizeof *w->shape);
    w->time = malloc(length * sizeof *w->time);
    w->x = malloc((length / 2 + 1) * sizeof *w->x);
    w->y = malloc((length / 2 + 1) * sizeof *w->y);
    w->forward = kiss_fftr_alloc((int)length, 0, NULL, NULL);
    w->inverse = kiss_fftr_alloc((int)length, 1, NULL, NULL);
    if (w->shape == NULL || w->time == NULL || w->x == NULL || w->y == NULL || w->forward == NULL ||
        w->inverse == NULL) {
        workshop_finish(w);
        return false;
    }
    for (size_t n = 0; n < length; n++) {
        w->shape[n] = (float)(0.5 - 0.5 * cos(2.0 * pi * ((double)n + 0.5) / (double)length));
    }
    return true;
}

static void transform(workshop *w, const float *samples, kiss_fft_cpx *bins)
{
    for (size_t n = 0; n < w->length; n++) {
        w->time[n] = w->shape[n] * samples[n];
    }
    kiss_fftr(w->forward, w->time, bins);
}

// w->time[lag mod length] = the whitened correlation.
static void correlate(workshop *w)
{
    for (size_t k = 0; k <= w->length / 2; k++) {
        const float r = w->x[k].r * w->y[k].r + w->x[k].i * w->y[k].i;
        const float i = w->x[k].r * w->y[k].i - w->x[k].i * w->y[k].r;
        const float size = sqrtf(r * r + i * i);
        const float scale = size > 0.0f ? 1.0f / size : 0.0f;
        w->x[k] = (kiss_fft_cpx){r * scale, i * scale};
    }
    kiss_fftri(w->inverse, w->x, w->time);
}

static void find_peaks(const workshop *w, long reach, window *found)
{
    const long length = (long)w->length;
    double power = 0.0;
    for (long lag = -reach; lag <= reach; lag++) {
        const double here = (double)w->time[(lag + length) % length];
        power += here * here;
    }
    const double scale = 1.0 / sqrt(power / (double)(2 * reach + 1) + 1e-300);
    for (int p = 0; p < PEAKS; p++) {
        peak best = {0, 0.0};
        for (long lag = -reach; lag <= reach; lag++) {
            const double here = scale * (double)w->time[(lag + length) % length];
            bool taken = false;
            for (int q = 0; q < p; q++) {
                taken = taken || labs(lag - found->peaks[q].lag) < PEAK_GAP;
            }
            if (!taken && fabs(here) > fabs(best.height)) {
                best = (peak){lag, here};
            }
        }
        found->peaks[p] = best;
    }
}

static double power_of(const float *samples, size_t count)
{
    double sum = 0.0;
    for (size_t n = 0; n < count; n++) {
        sum += (double)samples[n] * (double)samples[n];
    }
    return sum;
}

bl_lag *bl_lag_create(const float *input, size_t input_frames, const float *target,
                      size_t target_frames)
{
    const size_t frames = input_frames < target_frames ? input_frames : target_frames;
    size_t length = WINDOW_MAX;
    while (length > WINDOW_MIN && length > frames) {
        length /= 2;
    }
    workshop w;
    bl_lag *lag = calloc(1, sizeof *lag);
    if (frames < length || lag == NULL || !workshop_init(&w, length)) {
        free(lag);
        return NULL;
    }
    lag->length = length;
    lag->reach = (long)length / 4;
    size_t places = (frames - length) / (length / 2) + 1;
    places = places < WINDOWS ? places : WINDOWS;
    double powers[WINDOWS], loudest = 0.0;
    for (size_t i = 0; i < places; i++) {
        const size_t from = places > 1 ? (frames - length) / (places - 1) * i : 0;
        powers[i] = power_of(input + from, length);
        loudest = fmax(loudest, powers[i]);
    }
    for (size_t i = 0; i < places; i++) {
        const size_t from = places > 1 ? (frames - length) / (places - 1) * i : 0;
        if (powers[i] > silence * loudest && power_of(target + from, length) > 0.0) {
            window *found = &lag->windows[lag->count++];
            found->centre = (double)from + 0.5 * (double)length;
            transform(&w, input + from, w.x);
            transform(&w, target + from, w.y);
            correlate(&w);
            find_peaks(&w, lag->reach, found);
        }
    }
    workshop_finish(&w);
    return lag;
}

void bl_lag_destroy(bl_lag *lag)
{
    free(lag);
}

// What a peak says beyond chance.
static double evidence(const peak *p)
{
    const double over = fabs(p->height) - chance;
    return over <= 0.0 ? 0.0 : over < enough ? over : enough;
}

static double score(const bl_lag *lag, double offset, double slope, bl_lag_line *line)
{
    double sum = 0.0, sign = 0.0, all = 0.0;
    size_t agreeing = 0;
    for (size_t i = 0; i < lag->count; i++) {
        const window *w = &lag->windows[i];
        double best = 0.0, best_sign = 0.0;
        for (int p = 0; p < PEAKS; p++) {
            const double off = (double)w->peaks[p].lag - offset - slope * w->centre;
            if (fabs(off) <= TOLERANCE && evidence(&w->peaks[p]) > best) {
                best = evidence(&w->peaks[p]);
                best_sign = w->peaks[p].height > 0.0 ? best : -best;
            }
        }
        sum += best;
        sign += best_sign;
        agreeing += best > 0.0;
        all += evidence(&w->peaks[0]);
    }
    if (line != NULL) {
        *line = (bl_lag_line){
            .offset_frames = offset,
            .slope = slope,
            .inverted = sign<0.0, .windows = lag->count, .agreeing = agreeing, .certainty = all> 0.0
                            ? sum / all
                            : 0.0};
    }
    return sum;
}

bl_lag_line bl_lag_find(const bl_lag *lag)
{
    double best = 0.0, offset = 0.0, slope = 0.0;
    for (size_t i = 0; i < lag->count * PEAKS; i++) {
        const window *a = &lag->windows[i / PEAKS];
        const peak *p = &a->peaks[i % PEAKS];
        const double level = score(lag, (double)p->lag, 0.0, NULL);
        if (level > best) {
            best = level;
            offset = (double)p->lag;
            slope = 0.0;
        }
    }
    best *= 1.05; // a line that is not level must be clearly better
    for (size_t i = 0; i < lag->count * PEAKS; i++) {
        const window *a = &lag->windows[i / PEAKS];
        const peak *p = &a->peaks[i % PEAKS];
        for (size_t j = 0; j < i; j++) {
            const window *b = &lag->windows[j / PEAKS];
            const peak *q = &b->peaks[j % PEAKS];
            const double between = a->centre - b->centre;
            const double rise = (double)(p->lag - q->lag);
            if (fabs(rise) > TOLERANCE && fabs(rise) < slope_max * fabs(between)) {
                const double tried = rise / between;
                const double from = (double)p->lag - tried * a->centre;
                const double here = score(lag, from, tried, NULL);
                if (here > best) {
                    best = here;
                    offset = from;
                    slope = tried;
                }
            }
        }
    }
    bl_lag_line line;
    score(lag, offset, slope, &line);
    return line;
}
