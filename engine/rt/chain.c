// SPDX-License-Identifier: MIT
// Running a chain: input trim, gate, voice, tone, cab, cuts, level, ceiling.

#include "rt/chain.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static_assert(BL_PARAMETER_PRESENCE - BL_PARAMETER_BASS + 1 == BL_TONE_KNOBS, "stand together");

static bl_gate_knobs gate_knobs(bl_chain *chain)
{
    return (bl_gate_knobs){.on = &chain->parameters[BL_PARAMETER_GATE_ON],
                           .threshold = &chain->parameters[BL_PARAMETER_GATE_THRESHOLD],
                           .release = &chain->parameters[BL_PARAMETER_GATE_RELEASE]};
}

static float wanted_trim(const bl_chain *chain)
{
    return atomic_load_explicit(&chain->trim_wanted, memory_order_relaxed);
}

void bl_chain_settle(bl_chain *chain)
{
    bl_smoother *p = chain->parameters;
    bl_smoother_jump(&chain->trim, wanted_trim(chain));
    for (int i = 0; i < BL_PARAMETER_COUNT; i++) {
        bl_smoother_jump(&p[i], p[i].target);
    }
    bl_tone_settle(&chain->tone, &p[BL_PARAMETER_BASS]);
    bl_cuts_settle(&chain->cuts, &p[BL_PARAMETER_LOW_CUT], &p[BL_PARAMETER_HIGH_CUT]);
}

void bl_chain_rewind(bl_chain *chain)
{
    const bl_gate_knobs knobs = gate_knobs(chain);
    chain->placed = false;
    if (chain->voice != NULL) {
        bl_voice_reset(chain->voice);
    }
    bl_chain_settle(chain);
    bl_gate_reset(&chain->gate, &knobs);
    bl_tone_reset(&chain->tone);
    if (chain->cab != NULL) {
        bl_cab_player_reset(chain->cab);
    }
    bl_cuts_reset(&chain->cuts);
    bl_ceiling_reset(&chain->ceiling);
}

void bl_chain_rewind_beside(bl_chain *chain, const bl_chain *other)
{
    bl_chain_rewind(chain);
    chain->gate = other->gate;
}

void bl_chain_reset(bl_chain *chain)
{
    bl_chain_rewind(chain);
    if (chain->narrow != NULL) {
        bl_chain_rewind(chain->narrow);
    }
}

// What stands before the model; `in` and `out` differ.
static void play_input(bl_chain *chain, const float *in, float *out, uint32_t frames)
{
    memcpy(out, in, frames * sizeof *in);
    bl_smoother_scale(&chain->parameters[BL_PARAMETER_INPUT_TRIM], out, frames);
    if (chain->stages) {
        const bl_gate_knobs knobs = gate_knobs(chain);
        bl_gate_process(&chain->gate, &knobs, in, out, frames);
    }
}

// In even steps on the scale of the ear, since a trim may move far.
static void play_trim(bl_chain *chain, float *const *out, uint32_t channels, uint32_t frames)
{
    float gains[BL_INNER_FRAMES];
    bl_smoother_move(&chain->trim, wanted_trim(chain));
    if (bl_smoother_rests_at(&chain->trim, 0.0F)) {
        return;
    }
    const bool rests = chain->trim.remaining == 0;
    const float resting = exp2f(chain->trim.target);
    bl_smoother_fill(&chain->trim, gains, frames);
    for (uint32_t i = 0; i < frames; i++) {
        gains[i] = rests ? resting : exp2f(gains[i]);
    }
    for (uint32_t c = 0; c < channels; c++) {
        for (uint32_t i = 0; i < frames; i++) {
            out[c][i] *= gains[i];
        }
    }
}

// And what stands behind it.
static void play_output(bl_chain *chain, float *const *out, uint32_t frames)
{
    const uint32_t channels = bl_chain_channels(chain);
    bl_smoother *p = chain->parameters;
    if (chain->stages) {
        bl_tone_process(&chain->tone, &p[BL_PARAMETER_TONE_ON], &p[BL_PARAMETER_BASS], out[0],
                        frames);
        if (chain->cab != NULL) {
            bl_cab_player_process(chain->cab, &p[BL_PARAMETER_CAB_ON], out, frames);
        }
        bl_cuts_process(&chain->cuts, &p[BL_PARAMETER_LOW_CUT], &p[BL_PARAMETER_HIGH_CUT], out,
                        channels, frames);
    }
    bl_smoother_scale_all(&p[BL_PARAMETER_LEVEL], out, channels, frames);
    play_trim(chain, out, channels, frames);
    if (chain->stages) {
        bl_ceiling_process(&chain->ceiling, out, channels, frames);
    }
}

uint32_t bl_chain_channels(const bl_chain *chain)
{
    return chain->cab != NULL ? chain->cab->channels : 1;
}

void bl_chain_process(bl_chain *chain, const float *in, float *const *out, uint32_t frames)
{
    float sound[BL_INNER_FRAMES];
    play_input(chain, in, sound, frames);
    if (chain->voice != NULL) {
        bl_voice_process(chain->voice, sound, sound, frames);
    }
    memcpy(out[0], sound, frames * sizeof *sound);
    play_output(chain, out, frames);
}

void bl_chain_process_faded(bl_chain *chain, const float *in, const float *weights,
                            float *const *out, uint32_t frames)
{
    float sound[BL_INNER_FRAMES];
    play_input(chain, in, sound, frames);
    if (chain->voice != NULL) {
        bl_voice_process(chain->voice, sound, sound, frames);
    }
    for (uint32_t i = 0; i < frames; i++) {
        out[0][i] = sound[i] * weights[i];
    }
    play_output(chain, out, frames);
}

void bl_chain_ring_on(bl_chain *chain, float *const *out, uint32_t frames)
{
    memset(out[0], 0, frames * sizeof **out);
    play_output(chain, out, frames);
}

void bl_chain_set_parameter(bl_chain *chain, bl_parameter parameter, double value)
{
    const float factor = parameter == BL_PARAMETER_INPUT_TRIM ? chain->calibration : 1.0F;
    const float target = (float)bl_parameter_target(parameter, value) * factor;
    bl_smoother_move(&chain->parameters[parameter], target);
    if (chain->narrow != NULL) {
        bl_smoother_move(&chain->narrow->parameters[parameter], target);
    }
}

#define DB_PER_OCTAVE 6.020599913279624 // 20 log10(2)
#define TRIM_MOST_DB 60.0

void bl_chain_set_trim(bl_chain *chain, double trim_db)
{
    const float octaves = (float)(fmin(fmax(trim_db, -TRIM_MOST_DB), TRIM_MOST_DB) / DB_PER_OCTAVE);
    atomic_store_explicit(&chain->trim_wanted, octaves, memory_order_relaxed);
    if (chain->narrow != NULL) {
        atomic_store_explicit(&chain->narrow->trim_wanted, octaves, memory_order_relaxed);
    }
}

void bl_chain_take_trim(bl_chain *chain)
{
    bl_smoother_jump(&chain->trim, wanted_trim(chain));
    if (chain->narrow != NULL) {
        bl_smoother_jump(&chain->narrow->trim, wanted_trim(chain->narrow));
    }
}

uint32_t bl_chain_latency_frames(const bl_chain *chain)
{
    return chain->voice != NULL ? bl_voice_latency_frames(chain->voice) : 0;
}

uint64_t bl_chain_generation(const bl_chain *chain)
{
    return chain->generation;
}

const bl_model *bl_chain_model(const bl_chain *chain)
{
    return chain->voice != NULL ? bl_voice_model(chain->voice) : NULL;
}
