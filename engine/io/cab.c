// SPDX-License-Identifier: MIT
// Reading impulse responses and making them fit to play. Not for the audio thread.

#include "backline/cab.h"

#include "backline/audio.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846
#define SILENCE 1e-3 // of the peak, before it: -60 dB
#define TAIL 1e-4    // of the peak, after it: -80 dB
#define LOUDNESS_LOW_HZ 80.0
#define LOUDNESS_HIGH_HZ 5000.0

enum { LOUDNESS_POINTS = 73, CHANNELS = BL_OUTPUTS_MAX }; // 12 an octave

static float peak_of(const bl_audio *channels, uint32_t count)
{
    float peak = 0.0F;
    for (uint32_t c = 0; c < count; c++) {
        for (uint64_t i = 0; i < channels[c].frames; i++) {
            peak = fmaxf(peak, fabsf(channels[c].samples[i]));
        }
    }
    return peak;
}

static bool any_over(const bl_audio *channels, uint32_t count, uint64_t frame, float limit)
{
    bool over = false;
    for (uint32_t c = 0; c < count; c++) {
        over = over || fabsf(channels[c].samples[frame]) > limit;
    }
    return over;
}

// Mean power of one channel's response over the logarithm of the frequency, by a phasor per point.
static double mean_power(const float *taps, uint32_t frames, double rate_hz)
{
    double sum = 0.0;
    for (int p = 0; p < LOUDNESS_POINTS; p++) {
        const double octaves = log2(LOUDNESS_HIGH_HZ / LOUDNESS_LOW_HZ) * p / (LOUDNESS_POINTS - 1);
        const double w = 2.0 * PI * fmin(LOUDNESS_LOW_HZ * exp2(octaves) / rate_hz, 0.5);
        const double turn_re = cos(w), turn_im = -sin(w);
        double at_re = 1.0, at_im = 0.0, re = 0.0, im = 0.0;
        for (uint32_t i = 0; i < frames; i++) {
            re += (double)taps[i] * at_re;
            im += (double)taps[i] * at_im;
            const double next_re = at_re * turn_re - at_im * turn_im;
            at_im = at_re * turn_im + at_im * turn_re;
            at_re = next_re;
        }
        sum += re * re + im * im;
    }
    return sum / LOUDNESS_POINTS;
}

static void fade_out(bl_cab *cab)
{
    const uint32_t length = cab->frames / 10;
    for (uint32_t c = 0; c < cab->channels; c++) {
        float *end = cab->taps[c] + cab->frames - length;
        for (uint32_t i = 0; i < length; i++) {
            end[i] *= (float)(0.5 + 0.5 * cos(PI * (i + 1) / length));
        }
    }
}

static void normalise(bl_cab *cab)
{
    double power = 0.0;
    for (uint32_t c = 0; c < cab->channels; c++) {
        power += mean_power(cab->taps[c], cab->frames, cab->sample_rate_hz) / cab->channels;
    }
    const float gain = (float)(1.0 / sqrt(power));
    for (uint32_t c = 0; c < cab->channels; c++) {
        for (uint32_t i = 0; i < cab->frames; i++) {
            cab->taps[c][i] *= gain;
        }
    }
}

// Keeps what is heard of the channels, which have the same length and rate.
static bl_status trim(const char *path, const bl_audio *channels, bl_cab *cab, bl_error *error)
{
    const float peak = peak_of(channels, cab->channels);
    if (!(peak > 0.0F)) {
        return bl_error_set(error, BL_STATUS_VALUE,
                            "%s: found nothing but silence, expected an impulse response", path);
    }
    uint64_t first = 0, end = channels[0].frames;
    while (!any_over(channels, cab->channels, first, peak * (float)SILENCE)) {
        first++;
    }
    while (!any_over(channels, cab->channels, end - 1, peak * (float)TAIL)) {
        end--;
    }
    const uint64_t longest = (uint64_t)(BL_CAB_MAX_S * cab->sample_rate_hz);
    const bool cut = end - first > longest;
    cab->frames = (uint32_t)(cut ? longest : end - first);
    for (uint32_t c = 0; c < cab->channels; c++) {
        cab->taps[c] = malloc(cab->frames * sizeof(float));
        if (cab->taps[c] == NULL) {
            return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory", path);
        }
        memcpy(cab->taps[c], channels[c].samples + first, cab->frames * sizeof(float));
    }
    if (cut) {
        fade_out(cab);
    }
    normalise(cab);
    return BL_STATUS_OK;
}

bl_status bl_cab_load(const char *path, double sample_rate_hz, bl_cab *cab, bl_error *error)
{
    bl_audio channels[CHANNELS] = {{0}};
    uint32_t count = 1;
    bl_status status = BL_STATUS_OK;
    *cab = (bl_cab){.sample_rate_hz = sample_rate_hz};
    for (uint32_t c = 0; c < count && status == BL_STATUS_OK; c++) {
        status = bl_audio_load_at(path, c, sample_rate_hz, &channels[c], error);
        if (status == BL_STATUS_OK) {
            count = channels[0].file_channels < CHANNELS ? channels[0].file_channels : CHANNELS;
        }
    }
    if (status == BL_STATUS_OK && channels[count - 1].frames != channels[0].frames) {
        status = bl_error_set(error, BL_STATUS_IO, "%s: changed while it was read", path);
    }
    if (status == BL_STATUS_OK) {
        cab->channels = count;
        status = trim(path, channels, cab, error);
    }
    for (uint32_t c = 0; c < CHANNELS; c++) {
        bl_audio_finish(&channels[c]);
    }
    if (status != BL_STATUS_OK) {
        bl_cab_finish(cab);
    }
    return status;
}

void bl_cab_finish(bl_cab *cab)
{
    for (uint32_t c = 0; c < CHANNELS; c++) {
        free(cab->taps[c]);
    }
    *cab = (bl_cab){0};
}
