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
    const bl_model_info *info = bl_model_get_info(model);
    bl_net_request request = {.quality = settings.quality, .name = info->name};
    bl_status status = bl_isa_choose(settings.kernel, &request.isa, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    bl_voice *made = arena != NULL ? bl_arena_take(arena, 1, sizeof *made) : NULL;
    if (made == NULL) {
        status = bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory to play it",
                              info->name);
        goto fail;
    }
    const bl_arch *arch = bl_model_get_arch(model);
    const double rate_hz =
        settings.sample_rate_hz > 0.0 ? settings.sample_rate_hz : arch->sample_rate_hz;
    status = bl_net_build_at(arch, rate_hz, &request, arena, &made->net, error);
    if (status != BL_STATUS_OK) {
        goto fail;
    }
    made->model = bl_model_retain(model);
    made->bytes = bl_arena_bytes(arena);
    made->arena = arena;
    *voice = made;
    return BL_STATUS_OK;

fail:
    bl_arena_destroy(arena);
    return status;
}

void bl_voice_destroy(bl_voice *voice)
{
    if (voice != NULL) {
        bl_model_release(voice->model);
        bl_arena_destroy(voice->arena);
    }
}
