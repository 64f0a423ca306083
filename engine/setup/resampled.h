// SPDX-License-Identifier: MIT
// Building nets that run at another rate than their model's.

#ifndef BACKLINE_SETUP_RESAMPLED_H
#define BACKLINE_SETUP_RESAMPLED_H

#include "setup/build.h"

/// bl_net_build for samples at `sample_rate_hz`: the net as it is at its own rate, with stretched
/// dilations at whole multiples where bl_arch_stretches, else between two resamplers. Mono only.
/// Thread: any but RT.
bl_status bl_net_build_at(const bl_arch *arch, double sample_rate_hz, const bl_net_request *request,
                          bl_arena *arena, bl_net **net, bl_error *error);

/// Stores the latency that `own`, the net of `arch` at its own rate and full width, has at another
/// rate, without building it there. False without memory. Thread: any but RT.
bool bl_net_latency_at(const bl_arch *arch, const bl_net *own, double sample_rate_hz,
                       uint32_t *frames);

#endif
