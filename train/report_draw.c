// SPDX-License-Identifier: MIT
#include "train/report_draw.h"

#include "train/picture.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { SPECTRUM_POINTS = 160, CLOUD_POINTS = 1200, WAVE_POINTS = 4096 };
static const double page_width = 1200.0, page_height = 900.0;
static const double plot_width = 500.0, plot_height = 270.0;

// --- Curves ---

static void draw_curves(FILE *out, const bl_report *report)
{
    const size_t count = report->epoch_count;
    const double last = count > 0 ? (double)report->epochs[count - 1].epoch : 1.0;
    const bl_plot plot = {.out = out,
                          .left = 70.0,
                          .top = 160.0,
                          .width = plot_width,
                          .height = plot_height,
                          .x = {.from = 0.0, .to = fmax(last, 1.0), .label = "epoch"},
                          .y = {.from = 1e-3, .to = 1.0, .log = true, .label = "ESR"}};
    bl_plot_begin(&plot, "How it learnt");
    static const struct {
        double value;
        const char *label;
    } bands[] = {{1.0, "1"}, {0.1, "0.1"}, {0.02, "0.02"}, {0.005, "0.005"}, {0.001, "0.001"}};
    for (size_t i = 0; i < sizeof bands / sizeof bands[0]; i++) {
        bl_plot_mark_y(&plot, bands[i].value, bands[i].label);
    }
    char label[24];
    snprintf(label, sizeof label, "%.0f", plot.x.to);
    bl_plot_mark_x(&plot, 0.0, "0");
    bl_plot_mark_x(&plot, plot.x.to, label);
    double *x = calloc(3 * (count + 1), sizeof *x);
    if (x == NULL) {
        return;
    }
    double *train = x + count, *validation = train + count;
    for (size_t i = 0; i < count; i++) {
        x[i] = (double)report->epochs[i].epoch;
        train[i] = report->epochs[i].train_esr;
        validation[i] = report->epochs[i].validation_esr;
    }
    bl_plot_line(&plot, x, train, count, BL_INK_FAINT);
    bl_plot_line(&plot, x, validation, count, BL_INK_MODEL);
    bl_plot_legend(&plot, 0, "kept back", BL_INK_MODEL);
    bl_plot_legend(&plot, 1, "learnt from", BL_INK_FAINT);
    free(x);
}

// --- Waves ---

static void draw_wave(FILE *out, const bl_report *report, const bl_comparison *c, size_t frame,
                      double top, const char *title)
{
    const bl_compare_take *take = &report->take;
    double peak = 1e-6;
    double x[WAVE_POINTS] = {0}, target[WAVE_POINTS], output[WAVE_POINTS];
    const size_t count = c->window_frames < WAVE_POINTS ? c->window_frames : WAVE_POINTS;
    for (size_t i = 0; i < count; i++) {
        x[i] = (double)i * 1000.0 / take->sample_rate_hz;
        target[i] = (double)take->target[frame + i];
        output[i] = (double)take->output[frame + i];
        peak = fmax(peak, fmax(fabs(target[i]), fabs(output[i])));
    }
    const bl_plot plot = {.out = out,
                          .left = 670.0,
                          .top = top,
                          .width = plot_width,
                          .height = 105.0,
                          .x = {.from = 0.0, .to = x[count - 1], .label = "ms"},
                          .y = {.from = -peak, .to = peak, .label = ""}};
    char where[120];
    snprintf(where, sizeof where, "%s, at %" PRIu64 " ms", title,
             (uint64_t)((double)frame * 1000.0 / take->sample_rate_hz));
    bl_plot_begin(&plot, where);
    bl_plot_mark_y(&plot, 0.0, "0");
    for (int ms = 0; (double)ms <= plot.x.to; ms += 5) {
        char label[16];
        snprintf(label, sizeof label, "%d", ms);
        bl_plot_mark_x(&plot, ms, label);
    }
    bl_plot_line(&plot, x, target, count, BL_INK_TARGET);
    bl_plot_line(&plot, x, output, count, BL_INK_MODEL);
}

// --- Spectra ---

// Mean of a spectrum in equal steps of pitch, in dB.
static void smooth(const bl_report *report, const bl_spectrum *spectrum, double hz[SPECTRUM_POINTS],
                   double db[SPECTRUM_POINTS])
{
    const double bin_hz = report->take.sample_rate_hz / BL_COMPARE_FFT;
    const double step = pow(20000.0 / 40.0, 1.0 / (SPECTRUM_POINTS - 1));
    for (int i = 0; i < SPECTRUM_POINTS; i++) {
        hz[i] = 40.0 * pow(step, i);
        const double from = hz[i] / sqrt(step), to = hz[i] * sqrt(step);
        size_t first = (size_t)(from / bin_hz + 0.5), last = (size_t)(to / bin_hz + 0.5);
        first = first < 1 ? 1 : first;
        last = last > first ? last : first + 1;
        double sum = 0.0;
        size_t bins = 0;
        for (size_t k = first; k < last && k < BL_COMPARE_BINS; k++, bins++) {
            sum += spectrum->power[k];
        }
        db[i] = bins > 0 ? 10.0 * log10(sum / (double)bins + 1e-20) : (double)NAN;
    }
}

static void draw_spectra(FILE *out, const bl_report *report, const bl_comparison *c)
{
    double hz[SPECTRUM_POINTS], target[SPECTRUM_POINTS], output[SPECTRUM_POINTS],
        difference[SPECTRUM_POINTS];
    smooth(report, &c->target, hz, target);
    smooth(report, &c->output, hz, output);
    smooth(report, &c->difference, hz, difference);
    double top = -200.0;
    for (int i = 0; i < SPECTRUM_POINTS; i++) {
        top = isfinite(target[i]) ? fmax(top, target[i]) : top;
    }
    top = 10.0 * ceil(top / 10.0);
    const bl_plot plot = {.out = out,
                          .left = 70.0,
                          .top = 550.0,
                          .width = plot_width,
                          .height = plot_height,
                          .x = {.from = 40.0, .to = 20000.0, .log = true, .label = "Hz"},
                          .y = {.from = top - 90.0, .to = top, .label = "dB"}};
    bl_plot_begin(&plot, "Tone: average spectrum");
    for (int db = 0; db <= 90; db += 30) {
        char label[16];
        snprintf(label, sizeof label, "%s%d", db > 0 ? "\xE2\x88\x92" : "", db);
        bl_plot_mark_y(&plot, top - db, label);
    }
    static const struct {
        double hz;
        const char *label;
    } marks[] = {
        {100.0, "100"}, {300.0, "300"}, {1000.0, "1 k"}, {3000.0, "3 k"}, {10000.0, "10 k"}};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        bl_plot_mark_x(&plot, marks[i].hz, marks[i].label);
    }
    bl_plot_line(&plot, hz, target, SPECTRUM_POINTS, BL_INK_TARGET);
    bl_plot_line(&plot, hz, output, SPECTRUM_POINTS, BL_INK_MODEL);
    bl_plot_line(&plot, hz, difference, SPECTRUM_POINTS, BL_INK_DIFFERENCE);
    bl_plot_legend(&plot, 0, "amp", BL_INK_TARGET);
    bl_plot_legend(&plot, 1, "model", BL_INK_MODEL);
    bl_plot_legend(&plot, 2, "difference", BL_INK_DIFFERENCE);
}

// --- Input against output ---

static double peak_of(const float *samples, size_t count)
{
    double peak = 1e-6;
    for (size_t i = 0; i < count; i++) {
        peak = fmax(peak, fabs((double)samples[i]));
    }
    return peak;
}

static void draw_transfer(FILE *out, const bl_report *report)
{
    const bl_compare_take *take = &report->take;
    const double in = peak_of(take->input, take->frames);
    const double level = peak_of(take->target, take->frames);
    const bl_plot plot = {.out = out,
                          .left = 670.0,
                          .top = 550.0,
                          .width = plot_width,
                          .height = plot_height,
                          .x = {.from = -in, .to = in, .label = "guitar in"},
                          .y = {.from = -level, .to = level, .label = "out"}};
    bl_plot_begin(&plot, "Touch: what comes out for what goes in");
    bl_plot_mark_x(&plot, 0.0, "0");
    bl_plot_mark_y(&plot, 0.0, "0");
    double x[CLOUD_POINTS], target[CLOUD_POINTS], output[CLOUD_POINTS];
    for (size_t i = 0; i < CLOUD_POINTS; i++) {
        const size_t at = i * (take->frames - 1) / (CLOUD_POINTS - 1);
        x[i] = (double)take->input[at];
        target[i] = (double)take->target[at];
        output[i] = (double)take->output[at];
    }
    bl_plot_dots(&plot, x, target, CLOUD_POINTS, BL_INK_TARGET);
    bl_plot_dots(&plot, x, output, CLOUD_POINTS, BL_INK_MODEL);
    bl_plot_legend(&plot, 0, "amp", BL_INK_TARGET);
    bl_plot_legend(&plot, 1, "model", BL_INK_MODEL);
}

// --- The page ---

void bl_report_draw(FILE *out, const bl_report *report, const bl_comparison *c)
{
    char sentence[BL_COMPARE_SENTENCE_MAX], title[200], description[500];
    bl_compare_sentence(c, sentence);
    snprintf(title, sizeof title, "%s: %s", report->name, bl_compare_verdict(c->esr));
    snprintf(description, sizeof description,
             "Error-to-signal ratio %.2g on %.1f s kept back from training. %s", c->esr,
             (double)report->take.frames / report->take.sample_rate_hz, sentence);
    bl_picture_begin(out, page_width, page_height, title, description);
    bl_picture_text(out, 70.0, 50.0, 26.0, title);
    bl_picture_text(out, 70.0, 80.0, 14.0, description);
    draw_curves(out, report);
    draw_wave(out, report, c, c->typical_frame, 160.0, "A typical place");
    draw_wave(out, report, c, c->worst_frame, 335.0, "The worst place");
    draw_spectra(out, report, c);
    draw_transfer(out, report);
    bl_picture_end(out);
}
