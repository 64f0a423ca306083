// SPDX-License-Identifier: MIT
// An overdrive whose weights are reasoned, not trained: something to play through before there is a
// trained model, and a network whose every number has a known purpose.

#ifndef BACKLINE_SHARE_HAND_SET_H
#define BACKLINE_SHARE_HAND_SET_H

#include "backline/config.h"
#include "backline/model.h"
#include "backline/status.h"

#include <stddef.h>

#define BL_HAND_SET_NAME "Hand-set overdrive (not trained)"

/// The six-layer causal reference network at 48 kHz.
bl_config bl_hand_set_config(void);

/// Builds the model. Thread: any but RT. Owns: the caller, bl_model_release.
bl_status bl_hand_set_create(bl_model **model, bl_error *error);

#endif
