// SPDX-License-Identifier: MIT
// Creating and freeing the engine, and its ends on the threads that may wait; running it is
// rt/engine.c.

#include "rt/engine.h"

#include "rt/ring.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ENGINE_BYTES = (sizeof(bl_engine) + BL_RING_LINE - 1) / BL_RING_LINE * BL_RING_LINE };

bl_engine_config bl_engine_config_default(void)
{
    return (bl_engine_config){
        .sample_rate_hz = 48000.0, .crossfade_ms = 5.0, .ramp_ms = 20.0, .start_muted = true};
}

static bl_status check_range(const char *what, double value, double min, double max,
                             bl_error *error)
{
    if (value >= min && value <= max) {
        return BL_STATUS_OK;
    }
    return bl_error_set(error, BL_STATUS_VALUE, "engine: %s is %g, expected %g to %g", what, value,
                        min, max);
}

static bl_status check_config(const bl_engine_config *config, bl_error *error)
{
    bl_status status = check_range("sample rate in Hz", config->sample_rate_hz, BL_RATE_MIN_HZ,
                                   BL_RATE_MAX_HZ, error);
    if (status == BL_STATUS_OK) {
        status = check_range("crossfade in ms", config->crossfade_ms, 0.0, 20.0, error);
    }
    if (status == BL_STATUS_OK) {
        status = check_range("ramp in ms", config->ramp_ms, 0.0, 1000.0, error);
    }
    return status;
}

bl_status bl_engine_create(const bl_engine_config *config, bl_engine **engine, bl_error *error)
{
    const bl_status status = check_config(config, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    // Not malloc: with the memset a compiler makes calloc of it, whose pages are only reserved.
    bl_engine *made = aligned_alloc(BL_RING_LINE, ENGINE_BYTES);
    if (made == NULL) {
        goto fail;
    }
    memset(made, 0, ENGINE_BYTES);
    made->controls = bl_ring_create(BL_CONTROL_CAPACITY, sizeof(bl_control));
    made->telemetry = bl_ring_create(BL_TELEMETRY_CAPACITY, sizeof(bl_telemetry));
    if (made->controls == NULL || made->telemetry == NULL) {
        goto fail;
    }
    const double frames_per_ms = config->sample_rate_hz / 1000.0;
    made->crossfade_frames = (uint32_t)lround(config->crossfade_ms * frames_per_ms);
    made->ramp_frames = (uint32_t)lround(config->ramp_ms * frames_per_ms);
    made->audible = bl_smoother_at(config->start_muted ? 0.0F : 1.0F, made->ramp_frames);
    made->overload = bl_overload_at_rest(config->sample_rate_hz, made->crossfade_frames);
    bl_howl_init(&made->howl, config->sample_rate_hz);
    made->bypass = bl_smoother_at(0.0F, made->ramp_frames);
    made->resume = bl_resume_at_rest(
        made->ramp_frames < made->crossfade_frames ? made->ramp_frames : made->crossfade_frames);
    *engine = made;
    return BL_STATUS_OK;

fail:
    bl_engine_destroy(made);
    return bl_error_set(error, BL_STATUS_NO_MEMORY, "engine: not enough memory");
}

void bl_engine_destroy(bl_engine *engine)
{
    if (engine == NULL) {
        return;
    }
    bl_chain_destroy(engine->live);
    bl_chain_destroy(engine->successor);
    bl_chain_destroy(engine->tail.chain);
    bl_chain_destroy(bl_slot_take(&engine->next));
    bl_chain_destroy(bl_slot_take(&engine->joining));
    bl_chain_destroy(bl_slot_take(&engine->retired));
    bl_ring_destroy(engine->controls);
    bl_ring_destroy(engine->telemetry);
    free(engine);
}

bool bl_engine_control(bl_engine *engine, const bl_control *control)
{
    assert(control->kind != BL_CONTROL_PARAMETER || control->parameter < BL_PARAMETER_COUNT);
    return bl_ring_write(engine->controls, control);
}

bl_chain *bl_engine_swap(bl_engine *engine, bl_chain *chain)
{
    assert(chain != NULL);
    return bl_slot_exchange(&engine->next, chain);
}

bl_chain *bl_engine_take_retired(bl_engine *engine)
{
    return bl_slot_take(&engine->retired);
}

bool bl_engine_poll(bl_engine *engine, bl_telemetry *telemetry)
{
    return bl_ring_read(engine->telemetry, telemetry);
}
