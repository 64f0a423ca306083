// SPDX-License-Identifier: MIT
// Building and freeing what plays a cab.

#include "setup/cab.h"

bl_status bl_cab_player_create(const bl_cab *cab, bl_isa isa, bl_cab_player **player,
                               bl_error *error)
{
    bl_status status = BL_STATUS_NO_MEMORY;
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    bl_cab_player *made = arena != NULL ? bl_arena_take(arena, 1, sizeof *made) : NULL;
    if (made == NULL) {
        bl_error_set(error, status, "cab: not enough memory to play it");
        goto fail;
    }
    const bl_net_request request = {.isa = isa, .quality = 1.0, .name = "cab"};
    for (uint32_t c = 0; c < cab->channels; c++) {
        const bl_linear linear = {.taps = cab->frames, .h = cab->taps[c]};
        status = bl_linear_build(&linear, &request, arena, &made->nets[c], error);
        if (status != BL_STATUS_OK) {
            goto fail;
        }
    }
    made->channels = cab->channels;
    made->memory_frames = cab->frames;
    made->grid_frames = made->nets[0]->grid_frames > 0 ? made->nets[0]->grid_frames : 1;
    made->arena = arena;
    *player = made;
    return BL_STATUS_OK;

fail:
    bl_arena_destroy(arena);
    return status;
}

size_t bl_cab_player_bytes(const bl_cab_player *player)
{
    return bl_arena_bytes(player->arena);
}

size_t bl_cab_player_lock(const bl_cab_player *player)
{
    return bl_arena_lock(player->arena);
}

void bl_cab_player_destroy(bl_cab_player *player)
{
    if (player != NULL) {
        bl_arena_destroy(player->arena);
    }
}
