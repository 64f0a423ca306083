// SPDX-License-Identifier: MIT
// The squared error and its gradient; the spectra are in spectra.c.

#include "train/loss.h"

#include "train/spectra.h"

#include <stdlib.h>

struct bl_loss_room {
    bl_spectra *spectra; ///< NULL where they do not count
    float *error;        ///< pre-emphasised, of one segment
};

double bl_loss_power(const float *samples, size_t frames, double pre_emphasis)
{
    double sum = 0.0, before = 0.0;
    for (size_t n = 0; n < frames; n++) {
        const double value = (double)samples[n] - pre_emphasis * before;
        sum += value * value;
        before = (double)samples[n];
    }
    return frames > 0 ? sum / (double)frames : 0.0;
}

bl_loss bl_loss_create(const bl_config_training *config, double target_power, size_t frames,
                       uint32_t lanes)
{
    const double power = config->loss == BL_CONFIG_ESR ? target_power : 1.0;
    return (bl_loss){.pre_emphasis = config->pre_emphasis,
                     .spectral = config->mrstft,
                     .scale = 1.0 / (power * (double)frames * lanes),
                     .frames = frames,
                     .lanes = lanes};
}

bl_loss_room *bl_loss_room_create(const bl_loss *loss)
{
    bl_loss_room *room = calloc(1, sizeof *room);
    if (room == NULL) {
        return NULL;
    }
    room->error = calloc(loss->frames, sizeof *room->error);
    room->spectra = loss->spectral > 0.0 ? bl_spectra_create(loss->frames) : NULL;
    if (room->error == NULL || (loss->spectral > 0.0 && room->spectra == NULL)) {
        bl_loss_room_destroy(room);
        return NULL;
    }
    return room;
}

void bl_loss_room_destroy(bl_loss_room *room)
{
    if (room != NULL) {
        bl_spectra_destroy(room->spectra);
        free(room->error);
        free(room);
    }
}

double bl_loss_derive(const bl_loss *loss, bl_loss_room *room, const float *out,
                      const float *wanted, float *before, float *delta)
{
    const size_t frames = loss->frames;
    const float a = (float)loss->pre_emphasis, scale = (float)(2.0 * loss->scale);
    float *bent = room->error, last = *before;
    double sum = 0.0;
    for (size_t n = 0; n < frames; n++) {
        const float error = out[n] - wanted[n];
        sum += (double)error * (double)error;
        bent[n] = error - a * last;
        last = error;
    }
    *before = last;
    // e[n] stands in bent[n] and, times -a, in bent[n + 1]; that of the next segment is not known.
    for (size_t n = 0; n < frames; n++) {
        delta[n] = scale * (bent[n] - (n + 1 < frames ? a * bent[n + 1] : 0.0f));
    }
    if (room->spectra != NULL) {
        bl_spectra_add(room->spectra, out, wanted, loss->spectral / loss->lanes, delta);
    }
    return sum;
}
