// SPDX-License-Identifier: MIT
// The names that players give to common sizes of NAM WaveNets.

#ifndef BACKLINE_MODEL_SIZE_CLASS_H
#define BACKLINE_MODEL_SIZE_CLASS_H

#include "model/arch.h"

/// "standard", "lite", "feather", "nano", "A2 full", "A2 lite", or "". Thread: any.
const char *bl_arch_size_class(const bl_arch *arch);

#endif
