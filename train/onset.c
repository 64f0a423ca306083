// SPDX-License-Identifier: MIT
// Log magnitudes are averaged in narrow bands where the recordings are coherent and carried on
// level where they are not; the real cepstrum folded to one side gives the minimum phase.

#include "train/onset.h"
#include "train/turn.h"

#include <kiss_fftr.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAMES = BL_CROSS_FRAMES,
    BINS = BL_CROSS_BINS,
    FIRST_BIN = 4,
    LAST_BIN = BINS * 15 / 16, ///< above, converters' filters speak
    BANDS = 72,                ///< of equal width in octaves
    REACH = 512,               ///< frames about the line in which the onset is looked for
    TAPS = 640,                ///< of the linear filter
    TAPS_EARLY = 128,          ///< of them before the onset
    LEAD_MAX = 4,  ///< unless vague: a bent curve looks ahead a little, to a linear filter
    SHARES = 8,    ///< of the minimum phase that are tried
    WIDTH_MAX = 6, ///< frames; a pulse of more has no treble to tell the moment by
};

static const double pi = 3.14159265358979323846;
static const double early_height = 0.4; // of the highest peak: an earlier one this high counts
static const double upright_lean = 0.8; // cosine of the pulse's phase
static const double lead_worth = 3e-4;  // of the target's power: what a frame earlier must gain
static const double white = 1e-5;       // added to the input's power, whose spectrum is steep

typedef struct workshop {
    kiss_fftr_cfg forward, inverse;
    kiss_fft_cpx bins[BINS], scratch[BINS];
    float time[FRAMES], other[FRAMES];
    double phase[BINS];
} workshop;

static double at(const float *time, long lag)
{
    return (double)time[(lag + FRAMES) % FRAMES];
}

// Mean of log |H| per band; `known` tells which bands had anything to go by.
static void measure_bands(const bl_cross_sums *sums, double value[BANDS], bool known[BANDS])
{
    double sum[BANDS] = {0.0}, weight[BANDS] = {0.0}, count[BANDS] = {0.0};
    const double octaves = log((double)(BINS - 1) / FIRST_BIN);
    for (size_t k = FIRST_BIN; k < LAST_BIN; k++) {
        const size_t band = (size_t)(BANDS * log((double)k / FIRST_BIN) / octaves);
        const double coherence = bl_cross_coherence(sums, k);
        count[band] += 1.0;
        if (coherence > 0.0) {
            const double gain = (double)cabsf(sums->both[k]) / (double)sums->input[k];
            sum[band] += coherence * log(gain);
            weight[band] += coherence;
        }
    }
    for (size_t b = 0; b < BANDS; b++) {
        known[b] = weight[b] > 0.01 * count[b] && weight[b] > 0.0;
        value[b] = known[b] ? sum[b] / weight[b] : 0.0;
    }
}

static void fill_bands(double value[BANDS], const bool known[BANDS])
{
    size_t first = 0;
    while (first < BANDS && !known[first]) {
        first++;
    }
    for (size_t b = 0; b < first && first < BANDS; b++) {
        value[b] = value[first];
    }
    for (size_t b = first + 1; b < BANDS; b++) {
        value[b] = known[b] ? value[b] : value[b - 1];
    }
}

static void find_minimum_phase(workshop *w, const bl_cross_sums *sums)
{
    double value[BANDS];
    bool known[BANDS];
    measure_bands(sums, value, known);
    fill_bands(value, known);
    const double octaves = log((double)(BINS - 1) / FIRST_BIN);
    for (size_t k = 0; k < BINS; k++) {
        const double place =
            k > FIRST_BIN ? BANDS * log((double)k / FIRST_BIN) / octaves - 0.5 : 0.0;
        const double inside = fmin(fmax(place, 0.0), BANDS - 1.001);
        const size_t band = (size_t)inside;
        const double part = inside - (double)band;
        w->bins[k] =
            (kiss_fft_cpx){(float)((1.0 - part) * value[band] + part * value[band + 1]), 0.0f};
    }
    kiss_fftri(w->inverse, w->bins, w->time);
    for (size_t n = 0; n < FRAMES; n++) {
        const float fold = n == 0 || n == FRAMES / 2 ? 1.0f : n < FRAMES / 2 ? 2.0f : 0.0f;
        w->time[n] *= fold / FRAMES;
    }
    kiss_fftr(w->forward, w->time, w->bins);
    for (size_t k = 0; k < BINS; k++) {
        w->phase[k] = (double)w->bins[k].i;
    }
}

// The phase beyond the minimum, as the spectrum of a pulse in w->bins.
// Only `share` of it: a bent curve tilts the response, too, which moves no phase.
static void make_pulse(workshop *w, const bl_cross_sums *sums, double share)
{
    const double scale = 1.0 / (double)sums->windows;
    memset(w->bins, 0, sizeof w->bins);
    for (size_t k = FIRST_BIN; k < LAST_BIN; k++) {
        const double complex rest =
            scale * (double complex)sums->turn[k] * bl_turn(-share * w->phase[k]);
        w->bins[k] = (kiss_fft_cpx){(float)creal(rest), (float)cimag(rest)};
    }
}

// The pulse and its first two derivatives at any place, as an analytic signal: its size does not
// swing with its phase.
static void read_pulse(const workshop *w, double place, double complex value[3])
{
    value[0] = value[1] = value[2] = 0.0;
    for (size_t k = FIRST_BIN; k < LAST_BIN; k++) {
        const double turn = 2.0 * pi * (double)k / FRAMES;
        const double complex here =
            bl_complex((double)w->bins[k].r, (double)w->bins[k].i) * bl_turn(turn * place);
        value[0] += here;
        value[1] += bl_complex(-turn * cimag(here), turn * creal(here));
        value[2] -= turn * turn * here;
    }
}

// Newton's method from `place` to the highest size nearby, or, where the pulse stands upright or
// on its head, to the highest point of its real part, which is sharper.
static double refine(const workshop *w, double place, bool upright)
{
    const double from = place;
    double complex z[3];
    for (int i = 0; i < 8; i++) {
        read_pulse(w, place, z);
        const double complex mirror = upright ? (creal(z[0]) < 0.0 ? -1.0 : 1.0) : conj(z[0]);
        const double slope = creal(mirror * z[1]);
        const double bend = creal(mirror * z[2]) + (upright ? 0.0 : creal(z[1] * conj(z[1])));
        place += bend < 0.0 ? fmin(fmax(-slope / bend, -0.5), 0.5) : 0.0;
    }
    return fabs(place - from) <= 1.5 ? place : from;
}

static double size_at(const workshop *w, long lag)
{
    return hypot(at(w->time, lag), at(w->other, lag));
}

static long measure_width(const workshop *w, long peak)
{
    const double half = 0.5 * size_at(w, peak);
    long from = peak, to = peak;
    while (from > -REACH && size_at(w, from - 1) > half) {
        from--;
    }
    while (to < REACH && size_at(w, to + 1) > half) {
        to++;
    }
    return to - from;
}

static void transform_pulse(workshop *w)
{
    kiss_fftri(w->inverse, w->bins, w->time);
    kiss_fft_cpx *turned = w->scratch;
    for (size_t k = 0; k < BINS; k++) {
        turned[k] = (kiss_fft_cpx){w->bins[k].i, -w->bins[k].r};
    }
    kiss_fftri(w->inverse, turned, w->other);
}

static void find_peak(workshop *w, bl_onset *onset)
{
    double highest = 0.0, noise = 0.0, all = 0.0;
    transform_pulse(w);
    for (size_t k = 0; k < BINS; k++) {
        all += hypot((double)w->bins[k].r, (double)w->bins[k].i);
    }
    for (long lag = -REACH; lag <= REACH; lag++) {
        highest = fmax(highest, size_at(w, lag));
    }
    for (long lag = -FRAMES / 2; lag < -FRAMES / 8; lag++) {
        noise += size_at(w, lag) * size_at(w, lag);
    }
    noise = sqrt(noise / (0.375 * FRAMES));
    long found = -REACH;
    while (found < REACH && (size_at(w, found) < early_height * highest ||
                             size_at(w, found) < size_at(w, found + 1))) {
        found++;
    }
    double complex z[3];
    double place = refine(w, (double)found, false);
    read_pulse(w, place, z);
    const double lean = fabs(creal(z[0])) / (cabs(z[0]) + 1e-300);
    onset->height = noise > 0.0 ? size_at(w, found) / noise : 0.0;
    onset->sharpness = all > 0.0 ? cabs(z[0]) / all : 0.0;
    onset->vague = measure_width(w, found) > WIDTH_MAX;
    onset->inverted = creal(z[0]) < 0.0 && lean > upright_lean;
    onset->delay_frames = lean > upright_lean ? refine(w, place, true) : place;
}

// Levinson's recursion (1946) for growing filters: explained[n] is the power that the best filter
// of n taps explains.
static void explain(const float *automatic, const double *wanted, int taps, double *explained)
{
    double a[TAPS] = {1.0}, h[TAPS] = {0.0}, next[TAPS];
    double power = (double)automatic[0] * (1.0 + white);
    *explained = 0.0;
    for (int m = 0; m < taps && power > 0.0; m++) {
        double missing = wanted[m];
        for (int i = 0; i < m; i++) {
            missing -= h[i] * (double)automatic[m - i];
        }
        const double gain = missing / power;
        for (int i = 0; i <= m; i++) {
            h[i] += gain * a[m - i];
        }
        *explained += missing * gain;
        double reflection = 0.0;
        for (int i = 0; i <= m; i++) {
            reflection -= a[i] * (double)automatic[m + 1 - i];
        }
        reflection /= power;
        for (int i = 0; i <= m + 1 && i < taps; i++) {
            next[i] = (i <= m ? a[i] : 0.0) + (i > 0 ? reflection * a[m + 1 - i] : 0.0);
        }
        memcpy(a, next, (size_t)(m + 2 < taps ? m + 2 : taps) * sizeof *a);
        power *= 1.0 - reflection * reflection;
    }
}

// How many frames before the onset a filter must begin so that beginning earlier gains nothing.
static bool find_lead(workshop *w, const bl_cross_sums *sums, bl_onset *onset)
{
    static const int leads[] = {0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, TAPS_EARLY};
    enum { LEADS = sizeof leads / sizeof leads[0] };
    float *automatic = malloc(FRAMES * sizeof *automatic);
    if (automatic == NULL) {
        return false;
    }
    double power = 0.0, wanted[TAPS], explained[LEADS];
    for (size_t k = 0; k < BINS; k++) {
        w->bins[k] = (kiss_fft_cpx){sums->input[k], 0.0f};
        power += (k == 0 || k == BINS - 1 ? 1.0 : 2.0) * (double)sums->target[k];
    }
    kiss_fftri(w->inverse, w->bins, automatic);
    for (size_t k = 0; k < BINS; k++) { // moved so that the onset lies on a frame
        const double complex moved = (double complex)sums->both[k] *
                                     bl_turn(2.0 * pi * (double)k * onset->delay_frames / FRAMES);
        w->bins[k] = (kiss_fft_cpx){(float)creal(moved), (float)cimag(moved)};
    }
    kiss_fftri(w->inverse, w->bins, w->time);
    for (size_t l = 0; l < LEADS; l++) {
        for (int m = 0; m < TAPS; m++) {
            wanted[m] = at(w->time, m - leads[l]);
        }
        explain(automatic, wanted, TAPS - TAPS_EARLY + leads[l], &explained[l]);
    }
    size_t chosen = 0;
    for (size_t l = LEADS; l-- > 1;) {
        const double gain = explained[l] - explained[chosen];
        if (gain > lead_worth * power * (leads[l] - leads[chosen])) {
            chosen = l;
            l = LEADS;
        }
    }
    const bool certain = onset->sharpness > BL_ONSET_SHARP;
    onset->lead_frames = onset->vague ? TAPS_EARLY : certain ? 0.0 : fmin(leads[chosen], LEAD_MAX);
    onset->linear_esr = power > 0.0 ? fmax(0.0, 1.0 - explained[LEADS - 1] / power) : 1.0;
    free(automatic);
    return true;
}

// The share of the minimum phase that makes the sharpest pulse, between those tried by a parabola.
static void find_sharpest(workshop *w, const bl_cross_sums *sums, bl_onset *onset)
{
    double sharpness[SHARES + 1];
    int best = SHARES;
    for (int i = SHARES; i >= 0; i--) {
        make_pulse(w, sums, (double)i / SHARES);
        find_peak(w, onset);
        sharpness[i] = onset->sharpness;
        best = sharpness[i] > sharpness[best] ? i : best;
    }
    double share = best;
    if (best > 0 && best < SHARES) {
        const double left = sharpness[best - 1], right = sharpness[best + 1];
        share += 0.5 * (left - right) / (left - 2.0 * sharpness[best] + right);
    }
    make_pulse(w, sums, share / SHARES);
    find_peak(w, onset);
}

bool bl_onset_find(const bl_cross_sums *sums, bl_onset *onset)
{
    workshop *w = calloc(1, sizeof *w);
    bool good = w != NULL && sums->windows > 0;
    if (good) {
        w->forward = kiss_fftr_alloc(FRAMES, 0, NULL, NULL);
        w->inverse = kiss_fftr_alloc(FRAMES, 1, NULL, NULL);
        good = w->forward != NULL && w->inverse != NULL;
    }
    if (good) {
        find_minimum_phase(w, sums);
        find_sharpest(w, sums, onset);
        good = find_lead(w, sums, onset);
    }
    if (w != NULL) {
        kiss_fftr_free(w->forward);
        kiss_fftr_free(w->inverse);
    }
    free(w);
    return good;
}
