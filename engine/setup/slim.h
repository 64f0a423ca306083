// SPDX-License-Identifier: MIT
// Other forms of an architecture, made before its net is built: a narrower width, a higher rate.

#ifndef BACKLINE_SETUP_SLIM_H
#define BACKLINE_SETUP_SLIM_H

#include "setup/build.h"

/// The submodel that plays at `quality` 0..1: the first with quality < max_value, else the last.
/// Thread: any.
const bl_arch *bl_container_choose(const bl_container *container, double quality);

/// The WaveNet to build for `request`: `full` itself, or a copy in `arena` with fewer channels
/// (quality below 1 and a slimmable file) or stretched dilations (request->stretch). Weights that
/// stay whole are shared with `full`. Fails if the file allows widths for layers that cannot be
/// sliced. Thread: any but RT.
bl_status bl_wavenet_adapt(const bl_wavenet *full, const bl_net_request *request, bl_arena *arena,
                           const bl_wavenet **adapted, bl_error *error);

/// A condition network always plays at full width: a choice of width is for the model around it.
#define BL_CONDITION_QUALITY 1.0

/// Whether the net runs at a multiple of its rate by stretched dilations alone: no recurrence and
/// no plain filter in it, and no lookahead of half a sample. Thread: any.
bool bl_arch_stretches(const bl_arch *arch, double quality);

#endif
