// SPDX-License-Identifier: MIT
// Building nets from architectures: one builder per kind, and the choice of the kernel.

#ifndef BACKLINE_SETUP_BUILD_H
#define BACKLINE_SETUP_BUILD_H

#include "backline/status.h"
#include "model/arch.h"
#include "rt/net.h"
#include "setup/arena.h"

/// Instruction sets that kernels are compiled for, worst to best per architecture.
typedef enum bl_isa {
    BL_ISA_C,    ///< plain C, the reference of every test
    BL_ISA_V2,   ///< x86-64-v2: SSE4.2
    BL_ISA_V3,   ///< x86-64-v3: AVX2 and FMA
    BL_ISA_NEON, ///< aarch64
    BL_ISA_COUNT
} bl_isa;

/// Chooses by `name` (NULL: $BL_KERNEL, else the best). Fails with the names that would do if this
/// processor or this build lacks it. Thread: any but RT.
bl_status bl_isa_choose(const char *name, bl_isa *isa, bl_error *error);

/// "c", "v2", "v3", "neon".
const char *bl_isa_name(bl_isa isa);

typedef struct bl_net_request {
    bl_isa isa;
    double quality;   ///< 0..1, width of slimmable kinds
    uint32_t stretch; ///< dilations are multiplied by this; 0 is 1. See bl_arch_stretches
    const char *name; ///< the model's file, for errors
} bl_net_request;

/// Builds the net of `arch` in the steady state of silence. All its memory is from `arena`.
/// `arch` and its weights must outlive it. Thread: any but RT.
bl_status bl_net_build(const bl_arch *arch, const bl_net_request *request, bl_arena *arena,
                       bl_net **net, bl_error *error);

bl_status bl_wavenet_build(const bl_wavenet *wavenet, const bl_net_request *request,
                           bl_arena *arena, bl_net **net, bl_error *error);

bl_status bl_sequence_build(const bl_sequence *sequence, const bl_net_request *request,
                            bl_arena *arena, bl_net **net, bl_error *error);

bl_status bl_linear_build(const bl_linear *linear, const bl_net_request *request, bl_arena *arena,
                          bl_net **net, bl_error *error);

#endif
