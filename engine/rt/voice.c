// SPDX-License-Identifier: MIT
// Running a voice. Copies into aligned scratch so that kernels may use whole vectors.

#include "rt/voice.h"

#include "rt/ftz.h"

#include <assert.h>
#include <string.h>

void bl_voice_prepare_thread(void)
{
    bl_ftz_enable();
}

void bl_voice_reset(bl_voice *voice)
{
    voice->net->reset(voice->net);
    memset(voice->in, 0, sizeof voice->in);
}

void bl_voice_process(bl_voice *voice, const float *in, float *out, uint32_t frames)
{
    assert(frames >= 1 && frames <= BL_INNER_FRAMES);
    memcpy(voice->in, in, frames * sizeof *in);
    voice->net->process(voice->net, voice->in, voice->out, frames);
    memcpy(out, voice->out, frames * sizeof *out);
}

uint32_t bl_voice_latency_frames(const bl_voice *voice)
{
    return voice->net->latency_frames;
}

uint32_t bl_voice_grid_frames(const bl_voice *voice)
{
    return voice->net->grid_frames > 0 ? voice->net->grid_frames : 1;
}

size_t bl_voice_bytes(const bl_voice *voice)
{
    return voice->bytes;
}

const char *bl_voice_kernel(const bl_voice *voice)
{
    return voice->net->kernel;
}

const bl_model *bl_voice_model(const bl_voice *voice)
{
    return voice->model;
}
