// SPDX-License-Identifier: MIT
// Recognises wavenet_amp written as a NAM WaveNet and turns it back into its native form.

#ifndef BACKLINE_MODEL_REFERENCE_H
#define BACKLINE_MODEL_REFERENCE_H

#include "model/content.h"

/// Replaces `content->arch` by the native architecture if it is one in disguise, else leaves it.
void bl_reference_unfold(bl_load *load, bl_content *content);

#endif
