// SPDX-License-Identifier: MIT
// From an instruction set to its kernels.

#ifndef BACKLINE_SETUP_ISA_H
#define BACKLINE_SETUP_ISA_H

#include "rt/kernels.h"
#include "setup/build.h"

/// The kernels of `isa`; NULL if this build lacks them or this processor cannot run them.
/// Thread: any.
const bl_kernels *bl_isa_kernels(bl_isa isa);

#endif
