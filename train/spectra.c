// SPDX-License-Identifier: MIT
// With X = F w x and M = |X|, d M / d x = Re(conj(X) / M . F w): the gradient of anything with
// respect to the magnitudes goes back through one more transform of G X / M.

#include "train/spectra.h"

#include <kiss_fft.h>
#include <kiss_fftr.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RESOLUTIONS = 3, SIZE_MAX_FRAMES = 2048 };

// Transform, window and hop of each, as NAM's trainer has them.
static const int sizes[RESOLUTIONS] = {1024, 2048, 512};
static const int windows[RESOLUTIONS] = {600, 1200, 240};
static const int hops[RESOLUTIONS] = {120, 240, 50};

static const double smallest = 1e-8; // under the root, so that silence has a logarithm

struct bl_spectra {
    size_t frames;
    kiss_fftr_cfg plan[RESOLUTIONS];
    kiss_fft_cfg back[RESOLUTIONS];
    float window[RESOLUTIONS][SIZE_MAX_FRAMES];
    kiss_fft_cpx *out, *wanted; ///< all columns of one resolution
    float *gradient;            ///< of the magnitudes of one column
};

static size_t columns_of(const bl_spectra *spectra, int r)
{
    const size_t size = (size_t)windows[r];
    return spectra->frames < size ? 0 : (spectra->frames - size) / (size_t)hops[r] + 1;
}

bl_spectra *bl_spectra_create(size_t frames)
{
    bl_spectra *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return NULL;
    }
    made->frames = frames;
    size_t largest = 1;
    bool good = true;
    for (int r = 0; r < RESOLUTIONS; r++) {
        const size_t cells = columns_of(made, r) * ((size_t)sizes[r] / 2 + 1);
        largest = cells > largest ? cells : largest;
        made->plan[r] = kiss_fftr_alloc(sizes[r], 0, NULL, NULL);
        made->back[r] = kiss_fft_alloc(sizes[r], 1, NULL, NULL);
        good = good && made->plan[r] != NULL && made->back[r] != NULL;
        for (int n = 0; n < windows[r]; n++) {
            const double pi = 3.14159265358979323846;
            made->window[r][n] = (float)(0.5 - 0.5 * cos(2.0 * pi * n / windows[r]));
        }
    }
    made->out = calloc(largest, sizeof *made->out);
    made->wanted = calloc(largest, sizeof *made->wanted);
    made->gradient = calloc(SIZE_MAX_FRAMES, sizeof *made->gradient);
    if (!good || made->out == NULL || made->wanted == NULL || made->gradient == NULL) {
        bl_spectra_destroy(made);
        return NULL;
    }
    return made;
}

void bl_spectra_destroy(bl_spectra *spectra)
{
    if (spectra != NULL) {
        for (int r = 0; r < RESOLUTIONS; r++) {
            kiss_fftr_free(spectra->plan[r]);
            kiss_fft_free(spectra->back[r]);
        }
        free(spectra->out);
        free(spectra->wanted);
        free(spectra->gradient);
        free(spectra);
    }
}

static void transform(const bl_spectra *spectra, int r, const float *samples, kiss_fft_cpx *to)
{
    float framed[SIZE_MAX_FRAMES] = {0.0f};
    for (int n = 0; n < windows[r]; n++) {
        framed[n] = spectra->window[r][n] * samples[n];
    }
    kiss_fftr(spectra->plan[r], framed, to);
}

static double magnitude(kiss_fft_cpx x)
{
    return sqrt((double)x.r * (double)x.r + (double)x.i * (double)x.i + smallest);
}

// The sums that both parts of the distance are made of.
typedef struct sums {
    double difference, power, logarithm;
    size_t cells;
} sums;

static sums compare(const bl_spectra *spectra, size_t cells)
{
    sums s = {.cells = cells};
    for (size_t i = 0; i < cells; i++) {
        const double x = magnitude(spectra->out[i]), y = magnitude(spectra->wanted[i]);
        s.difference += (x - y) * (x - y);
        s.power += y * y;
        s.logarithm += fabs(log(x / y));
    }
    return s;
}

// Gradient of one column's samples, added to `delta`.
static void return_column(const bl_spectra *spectra, int r, size_t column, const sums *s,
                          double weight, float *delta)
{
    const size_t bins = (size_t)sizes[r] / 2 + 1;
    const double convergence = 1.0 / sqrt(fmax(s->difference * s->power, 1e-30));
    kiss_fft_cpx spectrum[SIZE_MAX_FRAMES], samples[SIZE_MAX_FRAMES];
    memset(spectrum, 0, (size_t)sizes[r] * sizeof *spectrum);
    for (size_t k = 0; k < bins; k++) {
        const size_t cell = column * bins + k;
        const kiss_fft_cpx z = spectra->out[cell];
        const double x = magnitude(z), y = magnitude(spectra->wanted[cell]);
        const double sign = x > y ? 1.0 : x < y ? -1.0 : 0.0;
        const double g = (x - y) * convergence + sign / (x * (double)s->cells);
        spectrum[k].r = (float)(weight * g * (double)z.r / x);
        spectrum[k].i = (float)(weight * g * (double)z.i / x);
    }
    // Each bin stands once in the sum, so the real part of one plain transform is the gradient.
    kiss_fft(spectra->back[r], spectrum, samples);
    for (int n = 0; n < windows[r]; n++) {
        delta[n] += spectra->window[r][n] * samples[n].r;
    }
}

double bl_spectra_add(bl_spectra *spectra, const float *out, const float *wanted, double weight,
                      float *delta)
{
    double distance = 0.0;
    for (int r = 0; r < RESOLUTIONS; r++) {
        const size_t columns = columns_of(spectra, r), bins = (size_t)sizes[r] / 2 + 1;
        for (size_t c = 0; c < columns; c++) {
            const size_t at = c * (size_t)hops[r];
            transform(spectra, r, out + at, spectra->out + c * bins);
            transform(spectra, r, wanted + at, spectra->wanted + c * bins);
        }
        if (columns == 0) {
            continue;
        }
        const sums s = compare(spectra, columns * bins);
        distance += (sqrt(s.difference / s.power) + s.logarithm / (double)s.cells) / RESOLUTIONS;
        for (size_t c = 0; c < columns; c++) {
            return_column(spectra, r, c, &s, weight / RESOLUTIONS, delta + c * (size_t)hops[r]);
        }
    }
    return distance;
}
