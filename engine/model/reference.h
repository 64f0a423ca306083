// SPDX-License-Identifier: MIT
// Recognises wavenet_amp written as a NAM WaveNet and turns it back into its native form.

#ifndef BACKLINE_MODEL_REFERENCE_H
#define BACKLINE_MODEL_REFERENCE_H

#include "model/content.h"

#include <stdbool.h>

/// Whether a layer is nothing but convolution, mixin, activation and layer1x1, all of the array's
/// width.
bool bl_reference_is_plain(const bl_wavenet_layer *layer, uint32_t channels);

/// Replaces `content->arch` by the native architecture if it is one in disguise, else leaves it.
void bl_reference_unfold(bl_load *load, bl_content *content);

/// The same way back: a causal wavenet_amp as a NAM WaveNet, exactly. `linear_layer` chooses the
/// form for version 0.7, else that for 0.5. NULL and a kept failure if it is centred.
const bl_arch *bl_reference_fold(bl_load *load, const bl_arch *arch, bool linear_layer);

#endif
