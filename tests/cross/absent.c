// SPDX-License-Identifier: MIT
// What needs more than libc and libm says that it is not here.

#include "backline/model.h"

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

bool bl_net_latency_at(const bl_arch *arch, const bl_net *own, double sample_rate_hz,
                       uint32_t *frames)
{
    (void)arch, (void)own, (void)sample_rate_hz, (void)frames;
    return false;
}

// There are no model files, and so no models: tests bring their nets.

bl_model *bl_model_retain(bl_model *model)
{
    return model;
}

void bl_model_release(bl_model *model)
{
    (void)model;
}

const char *bl_model_get_file(const bl_model *model)
{
    (void)model;
    return "";
}

const bl_model_info *bl_model_get_info(const bl_model *model)
{
    (void)model;
    return NULL;
}

const bl_arch *bl_model_get_arch(const bl_model *model)
{
    (void)model;
    return NULL;
}
