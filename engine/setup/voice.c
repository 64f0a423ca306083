// SPDX-License-Identifier: MIT
// Building and freeing voices; running them is rt/voice.c.

#include "rt/voice.h"

#include "setup/arena.h"
#include "setup/resampled.h"

bl_voice_config bl_voice_config_default(void)
{
    return (bl_voice_config){.quality = 1.0};
}

bl_status bl_voice_create(bl_model *model, const bl_voice_config *config, bl_voice **voice,
                          bl_error *error)
{
    const bl_voice_config settings = config != NULL ? *config : bl_voice_config_default();
    bl_net_request request = {.quality = settings.quality, .name = bl_model_get_file(model)};
    bl_status status = bl_isa_choose(settings.kernel, &request.isa, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    bl_error why = {0};
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    bl_voice *made = arena != NULL ? bl_arena_take(arena, 1, sizeof *made) : NULL;
    if (made == NULL) {
        status = bl_error_set(&why, BL_STATUS_NO_MEMORY, "%s: not enough memory to play it",
                              request.name);
        goto fail;
    }
    const bl_arch *arch = bl_model_get_arch(model);
    const double rate_hz =
        settings.sample_rate_hz > 0.0 ? settings.sample_rate_hz : arch->sample_rate_hz;
    status = bl_net_build_at(arch, rate_hz, &request, arena, &made->net, &why);
    if (status != BL_STATUS_OK && bl_arena_is_full(arena)) {
        bl_error_clear(&why);
        bl_error_set(&why, BL_STATUS_LIMIT,
                     "%s: found a network that needs more than the %d MiB a model may take to be "
                     "played at %g Hz; use a smaller model",
                     request.name, BL_LIMIT_VOICE_BYTES / (1024 * 1024), rate_hz);
        status = why.status;
    }
    if (status != BL_STATUS_OK) {
        goto fail;
    }
    made->model = bl_model_retain(model);
    made->bytes = bl_arena_bytes(arena);
    made->arena = arena;
    *voice = made;
    return BL_STATUS_OK;

fail:
    bl_error_set(error, status, "%s", why.text);
    bl_arena_destroy(arena);
    return status;
}

size_t bl_voice_lock(const bl_voice *voice)
{
    return bl_arena_lock(voice->arena);
}

bool bl_voice_latency_at(const bl_voice *voice, double sample_rate_hz, uint32_t *frames)
{
    return bl_net_latency_at(bl_model_get_arch(voice->model), voice->net, sample_rate_hz, frames);
}

void bl_voice_destroy(bl_voice *voice)
{
    if (voice != NULL) {
        bl_model_release(voice->model);
        bl_arena_destroy(voice->arena);
    }
}
