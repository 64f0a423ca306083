// SPDX-License-Identifier: MIT
// Building and freeing chains; running them is rt/chain.c.

#include "rt/chain.h"

#include "backline/limits.h"
#include "setup/cab.h"
#include "setup/forget.h"

#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#define FORGOTTEN_S 0.5
#define TRIM_GLIDE_S 1.0

// The gate knows for 2 s whether it is open, then moves for at most 1 s; tone and cuts are down by
// 120 dB within 0.5 s; the ceiling comes back within 0.5 s.
#define STAGES_REMEMBER_S 4.0

bl_chain_config bl_chain_config_default(void)
{
    bl_chain_config config = {.sample_rate_hz = 48000.0, .quality = 1.0};
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        config.parameters[p] = bl_parameter_get((bl_parameter)p)->default_value;
    }
    return config;
}

static bl_status create_voice(const bl_chain_config *config, bl_voice **voice, bl_error *error)
{
    bl_voice_config settings = bl_voice_config_default();
    settings.kernel = config->kernel;
    settings.sample_rate_hz = config->sample_rate_hz;
    settings.quality = config->quality;
    bl_status status = bl_voice_create(config->model, &settings, voice, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    const uint32_t latency = bl_voice_latency_frames(*voice);
    if (latency > BL_LIMIT_LATENCY_FRAMES) {
        bl_voice_destroy(*voice);
        *voice = NULL;
        return bl_error_set(error, BL_STATUS_LIMIT,
                            "%s: playing it live would delay the sound by %u samples, more than "
                            "the %d allowed; use a causal model, or render it offline",
                            bl_model_get_info(config->model)->name, latency,
                            BL_LIMIT_LATENCY_FRAMES);
    }
    return BL_STATUS_OK;
}

static float factor_of(double db)
{
    return (float)pow(10.0, db / 20.0);
}

// A recurrent model forgets by and by: half a second is what the reference player gives it, and
// what remembers longer is measured, for at most some seconds of one core.
static uint32_t forget_frames(const bl_chain_config *config, bl_voice *voice)
{
    const uint64_t macs = 4 * bl_model_get_info(config->model)->mac_per_sample + 1;
    const uint64_t affordable = BL_LIMIT_PREWARM_MACS / macs;
    const uint32_t most =
        affordable < BL_LIMIT_TAPE_FRAMES / 2 ? (uint32_t)affordable : BL_LIMIT_TAPE_FRAMES / 2;
    const uint32_t least = (uint32_t)ceil(FORGOTTEN_S * config->sample_rate_hz);
    bl_voice *other = NULL;
    if (create_voice(config, &other, NULL) != BL_STATUS_OK) {
        return least;
    }
    const uint32_t measured = bl_voice_measure_memory(voice, other, most);
    bl_voice_destroy(other);
    return measured > least ? measured : least;
}

// Of the voice alone.
static uint32_t memory_of(const bl_chain_config *config, bl_voice *voice)
{
    const bl_model_info *info = bl_model_get_info(config->model);
    const double field = info->receptive_field_samples;
    const uint32_t own = field > 0.0
                             ? (uint32_t)ceil(field * config->sample_rate_hz / info->sample_rate_hz)
                             : forget_frames(config, voice);
    return own + 2 * bl_voice_latency_frames(voice);
}

static void set_parameters(const bl_chain_config *config, bl_chain *chain)
{
    chain->calibration = factor_of(config->calibration_db);
    chain->trim = bl_smoother_at(0.0F, (uint32_t)lround(TRIM_GLIDE_S * config->sample_rate_hz));
    bl_chain_set_trim(chain, config->trim_db);
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        const double ms = bl_parameter_get((bl_parameter)p)->smoothing_ms;
        const uint32_t frames = (uint32_t)lround(ms * config->sample_rate_hz / 1000.0);
        chain->parameters[p] = bl_smoother_at(1.0F, frames);
        bl_chain_set_parameter(chain, (bl_parameter)p, config->parameters[p]);
    }
}

static bl_status create_stages(const bl_chain_config *config, bl_chain *chain, bl_error *error)
{
    const double rate = config->sample_rate_hz;
    chain->stages = config->stages;
    chain->gate = bl_gate_at_rest(rate);
    chain->tone = bl_tone_at_rest(rate);
    chain->cuts = bl_cuts_at_rest(rate);
    chain->ceiling = bl_ceiling_at_rest(rate);
    if (!config->stages || config->cab == NULL) {
        return BL_STATUS_OK;
    }
    if (config->cab->sample_rate_hz != rate) {
        return bl_error_set(error, BL_STATUS_VALUE,
                            "chain: the cab is at %g Hz, expected %g Hz; load it again",
                            config->cab->sample_rate_hz, rate);
    }
    bl_isa isa;
    const bl_status status = bl_isa_choose(config->kernel, &isa, error);
    return status == BL_STATUS_OK ? bl_cab_player_create(config->cab, isa, &chain->cab, error)
                                  : status;
}

bl_status bl_chain_create(const bl_chain_config *config, bl_chain **chain, bl_error *error)
{
    const double rate = config->sample_rate_hz;
    if (!(rate >= BL_RATE_MIN_HZ && rate <= BL_RATE_MAX_HZ)) {
        return bl_error_set(error, BL_STATUS_VALUE,
                            "chain: sample rate is %g Hz, expected %g to %g", rate, BL_RATE_MIN_HZ,
                            BL_RATE_MAX_HZ);
    }
    bl_chain *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "chain: not enough memory");
    }
    made->generation = config->generation;
    made->spill = config->spill;
    set_parameters(config, made);
    bl_status status = create_stages(config, made, error);
    if (status == BL_STATUS_OK && config->model != NULL) {
        status = create_voice(config, &made->voice, error);
    }
    if (status != BL_STATUS_OK) {
        bl_chain_destroy(made);
        return status;
    }
    if (made->voice != NULL) {
        made->memory_frames = memory_of(config, made->voice);
    }
    made->memory_frames += made->cab != NULL ? made->cab->memory_frames : 0;
    bl_chain_rewind(made);
    *chain = made;
    return BL_STATUS_OK;
}

static uint32_t common_multiple(uint32_t a, uint32_t b)
{
    uint32_t x = a, y = b;
    while (y != 0) {
        const uint32_t rest = x % y;
        x = y;
        y = rest;
    }
    return a / x * b;
}

uint32_t bl_chain_grid_frames(const bl_chain *chain)
{
    uint32_t grid = chain->voice != NULL ? bl_voice_grid_frames(chain->voice) : 1;
    if (chain->stages) {
        grid = common_multiple(grid, BL_TONE_STEP);
        grid = common_multiple(grid, BL_CUTS_STEP);
    }
    return chain->cab != NULL ? common_multiple(grid, chain->cab->grid_frames) : grid;
}

uint32_t bl_chain_memory_frames(const bl_chain *chain)
{
    if (!chain->stages) {
        return chain->memory_frames;
    }
    return chain->memory_frames + (uint32_t)ceil(STAGES_REMEMBER_S * chain->cuts.sample_rate_hz);
}

size_t bl_chain_bytes(const bl_chain *chain)
{
    return sizeof *chain + (chain->voice != NULL ? bl_voice_bytes(chain->voice) : 0) +
           (chain->cab != NULL ? bl_cab_player_bytes(chain->cab) : 0) +
           (chain->narrow != NULL ? bl_chain_bytes(chain->narrow) : 0);
}

size_t bl_chain_lock(const bl_chain *chain)
{
    return (mlock(chain, sizeof *chain) == 0 ? sizeof *chain : 0) +
           (chain->voice != NULL ? bl_voice_lock(chain->voice) : 0) +
           (chain->cab != NULL ? bl_cab_player_lock(chain->cab) : 0) +
           (chain->narrow != NULL ? bl_chain_lock(chain->narrow) : 0);
}

bool bl_chain_set_narrow(bl_chain *chain, bl_chain *narrow, double cost_ratio)
{
    if (chain->narrow != NULL || !(cost_ratio > 0.0 && cost_ratio < 1.0) ||
        bl_chain_latency_frames(chain) != bl_chain_latency_frames(narrow)) {
        return false;
    }
    chain->narrow = narrow;
    chain->narrow_ratio = cost_ratio;
    return true;
}

void bl_chain_destroy(bl_chain *chain)
{
    if (chain != NULL) {
        bl_chain_destroy(chain->narrow);
        bl_voice_destroy(chain->voice);
        bl_cab_player_destroy(chain->cab);
        free(chain);
    }
}
