// SPDX-License-Identifier: MIT
#include "amp.h"

#include <stdlib.h>
#include <string.h>

enum { STAGES = 6, OVERSAMPLING = 16 };

struct bl_amp {
    const bl_amp_design *design;
    double rate_hz, supply_v, output_v;
    size_t failures;
    bl_circuit *stages[STAGES];
};

const bl_amp_design *bl_amp_find(const char *name)
{
    for (int i = 0; i < BL_AMP_DESIGNS; i++) {
        if (strcmp(bl_amp_designs[i].name, name) == 0) {
            return &bl_amp_designs[i];
        }
    }
    return NULL;
}

static bl_circuit_input input_of(const bl_amp *amp, size_t stage, double volts)
{
    const bool power = stage + 1 == amp->design->count;
    return (bl_circuit_input){.input = volts,
                              .supply = power ? amp->supply_v : amp->design->preamp_supply_v,
                              .bias = amp->design->bias_v,
                              .feedback = amp->output_v};
}

// The transformer has no direct current: the amplifier is at rest when its supply is, too.
static bool settle(bl_amp *amp)
{
    double volts = 0.0;
    amp->supply_v = amp->design->supply_v;
    for (size_t i = 0; i + 1 < amp->design->count; i++) {
        const bl_circuit_input input = input_of(amp, i, volts);
        if (!bl_circuit_settle(amp->stages[i], &input)) {
            return false;
        }
        volts = bl_circuit_voltage(amp->stages[i], amp->design->stages[i].output);
    }
    bl_circuit *power = amp->stages[amp->design->count - 1];
    for (int i = 0; i < 50; i++) {
        const bl_circuit_input input = input_of(amp, amp->design->count - 1, volts);
        if (!bl_circuit_settle(power, &input)) {
            return false;
        }
        amp->supply_v =
            amp->design->supply_v - amp->design->rectifier_ohms * bl_circuit_supply_current(power);
    }
    return true;
}

bl_amp *bl_amp_create(const bl_amp_design *design, double rate_hz)
{
    bl_amp *amp = calloc(1, sizeof *amp);
    if (amp == NULL) {
        return NULL;
    }
    amp->design = design;
    amp->rate_hz = rate_hz;
    for (size_t i = 0; i < design->count; i++) {
        amp->stages[i] =
            bl_circuit_create(design->stages[i].parts, design->stages[i].count, rate_hz);
        if (amp->stages[i] == NULL) {
            goto fail;
        }
    }
    if (settle(amp)) {
        return amp;
    }
fail:
    bl_amp_destroy(amp);
    return NULL;
}

void bl_amp_destroy(bl_amp *amp)
{
    for (size_t i = 0; amp != NULL && i < STAGES; i++) {
        bl_circuit_destroy(amp->stages[i]);
    }
    free(amp);
}

double bl_amp_next(bl_amp *amp, double sample)
{
    const bl_amp_design *design = amp->design;
    double volts = sample * BL_AMP_JACK_V;
    for (size_t i = 0; i < design->count; i++) {
        const bl_circuit_input input = input_of(amp, i, volts);
        if (!bl_circuit_step(amp->stages[i], &input)) {
            amp->failures++;
        }
        volts = bl_circuit_voltage(amp->stages[i], design->stages[i].output);
    }
    const double drawn = bl_circuit_supply_current(amp->stages[design->count - 1]);
    const double charge = (design->supply_v - amp->supply_v) / design->rectifier_ohms - drawn;
    amp->supply_v += charge / (design->reservoir_farads * amp->rate_hz);
    amp->output_v = volts * design->turns;
    return amp->output_v / design->full_scale_v;
}

size_t bl_amp_failures(const bl_amp *amp)
{
    return amp->failures;
}

bl_status bl_amp_play(const bl_amp_design *design, bl_audio *audio, bl_error *error)
{
    const double rate_hz = audio->sample_rate_hz;
    const uint64_t frames = audio->frames;
    bl_status status = bl_audio_resample(audio, OVERSAMPLING * rate_hz, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    bl_amp *amp = bl_amp_create(design, audio->sample_rate_hz);
    if (amp == NULL) {
        return bl_error_set(error, BL_STATUS_VALUE, "the %s amplifier does not settle",
                            design->name);
    }
    for (uint64_t i = 0; i < audio->frames; i++) {
        audio->samples[i] = (float)bl_amp_next(amp, (double)audio->samples[i]);
    }
    const size_t failures = bl_amp_failures(amp);
    bl_amp_destroy(amp);
    if (failures > 0) {
        return bl_error_set(error, BL_STATUS_VALUE, "the %s amplifier has no solution %zu times",
                            design->name, failures);
    }
    status = bl_audio_resample(audio, rate_hz, error);
    if (status == BL_STATUS_OK && audio->frames > frames) {
        audio->frames = frames;
    }
    return status;
}
