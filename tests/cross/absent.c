// SPDX-License-Identifier: MIT
// The nets that need more than libc and libm say that they are not here.

#include "setup/build.h"
#include "setup/resampled.h"

static bl_status absent(const bl_net_request *request, bl_error *error)
{
    return bl_error_set(error, BL_STATUS_UNSUPPORTED, "%s: needs a library that is not here",
                        request->name);
}

bl_status bl_linear_build(const bl_linear *linear, const bl_net_request *request, bl_arena *arena,
                          bl_net **net, bl_error *error)
{
    (void)linear, (void)arena, (void)net;
    return absent(request, error);
}

bl_status bl_net_build_at(const bl_arch *arch, double sample_rate_hz, const bl_net_request *request,
                          bl_arena *arena, bl_net **net, bl_error *error)
{
    return sample_rate_hz == arch->sample_rate_hz ? bl_net_build(arch, request, arena, net, error)
                                                  : absent(request, error);
}
