// SPDX-License-Identifier: MIT
// From an architecture's kind to its builder.

#include "setup/build.h"
#include "setup/slim.h"

static bl_status build_wavenet(const bl_wavenet *wavenet, const bl_net_request *request,
                               bl_arena *arena, bl_net **net, bl_error *error)
{
    const bl_wavenet *adapted;
    const bl_status status = bl_wavenet_adapt(wavenet, request, arena, &adapted, error);
    return status != BL_STATUS_OK ? status : bl_wavenet_build(adapted, request, arena, net, error);
}

bl_status bl_net_build(const bl_arch *arch, const bl_net_request *request, bl_arena *arena,
                       bl_net **net, bl_error *error)
{
    switch (arch->kind) {
    case BL_ARCH_WAVENET:
        return build_wavenet(&arch->u.wavenet, request, arena, net, error);
    case BL_ARCH_SEQUENCE:
        return bl_sequence_build(&arch->u.sequence, request, arena, net, error);
    case BL_ARCH_LINEAR:
        return bl_linear_build(&arch->u.linear, request, arena, net, error);
    case BL_ARCH_CONTAINER:
        break;
    }
    return bl_net_build(bl_container_choose(&arch->u.container, request->quality), request, arena,
                        net, error);
}
