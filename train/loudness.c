// SPDX-License-Identifier: MIT
// The strings are noise in a delay line that averages neighbours (Karplus & Strong 1983).

#include "train/loudness.h"

#include "backline/voice.h"
#include "train/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STRINGS = 6, PERIOD_MAX = 16384 };

#define SECONDS 2.0

static const double riff_peak = 0.5;
static const double strings_hz[STRINGS] = {82.41, 110.0, 146.83, 196.0, 246.94, 329.63};

void bl_loudness_riff(double rate_hz, float *samples, size_t frames)
{
    static const double damping = 0.996;
    double line[PERIOD_MAX] = {0};
    bl_random random = bl_random_init(1, 0);
    const size_t note = frames / STRINGS + 1;
    size_t period = 1, at = 0;
    double peak = 1e-9;
    for (size_t n = 0; n < frames; n++) {
        if (n % note == 0) {
            const double wanted = rate_hz / strings_hz[n / note];
            period = (size_t)fmin(fmax(wanted, 1.0), PERIOD_MAX);
            at = 0;
            for (size_t i = 0; i < period; i++) {
                line[i] = 2.0 * bl_random_uniform(&random) - 1.0;
            }
        }
        const size_t next = at + 1 < period ? at + 1 : 0;
        samples[n] = (float)line[at];
        peak = fmax(peak, fabs(line[at]));
        line[at] = 0.5 * damping * (line[at] + line[next]);
        at = next;
    }
    for (size_t n = 0; n < frames; n++) {
        samples[n] *= (float)(riff_peak / peak);
    }
}

bl_status bl_loudness_measure(bl_model *model, double *loudness_db, bl_error *error)
{
    const double rate_hz = bl_model_get_info(model)->sample_rate_hz;
    const size_t blocks = (size_t)(SECONDS * rate_hz) / BL_INNER_FRAMES;
    const size_t frames = blocks * BL_INNER_FRAMES;
    float *samples = calloc(frames, sizeof *samples);
    bl_voice *voice = NULL;
    if (samples == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to play the model");
    }
    const bl_status status = bl_voice_create(model, NULL, &voice, error);
    if (status == BL_STATUS_OK) {
        double sum = 0.0;
        bl_loudness_riff(rate_hz, samples, frames);
        for (size_t at = 0; at < frames; at += BL_INNER_FRAMES) {
            bl_voice_process(voice, samples + at, samples + at, BL_INNER_FRAMES);
        }
        for (size_t n = 0; n < frames; n++) {
            sum += (double)samples[n] * (double)samples[n];
        }
        *loudness_db = 10.0 * log10(sum / (double)frames + 1e-20);
    }
    bl_voice_destroy(voice);
    free(samples);
    return status;
}
