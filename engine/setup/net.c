// SPDX-License-Identifier: MIT
// From an architecture's kind to its builder.

#include "setup/build.h"

bl_status bl_net_build(const bl_arch *arch, const bl_net_request *request, bl_arena *arena,
                       bl_net **net, bl_error *error)
{
    switch (arch->kind) {
    case BL_ARCH_WAVENET:
        return bl_wavenet_build(&arch->u.wavenet, request, arena, net, error);
    case BL_ARCH_SEQUENCE:
        return bl_sequence_build(&arch->u.sequence, request, arena, net, error);
    case BL_ARCH_LINEAR:
    case BL_ARCH_CONTAINER:
        break;
    }
    return bl_error_set(error, BL_STATUS_UNSUPPORTED,
                        "%s: this kind of network cannot be played yet; use a WaveNet model",
                        request->name);
}
