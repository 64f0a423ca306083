// SPDX-License-Identifier: MIT
// Coarse line, then the sections against each other (that shows drift, whatever the amplifier does
// to phases, since it does it to all of them), then the onset from all of them together.

#include "train/align.h"

#include "train/cross.h"
#include "train/lag.h"
#include "train/onset.h"
#include "train/turn.h"

#include <kiss_fftr.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = BL_CROSS_FRAMES, BINS = BL_CROSS_BINS, SECTIONS = BL_CROSS_SECTIONS };

enum {
    TRACK_REACH = 192, ///< frames that a section may lie off the line
    ROUNDS = 4,        ///< of gathering along a better line
    SECTIONS_MIN = 4,  ///< that show drift
};

static const double pi = 3.14159265358979323846;
static const double plain = 6.0;          // standard errors that make a slope plain
static const double drift_told = 0.25;    // frames over the recording; less is nothing
static const double smear_allowed = 0.25; // frames within a section
static const double harmless = 0.02;      // frames
static const double height_min = 8.0;

typedef struct finder {
    const bl_audio *input, *target;
    bl_lag_line line;
    bl_cross *cross;
    bl_cross_sums *sums;  ///< of all sections
    double off[SECTIONS]; ///< frames by which a section lies behind the line
    kiss_fftr_cfg inverse;
    kiss_fft_cpx bins[BINS];
    float time[FRAMES];
} finder;

static double lag_at(const finder *f, long lag)
{
    return (double)f->time[(lag + FRAMES) % FRAMES];
}

// Adds a section, moved back by what it is off the line.
static void add_up(const finder *f, size_t s, bl_cross_sums *sums)
{
    const bl_cross_sums *from = &f->cross->sections[s];
    const float complex step = (float complex)bl_turn(2.0 * pi * f->off[s] / FRAMES);
    float complex turn = 1.0f;
    for (size_t k = 0; k < BINS; k++) {
        sums->turn[k] += turn * from->turn[k];
        sums->both[k] += turn * from->both[k];
        sums->input[k] += from->input[k];
        sums->target[k] += from->target[k];
        turn *= step;
    }
    sums->windows += from->windows;
}

// The highest point of the correlation in f->bins, between its samples by Newton's method.
static double find_place(finder *f)
{
    kiss_fftri(f->inverse, f->bins, f->time);
    long best = 0;
    for (long lag = -TRACK_REACH; lag <= TRACK_REACH; lag++) {
        best = lag_at(f, lag) > lag_at(f, best) ? lag : best;
    }
    double place = (double)best;
    for (int i = 0; i < 6; i++) {
        double slope = 0.0, bend = 0.0;
        for (size_t k = 1; k < BINS - 1; k++) {
            const double turn = 2.0 * pi * (double)k / FRAMES;
            const double complex here =
                bl_complex((double)f->bins[k].r, (double)f->bins[k].i) * bl_turn(turn * place);
            slope -= turn * cimag(here);
            bend -= turn * turn * creal(here);
        }
        place += bend < 0.0 ? fmin(fmax(-slope / bend, -0.5), 0.5) : 0.0;
    }
    return fabs(place - (double)best) <= 1.0 ? place : (double)best;
}

// Where section `s` lies against f->sums.
static double compare(finder *f, size_t s)
{
    memset(f->bins, 0, sizeof f->bins);
    for (size_t k = 1; k < BINS - 1; k++) {
        const double sure = bl_cross_surety(&f->cross->sections[s], k);
        const float complex c =
            (float)sure * f->cross->sections[s].turn[k] * conjf(f->sums->turn[k]);
        f->bins[k] = (kiss_fft_cpx){crealf(c), cimagf(c)};
    }
    return find_place(f);
}

// Each section against its neighbours, outwards from the middle, then against all others: the
// amplifier's own phases fall out.
static void track(finder *f)
{
    const size_t count = f->cross->count, middle = count / 2;
    memset(f->off, 0, sizeof f->off);
    memset(f->sums, 0, sizeof *f->sums);
    add_up(f, middle, f->sums);
    for (size_t s = middle + 1; s < count; s++) {
        f->off[s] = compare(f, s);
        add_up(f, s, f->sums);
    }
    for (size_t s = middle; s-- > 0;) {
        f->off[s] = compare(f, s);
        add_up(f, s, f->sums);
    }
    double now[SECTIONS] = {0.0};
    for (size_t s = 0; s < count && count > 1; s++) {
        memset(f->sums, 0, sizeof *f->sums);
        for (size_t other = 0; other < count; other++) {
            if (other != s) {
                add_up(f, other, f->sums);
            }
        }
        now[s] = compare(f, s);
    }
    memcpy(f->off, now, sizeof now);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return count % 2 == 1 ? values[count / 2] : 0.5 * (values[count / 2 - 1] + values[count / 2]);
}

typedef struct trend {
    double level, slope; ///< off = level + slope * centre
    double level_error;  ///< of the level in the middle
    double slope_error;
    double near; ///< share of the sections close to it
} trend;

// Median of the slopes between sections (Theil 1950, Sen 1968), which misread ones do not move;
// then least squares over those near that line.
static trend fit(const finder *f, bool level)
{
    const size_t count = f->cross->count;
    double values[SECTIONS * SECTIONS] = {0.0}, rest[SECTIONS];
    size_t slopes = 0;
    const bl_cross_sums *section = f->cross->sections;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            values[slopes++] = (f->off[i] - f->off[j]) / (section[i].centre - section[j].centre);
        }
    }
    trend t = {.slope = level || slopes == 0 ? 0.0 : median(values, slopes)};
    for (size_t i = 0; i < count; i++) {
        values[i] = f->off[i] - t.slope * section[i].centre;
    }
    t.level = median(values, count);
    for (size_t i = 0; i < count; i++) {
        rest[i] = f->off[i] - t.level - t.slope * section[i].centre;
        values[i] = fabs(rest[i]);
    }
    const double spread = 1.4826 * median(values, count) + 1e-4;
    double n = 0.0, sx = 0.0, sy = 0.0, sxx = 0.0, sxy = 0.0, close = 0.0;
    for (size_t i = 0; i < count; i++) {
        close += fabs(rest[i]) < 4.0;
        if (fabs(rest[i]) < 3.0 * spread) {
            n += 1.0;
            sx += section[i].centre;
            sy += rest[i];
            sxx += section[i].centre * section[i].centre;
            sxy += section[i].centre * rest[i];
        }
    }
    const double width = sxx - sx * sx / n;
    const double more = level || n < 3.0 ? 0.0 : (sxy - sx * sy / n) / width;
    t.slope += more;
    t.level += (sy - more * sx) / n;
    t.level_error = spread / sqrt(n);
    t.slope_error = width > 0.0 ? spread / sqrt(width) : HUGE_VAL;
    t.near = close / (double)count;
    return t;
}

static bl_status gather(finder *f, bl_error *error)
{
    free(f->cross);
    f->cross = bl_cross_gather(f->input->samples, (size_t)f->input->frames, f->target->samples,
                               (size_t)f->target->frames, &f->line);
    if (f->cross == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to align");
    }
    return BL_STATUS_OK;
}

// Gathers, and again along a better line as long as the line is so wrong that it smears a section.
static bl_status settle_line(finder *f, trend *found, bl_error *error)
{
    for (int round = 0; round < ROUNDS; round++) {
        const bl_status status = gather(f, error);
        if (status != BL_STATUS_OK) {
            return status;
        }
        const size_t count = f->cross->count;
        if (count == 0) {
            *found = (trend){0};
            return BL_STATUS_OK;
        }
        track(f);
        const double span = (double)f->input->frames;
        const trend sloped = fit(f, false);
        const double slope = f->line.slope + sloped.slope;
        const bool drifts = count >= SECTIONS_MIN && fabs(slope) > plain * sloped.slope_error &&
                            fabs(slope) * span > drift_told && sloped.near > 0.6;
        const double wanted = drifts ? slope : 0.0;
        const double change = wanted - f->line.slope;
        if (fabs(change) * span / (double)count <= smear_allowed || round + 1 == ROUNDS) {
            *found = drifts ? sloped : fit(f, true);
            return BL_STATUS_OK;
        }
        f->line.offset_frames += drifts ? sloped.level : -change * 0.5 * span;
        f->line.slope = wanted;
    }
    return BL_STATUS_OK;
}

static bl_status find_coarse(finder *f, bl_error *error)
{
    bl_lag *lag = bl_lag_create(f->input->samples, (size_t)f->input->frames, f->target->samples,
                                (size_t)f->target->frames);
    if (lag == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to align");
    }
    f->line = bl_lag_find(lag);
    bl_lag_destroy(lag);
    return BL_STATUS_OK;
}

static bl_status find(finder *f, bl_alignment *alignment, bl_error *error)
{
    trend t = {0};
    bl_status status = find_coarse(f, error);
    status = status == BL_STATUS_OK ? settle_line(f, &t, error) : status;
    if (status != BL_STATUS_OK || f->cross->count == 0) {
        return status;
    }
    for (size_t s = 0; s < f->cross->count; s++) {
        f->off[s] = t.level + t.slope * f->cross->sections[s].centre;
    }
    memset(f->sums, 0, sizeof *f->sums);
    for (size_t s = 0; s < f->cross->count; s++) {
        add_up(f, s, f->sums);
    }
    bl_onset onset;
    if (!bl_onset_find(f->sums, &onset)) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to align");
    }
    const bl_lag_line *line = &f->line;
    alignment->delay_frames = line->offset_frames + t.level + onset.delay_frames;
    alignment->drift_ppm = 1e6 * (line->slope + t.slope);
    alignment->lead_frames = onset.lead_frames;
    alignment->error_frames = t.level_error;
    alignment->related = line->windows > 0 ? line->certainty : 0.0;
    if (onset.height <= height_min) { // chance finds a line too, but not the same in every section
        alignment->related *= t.near;
    }
    alignment->linear_esr = onset.linear_esr;
    alignment->sharpness = onset.sharpness;
    alignment->inverted = onset.inverted;
    alignment->vague = onset.vague;
    alignment->sure = onset.height > height_min && t.near > 0.6 && alignment->related > 0.5 &&
                      2 * line->agreeing > line->windows;
    return BL_STATUS_OK;
}

bl_status bl_align_find(const bl_audio *input, const bl_audio *target, bl_alignment *alignment,
                        bl_error *error)
{
    *alignment = (bl_alignment){.linear_esr = 1.0};
    const uint64_t frames = input->frames < target->frames ? input->frames : target->frames;
    if (frames < FRAMES) {
        return bl_error_set(error, BL_STATUS_SHAPE,
                            "%d frames are too few to find a delay in; record some seconds",
                            (int)frames);
    }
    finder *f = calloc(1, sizeof *f);
    bl_cross_sums *sums = calloc(1, sizeof *sums);
    kiss_fftr_cfg inverse = kiss_fftr_alloc(FRAMES, 1, NULL, NULL);
    bl_status status = BL_STATUS_NO_MEMORY;
    if (f == NULL || sums == NULL || inverse == NULL) {
        bl_error_set(error, status, "not enough memory to align");
    } else {
        f->input = input;
        f->target = target;
        f->sums = sums;
        f->inverse = inverse;
        status = find(f, alignment, error);
        free(f->cross);
    }
    kiss_fftr_free(inverse);
    free(sums);
    free(f);
    return status;
}

double bl_align_correction(const bl_alignment *alignment)
{
    const double needed = alignment->delay_frames - alignment->lead_frames;
    const bool possibly_none =
        alignment->vague && fabs(alignment->delay_frames) <= alignment->lead_frames;
    if (!alignment->sure) {
        return 0.0;
    }
    if (alignment->drift_ppm != 0.0) {
        return needed;
    }
    if (possibly_none) {
        return 0.0;
    }
    if (alignment->sharpness > BL_ONSET_SHARP) {
        return fabs(needed) > harmless ? needed : 0.0;
    }
    return floor(needed + 0.5);
}
