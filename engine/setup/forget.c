// SPDX-License-Identifier: MIT
// Measuring how long a recurrent voice remembers.

#include "setup/forget.h"

#include <math.h>
#include <stdbool.h>

enum {
    BURST_BLOCKS = 128, // 8192 frames: what it is to forget, and how long it must have forgotten it
};

// Not silence: without any noise, cells that forget slowly stop short of where they would go, as
// soon as a step is less than half a bit.
#define QUIET 1e-3F
#define LOUD 0.3F

static void fill_noise(uint32_t *seed, float peak, float *block)
{
    for (int i = 0; i < BL_INNER_FRAMES; i++) {
        *seed = *seed * 1664525U + 1013904223U; // Numerical Recipes' generator
        block[i] = peak * (float)(int32_t)*seed * 0x1p-31F;
    }
}

// Blocks until both agree for good, with noise of `peak` in both.
static uint32_t blocks_until_same(bl_voice *voice, bl_voice *other, float peak, uint32_t most)
{
    float in[BL_INNER_FRAMES], a[BL_INNER_FRAMES], b[BL_INNER_FRAMES];
    uint32_t seed = 1, differ = 0;
    bl_voice_reset(voice);
    bl_voice_reset(other);
    for (int n = 0; n < BURST_BLOCKS; n++) {
        fill_noise(&seed, 1.0F, in);
        bl_voice_process(other, in, b, BL_INNER_FRAMES);
    }
    for (uint32_t n = 0; n < most && n < differ + BURST_BLOCKS; n++) {
        fill_noise(&seed, peak, in);
        bl_voice_process(voice, in, a, BL_INNER_FRAMES);
        bl_voice_process(other, in, b, BL_INNER_FRAMES);
        for (int i = 0; i < BL_INNER_FRAMES; i++) {
            if (!(fabsf(a[i] - b[i]) <= BL_FORGOTTEN * fmaxf(1.0F, fabsf(a[i])))) {
                differ = n + 1;
            }
        }
    }
    return differ;
}

uint32_t bl_voice_measure_memory(bl_voice *voice, bl_voice *other, uint32_t most)
{
    const uint32_t most_blocks = most / BL_INNER_FRAMES;
    bl_voice_prepare_thread();
    const uint32_t quiet = blocks_until_same(voice, other, QUIET, most_blocks);
    const uint32_t playing = blocks_until_same(voice, other, LOUD, most_blocks);
    bl_voice_reset(voice);
    bl_voice_reset(other);
    const uint64_t frames = (uint64_t)(quiet > playing ? quiet : playing) * BL_INNER_FRAMES;
    const uint64_t safe = frames + frames / 4;
    return safe < most ? (uint32_t)safe : most;
}
