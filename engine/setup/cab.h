// SPDX-License-Identifier: MIT
// Building and freeing what plays a cab.

#ifndef BACKLINE_SETUP_CAB_H
#define BACKLINE_SETUP_CAB_H

#include "backline/cab.h"
#include "rt/cab.h"
#include "setup/build.h"

/// Builds it silent, all pages touched; the taps are copied. Thread: any but RT. Owns: the caller.
bl_status bl_cab_player_create(const bl_cab *cab, bl_isa isa, bl_cab_player **player,
                               bl_error *error);

/// Memory it holds, in bytes, and as much of it as was kept from being swapped out.
size_t bl_cab_player_bytes(const bl_cab_player *player);
size_t bl_cab_player_lock(const bl_cab_player *player);

/// NULL is allowed.
void bl_cab_player_destroy(bl_cab_player *player);

#endif
