// SPDX-License-Identifier: MIT
#include "train/compare.h"

#include <kiss_fftr.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;
static const double window_s = 0.025;
static const double band_ends_hz[] = {300.0, 3000.0};
static const double quiet_part = 1e-4; // of the loudest window's power: below, nobody plays

// --- Windows of some milliseconds ---

typedef struct window {
    size_t frame;
    double power, difference;
} window;

static int by_difference(const void *a, const void *b)
{
    const window *x = a, *y = b;
    return (x->difference > y->difference) - (x->difference < y->difference);
}

static int by_power(const void *a, const void *b)
{
    const window *x = a, *y = b;
    return (x->power > y->power) - (x->power < y->power);
}

static double esr_of(const window *windows, size_t count)
{
    double power = 0.0, difference = 0.0;
    for (size_t i = 0; i < count; i++) {
        power += windows[i].power;
        difference += windows[i].difference;
    }
    return power > 0.0 ? difference / power : 0.0;
}

static size_t cut_windows(const bl_compare_take *take, size_t frames, window *windows)
{
    size_t count = 0;
    double loudest = 0.0;
    for (size_t at = 0; at + frames <= take->frames; at += frames) {
        window w = {.frame = at};
        for (size_t i = at; i < at + frames; i++) {
            const double y = (double)take->target[i], d = (double)take->output[i] - y;
            w.power += y * y;
            w.difference += d * d;
        }
        loudest = fmax(loudest, w.power);
        windows[count++] = w;
    }
    size_t played = 0;
    for (size_t i = 0; i < count; i++) {
        if (windows[i].power >= quiet_part * loudest) {
            windows[played++] = windows[i];
        }
    }
    return played;
}

static bl_status look_at_windows(const bl_compare_take *take, bl_comparison *c, bl_error *error)
{
    c->window_frames = (size_t)(window_s * take->sample_rate_hz);
    window *windows = calloc(take->frames / c->window_frames + 1, sizeof *windows);
    if (windows == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to compare");
    }
    const size_t count = cut_windows(take, c->window_frames, windows);
    if (count > 0) {
        qsort(windows, count, sizeof *windows, by_power);
        c->soft_esr = esr_of(windows, count / 2);
        c->loud_esr = esr_of(windows + count / 2, count - count / 2);
        qsort(windows, count, sizeof *windows, by_difference);
        c->typical_frame = windows[count / 2].frame;
        c->worst_frame = windows[count - 1].frame;
    }
    free(windows);
    return BL_STATUS_OK;
}

// --- Spectra ---

static void add_spectrum(kiss_fftr_cfg transform, const float *samples, const float *subtracted,
                         bl_spectrum *spectrum)
{
    static const double scale = 1.0 / BL_COMPARE_FFT;
    float in[BL_COMPARE_FFT];
    kiss_fft_cpx out[BL_COMPARE_BINS];
    for (size_t i = 0; i < BL_COMPARE_FFT; i++) {
        const double hann = 0.5 - 0.5 * cos(2.0 * pi * (double)i / BL_COMPARE_FFT);
        const double x = (double)samples[i] - (subtracted != NULL ? (double)subtracted[i] : 0.0);
        in[i] = (float)(hann * x);
    }
    kiss_fftr(transform, in, out);
    for (size_t k = 0; k < BL_COMPARE_BINS; k++) {
        const double re = (double)out[k].r * scale, im = (double)out[k].i * scale;
        spectrum->power[k] += re * re + im * im;
    }
}

static bl_status look_at_spectra(const bl_compare_take *take, bl_comparison *c, bl_error *error)
{
    kiss_fftr_cfg transform = kiss_fftr_alloc(BL_COMPARE_FFT, 0, NULL, NULL);
    if (transform == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to compare");
    }
    size_t count = 0;
    for (size_t at = 0; at + BL_COMPARE_FFT <= take->frames; at += BL_COMPARE_FFT / 2) {
        add_spectrum(transform, take->target + at, NULL, &c->target);
        add_spectrum(transform, take->output + at, NULL, &c->output);
        add_spectrum(transform, take->output + at, take->target + at, &c->difference);
        count++;
    }
    kiss_fftr_free(transform);
    double target[BL_BAND_COUNT] = {0}, output[BL_BAND_COUNT] = {0}, whole = 0.0;
    for (size_t k = 1; k < BL_COMPARE_BINS; k++) {
        const double hz = (double)k * take->sample_rate_hz / BL_COMPARE_FFT;
        const int band = (hz > band_ends_hz[0]) + (hz > band_ends_hz[1]);
        target[band] += c->target.power[k];
        output[band] += c->output.power[k];
        c->band_part[band] += c->difference.power[k];
        whole += c->difference.power[k];
    }
    for (int band = 0; band < BL_BAND_COUNT; band++) {
        c->band_db[band] = 10.0 * log10((output[band] + 1e-30) / (target[band] + 1e-30));
        c->band_part[band] /= whole > 0.0 ? whole : 1.0;
    }
    for (size_t k = 0; k < BL_COMPARE_BINS; k++) {
        c->target.power[k] /= (double)count;
        c->output.power[k] /= (double)count;
        c->difference.power[k] /= (double)count;
    }
    return BL_STATUS_OK;
}

bl_status bl_compare(const bl_compare_take *take, bl_comparison *c, bl_error *error)
{
    *c = (bl_comparison){0};
    if (take->frames < BL_COMPARE_FFT) {
        return bl_error_set(error, BL_STATUS_VALUE,
                            "only %zu samples are kept back, at least %d are needed to compare",
                            take->frames, BL_COMPARE_FFT);
    }
    double target = 0.0, output = 0.0, difference = 0.0;
    for (size_t i = 0; i < take->frames; i++) {
        const double y = (double)take->target[i], m = (double)take->output[i];
        target += y * y;
        output += m * m;
        difference += (m - y) * (m - y);
    }
    c->esr = target > 0.0 ? difference / target : difference;
    c->level_db = 10.0 * log10((output + 1e-30) / (target + 1e-30));
    const bl_status status = look_at_windows(take, c, error);
    return status == BL_STATUS_OK ? look_at_spectra(take, c, error) : status;
}

// --- Words ---

static const struct band {
    double esr; ///< at most
    const char *verdict, *meaning;
} bands[] = {
    {0.005, "Very close", "hard to tell from the amplifier"},
    {0.02, "Close", "in a mix nobody hears the difference"},
    {0.1, "Rough", "the character is there, details are not"},
    {HUGE_VAL, "Not there yet", "train longer, or record again"},
};

static const struct band *band_of(double esr)
{
    const struct band *band = bands;
    while (band->esr < HUGE_VAL && !(esr <= band->esr)) {
        band++;
    }
    return band;
}

const char *bl_compare_verdict(double esr)
{
    return band_of(esr)->verdict;
}

const char *bl_compare_meaning(double esr)
{
    return band_of(esr)->meaning;
}

void bl_compare_sentence(const bl_comparison *c, char text[BL_COMPARE_SENTENCE_MAX])
{
    static const char *const names[BL_BAND_COUNT] = {"lows under 300 Hz", "mids",
                                                     "highs over 3 kHz"};
    static const double level_heard_db = 0.5, band_heard_db = 1.0, touch_heard = 4.0;
    int uneven = 0, most = 0;
    for (int band = 1; band < BL_BAND_COUNT; band++) {
        uneven = fabs(c->band_db[band]) > fabs(c->band_db[uneven]) ? band : uneven;
        most = c->band_part[band] > c->band_part[most] ? band : most;
    }
    if (fabs(c->level_db) > level_heard_db) {
        snprintf(text, BL_COMPARE_SENTENCE_MAX, "The model is %.1f dB %s than the amp.",
                 fabs(c->level_db), c->level_db > 0.0 ? "louder" : "quieter");
    } else if (fabs(c->band_db[uneven]) > band_heard_db) {
        snprintf(text, BL_COMPARE_SENTENCE_MAX, "The %s are %.1f dB %s than the amp's.",
                 names[uneven], fabs(c->band_db[uneven]),
                 c->band_db[uneven] > 0.0 ? "stronger" : "weaker");
    } else if (c->soft_esr > touch_heard * c->loud_esr) {
        snprintf(text, BL_COMPARE_SENTENCE_MAX,
                 "Soft notes and fading chords are less alike than hard ones.");
    } else if (c->loud_esr > touch_heard * c->soft_esr) {
        snprintf(text, BL_COMPARE_SENTENCE_MAX, "Hard strokes are less alike than soft ones.");
    } else {
        snprintf(text, BL_COMPARE_SENTENCE_MAX,
                 "Level and tone agree; what differs lies mostly in the %s.", names[most]);
    }
}
