// SPDX-License-Identifier: MIT
// Running a chain: input trim, voice, level, in place in the output buffer.

#include "rt/chain.h"

#include <math.h>
#include <string.h>

void bl_chain_settle(bl_chain *chain)
{
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        bl_smoother_jump(&chain->gains[p], chain->gains[p].target);
    }
}

void bl_chain_rewind(bl_chain *chain)
{
    if (chain->voice != NULL) {
        bl_voice_reset(chain->voice);
    }
    bl_chain_settle(chain);
}

void bl_chain_reset(bl_chain *chain)
{
    bl_chain_rewind(chain);
    if (chain->narrow != NULL) {
        bl_chain_rewind(chain->narrow);
    }
}

void bl_chain_process(bl_chain *chain, const float *in, float *out, uint32_t frames)
{
    memmove(out, in, frames * sizeof *in);
    bl_smoother_scale(&chain->gains[BL_PARAMETER_INPUT_TRIM], out, frames);
    if (chain->voice != NULL) {
        bl_voice_process(chain->voice, out, out, frames);
    }
    bl_smoother_scale(&chain->gains[BL_PARAMETER_LEVEL], out, frames);
}

void bl_chain_set_parameter(bl_chain *chain, bl_parameter parameter, double value)
{
    // 0 dB gives 1 exactly, which leaves every bit of the signal alone.
    const double gain = pow(10.0, bl_parameter_clamp(parameter, value) / 20.0);
    bl_smoother_move(&chain->gains[parameter], (float)gain);
    if (chain->narrow != NULL) {
        bl_smoother_move(&chain->narrow->gains[parameter], (float)gain);
    }
}

uint32_t bl_chain_latency_frames(const bl_chain *chain)
{
    return chain->voice != NULL ? bl_voice_latency_frames(chain->voice) : 0;
}

uint64_t bl_chain_generation(const bl_chain *chain)
{
    return chain->generation;
}

const bl_model *bl_chain_model(const bl_chain *chain)
{
    return chain->voice != NULL ? bl_voice_model(chain->voice) : NULL;
}
