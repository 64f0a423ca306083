// SPDX-License-Identifier: MIT
// Fading in after a gap.

#include "rt/resume.h"

void bl_resume_begin(bl_resume *resume, bool held)
{
    for (int c = 0; c < BL_OUTPUTS_MAX; c++) {
        resume->from[c] = held ? resume->last[c] : 0.0F;
    }
    bl_smoother_jump(&resume->weight, 0.0F);
    bl_smoother_move(&resume->weight, 1.0F);
}

static void fade(bl_resume *resume, float *const *channels, uint32_t count, uint32_t frames)
{
    float weights[BL_INNER_FRAMES];
    for (uint32_t at = 0; at < frames && !bl_smoother_rests_at(&resume->weight, 1.0F);) {
        const uint32_t block = frames - at < BL_INNER_FRAMES ? frames - at : BL_INNER_FRAMES;
        bl_smoother_fill(&resume->weight, weights, block);
        for (uint32_t c = 0; c < count; c++) {
            for (uint32_t i = 0; i < block; i++) {
                float *sample = &channels[c][at + i];
                *sample = resume->from[c] * (1.0F - weights[i]) + *sample * weights[i];
            }
        }
        at += block;
    }
}

void bl_resume_process(bl_resume *resume, float *const *channels, uint32_t count, uint32_t frames)
{
    fade(resume, channels, count, frames);
    for (uint32_t c = 0; c < count && frames > 0; c++) {
        resume->last[c] = channels[c][frames - 1];
    }
}
