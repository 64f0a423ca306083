// SPDX-License-Identifier: MIT
// Layout of a voice: a net and aligned scratch for its mono input and output.

#ifndef BACKLINE_RT_VOICE_H
#define BACKLINE_RT_VOICE_H

#include "backline/voice.h"
#include "rt/net.h"

#include <stdalign.h>

struct bl_voice {
    alignas(BL_NET_ALIGN) float in[BL_NET_STRIDE];
    alignas(BL_NET_ALIGN) float out[BL_NET_STRIDE];
    bl_net *net;
    bl_model *model;
    size_t bytes;
    void *arena; ///< owned by setup/voice.c, untouched here
};

#endif
